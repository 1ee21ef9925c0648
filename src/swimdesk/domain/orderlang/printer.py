"""A ticket as text: the one canonical form, as thinkorswim writes it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from swimdesk.domain.instruments import plain
from swimdesk.domain.orderlang.roots import written_class, written_day, written_expiries
from swimdesk.domain.orders import Effect, OrderType, Session, Ticket, TimeInForce
from swimdesk.domain.strategies import Shape, shape_of
from swimdesk.domain.structures import STRUCTURES

EFFECTS = {
    Effect.OPEN: "[TO OPEN]",
    Effect.CLOSE: "[TO CLOSE]",
    Effect.CLOSE_OPEN: "[TO CLOSE/TO OPEN]",
    Effect.OPEN_CLOSE: "[TO OPEN/TO CLOSE]",
    Effect.AUTO: "[AUTO]",
}


@lru_cache(maxsize=4096)
def print_ticket(ticket: Ticket) -> str:
    """Return the canonical long form that ``parse`` reads back to the same ticket.

    ValueError for legs that are not those of the ticket's kind.
    """
    sign = "+" if ticket.side.sign > 0 else "-"
    parts = [ticket.side.value, f"{sign}{ticket.quantity}"]
    word = STRUCTURES[ticket.kind].word
    shape = shape_of(ticket)
    if shape.ratios:
        parts.append("/".join(str(ratio) for ratio in shape.ratios))
    if word:
        parts.append(word)
    parts.append(_written_legs(shape))
    parts.append(_written_price(ticket))
    if ticket.time_in_force is not TimeInForce.DAY:
        parts.append(ticket.time_in_force.value)
    if ticket.good_till is not None:
        parts.append(written_day(ticket.good_till))
    if ticket.session is not Session.NORMAL:
        parts.append(ticket.session.value)
    if ticket.effect is not Effect.AUTO:
        parts.append(EFFECTS[ticket.effect])
    return " ".join(parts)


def _written_legs(shape: Shape) -> str:
    if not shape.expiries:
        return shape.roots[0]
    expiries = written_expiries(shape.roots, shape.expiries)
    strikes = "/".join(f"{plain(strike):f}" for strike in shape.strikes)
    types = "/".join((*shape.rights, shape.stock) if shape.stock else shape.rights)
    return f"{written_class(shape.roots[0])} {expiries} {strikes} {types}"


def _written_price(ticket: Ticket) -> str:
    if ticket.order_type in (OrderType.MARKET, OrderType.MARKET_ON_CLOSE):
        return f"@{ticket.order_type}"
    amounts = (ticket.stop_price, ticket.price)
    written = "/".join(_written_amount(amount) for amount in amounts if amount is not None)
    return f"@{written} {ticket.order_type}"


def _written_amount(amount: Decimal) -> str:
    number = plain(amount + 0)  # a zero loses its sign here
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return f"{number:.{max(decimals, 2)}f}"
