"""Holdings, and what a leg does to them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swimdesk.domain.instruments import Equity
from swimdesk.domain.orders import Leg, Side
from swimdesk.domain.positions import Position, held, leg_effect


def a_position(symbol: str, quantity: str) -> Position:
    """Build a position of which only the quantity matters."""
    return Position(symbol, Decimal(quantity), Decimal(1), Decimal(1))


def test_quantities_are_signed_and_added_per_symbol() -> None:
    found = held([a_position("AAPL", "100"), a_position("SPY", "-3"), a_position("AAPL", "-30.5")])
    assert found == {"AAPL": Decimal("69.5"), "SPY": Decimal(-3)}
    assert held([]) == {}


@pytest.mark.parametrize(
    ("side", "ratio", "units", "holding", "effect"),
    [
        (Side.BUY, 1, 10, "0", "open"),
        (Side.BUY, 1, 10, "5", "open"),
        (Side.BUY, 1, 10, "-9", None),
        (Side.BUY, 1, 10, "-10", "close"),
        (Side.BUY, 1, 10, "-11", "close"),
        (Side.SELL, 1, 10, "-5", "open"),
        (Side.SELL, 1, 10, "9.5", None),
        (Side.SELL, 1, 10, "10", "close"),
        (Side.SELL, 2, 10, "19", None),
        (Side.SELL, 2, 10, "20", "close"),
    ],
)
def test_a_leg_opens_closes_or_would_cross_zero(
    side: Side, ratio: int, units: int, holding: str, effect: str | None
) -> None:
    leg = Leg(Equity("AAPL"), side, ratio)
    assert leg_effect(leg, units, {"AAPL": Decimal(holding)}) == effect


def test_what_is_not_held_is_opened() -> None:
    assert leg_effect(Leg(Equity("AAPL"), Side.SELL), 1, {"MSFT": Decimal(5)}) == "open"
