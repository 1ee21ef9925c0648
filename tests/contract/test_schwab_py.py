"""A client written by others, against the served brokerage: do both read the wire alike?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.schwab_py import (
    AsyncClient,
    OrderBuilder,
    ToSimulator,
    Utils,
    bull_put_vertical_open,
    common,
    equity_buy_limit,
    schwab_py_client,
)
from tests.fakes.sim_server import serving

from swimdesk.sim.clock import ManualClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.settings import SimSettings

NOW = datetime(2026, 11, 23, 15, 4, tzinfo=UTC)
SETTLED_S = 30.0


@dataclass(slots=True)
class World:
    """One login's schwab-py, the brokerage it talks to, and the brokerage's clock."""

    broker: SimBroker
    clock: ManualClock
    client: Any
    login: str

    def window(self) -> dict[str, datetime]:
        """Return a time window around the present."""
        now, hour = self.clock.now(), timedelta(hours=1)
        return {"from_entered_datetime": now - hour, "to_entered_datetime": now + hour}

    async def hashes(self) -> dict[str, str]:
        reply = await self.client.get_account_numbers()
        return {entry["accountNumber"]: entry["hashValue"] for entry in reply.json()}

    async def account_hash(self) -> str:
        return min((await self.hashes()).values())

    async def place(self, account_hash: str, order: Any) -> int:
        """Place an order and return its id as schwab-py reads it from the Location."""
        reply = await self.client.place_order(account_hash, order)
        assert (reply.status_code, reply.content) == (201, b"")
        order_id = Utils(self.client, account_hash).extract_order_id(reply)
        assert isinstance(order_id, int)
        return order_id

    async def order(self, account_hash: str, order_id: int) -> dict[str, Any]:
        reply = await self.client.get_order(order_id, account_hash)
        assert reply.status_code == 200
        document: dict[str, Any] = reply.json()
        return document

    async def settled(self, account_hash: str, order_id: int) -> dict[str, Any]:
        self.clock.advance(SETTLED_S)
        return await self.order(account_hash, order_id)

    async def quote(self, symbol: str) -> dict[str, Any]:
        quote: dict[str, Any] = (await self.client.get_quotes([symbol])).json()[symbol]["quote"]
        return quote


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = ManualClock(NOW)
    settings = SimSettings(accounts=6, logins=2, seed=3)
    broker = SimBroker(settings, clock)
    login = broker.logins[0].name
    token = {
        "access_token": "expired",
        "refresh_token": broker.grants.refresh_token(login),
        "token_type": "Bearer",
        "expires_at": 1,
    }
    async with serving(broker, tmp_path) as served:
        client = schwab_py_client(
            ToSimulator(served.base_url, served.ca_file),
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            token=token,
        )
        yield World(broker, clock, client, login)
        await client.close_async_session()


async def put_pairs(world: World, count: int) -> list[str]:
    """Return the symbols of out-of-the-money SPY puts, a month away, highest strike first."""
    spot = (await world.quote("SPY"))["mark"]
    chain = (
        await world.client.get_option_chain(
            "SPY",
            contract_type=AsyncClient.Options.ContractType.PUT,
            strike_count=20,
            from_date=NOW.date() + timedelta(days=20),
            to_date=NOW.date() + timedelta(days=45),
        )
    ).json()
    strikes = next(iter(chain["putExpDateMap"].values()))
    symbols = [contracts[0]["symbol"] for key, contracts in strikes.items() if float(key) < spot]
    return symbols[-count:][::-1]


async def call_pairs(world: World, puts: list[str]) -> list[str]:
    """Return two out-of-the-money calls of the puts' expiry, lowest strike first."""
    expiry = datetime.strptime(puts[0][6:12], "%y%m%d").replace(tzinfo=UTC).date()
    spot = (await world.quote("SPY"))["mark"]
    chain = (
        await world.client.get_option_chain(
            "SPY",
            contract_type=AsyncClient.Options.ContractType.CALL,
            strike_count=20,
            from_date=expiry,
            to_date=expiry,
        )
    ).json()
    (strikes,) = chain["callExpDateMap"].values()
    return [c[0]["symbol"] for key, c in strikes.items() if float(key) > spot][:2]


