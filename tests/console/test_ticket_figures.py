"""Figures of the ticket: payoffs, prices by steps, order texts, curves; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.ticket.market import Look
from swimdesk.console.ticket.odds import chance
from swimdesk.console.ticket.order import Draft, moved, opened, read_draft, with_price
from swimdesk.console.ticket.payoff import Payoff, payoff_of
from swimdesk.console.widgets.braille import curve
from swimdesk.domain.orderlang import parse
from swimdesk.domain.payoff import worst_loss
from tests.fakes.builders import CONDOR

ORDERS = (
    CONDOR,
    "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    "BUY +1 BUTTERFLY SPY 100 18 DEC 26 590/600/610 CALL @2.10 LMT",
    "BUY +1 STRADDLE SPY 100 18 DEC 26 600 CALL/PUT @12.00 LMT",
    "BUY +2 SPY 100 18 DEC 26 600 CALL @4.10 LMT",
    "SELL -1 SPY 100 18 DEC 26 600 PUT @4.10 LMT GTC",
    "BUY +1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @590.00 LMT",
)
prices = st.decimals("0.05", "50", places=2)


def draft_of_text(text: str) -> Draft:
    draft = read_draft(text)
    assert draft is not None
    return draft


def payoff_at(text: str) -> Payoff:
    ticket = parse(text)
    assert ticket.credit is not None
    payoff = payoff_of(ticket, ticket.credit)
    assert payoff is not None
    return payoff


def test_a_condor_gains_its_credit_and_loses_the_rest_of_its_width() -> None:
    payoff = payoff_at(CONDOR)
    assert payoff.best == Decimal("1.60")
    assert payoff.worst == Decimal("-18.40")
    assert payoff.break_evens == (Decimal("5818.40"), Decimal("6201.60"))
    assert payoff.gains == ((Decimal("5818.40"), Decimal("6201.60")),)


@pytest.mark.parametrize(
    ("order", "best", "worst"),
    [
        ("BUY +1 SPY 100 18 DEC 26 600 CALL @4.10 LMT", None, Decimal("-4.10")),
        ("SELL -1 SPY 100 18 DEC 26 600 CALL @4.10 LMT", Decimal("4.10"), None),
        ("SELL -1 SPY 100 18 DEC 26 600 PUT @4.10 LMT", Decimal("4.10"), Decimal("-595.90")),
        ("BUY +1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @590.00 LMT", Decimal(10), Decimal(-590)),
    ],
)
def test_what_has_no_bound_says_so(order: str, best: Decimal | None, worst: Decimal | None) -> None:
    payoff = payoff_at(order)
    assert payoff.best == best
    assert payoff.worst == worst


def test_legs_that_end_on_different_days_have_no_payoff_and_no_chance() -> None:
    ticket = parse("BUY +1 CALENDAR SPX 100 (Weeklys) 15 JAN 27/18 DEC 26 6000 PUT @48.75 LMT")
    assert payoff_of(ticket, Decimal("-48.75")) is None


@given(st.sampled_from(ORDERS), prices)
def test_a_payoff_agrees_with_the_worst_loss_of_the_planner(order: str, price: Decimal) -> None:
    ticket = parse(order)
    payoff = payoff_of(ticket, price)
    assert payoff is not None
    worst = worst_loss(ticket.legs)
    assert payoff.worst == (None if worst is None else price - worst)


@given(st.sampled_from(ORDERS), prices)
def test_between_its_break_evens_a_payoff_keeps_its_sign(order: str, price: Decimal) -> None:
    payoff = payoff_of(parse(order), price)
    assert payoff is not None
    for even in payoff.break_evens:
        assert abs(payoff.at(even)) < Decimal("0.000001")
    for low, high in payoff.gains:
        inside = (low + high) / 2 if high is not None else low + 1
        assert payoff.at(inside) > 0


@given(st.sampled_from(ORDERS), prices, st.integers(-20, 20))
def test_a_price_moves_by_whole_steps_and_back(order: str, price: Decimal, ticks: int) -> None:
    draft = draft_of_text(order)
    on_grid = moved(draft, price + 10, 1, ())
    there = moved(draft, on_grid, ticks, ()) if ticks else on_grid
    assert (moved(draft, there, -ticks, ()) if ticks else there) == on_grid
    better = -draft.ticket.side.sign * ticks
    assert (there > on_grid) == (better > 0)


@given(st.sampled_from(ORDERS), st.integers(1, 2000))
def test_a_changed_price_changes_nothing_else_of_the_order(order: str, cents: int) -> None:
    draft = draft_of_text(order)
    price = Decimal(cents) / 100
    changed = parse(with_price(draft, price))
    assert changed.price == price
    assert draft_of_text(with_price(draft, draft.ticket.price or price)).ticket == draft.ticket


@pytest.mark.parametrize("order", ORDERS)
def test_an_opened_order_reads_back_as_one_that_follows_the_mid(order: str) -> None:
    draft = draft_of_text(order)
    again = draft_of_text(opened(draft))
    assert again.is_open
    assert again.ticket.legs == draft.ticket.legs
    assert again.ticket.time_in_force == draft.ticket.time_in_force


def test_what_is_no_single_ticket_is_no_draft() -> None:
    assert read_draft("FLAT AAPL") is None
    assert read_draft("\x1b[31m nonsense") is None


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80),
    st.integers(1, 12),
)
def test_a_curve_has_a_dot_in_every_column_and_stays_in_its_frame(
    values: list[float], height: int
) -> None:
    rows = curve(values, height, min(values), max(values))
    assert len(rows) == height
    width = (len(values) + 1) // 2
    assert {len(row) for row in rows} == {width}
    assert all(any(row[x] != " " for row in rows) for x in range(width))


def test_no_chance_is_told_without_quotes() -> None:
    now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert chance(parse(CONDOR), payoff_at(CONDOR).gains, Look(now), now) is None
