from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import stamina
from tests.unit.schwab.site import (
    ACCOUNTS_PATH,
    NUMBERS,
    NUMBERS_PATH,
    ORDERS_PATH,
    Site,
    accounts_of,
    an_account,
    an_order,
    broken,
    document,
    hash_of,
    text,
)
from tests.unit.schwab.support import NOW, vertical

from swimdesk.desk.ports import Broker, LineOrder, MarketData
from swimdesk.domain.accounts import Account, AccountType, Capabilities
from swimdesk.errors import (
    BrokerError,
    BrokerUnreachable,
    ConfigError,
    InputError,
    LoginRequired,
    ProtocolDrift,
    UnknownSymbol,
)
from swimdesk.schwab.listing import MAX_RESULTS
from swimdesk.schwab.posting import address_of

SINCE = NOW - timedelta(minutes=5)
ALL = ("smith-1", "smith-2", "jones-1")


@pytest.fixture(autouse=True)
def _repeat_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def test_it_is_what_the_desk_asks_for() -> None:
    broker = Site().broker()
    ports: tuple[Broker, MarketData] = (broker, broker)
    assert all(ports)


@pytest.mark.parametrize(
    "api_url",
    ["http://broker.test", "https://", "broker.test", "https://a.test/v1", "https://u:p@a.test"],
)
def test_address_that_is_none_is_a_configuration_error(api_url: str) -> None:
    with pytest.raises(ConfigError, match="api_url"):
        address_of(api_url)


# --- accounts ----------------------------------------------------------------------------------


async def test_accounts_are_named_by_configuration_else_by_login_and_place() -> None:
    configured = Account(
        "FAM-07", "smith", "0001", frozenset({"ira"}), Decimal(2), Capabilities(option_level=2)
    )
    accounts = await accounts_of(Site().broker([configured]))
    assert [(a.alias, a.login, a.last4) for a in accounts] == [
        ("FAM-07", "smith", "0001"),
        ("smith-2", "smith", "0002"),
        ("jones-1", "jones", "0001"),
    ]
    assert accounts[0].multiplier == 2
    assert accounts[0].groups == {"ira"}
    assert accounts[0].capabilities == Capabilities(AccountType.MARGIN, 2)


async def test_last4_that_matches_two_accounts_is_a_configuration_error() -> None:
    site = Site()
    rows = [{"accountNumber": n, "hashValue": "AB"} for n in ("11110001", "99990001")]
    site.on(NUMBERS_PATH, document(rows), login="smith")
    site.on(ACCOUNTS_PATH, document([an_account("11110001"), an_account("99990001")]))
    with pytest.raises(ConfigError, match="0001"):
        await accounts_of(site.broker([Account("A", "smith", "0001")]))


def test_two_names_for_one_account_are_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="0001"):
        Site().broker([Account("A", "smith", "0001"), Account("B", "smith", "0001")])


async def test_configured_name_that_collides_with_a_given_one_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="smith-2"):
        await accounts_of(Site().broker([Account("smith-2", "smith", "0001")]))


async def test_account_that_two_logins_see_is_one_account() -> None:
    site = Site()
    shared = [{"accountNumber": "11110001", "hashValue": "AB"}]
    site.on(NUMBERS_PATH, document(shared), login="jones")
    site.on(ACCOUNTS_PATH, document([an_account("11110001")]), login="jones")
    accounts = await accounts_of(site.broker())
    assert [a.alias for a in accounts] == ["smith-1", "smith-2"]
    accounts = await accounts_of(site.broker([Account("JOINT", "jones", "0001")]))
    assert [a.alias for a in accounts] == ["smith-2", "JOINT"]


