"""What ``auto`` means in one account: open or close by what it holds, or a denial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.orders import Effect, Leg, Side, Ticket
from swimdesk.domain.positions import leg_effect
from swimdesk.domain.risk import DenialCode, denial


@dataclass(frozen=True, slots=True)
class Resolved:
    """What ``auto`` became in one account; it stays ``auto`` where that cannot be told."""

    ticket: Ticket
    denials: tuple[Denial, ...] = field(default=())


def resolve_effect(
    ticket: Ticket, holdings: Mapping[str, Decimal], free: Mapping[str, Decimal] | None = None
) -> Resolved:
    """Decide open or close for this account's holdings; ambiguity and overselling are denied.

    ``free`` is what of the holdings none of our working orders is about to close: it bounds what
    may be closed, but only the holdings themselves say which way an order goes.
    """
    free = holdings if free is None else free
    stock_sale = ticket.is_equity and ticket.side is Side.SELL
    if ticket.effect is Effect.CLOSE or (stock_sale and ticket.effect is Effect.AUTO):
        return _closing(ticket, holdings, free)
    effects = {leg_effect(leg, ticket.quantity, holdings) for leg in ticket.legs}
    if effects == {Effect.OPEN}:
        return Resolved(ticket.with_effect(Effect.OPEN))
    if effects == {Effect.CLOSE} and ticket.effect is Effect.AUTO:
        return _closing(ticket, holdings, free)
    return Resolved(ticket, (_ambiguous(ticket, holdings),))


def _closing(
    ticket: Ticket, holdings: Mapping[str, Decimal], free: Mapping[str, Decimal]
) -> Resolved:
    for leg in ticket.legs:
        if not _is_held(leg, ticket.quantity, free):
            oversold = _oversold(leg, ticket, holdings, free)
            return Resolved(ticket.with_effect(Effect.CLOSE), (oversold,))
    return Resolved(ticket.with_effect(Effect.CLOSE))


def _is_held(leg: Leg, units: int, holdings: Mapping[str, Decimal]) -> bool:
    held = holdings.get(leg.instrument.symbol, Decimal(0))
    needed = leg.ratio * units
    return -leg.side.sign * held >= needed


def _oversold(
    leg: Leg, ticket: Ticket, holdings: Mapping[str, Decimal], free: Mapping[str, Decimal]
) -> Denial:
    held = max(-leg.side.sign * holdings.get(leg.instrument.symbol, Decimal(0)), Decimal(0))
    left = max(-leg.side.sign * free.get(leg.instrument.symbol, Decimal(0)), Decimal(0))
    hint = ""
    if held > left:
        hint = f" of {held:f} held: working orders of ours close the rest"
    elif ticket.is_equity and leg.side is Side.SELL and not held:
        hint = "; write [TO OPEN] to sell short"
    return denial(
        DenialCode.SELL_MORE_THAN_HELD,
        f"{leg.side.value.lower()} {leg.ratio * ticket.quantity} {leg.instrument.symbol}"
        f" to close, free to close {left:f}{hint}",
        leg.ratio * ticket.quantity - left,
    )


def _ambiguous(ticket: Ticket, holdings: Mapping[str, Decimal]) -> Denial:
    held = ", ".join(
        f"{leg.instrument.symbol} {holdings.get(leg.instrument.symbol, Decimal(0)):+f}"
        for leg in ticket.legs
    )
    return denial(
        DenialCode.EFFECT_AMBIGUOUS,
        f"asked {ticket.effect.value}, but with holdings {held} the legs do not all open"
        " or all close",
    )
