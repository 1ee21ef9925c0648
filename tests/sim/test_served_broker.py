"""The whole brokerage over HTTPS: what a client sees and what the ledger holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.sim_server import serving

from swimdesk.sim.answers import INVALID_BODY
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.control import Control
from swimdesk.sim.core import SimBroker
from swimdesk.sim.latency import Latency
from swimdesk.sim.levers import Levers
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.traffic import Traffic

NOW = datetime(2026, 11, 23, 15, 4, tzinfo=UTC)
CONTROL_TOKEN = "levers"
ORDER = {
    "orderType": "LIMIT",
    "session": "NORMAL",
    "duration": "DAY",
    "orderStrategyType": "SINGLE",
    "price": "100.00",
    "orderLegCollection": [
        {
            "instruction": "BUY",
            "quantity": 1,
            "instrument": {"symbol": "AAPL", "assetType": "EQUITY"},
        }
    ],
}


@dataclass(slots=True)
class Counter:
    """A signed-in client, and the control endpoint beside it."""

    broker: SimBroker
    client: httpx.AsyncClient
    orders_path: str

    async def control(
        self, method: str, name: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        reply = await self.client.request(
            method,
            f"/control/{name}",
            headers={"authorization": f"Bearer {CONTROL_TOKEN}"},
            content=json.dumps(body).encode(),
        )
        document: dict[str, Any] = reply.raise_for_status().json()
        return document

    async def placed(self) -> int:
        """Return how many orders the ledger holds for the account."""
        ledger = await self.control("GET", "ledger")
        number = self.broker.logins[0].accounts[0].number
        return len(ledger["accounts"][number]["orders"])

    async def break_next(self, fault: str) -> None:
        """Let the next order of every account meet a fault."""
        await self.control("PUT", "faults", {"rules": [{"fault": fault}]})


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    settings = SimSettings(accounts=2, logins=1)
    broker = SimBroker(settings, ManualClock(NOW))
    control = Control(
        Levers(broker), token=CONTROL_TOKEN, traffic=Traffic(), latency=Latency((0, 0), seed=1)
    )
    account = broker.logins[0].accounts[0]
    async with (
        serving(broker, tmp_path, control=control) as served,
        served.client(timeout_s=0.5) as client,
    ):
        reply = await client.post(
            "/v1/oauth/token",
            auth=(settings.client_id, settings.client_secret),
            data={
                "grant_type": "refresh_token",
                "refresh_token": broker.grants.refresh_token(broker.logins[0].name),
            },
        )
        client.headers["authorization"] = f"Bearer {reply.json()['access_token']}"
        yield Counter(broker, client, f"/trader/v1/accounts/{account.hash_value}/orders")


async def test_order_is_placed_read_and_listed(counter: Counter) -> None:
    placed = await counter.client.post(counter.orders_path, json=ORDER)
    assert (placed.status_code, placed.content) == (201, b"")
    location = placed.headers["location"]
    assert location.startswith(f"https://api.schwabapi.com{counter.orders_path}/")
    assert len(placed.headers.get_list("date")) == 1
    assert placed.headers["schwab-client-correlid"]
    order = (await counter.client.get(httpx.URL(location).path)).json()
    listed = (
        await counter.client.get(
            counter.orders_path,
            params={
                "fromEnteredTime": "2026-11-23T00:00:00.000Z",
                "toEnteredTime": "2026-11-24T00:00:00.000Z",
            },
        )
    ).json()
    assert [entry["orderId"] for entry in listed] == [order["orderId"]]
    assert await counter.placed() == 1


@pytest.mark.parametrize(
    ("fault", "seen", "placed"),
    [
        ("reset_before", httpx.ReadError, 0),
        ("reset_after", httpx.ReadError, 1),
        ("hang_before", httpx.ReadTimeout, 0),
        ("hang_after", httpx.ReadTimeout, 1),
        ("cut_after", httpx.RemoteProtocolError, 1),
    ],
)
async def test_broken_connection_leaves_the_client_not_knowing(
    counter: Counter, fault: str, seen: type[httpx.TransportError], placed: int
) -> None:
    await counter.break_next(fault)
    with pytest.raises(seen):
        await counter.client.post(counter.orders_path, json=ORDER)
    assert await counter.placed() == placed
    assert (await counter.control("GET", "faults"))["rules"][0]["fired"] == 1


async def test_compressed_refusal_is_read_by_a_client_that_decodes(counter: Counter) -> None:
    await counter.break_next("gzip_error")
    reply = await counter.client.post(
        counter.orders_path, json=ORDER, headers={"accept-encoding": "identity"}
    )
    assert (reply.status_code, reply.headers["content-encoding"]) == (400, "gzip")
    assert reply.json() == {"message": INVALID_BODY}
    assert await counter.placed() == 0


async def test_revoked_login_is_shut_out_while_it_is_connected(counter: Counter) -> None:
    login = counter.broker.logins[0].name
    assert (await counter.client.get("/trader/v1/accounts")).status_code == 200
    await counter.control("POST", "revoke", {"login": login})
    assert (await counter.client.get("/trader/v1/accounts")).status_code == 401


async def test_shock_is_in_the_next_quote(counter: Counter) -> None:
    async def mark() -> float:
        reply = await counter.client.get("/marketdata/v1/quotes", params={"symbols": "SPY"})
        price: float = reply.json()["SPY"]["quote"]["mark"]
        return price

    before = await mark()
    await counter.control("POST", "shock", {"symbol": "SPY", "factor": 0.9})
    assert 0.85 < await mark() / before < 0.95
