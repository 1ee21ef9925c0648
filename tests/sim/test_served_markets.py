"""The three markets and their speed, as a client meets them over HTTPS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from tests.fakes.sim_client import contracts
from tests.fakes.sim_server import serving

from swimdesk.sim.clock import ManualClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.settings import SimSettings

NIGHT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SETTLED_S = 4.0


@dataclass(frozen=True, slots=True)
class Customer:
    """A signed-in client of a served brokerage whose clock the test pushes."""

    clock: ManualClock
    client: httpx.AsyncClient
    orders_path: str

    async def read(self, path: str, **query: str) -> Any:
        return (await self.client.get(path, params=query)).raise_for_status().json()

    async def market(self, path: str, **query: str) -> Any:
        return await self.read(f"/marketdata/v1/{path}", **query)

    async def near_put(self, **query: str) -> dict[str, Any]:
        """Return the put of the nearest expiry whose strike is nearest to SPY's price."""
        wanted = {"symbol": "SPY", "strikeCount": "1", "contractType": "PUT", **query}
        chain = await self.market("chains", **wanted)
        strikes = next(iter(chain["putExpDateMap"].values()))
        contract: dict[str, Any] = next(iter(strikes.values()))[0]
        return contract

    async def buy(self, symbol: str, price: str) -> str:
        """Place an order for one contract and return its address."""
        body = contracts("BUY_TO_OPEN", 1, symbol, price)
        placed = await self.client.post(self.orders_path, json=body)
        assert placed.status_code == 201
        return httpx.URL(placed.headers["location"]).path

    async def status_after(self, seconds: float, address: str) -> str:
        self.clock.advance(seconds)
        return str((await self.read(address))["status"])


@asynccontextmanager
async def customer(folder: Path, **settings: Any) -> AsyncIterator[Customer]:
    """Serve a brokerage at night and sign in there."""
    clock = ManualClock(NIGHT)
    broker = SimBroker(SimSettings(accounts=1, logins=1, **settings), clock)
    [account] = broker.accounts
    chosen = broker.settings
    async with serving(broker, folder) as served, served.client() as client:
        refresh = broker.grants.refresh_token(account.login)
        reply = await client.post(
            "/v1/oauth/token",
            auth=(chosen.client_id, chosen.client_secret),
            data={"grant_type": "refresh_token", "refresh_token": refresh},
        )
        client.headers["authorization"] = f"Bearer {reply.json()['access_token']}"
        yield Customer(clock, client, f"/trader/v1/accounts/{account.hash_value}/orders")


async def test_real_market_at_night_lets_an_option_order_wait(tmp_path: Path) -> None:
    async with customer(tmp_path, market="real") as at:
        put = await at.near_put()
        address = await at.buy(put["symbol"], "0.05")
        assert await at.status_after(SETTLED_S, address) == "PENDING_ACTIVATION"
        quote = (await at.market("quotes", symbols="SPY"))["SPY"]["quote"]
        assert quote["securityStatus"] == "Closed"
        assert datetime.fromtimestamp(quote["quoteTime"] / 1000, UTC).isoformat() == (
            "2026-11-23T21:00:00+00:00"
        )
        assert await at.status_after(1200, address) == "PENDING_ACTIVATION"


async def test_open_market_trades_the_same_order_at_night(tmp_path: Path) -> None:
    async with customer(tmp_path) as at:
        put = await at.near_put()
        address = await at.buy(put["symbol"], f"{put['ask']:.2f}")
        assert await at.status_after(SETTLED_S, address) == "FILLED"


async def test_replayed_day_is_open_and_lists_what_was_listed_then(tmp_path: Path) -> None:
    async with customer(tmp_path, market="2026-11-20") as at:
        hours = (await at.market("markets", markets="option"))["option"]["EQO"]
        assert (hours["date"], hours["isOpen"]) == ("2026-11-20", True)
        put = await at.near_put()
        assert put["symbol"][6:12] == "261120"
        assert put["daysToExpiration"] == 0
        address = await at.buy(put["symbol"], f"{put['ask']:.2f}")
        assert await at.status_after(SETTLED_S, address) == "FILLED"
        assert (await at.read(address))["enteredTime"] == "2026-11-24T04:00:00+0000"


async def test_replay_at_speed_ends_its_day_orders_at_the_sooner_close(tmp_path: Path) -> None:
    async with customer(tmp_path, market="2026-11-20", speed=60.0) as at:
        put = await at.near_put(fromDate="2026-12-10")
        address = await at.buy(put["symbol"], "0.01")
        assert await at.status_after(SETTLED_S, address) == "WORKING"
        assert await at.status_after(390 - SETTLED_S - 1, address) == "WORKING"
        assert await at.status_after(1, address) == "EXPIRED"


async def test_prices_at_speed_are_those_of_as_many_seconds(tmp_path: Path) -> None:
    async def moved(folder: str, speed: float, seconds: float) -> tuple[float, float]:
        async with customer(tmp_path / folder, speed=speed) as at:
            before = (await at.market("quotes", symbols="TSLA"))["TSLA"]["quote"]["mark"]
            at.clock.advance(seconds)
            after = (await at.market("quotes", symbols="TSLA"))["TSLA"]["quote"]["mark"]
            return before, after

    slow, fast = await moved("slow", 1.0, 600), await moved("fast", 60.0, 10)
    assert slow == fast
    assert slow[0] != slow[1]