def iron_condor(puts: list[str], calls: list[str], credit: str) -> OrderBuilder:
    return (
        OrderBuilder()
        .set_session(common.Session.NORMAL)
        .set_duration(common.Duration.DAY)
        .set_order_type(common.OrderType.NET_CREDIT)
        .set_complex_order_strategy_type(common.ComplexOrderStrategyType.IRON_CONDOR)
        .set_order_strategy_type(common.OrderStrategyType.SINGLE)
        .set_price(credit)
        .set_quantity(1)
        .add_option_leg(common.OptionInstruction.BUY_TO_OPEN, puts[1], 1)
        .add_option_leg(common.OptionInstruction.SELL_TO_OPEN, puts[0], 1)
        .add_option_leg(common.OptionInstruction.SELL_TO_OPEN, calls[0], 1)
        .add_option_leg(common.OptionInstruction.BUY_TO_OPEN, calls[1], 1)
    )


async def net_credit(world: World, sold: list[str], bought: list[str]) -> str:
    """Return the credit at which a spread is marketable: sold at the bid, bought at the ask."""
    quotes = (await world.client.get_quotes([*sold, *bought])).json()
    credit = sum(quotes[s]["quote"]["bidPrice"] for s in sold)
    credit -= sum(quotes[s]["quote"]["askPrice"] for s in bought)
    return f"{credit:.2f}"


async def test_expired_access_token_is_refreshed(world: World) -> None:
    reply = await world.client.get_account_numbers()
    assert reply.status_code == 200
    token = world.client.session.token
    assert token["access_token"].startswith("I0.")
    assert token["expires_in"] == 1800
    assert token["scope"] == "api"
    assert token["refresh_token"] == world.broker.grants.refresh_token(world.login)


async def test_account_numbers_come_with_their_hashes(world: World) -> None:
    hashes = await world.hashes()
    assert len(hashes) == 3
    for number, hash_value in hashes.items():
        assert number.isdigit()
        assert len(hash_value) == 64
        assert set(hash_value) <= set("0123456789ABCDEF")


async def test_accounts_are_those_of_the_login(world: World) -> None:
    accounts = (await world.client.get_accounts()).json()
    numbers = {account["securitiesAccount"]["accountNumber"] for account in accounts}
    assert numbers == set(await world.hashes())
    assert all("positions" not in account["securitiesAccount"] for account in accounts)
    assert all(
        account["securitiesAccount"]["currentBalances"]["buyingPower"] > 0 for account in accounts
    )


async def test_bought_shares_show_as_a_position(world: World) -> None:
    account_hash = await world.account_hash()
    ask = (await world.quote("SPY"))["askPrice"]
    order_id = await world.place(account_hash, equity_buy_limit("SPY", 7, f"{ask * 1.01:.2f}"))
    order = await world.settled(account_hash, order_id)
    assert (order["status"], order["filledQuantity"]) == ("FILLED", 7)
    fields = AsyncClient.Account.Fields.POSITIONS
    account = (await world.client.get_account(account_hash, fields=fields)).json()
    (position,) = (
        entry
        for entry in account["securitiesAccount"]["positions"]
        if entry["instrument"]["symbol"] == "SPY"
    )
    assert position["longQuantity"] == 7
    assert position["instrument"]["assetType"] == "COLLECTIVE_INVESTMENT"


async def test_quotes_of_every_kind_and_of_nothing(world: World) -> None:
    (option,) = await put_pairs(world, 1)
    reply = await world.client.get_quotes(["AAPL", "SPY", "$SPX", option, "NOSUCH"])
    quotes = reply.json()
    kinds = {symbol: quotes[symbol]["assetMainType"] for symbol in ("AAPL", "$SPX", option)}
    assert kinds == {"AAPL": "EQUITY", "$SPX": "INDEX", option: "OPTION"}
    assert quotes["AAPL"]["quote"]["bidPrice"] < quotes["AAPL"]["quote"]["askPrice"]
    assert "bidPrice" not in quotes["$SPX"]["quote"]
    assert quotes["errors"]["invalidSymbols"] == ["NOSUCH"]
    single = (await world.client.get_quote("AAPL")).json()
    assert single["AAPL"]["symbol"] == "AAPL"
    assert (await world.client.get_quote("NOSUCH")).status_code == 404


