"""What orders cost: the captured examples of the broker and the formulas beside them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.fakes.builders import a_ticket

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.margin import Cost, cost, covers_call, fees
from swimdesk.domain.orders import Effect

MARGIN, CASH = AccountType.MARGIN, AccountType.CASH
CALL_600 = "SPY   261218C00600000"
CALL_610 = "SPY   261218C00610000"
CALL_610_LATER = "SPY   270115C00610000"


def priced(
    text: str,
    *,
    effect: Effect = Effect.OPEN,
    spot: str | None = "590",
    kind: AccountType = MARGIN,
    held: dict[str, str] | None = None,
) -> Cost:
    """Work out what an order text costs."""
    ticket = a_ticket(text).with_effect(effect)
    return cost(
        ticket,
        debit=-(ticket.credit or Decimal(0)),
        spot=None if spot is None else Decimal(spot),
        account_type=kind,
        holdings={symbol: Decimal(q) for symbol, q in (held or {}).items()},
    )


def before_fees(found: Cost) -> Decimal:
    """Return the requirement alone."""
    return found.requirement - found.fees


@pytest.mark.parametrize(
    ("text", "charge"),
    [
        ("SELL -1 VERTICAL SPY 100 18 DEC 26 525/510 PUT @{} LMT", 1500),
        ("SELL -1 VERTICAL SPY 100 18 DEC 26 340/320 PUT @{} LMT", 2000),
        ("SELL -1 VERTICAL SPY 100 18 DEC 26 115/95 PUT @{} LMT", 2000),
        ("SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @{} LMT", 500),
        ("SELL -3 VERTICAL SPY 100 18 DEC 26 600/605 CALL @{} LMT", 1500),
        ("SELL -1 IRON CONDOR SPY 100 18 DEC 26 155/170/90/80 CALL/PUT @{} LMT", 1500),
        ("SELL -1 IRON CONDOR SPY 100 18 DEC 26 155/160/90/70 CALL/PUT @{} LMT", 2000),
        ("SELL -2 IRON CONDOR SPY 100 18 DEC 26 600/610/580/570 CALL/PUT @{} LMT", 2000),
    ],
)
@pytest.mark.parametrize("credit", ["0.01", "1.00", "4.99"])
def test_a_credit_spread_holds_the_width_of_its_wider_side_less_the_credit(
    text: str, charge: int, credit: str
) -> None:
    found = priced(text.format(credit))
    received = Decimal(credit) * 100 * a_ticket(text.format(credit)).quantity
    assert before_fees(found) + received == charge
    assert found.max_loss == found.requirement
    assert found.notional == charge - received


@pytest.mark.parametrize(
    "text",
    [
        "BUY +2 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
        "BUY +2 VERTICAL SPY 100 18 DEC 26 580/575 PUT @1.25 LMT",
        "BUY +2 IRON CONDOR SPY 100 18 DEC 26 600/610/580/570 CALL/PUT @1.25 LMT",
        "BUY +2 SPY 100 18 DEC 26 600 CALL @1.25 LMT",
        "BUY +2 SPY 100 18 DEC 26 600 PUT @1.25 LMT",
    ],
)
def test_what_is_bought_costs_its_debit_and_cannot_lose_more(text: str) -> None:
    found = priced(text)
    assert before_fees(found) == found.notional == 250
    assert found.max_loss == found.requirement == 250 + found.fees


def test_stock_bought_costs_its_price_without_fees() -> None:
    assert priced("BUY +100 AAPL @187.50 LMT") == Cost(
        Decimal(18750), Decimal(18750), Decimal(18750), Decimal(0)
    )


def test_stock_sold_short_is_charged_its_price_and_can_lose_without_bound() -> None:
    assert priced("SELL -100 AAPL @187.50 LMT [TO OPEN]") == Cost(
        Decimal(18750), None, Decimal(18750), Decimal(0)
    )


@pytest.mark.parametrize(
    ("text", "spot", "per_share"),
    [
        # 20 % of the underlying less what is out of the money, and the premium on top
        ("SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT", "600", "120"),
        ("SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT", "590", "108"),
        ("SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT", "620", "124"),
        ("SELL -1 SPY 100 18 DEC 26 600 PUT @4.00 LMT", "610", "112"),
        # never less than 10 %: of the underlying for a call, of the strike for a put
        ("SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT", "500", "50"),
        ("SELL -1 SPY 100 18 DEC 26 500 PUT @4.00 LMT", "600", "50"),
        # nobody quotes the underlying: as if at the money
        ("SELL -1 SPY 100 18 DEC 26 500 PUT @4.00 LMT", None, "100"),
    ],
)
def test_a_naked_option_is_charged_by_regulation_t(
    text: str, spot: str | None, per_share: str
) -> None:
    found = priced(text, spot=spot)
    assert before_fees(found) == Decimal(per_share) * 100
    assert found.notional == before_fees(found)
    assert found.fees == Decimal("0.67")


def test_a_short_call_has_no_bound_and_a_short_put_loses_its_strike_at_worst() -> None:
    assert priced("SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT").max_loss is None
    put = priced("SELL -2 SPY 100 18 DEC 26 500 PUT @4.00 LMT")
    assert put.max_loss == 2 * (50000 - 400) + put.fees


def test_a_cash_account_secures_a_put_with_its_strike() -> None:
    found = priced("SELL -2 SPY 100 18 DEC 26 500 PUT @4.00 LMT", kind=CASH)
    assert before_fees(found) == found.notional == 100_000


@pytest.mark.parametrize(("shares", "covered"), [("199", False), ("200", True), ("201", True)])
def test_a_covered_call_needs_nothing_but_its_fees(shares: str, covered: bool) -> None:
    found = priced("SELL -2 SPY 100 18 DEC 26 600 CALL @4.00 LMT", held={"SPY": shares})
    assert (found.requirement == found.fees) is covered
    assert not covered or found.notional == 800


@pytest.mark.parametrize(
    ("held", "covered"),
    [
        ({"SPY": "100"}, True),
        ({"SPY": "100", CALL_610: "-1"}, False),
        ({"SPY": "199", CALL_610: "-1"}, False),
        ({"SPY": "200", CALL_610: "-1"}, True),
        ({"SPY": "100", CALL_610: "-1", CALL_600: "1"}, True),
        ({"SPY": "100", CALL_610_LATER: "-1", CALL_600: "1"}, False),
        ({"SPY": "100", CALL_600: "-1", CALL_610_LATER: "1"}, True),
        ({"SPY": "100", "QQQ   261218C00600000": "-1"}, True),
        ({"SPY": "100", "SPY   261218P00500000": "-1"}, True),
        ({"SPY": "100", "SWVXX": "5000", "912828XX1": "10"}, True),
        ({"SPY": "-100"}, False),
        ({}, False),
    ],
)
def test_shares_cover_a_call_once(held: dict[str, str], covered: bool) -> None:
    contract = OptionContract.parse("SPY   261218C00620000")
    assert covers_call(contract, 1, {s: Decimal(q) for s, q in held.items()}) is covered


def test_closing_for_a_debit_costs_the_debit_and_for_a_credit_only_the_fees() -> None:
    paid = priced("BUY +2 SPY 100 18 DEC 26 600 CALL @1.25 LMT", effect=Effect.CLOSE)
    assert before_fees(paid) == paid.notional == 250
    got = priced("SELL -2 SPY 100 18 DEC 26 600 CALL @1.25 LMT", effect=Effect.CLOSE)
    assert before_fees(got) == got.notional == 0
    spread = priced(
        "BUY +1 IRON CONDOR SPY 100 18 DEC 26 600/610/580/570 CALL/PUT @0.40 LMT",
        effect=Effect.CLOSE,
    )
    assert before_fees(spread) == 40


def test_fees_per_contract_and_leg() -> None:
    assert fees(a_ticket("BUY +100 AAPL @187.50 LMT")) == 0
    assert fees(a_ticket("BUY +3 SPY 100 18 DEC 26 600 CALL @1.25 LMT")) == Decimal("2.01")
    condor = "SELL -2 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60"
    assert fees(a_ticket(f"{condor} LMT")) == 8 * Decimal("1.23")


def test_a_spread_sold_for_more_than_its_width_still_costs_its_fees() -> None:
    found = priced("SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @5.10 LMT")
    assert found.requirement == found.fees
    assert found.notional == 0


IN = "SPY 100 18 DEC 26"
OVER = "SPY 100 15 JAN 27/18 DEC 26"
MARKS = {"SPY   261218C00610000": "3.00", "SPY   261218P00580000": "2.50"}


def with_marks(text: str, spot: str = "590") -> Cost:
    """Work out what an order costs whose naked legs are quoted."""
    ticket = a_ticket(text).with_effect(Effect.OPEN)
    return cost(
        ticket,
        debit=-(ticket.credit or Decimal(0)),
        spot=Decimal(spot),
        account_type=MARGIN,
        holdings={},
        marks={symbol: Decimal(mark) for symbol, mark in MARKS.items()},
    )


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        (f"BUY +2 BUTTERFLY {IN} 600/605/610 CALL @1.00 LMT", 200),
        (f"SELL -2 BUTTERFLY {IN} 600/605/610 CALL @1.00 LMT", 800),
        (f"BUY +1 BUTTERFLY {IN} 600/605/620 CALL @1.00 LMT", 1100),
        (f"SELL -1 BUTTERFLY {IN} 600/605/620 CALL @-1.00 LMT", 600),
        (f"BUY +1 CONDOR {IN} 600/605/610/615 PUT @1.00 LMT", 100),
        (f"SELL -1 CONDOR {IN} 600/605/610/615 PUT @1.00 LMT", 400),
        (f"SELL -1 IRON BUTTERFLY {IN} 600/610/585 CALL/PUT @5.00 LMT", 1000),
        (f"SELL -1 2/2/1/1 ~IRON CONDOR {IN} 610/620/590/585 CALL/PUT @1.00 LMT", 1900),
        (f"BUY +1 1/3/2 ~BUTTERFLY {IN} 600/605/610 CALL @1.00 LMT", 600),
        (f"SELL -1 1/2 BACKRATIO {IN} 600/605 CALL @-1.00 LMT", 600),
        (f"SELL -1 1/2 BACKRATIO {IN} 605/600 PUT @1.00 LMT", 400),
        (f"BUY +1 STRADDLE {IN} 600 CALL/PUT @20.00 LMT", 2000),
        (f"BUY +1 STRANGLE {IN} 610/590 CALL/PUT @5.00 LMT", 500),
        (f"BUY +1 CALENDAR {OVER} 600 CALL @3.00 LMT", 300),
        (f"BUY +1 DIAGONAL {OVER} 605/600 CALL @1.00 LMT", 600),
        (f"BUY +1 DIAGONAL {OVER} 595/600 CALL @7.00 LMT", 700),
        (f"BUY +1 DIAGONAL {OVER} 595/600 PUT @1.00 LMT", 600),
        (f"BUY +1 DBL DIAG {OVER} 575/625/580/615 PUT/CALL/PUT/CALL @1.00 LMT", 1100),
        (f"BUY +1 1/-1/1 CUSTOM {IN}/18 DEC 26/18 DEC 26 600/605/590 CALL/CALL/PUT @4.00 LMT", 400),
    ],
)
def test_defined_risk_is_charged_its_worst_payout_and_its_price(text: str, dollars: int) -> None:
    found = priced(text)
    assert before_fees(found) == found.notional == dollars
    assert found.max_loss == found.requirement


@pytest.mark.parametrize(
    ("text", "dollars", "bounded"),
    [
        # 20 % of 590 less 20 out of the money is 98, less 10 is 108; the premium is paid away again
        (f"SELL -1 STRANGLE {IN} 610/580 CALL/PUT @5.50 LMT", 9800 + 10800, False),
        # the premium received for the naked call is held on top of what is paid
        (f"BUY +1 1/2 BACKRATIO {IN} 600/610 CALL @1.00 LMT", 100 + 9800 + 300, False),
        (f"BUY +2 1/3 BACKRATIO {IN} 590/580 PUT @0 LMT", 2 * 2 * (10800 + 250), True),
        # what ends first protects nothing
        ("SELL -1 DIAGONAL SPY 100 18 DEC 26/20 NOV 26 610/600 CALL @4 LMT", 9800 - 100, False),
    ],
)
def test_what_nothing_covers_is_charged_as_naked(text: str, dollars: int, bounded: bool) -> None:
    found = with_marks(text)
    assert before_fees(found) == dollars
    assert (found.max_loss is not None) is bounded
    assert found.notional == before_fees(found)


ROLL = "SELL -1 VERT ROLL SPY 100 15 JAN 27/18 DEC 26 600/{}/590/595 CALL @0.40 LMT"


@pytest.mark.parametrize(("strike", "dollars"), [("605", 0), ("610", 460), ("602", 0)])
def test_a_roll_holds_what_the_new_spread_needs_beyond_the_old_one(
    strike: str, dollars: int
) -> None:
    found = priced(ROLL.format(strike), effect=Effect.OPEN_CLOSE)
    assert max(before_fees(found), Decimal(0)) == dollars
    width = (Decimal(strike) - 600) * 100
    assert found.max_loss == width - 40 + found.fees


def test_a_covered_call_bought_can_lose_what_is_paid_for_it() -> None:
    found = priced("BUY +2 COVERED SPY 100 18 DEC 26 600 CALL/SPY @585.00 LMT")
    assert before_fees(found) == found.notional == 117_000
    assert found.max_loss == found.requirement
    closed = priced("SELL -2 COVERED SPY 100 18 DEC 26 600 CALL/SPY @585", effect=Effect.CLOSE)
    assert closed.requirement == closed.fees


def test_a_collar_loses_down_to_its_put_and_shares_sold_short_are_charged_their_price() -> None:
    collar = priced("BUY +1 COLLAR SPY 100 18 DEC 26 580/600 PUT/CALL/SPY @589 LMT")
    assert before_fees(collar) == 58_900
    assert collar.max_loss == 900 + collar.fees
    short = priced("SELL -1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @585")
    assert before_fees(short) == 58_500
    assert short.max_loss == 1_500 + short.fees


def test_whole_credit_is_held_for_a_naked_leg_that_nobody_quotes() -> None:
    unquoted = priced(f"SELL -1 STRANGLE {IN} 610/580 CALL/PUT @5.50 LMT")
    quoted = with_marks(f"SELL -1 STRANGLE {IN} 610/580 CALL/PUT @5.50 LMT")
    assert unquoted.requirement == quoted.requirement + 550


def test_put_ratio_can_lose_all_the_way_to_zero_and_no_further() -> None:
    found = with_marks(f"BUY +1 1/3 BACKRATIO {IN} 590/580 PUT @1.00 LMT")
    assert found.max_loss == 100 * (3 * 580 - 590 + 1) + found.fees
