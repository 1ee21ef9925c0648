"""Order lists and the envelope of every answer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.fakes.sim_client import MONDAY_10_ET, Counter, shares, stamp

from swimdesk.sim.messages import SimRequest


def resting(price: str = "500.00") -> dict[str, object]:
    return shares("BUY", 1, "SPY", price)


def test_list_is_newest_first() -> None:
    counter = Counter()
    placed = []
    for _ in range(3):
        placed.append(int(counter.place(resting()).rsplit("/", 1)[1]))
        counter.settle(1)
    assert [order["orderId"] for order in counter.orders()] == placed[::-1]


def test_window_includes_both_ends() -> None:
    counter = Counter()
    counter.place(resting())
    at = stamp(MONDAY_10_ET)
    path = counter.orders_path()
    assert len(counter.get(path, fromEnteredTime=at, toEnteredTime=at)) == 1
    later = stamp(MONDAY_10_ET + timedelta(seconds=1))
    assert counter.get(path, fromEnteredTime=later, toEnteredTime=later) == []


def test_seconds_without_milliseconds_are_read() -> None:
    counter = Counter()
    counter.place(resting())
    window = {"fromEnteredTime": "2026-11-23T14:00:00Z", "toEnteredTime": "2026-11-23T16:00:00Z"}
    assert len(counter.get(counter.orders_path(), **window)) == 1


@pytest.mark.parametrize("bad", ["2026-11-23T14:00:00.000+0000", "2026-11-23", "yesterday", ""])
def test_bad_time_format_is_quoted(bad: str) -> None:
    counter = Counter()
    response = counter.send(
        "GET", counter.orders_path(), counter.window() | {"fromEnteredTime": bad}
    )
    assert response.status == 400
    expected = f"'{bad}' is not a valid value for fromEnteredTime"
    assert json.loads(response.body) == {"message": expected}


@pytest.mark.parametrize("missing", ["fromEnteredTime", "toEnteredTime"])
def test_both_times_are_required(missing: str) -> None:
    counter = Counter()
    window = counter.window()
    del window[missing]
    for path in (counter.orders_path(), "orders"):
        response = counter.send("GET", path, window)
        assert response.status == 400
        assert json.loads(response.body)["errors"] == [f"Field: {missing} - must not be null"]


def test_status_filters_and_row_limit() -> None:
    counter = Counter()
    counter.place(resting())
    counter.place(shares("BUY", 1, "AAPL"))
    counter.settle()
    assert [o["status"] for o in counter.orders(status="FILLED")] == ["FILLED"]
    assert [o["status"] for o in counter.orders(status="WORKING")] == ["WORKING"]
    assert len(counter.orders(maxResults="1")) == 1
    for query in ({"status": "DONE"}, {"maxResults": "0"}, {"maxResults": "many"}):
        response = counter.send("GET", counter.orders_path(), counter.window() | query)
        assert response.status == 400


def test_list_over_all_accounts_holds_those_of_the_login_only() -> None:
    counter = Counter()
    first, second = counter.login.accounts
    counter.place(resting(), first)
    counter.settle(1)
    counter.place(resting(), second)
    other = counter.broker.logins[1]
    mine, counter.bearer = counter.bearer, counter.sign_in(other.name)
    counter.place(resting(), other.accounts[0])
    counter.bearer = mine
    rows = counter.get("orders", **counter.window())
    assert [row["accountNumber"] for row in rows] == [int(second.number), int(first.number)]


def test_list_over_all_accounts_reaches_back_sixty_days() -> None:
    counter = Counter()
    window = counter.window()
    window["fromEnteredTime"] = stamp(MONDAY_10_ET - timedelta(days=59))
    assert counter.get("orders", **window) == []
    window["fromEnteredTime"] = stamp(MONDAY_10_ET - timedelta(days=61))
    assert counter.send("GET", "orders", window).status == 400


def test_account_list_spans_a_year_at_most() -> None:
    counter = Counter()
    window = counter.window()
    window["fromEnteredTime"] = stamp(MONDAY_10_ET - timedelta(days=360))
    assert counter.get(counter.orders_path(), **window) == []
    window["fromEnteredTime"] = stamp(MONDAY_10_ET - timedelta(days=370))
    assert counter.send("GET", counter.orders_path(), window).status == 400


@pytest.mark.parametrize("order_id", ["1", "1005000000999", "abc", "١٢"])
def test_unknown_order_is_not_found(order_id: str) -> None:
    counter = Counter()
    for method in ("GET", "DELETE"):
        response = counter.send(method, f"{counter.orders_path()}/{order_id}")
        assert response.status == 404
        assert json.loads(response.body) == {"message": "Order not found"}


def test_order_of_another_account_is_not_found() -> None:
    counter = Counter()
    first, second = counter.login.accounts
    order_id = counter.place(resting(), first).rsplit("/", 1)[1]
    assert counter.send("GET", f"{counter.orders_path(second)}/{order_id}").status == 404


def test_every_answer_carries_a_correlation_id_and_the_date() -> None:
    counter = Counter()
    for path in ("accounts", "nowhere", "accounts/12345678"):
        headers = counter.send("GET", path).headers
        assert len(headers["Schwab-Client-CorrelId"]) == 36
        assert headers["Date"] == "Mon, 23 Nov 2026 15:00:00 GMT"


def test_client_may_choose_the_correlation_id() -> None:
    counter = Counter()
    headers = {"authorization": f"Bearer {counter.bearer}", "schwab-client-correlid": "mine"}
    response = counter.broker.handle(SimRequest("GET", "/trader/v1/accounts", {}, headers))
    assert response.headers["Schwab-Client-CorrelId"] == "mine"


def test_get_with_a_content_type_is_a_400_that_wraps_a_500() -> None:
    counter = Counter()
    headers = {"authorization": f"Bearer {counter.bearer}", "content-type": "application/json"}
    response = counter.broker.handle(SimRequest("GET", "/trader/v1/accounts", {}, headers))
    assert response.status == 400
    assert json.loads(response.body)["errors"][0]["status"] == 500


def test_unknown_path_and_method() -> None:
    counter = Counter()
    assert counter.send("GET", "accounts/extra/deep/path/x").status == 400
    assert counter.send("GET", f"{counter.orders_path()}/1/2").status == 404
    assert counter.send("PATCH", "orders").status == 405


def test_market_data_wants_the_token_too() -> None:
    counter = Counter()
    request = SimRequest("GET", "/marketdata/v1/quotes", {"symbols": "SPY"})
    assert counter.broker.handle(request).status == 401
    headers = {"authorization": f"Bearer {counter.bearer}"}
    allowed = SimRequest("GET", "/marketdata/v1/quotes", {"symbols": "SPY"}, headers)
    assert "SPY" in json.loads(counter.broker.handle(allowed).body)
