"""Fills: counted once, added up by unit, priced as the ticket is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.fakes.builders import CONDOR, a_ticket
from tests.fakes.virtual import START

from swimdesk.domain.executions import Execution, Fill, distinct, fill_of

SELL_STOCK = "SELL -100 AAPL @187.50 LMT"
VERTICAL = "SELL -2 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT"
SHORT_LEG, LONG_LEG = "SPY   261218C00600000", "SPY   261218C00605000"


def a_fill(
    quantity: str = "40",
    price: str = "187.50",
    *,
    activity: str = "1",
    leg: int = 1,
    symbol: str = "AAPL",
    after_s: float = 0,
) -> Execution:
    """Build one fill."""
    at = START + timedelta(seconds=after_s)
    return Execution("77", activity, leg, symbol, Decimal(quantity), Decimal(price), at)


def test_a_fill_that_is_reported_twice_counts_once() -> None:
    assert distinct([a_fill(), a_fill()]) == (a_fill(),)
    assert fill_of(a_ticket(SELL_STOCK), [a_fill(), a_fill()]).units == 40


def test_fills_that_differ_in_any_part_of_their_key_are_two() -> None:
    first = a_fill()
    for other in (a_fill(activity="2"), a_fill(leg=2), a_fill(after_s=1)):
        assert len(distinct([first, other])) == 2


def test_the_later_report_of_a_fill_corrects_the_earlier_one() -> None:
    assert distinct([a_fill("40"), a_fill("30")]) == (a_fill("30"),)


def test_fills_come_in_time_order_whatever_order_the_broker_lists_them_in() -> None:
    late, early = a_fill(activity="1", after_s=5), a_fill(activity="2")
    assert distinct([late, early]) == (early, late)


def test_the_average_is_weighed_by_quantity() -> None:
    found = fill_of(
        a_ticket(SELL_STOCK),
        [a_fill("40", "187.50", activity="1"), a_fill("60", "187.60", activity="2")],
    )
    assert found == Fill(100, Decimal("187.56"))


def test_nothing_filled_has_no_average() -> None:
    assert fill_of(a_ticket(SELL_STOCK), []) == Fill(0, None)


def test_a_fill_of_something_else_does_not_count() -> None:
    assert fill_of(a_ticket(SELL_STOCK), [a_fill(symbol="MSFT")]) == Fill(0, None)


def test_a_unit_of_a_spread_counts_when_all_its_legs_are_filled() -> None:
    ticket = a_ticket(VERTICAL)
    short = a_fill("2", "4.00", leg=1, symbol=SHORT_LEG)
    assert fill_of(ticket, [short]) == Fill(0, None)
    one_long = a_fill("1", "2.70", leg=2, symbol=LONG_LEG)
    assert fill_of(ticket, [short, one_long]) == Fill(1, Decimal("1.30"))


def test_a_credit_is_positive_for_a_sale_and_a_debit_for_a_purchase() -> None:
    sold = [
        a_fill("2", "4.00", leg=1, symbol=SHORT_LEG),
        a_fill("2", "2.75", leg=2, symbol=LONG_LEG),
    ]
    assert fill_of(a_ticket(VERTICAL), sold) == Fill(2, Decimal("1.25"))
    bought = VERTICAL.replace("SELL -2", "BUY +2")
    assert fill_of(a_ticket(bought), sold) == Fill(2, Decimal("1.25"))


def test_a_sale_that_cost_money_after_all_has_a_negative_price() -> None:
    sold = [
        a_fill("2", "4.00", leg=1, symbol=SHORT_LEG),
        a_fill("2", "4.10", leg=2, symbol=LONG_LEG),
    ]
    assert fill_of(a_ticket(VERTICAL), sold).average == Decimal("-0.10")


def test_a_condor_is_priced_over_its_four_legs() -> None:
    ticket = a_ticket(CONDOR)
    prices = ("10.00", "9.10", "8.00", "7.30")
    found = fill_of(
        ticket,
        [
            a_fill("1", price, leg=i + 1, symbol=leg.instrument.symbol)
            for i, (leg, price) in enumerate(zip(ticket.legs, prices, strict=True))
        ],
    )
    assert found == Fill(1, Decimal("1.60"))
