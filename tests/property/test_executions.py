"""What adding up fills keeps, whatever the broker reports and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import a_ticket
from tests.fakes.virtual import START

from swimdesk.domain.executions import Execution, distinct, fill_of
from swimdesk.domain.orders import Ticket

TICKETS = (
    a_ticket("BUY +100 AAPL @187.50 LMT"),
    a_ticket("SELL -9 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT"),
    a_ticket("SELL -5 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60"),
)


@st.composite
def fills(draw: st.DrawFn, ticket: Ticket) -> list[Execution]:
    """Draw reports for the legs of a ticket, some of them repeated."""
    reports = []
    for i in range(draw(st.integers(0, 12))):
        leg = draw(st.integers(1, len(ticket.legs)))
        reports.append(
            Execution(
                "77",
                str(i),
                leg,
                ticket.legs[leg - 1].instrument.symbol,
                Decimal(draw(st.integers(1, 9))),
                draw(st.decimals("0.01", "500", places=4)),
                START + timedelta(seconds=draw(st.integers(0, 3))),
            )
        )
    return reports + draw(st.lists(st.sampled_from(reports))) if reports else []


cases = st.sampled_from(TICKETS).flatmap(lambda t: st.tuples(st.just(t), fills(t)))


@given(cases, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_reports_matters(
    case: tuple[Ticket, list[Execution]], random: Random
) -> None:
    ticket, reports = case
    shuffled = reports * 2
    random.shuffle(shuffled)
    assert fill_of(ticket, shuffled) == fill_of(ticket, reports)
    assert distinct(shuffled) == distinct(reports)


@given(cases)
def test_units_only_grow_as_reports_come_in(case: tuple[Ticket, list[Execution]]) -> None:
    ticket, reports = case
    units = [fill_of(ticket, reports[:n]).units for n in range(len(reports) + 1)]
    assert units == sorted(units)


@given(cases)
def test_units_are_bounded_by_every_leg(case: tuple[Ticket, list[Execution]]) -> None:
    ticket, reports = case
    found = fill_of(ticket, reports)
    for leg in ticket.legs:
        done = sum(
            (e.quantity for e in distinct(reports) if e.symbol == leg.instrument.symbol), Decimal(0)
        )
        assert found.units * leg.ratio <= done
    assert (found.average is None) <= (found.units == 0)


@given(st.lists(st.tuples(st.integers(1, 50), st.decimals("1", "500", places=2)), min_size=1))
def test_an_average_lies_between_the_best_and_the_worst_fill(
    parts: list[tuple[int, Decimal]],
) -> None:
    ticket = TICKETS[0]
    reports = [
        Execution("77", str(i), 1, "AAPL", Decimal(quantity), price, START)
        for i, (quantity, price) in enumerate(parts)
    ]
    average = fill_of(ticket, reports).average
    assert average is not None
    slack = Decimal("1e-20")  # the quotient is rounded at its last digit
    prices = [price for _, price in parts]
    assert min(prices) - slack <= average <= max(prices) + slack
