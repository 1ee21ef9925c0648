"""Fills as a broker would report them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from swimdesk.desk.ports import OrderLeg
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import Side, Ticket


def fills_of(
    ticket: Ticket, order_id: str, units: int, at: datetime, price: Decimal | None = None
) -> tuple[Execution, ...]:
    """Fill units of a ticket in one activity: the first leg carries the whole net price."""
    if not units:
        return ()
    net = price if price is not None else ticket.price or Decimal(1)
    base = Decimal(10)
    rest = sum((leg.side.sign * ticket.weight(leg) * base for leg in ticket.legs[1:]), Decimal(0))
    first = ticket.legs[0]
    signed = net if ticket.side is Side.BUY else -net
    carried = (signed - rest) * first.side.sign / ticket.weight(first)
    prices = [carried, *[base] * (len(ticket.legs) - 1)]
    return tuple(
        Execution(
            order_id, "act-1", i + 1, leg.instrument.symbol, Decimal(units * leg.ratio), p, at
        )
        for i, (leg, p) in enumerate(zip(ticket.legs, prices, strict=True))
    )


def legs_of(ticket: Ticket) -> tuple[OrderLeg, ...]:
    """Show the legs of a ticket's order as a broker does."""
    return tuple(
        OrderLeg(i + 1, leg.instrument.symbol, leg.side, Decimal(leg.ratio * ticket.quantity))
        for i, leg in enumerate(ticket.legs)
    )