async def test_signed_out_login_leaves_the_others_and_its_configured_accounts() -> None:
    site = Site()
    site.tokens.dead = {"smith"}
    broker = site.broker([Account("FAM-07", "smith", "0001")])
    assert [a.alias for a in await accounts_of(broker)] == ["FAM-07", "jones-1"]
    with pytest.raises(LoginRequired, match="smith"):
        await broker.holdings(["FAM-07"])
    site.tokens.dead = set()
    (holdings,) = await broker.holdings(["FAM-07"])
    assert holdings.account.alias == "FAM-07"


async def test_all_logins_signed_out_is_said() -> None:
    site = Site()
    site.tokens.dead = set(NUMBERS)
    with pytest.raises(LoginRequired):
        await accounts_of(site.broker())


async def test_a_login_that_cannot_be_read_does_not_lose_its_accounts_silently() -> None:
    site = Site()
    site.on(NUMBERS_PATH, text(503), login="jones")
    with pytest.raises(BrokerUnreachable):
        await accounts_of(site.broker())


async def test_unknown_account_is_said() -> None:
    with pytest.raises(BrokerError, match="NOBODY"):
        await Site().broker().holdings(["NOBODY"])
    with pytest.raises(BrokerError, match="NOBODY"):
        await Site().broker().order("NOBODY", "7")


async def test_tokens_that_cannot_be_saved_are_a_failed_read() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.tokens.unsaved = {"smith"}
    with pytest.raises(BrokerError, match="cannot be saved"):
        await broker.holdings(ALL)
    with pytest.raises(BrokerError, match="cannot be saved"):
        await broker.order("smith-1", "7")


async def test_holdings_are_as_old_as_the_request() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()

    def slowly(_: httpx.Request) -> httpx.Response:
        site.clock.advance(9)
        return httpx.Response(200, json=[an_account("22220001")])

    site.on(ACCOUNTS_PATH, slowly, login="jones")
    (holdings,) = await broker.holdings(["jones-1"])
    assert holdings.balances.as_of == NOW


async def test_holdings_ask_once_per_login_and_keep_the_order_asked_for() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.requests.clear()
    holdings = await broker.holdings(["jones-1", "smith-2", "smith-1"])
    assert [h.account.alias for h in holdings] == ["jones-1", "smith-2", "smith-1"]
    assert [h.balances.option_buying_power for h in holdings] == [1000, 2000, 1000]
    assert site.paths() == [ACCOUNTS_PATH] * 2
    assert {r.url.params["fields"] for r in site.requests} == {"positions"}
    assert "content-type" not in site.requests[0].headers


async def test_holdings_are_all_or_an_error() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.on(ACCOUNTS_PATH, document([]), login="jones")
    with pytest.raises(ProtocolDrift, match="jones-1"):
        await broker.holdings(ALL)
    site.on(ACCOUNTS_PATH, text(500), login="jones")
    with pytest.raises(BrokerUnreachable):
        await broker.holdings(ALL)


# --- order lists -------------------------------------------------------------------------------


async def test_lists_are_read_once_per_login_with_both_times() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.requests.clear()
    site.on(ORDERS_PATH, document([an_order("11110001", 7), an_order("11110002", 8)]))
    read = await broker.orders(["smith-1"], SINCE)
    assert site.paths() == [ORDERS_PATH]
    assert dict(site.requests[0].url.params) == {
        "fromEnteredTime": "2026-11-23T14:55:00.000Z",
        "toEnteredTime": "2026-11-23T15:01:00.000Z",
        "maxResults": str(MAX_RESULTS),
    }
    assert [(o.account, o.order_id) for o in read.orders] == [("smith-1", "7")]
    assert read.complete
    assert (read.accounts, read.since, read.until) == (frozenset({"smith-1"}), SINCE, NOW)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(text(500), id="500"),
        pytest.param(text(200, "[{"), id="cut"),
        pytest.param(text(200, ""), id="empty"),
        pytest.param(document({"message": "x"}), id="no list"),
        pytest.param(text(302), id="redirect"),
        pytest.param(text(404, "Requested route does not exist"), id="lost route"),
        pytest.param(broken(httpx.ReadTimeout("slow")), id="timeout"),
    ],
)
async def test_failing_login_is_no_evidence_and_hides_no_other(failure: Any) -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.on(ORDERS_PATH, document([an_order("11110001")]), login="smith")
    site.on(ORDERS_PATH, failure, login="jones")
    read = await broker.orders(ALL, SINCE)
    assert not read.complete
    assert read.accounts == {"smith-1", "smith-2"}
    assert [order.account for order in read.orders] == ["smith-1"]