async def test_chain_and_expiries_agree(world: World) -> None:
    expiries = (await world.client.get_option_expiration_chain("$SPX")).json()["expirationList"]
    first = date.fromisoformat(expiries[1]["expirationDate"])
    listed = {e["optionRoots"] for e in expiries if e["expirationDate"] == first.isoformat()}
    chain = (
        await world.client.get_option_chain(
            "$SPX",
            strike_count=4,
            include_underlying_quote=True,
            from_date=first,
            to_date=first,
        )
    ).json()
    assert chain["status"] == "SUCCESS"
    assert chain["underlying"]["symbol"] == "$SPX"
    for side in ("callExpDateMap", "putExpDateMap"):
        (key,) = chain[side]
        assert key.startswith(first.isoformat())
        roots = {c["optionRoot"] for row in chain[side][key].values() for c in row}
        assert roots == listed


async def test_market_hours_are_open(world: World) -> None:
    markets = [AsyncClient.MarketHours.Market.EQUITY, AsyncClient.MarketHours.Market.OPTION]
    hours = (await world.client.get_market_hours(markets)).json()
    assert hours["equity"]["EQ"]["isOpen"] is True
    assert hours["option"]["EQO"]["sessionHours"]["regularMarket"]


async def test_resting_limit_order_works_and_is_listed(world: World) -> None:
    account_hash = await world.account_hash()
    bid = (await world.quote("AAPL"))["bidPrice"]
    order_id = await world.place(account_hash, equity_buy_limit("AAPL", 3, f"{bid * 0.98:.2f}"))
    order = await world.settled(account_hash, order_id)
    assert order["orderId"] == order_id
    assert (order["status"], order["remainingQuantity"]) == ("WORKING", 3)
    window = world.window()
    listed = (await world.client.get_orders_for_account(account_hash, **window)).json()
    linked = (await world.client.get_orders_for_all_linked_accounts(**window)).json()
    filled = (
        await world.client.get_orders_for_account(
            account_hash, status=AsyncClient.Order.Status.FILLED, **window
        )
    ).json()
    assert [entry["orderId"] for entry in listed] == [order_id]
    assert [entry["orderId"] for entry in linked] == [order_id]
    assert filled == []


async def test_vertical_fills_leg_by_leg(world: World) -> None:
    account_hash = await world.account_hash()
    short, long = await put_pairs(world, 2)
    credit = await net_credit(world, [short], [long])
    order_id = await world.place(account_hash, bull_put_vertical_open(long, short, 2, credit))
    order = await world.settled(account_hash, order_id)
    assert order["status"] == "FILLED"
    assert order["complexOrderStrategyType"] == "VERTICAL"
    fills = [a for a in order["orderActivityCollection"] if a["executionType"] == "FILL"]
    assert sum(fill["quantity"] for fill in fills) == 2
    assert {leg["legId"] for fill in fills for leg in fill["executionLegs"]} == {1, 2}


async def test_iron_condor_fills_at_its_credit_or_better(world: World) -> None:
    account_hash = await world.account_hash()
    puts = await put_pairs(world, 2)
    calls = await call_pairs(world, puts)
    credit = await net_credit(world, [puts[0], calls[0]], [puts[1], calls[1]])
    order_id = await world.place(account_hash, iron_condor(puts, calls, credit))
    order = await world.settled(account_hash, order_id)
    assert order["status"] == "FILLED"
    sides = {
        leg["legId"]: 1 if leg["instruction"] == "SELL_TO_OPEN" else -1
        for leg in order["orderLegCollection"]
    }
    (fill,) = order["orderActivityCollection"]
    net = sum(sides[leg["legId"]] * leg["price"] for leg in fill["executionLegs"])
    assert round(net, 4) >= float(credit)


async def test_replace_gives_a_new_order_and_ends_the_old(world: World) -> None:
    account_hash = await world.account_hash()
    bid = (await world.quote("AAPL"))["bidPrice"]
    first = await world.place(account_hash, equity_buy_limit("AAPL", 3, f"{bid * 0.98:.2f}"))
    await world.settled(account_hash, first)
    reply = await world.client.replace_order(
        account_hash, first, equity_buy_limit("AAPL", 3, f"{bid * 0.97:.2f}")
    )
    assert reply.status_code == 201
    second = Utils(world.client, account_hash).extract_order_id(reply)
    assert second != first
    assert (await world.settled(account_hash, first))["status"] == "REPLACED"
    assert (await world.order(account_hash, second))["status"] == "WORKING"


