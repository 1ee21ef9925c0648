"""Tickets and the moves of a line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.fakes.builders import CONDOR, STOCK, a_ticket

from swimdesk.domain.instruments import Equity
from swimdesk.domain.orders import (
    LIVE,
    OPEN,
    TERMINAL,
    TRANSITIONS,
    UNRESOLVED,
    Effect,
    Leg,
    LineState,
    OrderType,
    Side,
    StructureKind,
    Ticket,
    equity_ticket,
    is_alarming,
    may_move,
)

S = LineState


def a_stock(order_type: OrderType, price: str | None, stop: str | None) -> Ticket:
    """Build a ticket of this type, whether it makes sense or not."""
    return Ticket(
        Side.BUY,
        1,
        StructureKind.EQUITY,
        (Leg(Equity("AAPL"), Side.BUY),),
        order_type,
        None if price is None else Decimal(price),
        None if stop is None else Decimal(stop),
    )


@pytest.mark.parametrize(
    ("order_type", "has_price", "has_stop"),
    [
        (OrderType.LIMIT, True, False),
        (OrderType.MARKET, False, False),
        (OrderType.STOP, False, True),
        (OrderType.STOP_LIMIT, True, True),
        (OrderType.MARKET_ON_CLOSE, False, False),
        (OrderType.LIMIT_ON_CLOSE, True, False),
    ],
)
def test_each_order_type_carries_exactly_its_prices(
    order_type: OrderType, has_price: bool, has_stop: bool
) -> None:
    for price in ("1", None):
        for stop in ("1", None):
            if (price is not None, stop is not None) == (has_price, has_stop):
                assert a_stock(order_type, price, stop).order_type is order_type
            else:
                with pytest.raises(ValueError, match="do not go together"):
                    a_stock(order_type, price, stop)


def test_a_ticket_has_units_and_legs_and_a_leg_a_ratio() -> None:
    with pytest.raises(ValueError, match="at least 1, was 0"):
        a_ticket(STOCK).sized(0)
    with pytest.raises(ValueError, match="at least one leg"):
        Ticket(Side.BUY, 1, StructureKind.EQUITY, (), OrderType.MARKET)
    with pytest.raises(ValueError, match="at least 1, was 0"):
        Leg(Equity("AAPL"), Side.BUY, 0)


@pytest.mark.parametrize(
    ("text", "credit"),
    [
        ("SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT", "1.25"),
        ("BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT", "-1.25"),
        (STOCK, "-187.50"),
        ("SELL -100 AAPL @187.50 LMT", "187.50"),
        ("SELL -100 AAPL @MKT", None),
    ],
)
def test_the_credit_is_cash_received(text: str, credit: str | None) -> None:
    assert a_ticket(text).credit == (None if credit is None else Decimal(credit))


def test_a_negative_price_turns_the_cash_around() -> None:
    base = a_ticket("SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT")
    ticket = Ticket(
        Side.SELL, 1, base.kind, base.legs, OrderType.LIMIT, Decimal("-0.80"), effect=Effect.OPEN
    )
    assert ticket.credit == Decimal("-0.80")


def test_what_a_ticket_knows_about_itself() -> None:
    stock, condor = a_ticket(STOCK), a_ticket(CONDOR)
    assert (stock.multiplier, stock.underlying, stock.is_multi_leg) == (1, "AAPL", False)
    assert (condor.multiplier, condor.underlying, condor.is_multi_leg) == (100, "$SPX", True)
    assert condor.sized(3).with_effect(Effect.CLOSE).legs == condor.legs
    assert equity_ticket(Side.SELL, 5, "AAPL").order_type is OrderType.MARKET
    assert equity_ticket(Side.BUY, 100, "AAPL", Decimal("187.5")) == stock


def test_every_state_has_a_row_of_moves_and_staying_is_always_legal() -> None:
    assert set(TRANSITIONS) == set(LineState)
    assert all(may_move(state, state) for state in LineState)


def test_live_states_and_ends_divide_all_states() -> None:
    assert OPEN | UNRESOLVED | {S.PLANNED} == LIVE
    assert not LIVE & TERMINAL
    assert set(LineState) == LIVE | TERMINAL


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_an_end_is_left_only_for_a_fill_or_for_doubt(end: LineState) -> None:
    assert TRANSITIONS[end] <= {S.FILLED, S.IN_DOUBT}
    for new in TRANSITIONS[end]:
        assert is_alarming(end, new)
    assert not is_alarming(end, end)


@pytest.mark.parametrize("never_left", [S.DENIED, S.SKIPPED])
def test_what_never_left_us_cannot_become_anything(never_left: LineState) -> None:
    assert not TRANSITIONS[never_left]


def test_nothing_is_sent_but_what_was_planned_and_no_order_becomes_unsent() -> None:
    assert {old for old in LineState if S.SENDING in TRANSITIONS[old]} == {S.PLANNED}
    assert {old for old in LineState if S.NOT_SENT in TRANSITIONS[old]} == {S.PLANNED, S.SENDING}
    assert {old for old in LineState if S.REFUSED in TRANSITIONS[old]} == {S.SENDING}
    assert {old for old in LineState if S.ABSENT in TRANSITIONS[old]} == {S.IN_DOUBT}


def test_every_live_line_can_reach_every_end_at_the_broker() -> None:
    for state in LIVE - {S.SENDING, S.PLANNED}:
        for end in (S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED):
            assert may_move(state, end), (state, end)
