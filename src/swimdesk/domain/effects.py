"""What ``auto`` means in one account: open or close by what it holds, or a denial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.orders import Effect, Leg, Side, StructureKind, Ticket
from swimdesk.domain.positions import leg_effect
from swimdesk.domain.risk import DenialCode, denial

_EXPECTED = {
    Effect.CLOSE_OPEN: "close in their first half and open in their second, as"
    " [TO CLOSE/TO OPEN] says; [TO OPEN/TO CLOSE] is the other way around",
    Effect.OPEN_CLOSE: "open in their first half and close in their second, as"
    " [TO OPEN/TO CLOSE] says; [TO CLOSE/TO OPEN] is the other way around",
}


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
    stock_sale = ticket.shares is not None and ticket.shares.side is Side.SELL
    if ticket.effect is Effect.CLOSE or (stock_sale and ticket.effect is Effect.AUTO):
        return _closing(ticket, Effect.CLOSE, holdings, free)
    found = tuple(leg_effect(leg, ticket.quantity, holdings) for leg in ticket.legs)
    for effect in _possible(ticket):
        if ticket.with_effect(effect).effects == found:
            return _closing(ticket, effect, holdings, free)
    return Resolved(ticket, (_ambiguous(ticket, holdings),))


def _possible(ticket: Ticket) -> tuple[Effect, ...]:
    """Return what the effect of a ticket may turn out to be.

    Other structures than the one made for it roll only where that is written: one leg held for
    another purpose must not be closed by surprise.
    """
    if ticket.effect is not Effect.AUTO:
        return (ticket.effect,)
    if ticket.kind is StructureKind.VERTICAL_ROLL:
        return (Effect.CLOSE_OPEN, Effect.OPEN_CLOSE)
    return (Effect.OPEN, Effect.CLOSE)


def _closing(
    ticket: Ticket, effect: Effect, holdings: Mapping[str, Decimal], free: Mapping[str, Decimal]
) -> Resolved:
    """Return the ticket with its effect, or the denial that it closes more than is there."""
    resolved = ticket.with_effect(effect)
    for leg in resolved.legs_of(Effect.CLOSE):
        if not _is_held(leg, ticket.quantity, free):
            return Resolved(resolved, (_oversold(leg, ticket, holdings, free),))
    return Resolved(resolved)


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
    rolls = ticket.kind is StructureKind.VERTICAL_ROLL
    expected = "close in one half and open in the other" if rolls else "all open or all close"
    expected = _EXPECTED.get(ticket.effect, expected)
    return denial(
        DenialCode.EFFECT_AMBIGUOUS,
        f"asked {ticket.effect.value}, but with holdings {held} the legs do not {expected}",
    )
