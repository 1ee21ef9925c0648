from __future__ import annotations

import pytest

from swimdesk.errors import InputError
from swimdesk.sim.latency import Latency, Pauses
from swimdesk.sim.traffic import Traffic, family_of

ACCOUNT = "/trader/v1/accounts/0A1B"


@pytest.mark.parametrize(
    ("method", "path", "family"),
    [
        ("POST", ACCOUNT + "/orders", "order_place"),
        ("GET", ACCOUNT + "/orders", "account_orders"),
        ("GET", ACCOUNT + "/orders/1005000000001", "order_get"),
        ("PUT", ACCOUNT + "/orders/1005000000001", "order_replace"),
        ("DELETE", ACCOUNT + "/orders/1005000000001", "order_cancel"),
        ("POST", ACCOUNT + "/previewOrder", "order_preview"),
        ("GET", "/trader/v1/orders", "orders"),
        ("GET", "/trader/v1/accounts", "accounts"),
        ("GET", "/trader/v1/accounts/accountNumbers", "account_numbers"),
        ("GET", ACCOUNT, "account"),
        ("GET", "/trader/v1/userPreference", "user_preference"),
        ("GET", "/marketdata/v1/quotes", "quotes"),
        ("GET", "/marketdata/v1/SPY/quotes", "quotes"),
        ("GET", "/marketdata/v1/chains", "chains"),
        ("GET", "/marketdata/v1/expirationchain", "expiration_chain"),
        ("GET", "/marketdata/v1/markets", "markets"),
        ("GET", "/marketdata/v1/markets/option", "markets"),
        ("POST", "/v1/oauth/token", "token"),
        ("GET", "/v1/oauth/token", "other"),
        ("GET", "/v1/oauth/authorize", "authorize"),
        ("GET", "/ui/host/", "sign_in"),
        ("POST", "/ui/host/api/login", "sign_in"),
        ("GET", "/", "other"),
    ],
)
def test_request_is_counted_under_its_family(method: str, path: str, family: str) -> None:
    assert family_of(method, path) == family


def test_most_in_flight_is_remembered() -> None:
    traffic = Traffic()
    connection = traffic.connection_opened()
    traffic.request_began(connection, "GET", "/")
    traffic.request_began(connection, "GET", "/")
    traffic.request_ended()
    traffic.request_ended()
    counts = traffic.as_json()
    assert (counts["in_flight"], counts["most_in_flight"]) == (0, 2)


def test_closed_connection_leaves_the_open_ones_and_stays_counted() -> None:
    traffic = Traffic()
    first, second = traffic.connection_opened(), traffic.connection_opened()
    traffic.request_began(second, "GET", "/")
    traffic.connection_closed(first)
    assert traffic.as_json()["connections"] == {
        "accepted": 2,
        "open": 1,
        "requests_per_open": [1],
    }
    one_left = traffic.nobody_connected.is_set()
    traffic.connection_closed(second)
    assert not one_left
    assert traffic.nobody_connected.is_set()


def test_latency_is_drawn_from_its_range_and_repeats_with_its_seed() -> None:
    one, two = Latency((40, 120), seed=7), Latency((40, 120), seed=7)
    drawn = [one.draw_ms() for _ in range(100)]
    assert drawn == [two.draw_ms() for _ in range(100)]
    assert len(set(drawn)) > 90
    assert all(40 <= ms <= 120 for ms in drawn)


def test_latency_range_changes_at_once() -> None:
    latency = Latency((40, 120), seed=7)
    latency.set_range(3.0, 3.0)
    assert latency.range_ms == (3.0, 3.0)
    assert latency.draw_ms() == 3.0


@pytest.mark.parametrize("range_ms", [(-1, 5), (6, 5), (0, 1e9), (float("nan"), 5)])
def test_latency_that_is_no_range_is_refused(range_ms: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="is no range"):
        Latency(range_ms, seed=1)


async def test_released_pauses_hold_nobody() -> None:
    pauses = Pauses()
    pauses.release()
    await pauses.pause(600_000)