async def test_login_never_signed_in_does_not_keep_the_others_from_being_read() -> None:
    site = Site()
    site.tokens.dead = {"jones"}
    read = await site.broker([Account("J", "jones", "0001")]).orders(["smith-1", "J"], SINCE)
    assert not read.complete
    assert read.accounts == {"smith-1"}


async def test_login_whose_tokens_cannot_be_saved_hides_no_orders_of_another() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.on(ORDERS_PATH, document([an_order("22220001")]), login="jones")
    site.tokens.unsaved = {"smith"}
    read = await broker.orders(ALL, SINCE)
    assert read.accounts == {"jones-1"}
    assert len(read.orders) == 1


async def test_full_page_may_hide_orders() -> None:
    site = Site()
    rows = [an_order("11110001", number) for number in range(1, MAX_RESULTS + 1)]
    site.on(ORDERS_PATH, document(rows))
    read = await site.broker().orders(["smith-1"], SINCE)
    assert not read.complete
    assert read.accounts == frozenset()
    assert len(read.orders) == MAX_RESULTS


@pytest.mark.parametrize(
    ("row", "covered"),
    [
        pytest.param(an_order("11110001", enteredTime="soon"), {"smith-2"}, id="its account"),
        pytest.param(an_order("11110001", accountNumber=None), set(), id="anybody's"),
        pytest.param("row", set(), id="no order"),
        pytest.param(an_order("55550001"), {"smith-1", "smith-2"}, id="an account not ours"),
    ],
)
async def test_order_that_cannot_be_read_uncovers_its_account(row: Any, covered: set[str]) -> None:
    site = Site()
    site.on(ORDERS_PATH, document([an_order("11110002", 5), row]))
    read = await site.broker().orders(["smith-1", "smith-2"], SINCE)
    assert read.accounts == covered
    assert read.complete == (len(covered) == 2)
    assert [order.order_id for order in read.orders] == ["5"]


async def test_look_back_is_cut_to_what_the_broker_allows() -> None:
    read = await Site().broker().orders(["smith-1"], NOW - timedelta(days=300))
    assert read.since == NOW - timedelta(days=59)


# --- one order ---------------------------------------------------------------------------------

ORDER_PATH = f"/trader/v1/accounts/{hash_of('11110001')}/orders/7"


async def test_one_order_is_read() -> None:
    site = Site()
    site.on(ORDER_PATH, document(an_order("11110001", 7)))
    order = await site.broker().order("smith-1", "7")
    assert order is not None
    assert (order.account, order.order_id) == ("smith-1", "7")


async def test_order_the_broker_does_not_know_is_none() -> None:
    site = Site()
    site.on(ORDER_PATH, document({"message": "Order not found"}, 404))
    assert await site.broker().order("smith-1", "7") is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(text(404, "404 Not Found: Requested route ('x') does not exist."), id="route"),
        pytest.param(text(404, "<html>gone</html>"), id="page"),
        pytest.param(text(503), id="503"),
        pytest.param(document(an_order("11110002", 7)), id="another account"),
        pytest.param(document(an_order("11110001", 8)), id="another order"),
    ],
)
async def test_failed_read_of_an_order_is_never_not_found(answer: Any) -> None:
    site = Site()
    site.on(ORDER_PATH, answer)
    with pytest.raises(BrokerError):
        await site.broker().order("smith-1", "7")


async def test_order_id_that_is_none_is_not_put_into_a_path() -> None:
    with pytest.raises(InputError):
        await Site().broker().order("smith-1", "../7")


