"""Fills as the broker reports them, counted once, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from swimdesk.domain.orders import Ticket


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill of one leg; ``leg_id`` is the broker's 1-based leg number."""

    order_id: str
    activity_id: str
    leg_id: int
    symbol: str
    quantity: Decimal
    price: Decimal
    time: datetime

    @property
    def key(self) -> tuple[str, str, int, datetime]:
        """What makes this fill itself: two reports with one key are the same fill."""
        return (self.order_id, self.activity_id, self.leg_id, self.time)


@dataclass(frozen=True, slots=True)
class Fill:
    """What an order's executions add up to: whole units, and the average price per unit."""

    units: int
    average: Decimal | None


def distinct(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Drop repeated reports of the same fill and put the rest in time order."""
    unique = {e.key: e for e in executions}
    return tuple(sorted(unique.values(), key=lambda e: (e.time, e.activity_id, e.leg_id)))


def fill_of(ticket: Ticket, executions: Iterable[Execution]) -> Fill:
    """Add up fills into units of the ticket and their average net price, signed as the ticket's.

    A unit counts once all its legs are filled; the average is over what each leg has filled.
    """
    legs = {leg.instrument.symbol: leg for leg in ticket.legs}
    filled: dict[str, Decimal] = dict.fromkeys(legs, Decimal(0))
    value: dict[str, Decimal] = dict.fromkeys(legs, Decimal(0))
    for execution in distinct(executions):
        if execution.symbol in legs:
            filled[execution.symbol] += execution.quantity
            value[execution.symbol] += execution.quantity * execution.price
    units = min(int(filled[symbol] // leg.ratio) for symbol, leg in legs.items())
    if not all(filled.values()):
        return Fill(units, None)
    net = sum(
        (leg.side.sign * ticket.weight(leg) * value[s] / filled[s] for s, leg in legs.items()),
        Decimal(0),
    )
    return Fill(units, ticket.side.sign * net)
