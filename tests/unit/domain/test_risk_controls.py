"""Each control both ways: passed, denied, lifted by what it asks for, and above its ceiling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.builders import CONDOR, STOCK, a_ticket, an_account, some_balances
from tests.fakes.virtual import START

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.margin import Cost
from swimdesk.domain.orders import Effect
from swimdesk.domain.risk import (
    CONTROLS,
    BroadcastFacts,
    DenialCode,
    Lack,
    Learned,
    LineFacts,
    LiveOrder,
    QuoteFacts,
    RiskLimits,
    check_broadcast,
    check_line,
    duplicate_denials,
    judge,
    lack_in,
    limits_hash,
    parse_overrides,
)
from swimdesk.errors import InputError

LIMITS = RiskLimits()
CALL = "BUY +1 SPY 100 18 DEC 26 600 CALL @4.10 LMT"
EXTENDED = "BUY +100 AAPL @187.50 LMT EXT"
MARKET = "BUY +100 AAPL @MKT"


def quoted(mid: str | None, natural: str | None = None, **more: object) -> QuoteFacts:
    """Quote a net as cash received, by default with bid and ask at mid."""
    middle = None if mid is None else Decimal(mid)
    touch = middle if natural is None else Decimal(natural)
    return QuoteFacts(middle, touch, **more)  # type: ignore[arg-type]


def facts(text: str = STOCK, *, effect: Effect = Effect.OPEN, **changes: object) -> LineFacts:
    """Build a line of an account worth $120,000 that nothing is wrong with, then change it."""
    ticket = a_ticket(text).with_effect(effect)
    credit = ticket.credit if ticket.credit is not None else Decimal("-187.50")
    chosen: dict[str, object] = {
        "account": an_account(),
        "balances": some_balances(),
        "holdings": {},
        "cost": costs("1000"),
        "quotes": QuoteFacts(credit, credit, credit),
    }
    return LineFacts(ticket=ticket, **{**chosen, **changes})  # type: ignore[arg-type]


def costs(notional: str) -> Cost:
    """Build the cost of an order that asks for nothing but is worth so many dollars."""
    return Cost(Decimal(0), Decimal(0), Decimal(notional), Decimal(0))


def denials(found: LineFacts, limits: RiskLimits = LIMITS) -> dict[str, Denial]:
    """Return the denials of a line by code."""
    return {one.code: one for one in check_line(found, limits)}


@dataclass(frozen=True, slots=True)
class Case:
    """A line inside the limit, one to be typed or acknowledged, one above the ceiling."""

    code: DenialCode
    inside: LineFacts
    beyond: LineFacts
    override: str | None
    above: LineFacts | None = None


def shares(number: int) -> LineFacts:
    found = facts(STOCK)
    return replace(found, ticket=found.ticket.sized(number))


def contracts(number: int) -> LineFacts:
    found = facts(CALL)
    return replace(found, ticket=found.ticket.sized(number))


def limit_off(text: str, by: str) -> LineFacts:
    """Build a line whose limit is so much worse (or, negative, better) than mid."""
    found = facts(text)
    credit = found.ticket.credit
    assert credit is not None
    return replace(found, quotes=quoted(str(credit + Decimal(by))))


def off_close(by: str) -> LineFacts:
    found = facts(EXTENDED)
    return replace(found, quotes=quoted("-187.50", net_close=Decimal("-187.50") + Decimal(by)))


def spread(text: str, cents: str) -> LineFacts:
    """Build a line whose market is so many cents wide around 100."""
    return facts(text, quotes=quoted("-187.50", str(Decimal("-187.50") - Decimal(cents) / 2)))


def poor(have: str, age_s: int) -> LineFacts:
    need = Cost(Decimal(1000), Decimal(0), Decimal(1000), Decimal(0))
    balances = some_balances(str(Decimal(have) / 2))
    return facts(cost=need, balances=balances, balances_age_s=age_s)


CASES = (
    Case(DenialCode.SIZE_SHARES, shares(1000), shares(1001), "SIZE_SHARES=1001", shares(5001)),
    Case(
        DenialCode.SIZE_CONTRACTS, contracts(50), contracts(250), "SIZE_CONTRACTS=250",
        contracts(251),
    ),
    # 20 % of $120,000 is less than $50,000.
    Case(
        DenialCode.NOTIONAL_ORDER, facts(cost=costs("24000")), facts(cost=costs("24000.01")),
        "NOTIONAL_ORDER=24001", facts(cost=costs("60000.01")),
    ),
    Case(
        DenialCode.MARKET_NOTIONAL, facts(MARKET, cost=costs("12000")),
        facts(MARKET, cost=costs("12000.50")), "MARKET_NOTIONAL=12001",
        facts(MARKET, cost=costs("60000.01")),
    ),
    Case(
        DenialCode.POSITION_SHARE, facts(in_underlying=Decimal(29000)),
        facts(in_underlying=Decimal("29000.01")), "POSITION_SHARE=30001",
    ),
    # 5 % of 150.00 is 7.50.
    Case(
        DenialCode.PRICE_COLLAR, limit_off(STOCK, "8.90"), limit_off(STOCK, "9.00"),
        "PRICE_COLLAR=9.00", limit_off(STOCK, "18.00"),
    ),
    # A cheap option: the floor of $0.10 beats 20 % of mid.
    Case(
        DenialCode.PRICE_COLLAR, limit_off(CALL.replace("4.10", "0.35"), "0.10"),
        limit_off(CALL.replace("4.10", "0.35"), "0.11"), "PRICE_COLLAR=0.11",
        limit_off(CALL.replace("4.10", "0.35"), "0.21"),
    ),
    Case(
        DenialCode.PRICE_COLLAR, limit_off(CONDOR, "0.40"), limit_off(CONDOR, "0.45"),
        "PRICE_COLLAR=0.45", limit_off(CONDOR, "1.10"),
    ),
    Case(
        DenialCode.PRICE_FAR, limit_off(STOCK, "-20"), limit_off(STOCK, "-21"), "PRICE_FAR",
    ),
    Case(
        DenialCode.EXTENDED_COLLAR, off_close("8.90"), off_close("9.00"), "EXTENDED_COLLAR=9.00",
        off_close("18.00"),
    ),
    Case(
        DenialCode.EXTENDED_SPREAD, spread(EXTENDED, "9.37"), spread(EXTENDED, "9.38"),
        "EXTENDED_SPREAD=5.1",
    ),
    Case(
        DenialCode.MARKET_SPREAD, spread(MARKET, "1.87"), spread(MARKET, "1.88"),
        "MARKET_SPREAD=1.1",
    ),
    Case(
        DenialCode.QUOTE_STALE, facts(quotes=quoted("-187.50", age_s=5)),
        facts(quotes=quoted("-187.50", age_s=6)), "QUOTE_STALE",
        facts(MARKET, quotes=quoted("-187.50", age_s=6)),
    ),
    Case(
        DenialCode.QUOTE_STALE, facts(EXTENDED, quotes=quoted("-187.50", age_s=30)),
        facts(EXTENDED, quotes=quoted("-187.50", age_s=31)), "QUOTE_STALE",
    ),
    Case(
        DenialCode.QUOTE_STALE, facts(),
        facts(quotes=quoted("-187.50", unsound="AAPL is delayed")), "QUOTE_STALE",
        facts(MARKET, quotes=quoted(None)),
    ),
    Case(
        DenialCode.BUYING_POWER, poor("1000", 0), poor("999.98", 59), "BUYING_POWER",
        poor("999.98", 60),
    ),
    Case(DenialCode.GTC_ORDER, facts(), facts(f"{STOCK} GTC"), "GTC_ORDER=GTC"),
    Case(
        DenialCode.SECURITY_HALTED, facts(),
        facts(quotes=quoted("-187.50", halted="trading of AAPL is halted")), None,
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.code))
def test_control_passes_inside_asks_beyond_and_lifts_by_what_it_asks_for(case: Case) -> None:
    assert case.code not in denials(case.inside)
    found = denials(case.beyond)[case.code]
    assert found.override == case.override
    if case.override is None:
        assert found.grade is Grade.HARD
        return
    judged = judge([found], parse_overrides([case.override]))
    assert (judged.standing, judged.lifted) == ((), (found,))
    assert len(judged.used) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.code))
def test_control_above_its_ceiling_is_lifted_by_nothing(case: Case) -> None:
    if case.above is None:
        assert CONTROLS[case.code].ceiling == "" or case.code == DenialCode.QUOTE_STALE
        return
    found = denials(case.above)[case.code]
    assert (found.grade, found.override) == (Grade.HARD, None)
    if found.figure is not None:
        # Nobody is shown that this could be typed; whoever types it all the same gets nothing.
        typed = parse_overrides([f"{case.code}={found.figure * 10:f}"])
        assert judge([found], typed).standing == (found,)


def test_a_closing_order_is_not_bound_by_what_is_left_of_the_account() -> None:
    broke = replace(some_balances(), liquidation_value=Decimal(10))
    small = facts(effect=Effect.CLOSE, balances=broke, cost=costs("50000"))
    assert denials(small) == {}
    large = facts(effect=Effect.CLOSE, balances=broke, cost=costs("70000"))
    assert denials(large)["NOTIONAL_ORDER"].override == "NOTIONAL_ORDER=70000"


def test_a_closing_limit_may_rest_as_far_away_as_it_likes() -> None:
    far = limit_off(STOCK, "-21")
    closing = replace(far, ticket=far.ticket.with_effect(Effect.CLOSE))
    assert denials(closing) == {}


def test_an_old_quote_of_a_closed_market_is_no_second_denial() -> None:
    found = facts(session="the stock market is closed", quotes=quoted("-187.50", age_s=9000))
    assert [*denials(found)] == ["SESSION_CLOSED"]


# --- overrides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["PRICE_COLAR=1"], "PRICE_COLLAR"),
        (["NOTIONAL_ORDER"], "--override NOTIONAL_ORDER=FIGURE"),
        (["NOTIONAL_ORDER=much"], "--override NOTIONAL_ORDER=FIGURE"),
        (["NOTIONAL_ORDER=0"], "--override NOTIONAL_ORDER=FIGURE"),
        (["NOTIONAL_ORDER=-5"], "--override NOTIONAL_ORDER=FIGURE"),
        (["PRICE_FAR=1"], "--ack PRICE_FAR"),
        (["OPTION_LEVEL"], "cannot be overridden"),
        (["GTC_ORDER=1"], "GTC_ORDER=GTC"),
        (["PRICE_FAR", "price_far"], "twice"),
    ],
)
def test_an_override_that_is_none_is_told_apart(texts: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_overrides(texts)


@pytest.mark.parametrize(
    "text", ["NOTIONAL_ORDER=62000", "notional_order=62,000", "NOTIONAL_ORDER=62k"]
)
def test_a_figure_is_read_as_people_type_it(text: str) -> None:
    assert parse_overrides([text]).figures == {"NOTIONAL_ORDER": Decimal(62000)}


def test_a_figure_lifts_every_smaller_one_and_no_larger_one() -> None:
    lines = [
        denials(facts(cost=costs(dollars)))["NOTIONAL_ORDER"] for dollars in ("30000", "31000")
    ]
    judged = judge(lines, parse_overrides(["NOTIONAL_ORDER=30000"]))
    assert (judged.lifted, judged.standing) == ((lines[0],), (lines[1],))


def test_a_figure_that_is_nobodys_lifts_nothing() -> None:
    found = denials(facts(cost=costs("30000")))["NOTIONAL_ORDER"]
    near = parse_overrides(["NOTIONAL_ORDER=60000"]).close_to([found])
    assert judge([found], near).lifted == (found,)
    wild = parse_overrides(["NOTIONAL_ORDER=60001"]).close_to([found])
    assert judge([found], wild).standing == (found,)


# --- duplicates ----------------------------------------------------------------------------------


def sent(age_s: int, **more: object) -> LiveOrder:
    return LiveOrder("look", in_flight=False, sent=START - timedelta(seconds=age_s), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([sent(29)], ("DUPLICATE_RECENT", None)),
        ([sent(30)], ("DUPLICATE_RECENT", "DUPLICATE_RECENT")),
        ([sent(599)], ("DUPLICATE_RECENT", "DUPLICATE_RECENT")),
        ([sent(600)], None),
        ([sent(100, traded=False)], None),
        ([sent(29, traded=False)], ("DUPLICATE_RECENT", None)),
        ([sent(9000, working="1005")], ("WORKING_ALIKE", "WORKING_ALIKE")),
        ([sent(100, traded=False), sent(200)], ("DUPLICATE_RECENT", "DUPLICATE_RECENT")),
    ],
)
def test_the_same_order_again(
    earlier: list[LiveOrder], expected: tuple[str, str | None] | None
) -> None:
    found = duplicate_denials("look", earlier, START, LIMITS)
    assert [(one.code, one.override) for one in found] == ([expected] if expected else [])


def test_working_orders_are_listed_but_not_all_of_many() -> None:
    many = [sent(9000 + n, working=str(n)) for n in range(5)]
    (found,) = duplicate_denials("look", many, START, LIMITS)
    assert found.detail == "the same order is working already: 0, 1, 2 and 2 more"


# --- what rejects teach --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("The account is not approved for this level of options trading.", Lack.OPTION_LEVEL),
        ("This account is restricted to closing transactions", Lack.OPENING),
        ("Account is set to closing-only", Lack.OPENING),
        ("No trades are currently allowed", Lack.TRADING),
        ("You do not have enough available cash/buying power for this order.", None),
        ("Spread orders for SPX options must be priced in 5-cent increments.", None),
        ("This order may result in an oversold/overbought position in your account", None),
        (None, None),
    ],
)
def test_which_rejects_are_about_the_account(text: str | None, lack: Lack | None) -> None:
    assert lack_in(text) is lack


@pytest.mark.parametrize(
    ("lack", "text", "effect", "denied"),
    [
        (Lack.OPTION_LEVEL, CONDOR, Effect.OPEN, True),
        (Lack.OPTION_LEVEL, CALL, Effect.OPEN, False),
        (Lack.OPTION_LEVEL, STOCK, Effect.OPEN, False),
        (Lack.OPTION_LEVEL, CONDOR, Effect.CLOSE, False),
        (Lack.OPENING, STOCK, Effect.OPEN, True),
        (Lack.OPENING, STOCK, Effect.CLOSE, False),
        (Lack.TRADING, STOCK, Effect.CLOSE, True),
    ],
)
def test_a_lesson_asks_before_the_same_kind_of_order(
    lack: Lack, text: str, effect: Effect, denied: bool
) -> None:
    lesson = Learned(lack, "not approved", CONDOR, "B-1", START, level=2, order_id="1005")
    found = denials(facts(text, effect=effect, learned=lesson))
    assert ("LEARNED_REJECT" in found) is denied
    if denied:
        assert found["LEARNED_REJECT"].override == "LEARNED_REJECT"
        assert "1005" in found["LEARNED_REJECT"].detail


# --- the broadcast as a whole --------------------------------------------------------------------

USUAL = (Decimal(1000),) * 5


@pytest.mark.parametrize(
    ("change", "code", "override"),
    [
        ({"notional": Decimal(500_000)}, None, None),
        ({"notional": Decimal("500000.01")}, "NOTIONAL_BROADCAST", "NOTIONAL_BROADCAST=500001"),
        ({"notional": Decimal("1000000.01")}, "NOTIONAL_BROADCAST", None),
        ({"notional": Decimal(10_000), "earlier": USUAL}, None, None),
        ({"notional": Decimal(10_001), "earlier": USUAL}, "UNUSUAL_SIZE", "UNUSUAL_SIZE=10001"),
        ({"notional": Decimal(10_001), "earlier": USUAL, "closes": True}, None, None),
        ({"notional": Decimal(90_000), "earlier": USUAL[:4]}, None, None),
        ({"shares": 5000, "average_volume": Decimal(100_000)}, None, None),
        (
            {"shares": 5001, "average_volume": Decimal(100_000)},
            "VOLUME_SHARE", "VOLUME_SHARE=5001",
        ),
        ({"shares": 5001, "average_volume": None}, None, None),
        ({"alike_age_s": 59}, "DUPLICATE_BROADCAST", None),
        ({"alike_age_s": 60}, None, None),
        ({"last_minute": 5}, None, None),
        ({"last_minute": 6}, "BROADCAST_RATE", None),
        ({"last_day": 199}, None, None),
        ({"last_day": 200}, "BROADCAST_RATE", None),
    ],
)  # fmt: skip
def test_what_stops_a_whole_broadcast(
    change: dict[str, object], code: str | None, override: str | None
) -> None:
    sums = replace(BroadcastFacts(Decimal(1000), 48, "AAPL"), **change)  # type: ignore[arg-type]
    found = check_broadcast(sums, LIMITS)
    assert [(one.code, one.override) for one in found] == ([(code, override)] if code else [])
    if override:
        assert judge(found, parse_overrides([override])).standing == ()


# --- limits --------------------------------------------------------------------------------------


def test_the_hash_changes_with_every_limit_and_with_nothing_else() -> None:
    assert limits_hash(LIMITS) == limits_hash(RiskLimits(collar_option=Decimal("0.200")))
    assert len(limits_hash(LIMITS)) == 8
    changed: set[str] = {limits_hash(LIMITS)}
    for name in RiskLimits.__slots__:
        changed.add(limits_hash(replace(LIMITS, **{name: getattr(LIMITS, name) + 1})))
    assert len(changed) == len(RiskLimits.__slots__) + 1


def test_every_control_of_an_account_is_a_row_with_a_grade() -> None:
    assert {*CONTROLS} == {*DenialCode}
    typed = [one for one in CONTROLS.values() if one.grade is Grade.TYPED]
    assert all(one.word or one.step > 0 for one in typed)
