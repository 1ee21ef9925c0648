"""Every check of a line at its boundary: just inside, on it, just outside."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.builders import (
    CONDOR,
    STOCK,
    a_ticket,
    an_account,
    roomy_limits,
    some_balances,
)
from tests.fakes.virtual import START

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.margin import Cost, cost
from swimdesk.domain.orders import Effect, OrderType, Session, Ticket, TimeInForce
from swimdesk.domain.risk import (
    CHECKS,
    BroadcastFacts,
    DenialCode,
    LineFacts,
    LiveOrder,
    QuoteFacts,
    RiskLimits,
    check_broadcast,
    check_line,
    denial,
    duplicate_denials,
    price_tick,
)

LIMITS = roomy_limits()
"""What is a share of something is tested in test_risk_controls.py."""
CALL = "SELL -1 SPY 100 18 DEC 26 600 CALL @4.10 LMT"
PUT = "SELL -1 SPY 100 18 DEC 26 500 PUT @4.10 LMT"
BUY_CALL = "BUY +1 SPY 100 18 DEC 26 600 CALL @4.10 LMT"
VERTICAL = "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT"
BUY_STRADDLE = "BUY +1 STRADDLE SPY 100 18 DEC 26 600 CALL/PUT @20.00 LMT"
CALL_SYMBOL = "SPY   261218C00600000"
SHORT_STOCK = "SELL -100 AAPL @187.50 LMT [TO OPEN]"


def facts(text: str = STOCK, *, effect: Effect = Effect.OPEN, **changes: object) -> LineFacts:
    """Build the facts of a line that nothing is wrong with, then change them."""
    ticket = changes.pop("ticket", a_ticket(text).with_effect(effect))
    account = changes.pop("account", an_account())
    holdings = changes.pop("holdings", {})
    assert isinstance(ticket, Ticket)
    default = cost(
        ticket,
        debit=-(ticket.credit or Decimal(0)),
        spot=Decimal(590),
        account_type=account.capabilities.type,  # type: ignore[attr-defined]
        holdings=holdings,  # type: ignore[arg-type]
    )
    mid = changes.pop("net_mid", ticket.credit or Decimal(0))
    quotes = QuoteFacts(net_mid=mid)  # type: ignore[arg-type]
    chosen = {"balances": some_balances(), "cost": default, "quotes": quotes, **changes}
    return LineFacts(account=account, ticket=ticket, holdings=holdings, **chosen)  # type: ignore[arg-type]


def a_cost(requirement: str = "0", *, notional: str = "0", fees: str = "0") -> Cost:
    """Build a cost of given figures."""
    return Cost(Decimal(requirement), Decimal(0), Decimal(notional), Decimal(fees))


def codes(found: LineFacts, limits: RiskLimits = LIMITS) -> list[str]:
    """Return the codes of all denials of a line."""
    return [one.code for one in check_line(found, limits)]


def only(found: LineFacts, limits: RiskLimits = LIMITS) -> tuple[str, str]:
    """Return the single denial of a line."""
    (one,) = check_line(found, limits)
    return one.code, one.detail


def test_an_ordinary_line_passes_every_check() -> None:
    assert check_line(facts(), LIMITS) == ()
    assert check_line(facts(CONDOR), LIMITS) == ()


def test_a_line_with_several_faults_is_denied_for_each_of_them_in_the_order_of_the_checks() -> None:
    found = facts(
        VERTICAL.replace("1.25", "1.255"),
        account=an_account(kind=AccountType.CASH, option_level=0, closing_only=True),
        session="closed",
        expired="gone",
        cost=a_cost("200000", notional="60000"),
        net_mid=Decimal(-1),
        token="it ends in a minute",
        duplicates=(denial(DenialCode.DUPLICATE_RECENT, "again"),),
    )
    assert codes(found) == [
        "SESSION_CLOSED", "EXPIRED", "NOTIONAL_ORDER", "PRICE_TICK", "PRICE_SIGN", "CLOSING_ONLY",
        "CASH_ACCOUNT", "OPTION_LEVEL", "BUYING_POWER", "TOKEN_SHORT", "DUPLICATE_RECENT",
    ]  # fmt: skip
    assert len(CHECKS) == 24


# --- size and notional -------------------------------------------------------------------------


@pytest.mark.parametrize(("shares", "denied"), [(999, False), (1000, False), (1001, True)])
def test_shares_per_order_up_to_and_including_the_ceiling(shares: int, denied: bool) -> None:
    found = facts(ticket=a_ticket(STOCK).sized(shares), cost=a_cost())
    assert codes(found) == (["SIZE_SHARES"] if denied else [])
    if denied:
        assert only(found)[1] == "1001 shares, limit 1000 per order"


@pytest.mark.parametrize("text", [BUY_CALL, VERTICAL, CONDOR])
@pytest.mark.parametrize(("units", "denied"), [(49, False), (50, False), (51, True)])
def test_contracts_per_order_up_to_and_including_the_ceiling(
    text: str, units: int, denied: bool
) -> None:
    found = facts(ticket=a_ticket(text).sized(units), cost=a_cost())
    assert codes(found) == (["SIZE_CONTRACTS"] if denied else [])
    if denied:
        assert only(found)[1] == "51 contracts in a leg, limit 50 per order"


@pytest.mark.parametrize(
    ("notional", "denied"), [("49999.99", False), ("50000", False), ("50000.01", True)]
)
def test_notional_per_order(notional: str, denied: bool) -> None:
    found = facts(cost=a_cost(notional=notional))
    assert codes(found) == (["NOTIONAL_ORDER"] if denied else [])
    if denied:
        assert only(found)[1] == "$50,000.01, limit $50,000.00 per order"


@pytest.mark.parametrize(
    ("notional", "denied"), [("499999.99", False), ("500000", False), ("500000.01", True)]
)
def test_notional_per_broadcast(notional: str, denied: bool) -> None:
    found = check_broadcast(BroadcastFacts(Decimal(notional), 48), LIMITS)
    assert [(one.code, one.detail) for one in found] == [
        ("NOTIONAL_BROADCAST", "48 units, $500,000.01 over all accounts, limit $500,000.00")
    ] * denied


# --- money -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirement", "denied"), [("999.99", False), ("1000", False), ("1000.01", True)]
)
def test_buying_power_up_to_the_last_cent(requirement: str, denied: bool) -> None:
    found = facts(VERTICAL, balances=some_balances("1000"), cost=a_cost(requirement))
    assert codes(found) == (["BUYING_POWER"] if denied else [])
    if denied:
        assert only(found)[1] == "needs $1,000.01, has $1,000.00"


@pytest.mark.parametrize(
    ("reserved", "denied"), [("399.99", False), ("400", False), ("400.01", True)]
)
def test_what_our_live_orders_hold_is_not_spent_twice(reserved: str, denied: bool) -> None:
    found = facts(
        VERTICAL, balances=some_balances("1000"), cost=a_cost("600"), reserved=Decimal(reserved)
    )
    assert codes(found) == (["BUYING_POWER"] if denied else [])
    if denied:
        assert only(found)[1] == "needs $600.00, has $599.99 after $400.01 held by our live orders"


def test_stock_is_paid_from_stock_buying_power_and_options_from_their_own() -> None:
    balances = some_balances("1000")  # twice as much for stock
    assert codes(facts(STOCK, balances=balances, cost=a_cost("1500"))) == []
    assert codes(facts(VERTICAL, balances=balances, cost=a_cost("1500"))) == ["BUYING_POWER"]


def test_closing_for_a_credit_passes_without_money_for_the_fees() -> None:
    broke = some_balances("0", cash="0")
    found = facts(CALL, effect=Effect.CLOSE, balances=broke)
    assert found.cost.requirement == found.cost.fees > 0
    assert codes(found) == []


@pytest.mark.parametrize(
    ("have", "denied"), [("410.66", True), ("410.67", False), ("410.68", False)]
)
def test_closing_for_a_debit_needs_the_cash(have: str, denied: bool) -> None:
    found = facts(BUY_CALL, effect=Effect.CLOSE, balances=some_balances(have))
    assert codes(found) == (["BUYING_POWER"] if denied else [])


# --- what an account may do --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "denied"), [(Effect.OPEN, True), (Effect.CLOSE, False), (Effect.AUTO, True)]
)
def test_a_closing_only_account_opens_nothing(effect: Effect, denied: bool) -> None:
    found = facts(effect=effect, account=an_account(closing_only=True))
    assert codes(found) == (["CLOSING_ONLY"] if denied else [])


@pytest.mark.parametrize(
    ("text", "holdings", "detail"),
    [
        (STOCK, {}, None),
        (BUY_CALL, {}, None),
        (PUT, {}, None),
        (CALL, {"SPY": Decimal(100)}, None),
        (CALL, {"SPY": Decimal(99)}, "the call needs 100 SPY free of other calls, held 99"),
        (CALL, {"SPY": Decimal(100), CALL_SYMBOL: Decimal(-1)}, "held 100"),
        (CALL, {"SPY": Decimal(200), CALL_SYMBOL: Decimal(-1)}, None),
        (SHORT_STOCK, {}, "cannot sell short"),
        (BUY_STRADDLE, {}, None),
        (VERTICAL, {}, "spreads need a margin account"),
        (CONDOR, {}, "spreads need a margin account"),
    ],
)
def test_what_a_cash_account_may_open(
    text: str, holdings: dict[str, Decimal], detail: str | None
) -> None:
    account = an_account(kind=AccountType.CASH)
    found = facts(text, account=account, holdings=holdings)
    if detail is None:
        assert codes(found) == []
    else:
        assert only(found)[0] == "CASH_ACCOUNT"
        assert detail in only(found)[1]
    assert "CASH_ACCOUNT" not in codes(facts(text, effect=Effect.CLOSE, account=account))
    assert "CASH_ACCOUNT" not in codes(facts(text, holdings=holdings))


COVERED = {"SPY": Decimal(100)}
OPTIONS = "SPY 100 18 DEC 26"


@pytest.mark.parametrize(
    ("text", "holdings", "cash", "needed"),
    [
        (STOCK, {}, "0", 0),
        (CALL, COVERED, "0", 0),
        (PUT, {}, "50000", 0),
        (PUT, {}, "49999.99", 3),
        (BUY_CALL, {}, "0", 1),
        (VERTICAL, {}, "0", 2),
        (CONDOR, {}, "0", 2),
        (CALL, {}, "100000", 3),
        (CALL, {"SPY": Decimal(99)}, "0", 3),
        (CALL, COVERED | {CALL_SYMBOL: Decimal(-1)}, "0", 3),
        (BUY_STRADDLE, {}, "0", 1),
        (f"BUY +1 BUTTERFLY {OPTIONS} 600/605/610 CALL @1.00", {}, "0", 2),
        (f"SELL -1 1/2 BACKRATIO {OPTIONS} 600/605 CALL @-1.00", {}, "0", 2),
        (f"BUY +1 1/2 BACKRATIO {OPTIONS} 600/605 CALL @1.00", {}, "0", 3),
        (f"SELL -1 STRANGLE {OPTIONS} 620/580 CALL/PUT @4.00", {}, "0", 3),
        ("BUY +1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00", {}, "0", 2),
        ("SELL -1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00", {}, "0", 3),
        (f"BUY +1 COVERED {OPTIONS} 600 CALL/SPY @400", {}, "0", 0),
        (f"BUY +1 COLLAR {OPTIONS} 580/600 PUT/CALL/SPY @400", {}, "0", 1),
    ],
)
def test_the_option_level_that_each_kind_of_order_needs(
    text: str, holdings: dict[str, Decimal], cash: str, needed: int
) -> None:
    for level in range(4):
        found = facts(
            text,
            account=an_account(option_level=level),
            holdings=holdings,
            balances=some_balances("1000000", cash=cash),
        )
        assert codes(found) == ([] if level >= needed else ["OPTION_LEVEL"])
        if level < needed:
            assert only(found)[1] == f"needs option level {needed}, the account has {level}"


def test_an_unknown_option_level_and_closing_orders_are_left_to_the_broker() -> None:
    assert codes(facts(CALL, account=an_account(option_level=None))) == []
    assert codes(facts(CALL, effect=Effect.CLOSE, account=an_account(option_level=0))) == []


# --- session -----------------------------------------------------------------------------------


def test_a_closed_market_is_denied_with_its_reason() -> None:
    assert only(facts(session="the stock market is closed")) == (
        "SESSION_CLOSED",
        "the stock market is closed",
    )


def test_an_expired_contract_is_denied_with_its_reason() -> None:
    assert only(facts(CALL, expired="it is over")) == ("EXPIRED", "it is over")


ANY_STOCK = "BUY +100 AAPL"
ANY_CALL = "BUY +1 SPY 100 18 DEC 26 600 CALL"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (f"{ANY_STOCK} @187.50 LMT EXT", None),
        (f"{ANY_STOCK} @187.50 LMT AM", None),
        (f"{ANY_STOCK} @187.50 LMT PM", None),
        (f"{ANY_STOCK} @187.50 LMT GTC EXT", None),
        (f"{ANY_STOCK} @187.50 LMT GTC", None),
        (f"{ANY_STOCK} @MKT", None),
        (f"{ANY_STOCK} @190.00 STP GTC", None),
        (f"{ANY_STOCK} @187.50 LOC", None),
        (f"{ANY_CALL} @4.10 LMT GTC", None),
        (f"{ANY_STOCK} @187.50 LMT GTC AM", "AM: an order of the AM session cannot be GTC"),
        (f"{ANY_STOCK} @187.50 LMT GTC PM", "PM: an order of the PM session cannot be GTC"),
        (f"{ANY_STOCK} @MKT EXT", "EXT: outside the regular session an order must be LMT"),
        (f"{ANY_STOCK} @190.00 STP AM", "this one is STP"),
        (f"{ANY_STOCK} @190.00/190.50 STPLMT PM", "this one is STPLMT"),
        (f"{ANY_STOCK} @187.50 LOC EXT", "this one is LOC"),
        (f"{ANY_CALL} @4.10 LMT EXT", "EXT: only stocks trade outside the regular session"),
        (f"{CONDOR} AM", "AM: only stocks trade outside the regular session"),
        (f"{VERTICAL} PM", "PM: only stocks trade outside the regular session"),
    ],
)
def test_which_orders_fit_which_session(text: str, detail: str | None) -> None:
    found = [
        one for one in check_line(facts(text, cost=a_cost()), LIMITS) if one.code != "GTC_ORDER"
    ]
    if detail is None:
        assert found == []
    else:
        assert [one.code for one in found] == ["SESSION_MISMATCH"]
        assert detail in found[0].detail


@pytest.mark.parametrize("order_type", [OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE])
def test_options_take_no_orders_on_the_close(order_type: OrderType) -> None:
    legs = a_ticket(BUY_CALL)
    price = Decimal("4.10") if order_type is OrderType.LIMIT_ON_CLOSE else None
    ticket = Ticket(
        legs.side, 1, legs.kind, legs.legs, order_type, price, None, TimeInForce.DAY,
        Session.NORMAL, Effect.OPEN,
    )  # fmt: skip
    assert only(facts(ticket=ticket, cost=a_cost())) == (
        "SESSION_MISMATCH",
        f"options take no {order_type.value} orders",
    )


# --- prices ------------------------------------------------------------------------------------


def option(root: str, price: str) -> Ticket:
    """Buy one call of a class at a price."""
    return a_ticket(f"BUY +1 {root} 100 18 DEC 26 600 CALL @{price} LMT").with_effect(Effect.OPEN)


@pytest.mark.parametrize(
    ("text", "penny", "good", "bad"),
    [
        ("BUY +1 AAPL @{} LMT", False, ["1.00", "187.50", "187.51"], ["1.001", "187.505"]),
        ("BUY +1 AAPL @{} LMT", False, ["0.9999", "0.0001"], []),
        ("BUY +1 SPY 100 18 DEC 26 600 CALL @{} LMT", True, ["2.99", "3.00", "3.01"], ["3.005"]),
        ("BUY +1 AAPL 100 18 DEC 26 600 CALL @{} LMT", True, ["2.99", "3.00", "3.05"], ["3.01"]),
        ("BUY +1 NFLX 100 18 DEC 26 600 CALL @{} LMT", False, ["2.95", "3.00", "3.10"], ["2.99"]),
        ("BUY +1 NFLX 100 18 DEC 26 600 CALL @{} LMT", False, [], ["3.05", "2.96"]),
        ("SELL -1 VERTICAL AAPL 100 18 DEC 26 600/605 CALL @{} LMT", False, ["1.26"], ["1.265"]),
        ("SELL -1 VERTICAL SPX 100 (Weeklys) 11 DEC 26 6200/6220 CALL @{} LMT", False,
         ["1.25", "4.05"], ["1.26", "1.24"]),
        (CONDOR.replace("1.60", "{}"), False, ["1.60", "1.65"], ["1.61", "1.625"]),
        ("SELL -1 IRON CONDOR RUT 100 (Weeklys) 11 DEC 26 2200/2220/1820/1800 CALL/PUT @{} LMT",
         False, ["1.61"], ["1.615"]),
        ("BUY +1 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @{} LMT", False, ["2.95", "3.10"], ["3.05"]),
    ],
)  # fmt: skip
def test_prices_are_multiples_of_their_tick(
    text: str, penny: bool, good: list[str], bad: list[str]
) -> None:
    for price in good:
        found = facts(text.format(price), penny_pilot=penny, cost=a_cost())
        assert codes(found) == [], price
    for price in bad:
        found = facts(text.format(price), penny_pilot=penny, cost=a_cost())
        code, detail = only(found)
        tick = price_tick(found.ticket, Decimal(price), penny_pilot=penny)
        assert (code, detail) == ("PRICE_TICK", f"{Decimal(price)} is not a multiple of {tick}")


def test_a_negative_net_price_has_a_tick_as_well() -> None:
    text = "SELL -1 VERTICAL SPX 100 (Weeklys) 11 DEC 26 6200/6220 CALL @1.25 LMT"
    base = a_ticket(text)
    for price, denied in (("-0.80", False), ("-0.81", True)):
        ticket = Ticket(
            base.side, 1, base.kind, base.legs, OrderType.LIMIT, Decimal(price), effect=Effect.OPEN
        )
        assert ("PRICE_TICK" in codes(facts(ticket=ticket, cost=a_cost()))) is denied


def test_the_stop_price_has_a_tick_as_well() -> None:
    found = facts("BUY +1 AAPL @190.005/191.00 STPLMT", cost=a_cost())
    assert only(found) == ("PRICE_TICK", "190.005 is not a multiple of 0.01")


@pytest.mark.parametrize(
    ("text", "mid", "denied"),
    [
        (VERTICAL, "1.20", False),
        (VERTICAL, "0.01", False),
        (VERTICAL, "0", False),
        (VERTICAL, "-0.01", True),
        ("BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT", "-1.20", False),
        ("BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT", "0.01", True),
        (STOCK, "100", False),
    ],
)
def test_a_price_against_the_quoted_net_is_a_mirrored_order(
    text: str, mid: str, denied: bool
) -> None:
    found = facts(text, net_mid=Decimal(mid))
    assert codes(found) == (["PRICE_SIGN"] if denied else [])


def test_a_mirrored_order_is_explained_with_both_figures() -> None:
    assert only(facts(VERTICAL, net_mid=Decimal("-1.234")))[1] == (
        "the order is a credit of 1.25, the market quotes a debit of 1.23: check side and strikes"
    )


# --- duplicates --------------------------------------------------------------------------------


def live(age_s: float, *, in_flight: bool = False, fingerprint: str = "look") -> LiveOrder:
    """Build an order sent so many seconds before START."""
    return LiveOrder(fingerprint, in_flight, START - timedelta(seconds=age_s))


@pytest.mark.parametrize(
    ("earlier", "code"),
    [
        ((), None),
        ((live(29.9),), "DUPLICATE_RECENT"),
        ((live(30),), None),
        ((live(30.1),), None),
        ((live(0),), "DUPLICATE_RECENT"),
        ((live(-3),), "DUPLICATE_RECENT"),
        ((live(86400, in_flight=True),), "DUPLICATE_IN_FLIGHT"),
        ((live(5), live(60, in_flight=True)), "DUPLICATE_IN_FLIGHT"),
        ((live(1000), live(5)), "DUPLICATE_RECENT"),
        ((live(5, in_flight=True, fingerprint="other"),), None),
    ],
)
def test_the_same_order_again(earlier: tuple[LiveOrder, ...], code: str | None) -> None:
    found = duplicate_denials("look", earlier, START, LIMITS)
    assert [one.code for one in found] == ([code] if code else [])


def test_a_duplicate_is_explained_with_its_age() -> None:
    (recent,) = duplicate_denials("look", (live(12.4),), START, LIMITS)
    assert recent.detail == "the same order was sent 12 s ago, window 30 s"
    (flying,) = duplicate_denials("look", (live(90, in_flight=True),), START, LIMITS)
    assert flying.detail == "the same order was sent 90 s ago and is not resolved"
    assert codes(facts(duplicates=(recent,))) == ["DUPLICATE_RECENT"]