# --- sending -----------------------------------------------------------------------------------


def test_prepare_renders_each_line_and_reads_nothing() -> None:
    site = Site()
    small, large = vertical(quantity=1), vertical(quantity=3)
    lines = [LineOrder("r1", "a", small), LineOrder("r2", "b", large), LineOrder("r3", "c", small)]
    prepared = site.broker().prepare(lines).orders
    assert [(p.ref, p.account) for p in prepared] == [("r1", "a"), ("r2", "b"), ("r3", "c")]
    assert prepared[0].body == prepared[2].body != prepared[1].body
    assert prepared[0].fingerprint != prepared[1].fingerprint
    assert site.requests == []


# --- secrets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        broken(httpx.ConnectError("refused")),
        document({"message": f"account 11110001 {hash_of('11110001')}"}, 403),
        text(200, "nothing"),
    ],
)
async def test_errors_hold_neither_hash_nor_number_nor_token(answer: Any) -> None:
    site = Site()
    site.on(ORDER_PATH, answer)
    with pytest.raises(BrokerError) as caught:
        await site.broker().order("smith-1", "7")
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    for secret in (hash_of("11110001"), "11110001", "first.smith"):
        assert secret not in shown


# --- market data -------------------------------------------------------------------------------


async def test_market_data_uses_a_login_that_works() -> None:
    site = Site()
    site.tokens.dead = {"smith"}
    path = "/marketdata/v1/quotes"
    site.on(path, document({"SPY": {"quote": {"lastPrice": 600.5}}}))
    quotes = await site.broker().quotes(["SPY", "SPY", "NOPE"])
    assert list(quotes) == ["SPY"]
    assert site.requests[0].url.params["symbols"] == "SPY,NOPE"
    assert site.requests[0].headers["authorization"] == "Bearer first.jones"
    site.tokens.dead = set(NUMBERS)
    with pytest.raises(LoginRequired):
        await site.broker().quotes(["SPY"])
    site.tokens.dead, site.tokens.unsaved = set(), {"smith"}
    assert list(await site.broker().quotes(["SPY"])) == ["SPY"]
    site.tokens.unsaved = set(NUMBERS)
    with pytest.raises(BrokerError, match="cannot be saved"):
        await site.broker().quotes(["SPY"])


async def test_many_symbols_are_asked_for_in_parts() -> None:
    site = Site()
    site.on(
        "/marketdata/v1/quotes",
        lambda r: httpx.Response(
            200,
            json={s: {"quote": {"lastPrice": 1}} for s in r.url.params["symbols"].split(",")},
        ),
    )
    symbols = [f"S{number}" for number in range(450)]
    assert set(await site.broker().quotes(symbols)) == set(symbols)
    assert len(site.requests) == 3
    assert await site.broker().quotes([]) == {}


async def test_symbol_without_options_is_unknown() -> None:
    site = Site()
    for answer in (document({"expirationList": []}), document({"message": "Not Found"}, 404)):
        site.on("/marketdata/v1/expirationchain", answer)
        with pytest.raises(UnknownSymbol, match="NOPE"):
            await site.broker().expiries("NOPE")
    site.on("/marketdata/v1/expirationchain", text(502, '{"fault":{"faultstring":"TooBigBody"}}'))
    with pytest.raises(BrokerUnreachable, match="TooBigBody"):
        await site.broker().expiries("NOPE")


async def test_chain_is_asked_for_one_day_and_bounded() -> None:
    site = Site()
    site.on("/marketdata/v1/chains", document({"callExpDateMap": {}, "putExpDateMap": {}}))
    assert await site.broker().chain("$SPX", date(2026, 12, 18), 10) == ()
    params = site.requests[0].url.params
    assert (params["fromDate"], params["toDate"], params["strikeCount"]) == (
        "2026-12-18",
        "2026-12-18",
        "10",
    )
