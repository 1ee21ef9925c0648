"""An order in the few words that fit into a row; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from swimdesk.console.formats import price
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import Effect, OrderType, Session, StructureKind, Ticket, TimeInForce
from swimdesk.domain.strategies import Shape, shape_of
from swimdesk.domain.structures import STRUCTURES
from swimdesk.errors import OrderTextError

_UNPRICED: Final = {OrderType.MARKET: "MKT", OrderType.MARKET_ON_CLOSE: "MOC"}
_SPELLED: Final = {OrderType.STOP: "STP", OrderType.STOP_LIMIT: "STPLMT"}


@dataclass(frozen=True, slots=True)
class ShortOrder:
    """What a row says of an order; ``limit`` is the price alone, for a column of its own."""

    text: str
    limit: str
    ticket: Ticket | None
    """None for a text that is no order by itself, such as an intent."""

    @property
    def whole(self) -> str:
        """Order and price together."""
        return f"{self.text} @{self.limit}" if self.limit else self.text

    @property
    def underlying(self) -> str:
        """The name behind the order without the sign of an index; empty where unknown."""
        return "" if self.ticket is None else self.ticket.underlying.lstrip("$")

    def gain_on(self, average: Decimal) -> Decimal | None:
        """Return how much better than its limit the order traded; None without a limit."""
        if self.ticket is None or self.ticket.price is None:
            return None
        return (self.ticket.price - average) * self.ticket.side.sign


@lru_cache(maxsize=4096)
def short_order(text: str, year: int) -> ShortOrder:
    """Return an order text in short; expiries of that year go without it."""
    try:
        ticket = parse(text)
        shape = shape_of(ticket)
    except (OrderTextError, ValueError):
        return ShortOrder(text, "", None)
    words = [
        ticket.side.value,
        f"{'+' if ticket.side.sign > 0 else '-'}{ticket.quantity:,}",
        "/".join(map(str, shape.ratios)),
        _structure(ticket.kind),
        ticket.underlying.lstrip("$"),
        *_contract(shape, year, is_single=len(STRUCTURES[ticket.kind].rights) > 1),
        *_terms(ticket),
    ]
    return ShortOrder(" ".join(filter(None, words)), _limit(ticket), ticket)


def _structure(kind: StructureKind) -> str:
    structure = STRUCTURES[kind]
    return structure.short or structure.word or ""


def _contract(shape: Shape, year: int, *, is_single: bool) -> list[str]:
    if not shape.expiries:
        return []
    expiries = "/".join(_day(expiry, year) for expiry in shape.expiries)
    strikes = "/".join(f"{strike.normalize():f}" for strike in shape.strikes)
    rights = "/".join(right.value[:1] for right in shape.rights) if is_single else ""
    return [expiries, strikes, rights]


def _day(day: date, year: int) -> str:
    return f"{day.day}{day:%b}".upper() + ("" if day.year == year else f"{day:%y}")


def _terms(ticket: Ticket) -> list[str]:
    return [
        "" if ticket.time_in_force is TimeInForce.DAY else ticket.time_in_force.value,
        "" if ticket.session is Session.NORMAL else ticket.session.value,
        "CLOSE" if ticket.effect is Effect.CLOSE else "",
    ]


def _limit(ticket: Ticket) -> str:
    if ticket.order_type in _UNPRICED:
        return _UNPRICED[ticket.order_type]
    amounts = (ticket.stop_price, ticket.price)
    written = "/".join(price(amount) for amount in amounts if amount is not None)
    return " ".join(filter(None, (written, _SPELLED.get(ticket.order_type, ""))))
