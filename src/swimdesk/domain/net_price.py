"""Net prices: the market of a structure, prices that follow it, and prices that cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

from swimdesk.domain.instruments import plain
from swimdesk.domain.orders import Leg, OrderType, Side, Ticket
from swimdesk.domain.payoff import contracts_of, series_of, values_at_the_end

_HALF = Decimal("0.5")


class Anchor(StrEnum):
    """What of the market a price follows: its middle, or what trades at once."""

    MID = "mid"
    NATURAL = "nat"


@dataclass(frozen=True, slots=True)
class PriceFormula:
    """A price as it was typed, to be worked out once; the offset moves the number shown."""

    anchor: Anchor
    offset: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"@{self.anchor}{plain(self.offset):+f}" if self.offset else f"@{self.anchor}"


@dataclass(frozen=True, slots=True)
class NetMarket:
    """What a unit of a ticket is quoted at, in the sign of the ticket's price.

    A SELL trades at once at the bid, a BUY at the ask. ``as_of`` is the time of the oldest quote.
    """

    bid: Decimal
    ask: Decimal
    as_of: datetime

    @property
    def mid(self) -> Decimal:
        """The middle of the market."""
        return (self.bid + self.ask) / 2

    def natural(self, side: Side) -> Decimal:
        """Return the price that trades at once."""
        return self.ask if side is Side.BUY else self.bid


def resolved(
    ticket: Ticket,
    formula: PriceFormula,
    market: NetMarket,
    tick_of: Callable[[Decimal], Decimal],
) -> Ticket:
    """Return the ticket as a limit order at what the formula comes to.

    The price is the nearest step; halfway between two it is the one better for the operator.
    """
    anchors = {Anchor.MID: market.mid, Anchor.NATURAL: market.natural(ticket.side)}
    exact = anchors[formula.anchor] + formula.offset
    tick = tick_of(exact)
    steps = exact / tick
    if ticket.side is Side.BUY:
        nearest = (steps - _HALF).to_integral_value(ROUND_CEILING)
    else:
        nearest = (steps + _HALF).to_integral_value(ROUND_FLOOR)
    price = plain(nearest * tick + 0)
    return replace(ticket, order_type=OrderType.LIMIT, price=price)


def worth_at_the_end(legs: Sequence[Leg]) -> tuple[Decimal | None, Decimal | None]:
    """Return the least and the most that a unit can be worth at expiry; None without a bound.

    Both None where the legs end on different days.
    """
    if len({series_of(contract) for contract in contracts_of(legs)}) != 1:
        return None, None
    *values, far = values_at_the_end(legs)
    least = None if far < values[-1] else min(values)
    most = None if far > values[-1] else max(values)
    return least, most


def beyond_worth(ticket: Ticket) -> str:
    """Return why the price cannot be meant: it is beyond all that the legs can ever be worth."""
    if ticket.credit is None:
        return ""
    least, most = worth_at_the_end(ticket.legs)
    if least is not None and ticket.credit > -least:
        return (
            f"{ticket.side} at {ticket.price} receives {ticket.credit} for what can cost"
            f" {plain(-least):f} at most"
        )
    if most is not None and -ticket.credit > most:
        return (
            f"{ticket.side} at {ticket.price} pays {-ticket.credit} for what can be worth"
            f" {plain(most):f} at most"
        )
    return ""