async def test_cancel_is_taken_and_carried_out(world: World) -> None:
    account_hash = await world.account_hash()
    bid = (await world.quote("AAPL"))["bidPrice"]
    order_id = await world.place(account_hash, equity_buy_limit("AAPL", 3, f"{bid * 0.98:.2f}"))
    await world.settled(account_hash, order_id)
    reply = await world.client.cancel_order(order_id, account_hash)
    assert (reply.status_code, reply.content) == (200, b"")
    order = await world.settled(account_hash, order_id)
    assert (order["status"], order.get("filledQuantity", 0)) == ("CANCELED", 0)
    again = await world.client.cancel_order(order_id, account_hash)
    assert again.status_code == 400


async def test_preview_enters_no_order(world: World) -> None:
    account_hash = await world.account_hash()
    puts = await put_pairs(world, 2)
    calls = await call_pairs(world, puts)
    reply = await world.client.preview_order(account_hash, iron_condor(puts, calls, "0.50"))
    assert reply.status_code == 200
    preview = reply.json()
    assert preview["orderId"] == 0
    assert preview["orderStrategy"]["status"] == "ACCEPTED"
    assert preview["orderStrategy"]["strategy"] == "IRON_CONDOR"
    window = world.window()
    assert (await world.client.get_orders_for_account(account_hash, **window)).json() == []


async def test_user_preferences_name_the_accounts_and_the_stream(world: World) -> None:
    preferences = (await world.client.get_user_preferences()).json()
    assert {a["accountNumber"] for a in preferences["accounts"]} == set(await world.hashes())
    (streamer,) = preferences["streamerInfo"]
    assert streamer["streamerSocketUrl"].startswith("wss://")


async def test_revoked_login_is_unauthorized(world: World) -> None:
    await world.hashes()
    world.broker.grants.revoke(world.login)
    reply = await world.client.get_accounts()
    assert reply.status_code == 401
    assert reply.json()["errors"][0]["detail"] == "Client not authorized"


async def test_plain_account_number_is_refused(world: World) -> None:
    number = min(await world.hashes())
    replies: list[httpx.Response] = [
        await world.client.get_account(number),
        await world.client.place_order(number, equity_buy_limit("AAPL", 1, "10.00")),
        await world.client.get_orders_for_account(number, **world.window()),
    ]
    for reply in replies:
        assert reply.status_code == 400
        assert reply.json() == {"message": "Invalid account number"}


async def test_unknown_order_is_not_found(world: World) -> None:
    account_hash = await world.account_hash()
    for reply in (
        await world.client.get_order(1, account_hash),
        await world.client.cancel_order(1, account_hash),
        await world.client.replace_order(account_hash, 1, equity_buy_limit("AAPL", 1, "10.00")),
    ):
        assert reply.status_code == 404
        assert reply.json()["message"] == "Order not found"


async def test_order_without_its_type_is_refused_and_not_entered(world: World) -> None:
    account_hash = await world.account_hash()
    incomplete = equity_buy_limit("AAPL", 1, "10.00").clear_order_type()
    reply = await world.client.place_order(account_hash, incomplete)
    assert reply.status_code == 400
    assert reply.json()["message"]
    assert (await world.client.get_orders_for_all_linked_accounts(**world.window())).json() == []


async def test_window_that_schwab_py_asks_for_by_itself_is_taken(world: World) -> None:
    asked_at = world.clock.now()
    window = {
        "from_entered_datetime": asked_at - timedelta(days=60),
        "to_entered_datetime": asked_at,
    }
    world.clock.advance(5.0)
    reply = await world.client.get_orders_for_all_linked_accounts(**window)
    assert (reply.status_code, reply.json()) == (200, [])


async def test_window_that_begins_61_days_ago_is_refused(world: World) -> None:
    now = world.clock.now()
    window = {
        "from_entered_datetime": now - timedelta(days=61),
        "to_entered_datetime": now,
    }
    reply = await world.client.get_orders_for_all_linked_accounts(**window)
    assert reply.status_code == 400
    assert "within 60 days of today" in reply.json()["message"]
