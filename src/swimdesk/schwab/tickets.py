"""The broker's order -> Ticket: what an order that somebody else entered would be as one of ours.

A ticket is only ever given where sending it would make an order that looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from swimdesk.domain.instruments import Equity, parse_instrument
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import (
    PRICED,
    STOPPED,
    Effect,
    Leg,
    OrderType,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
)
from swimdesk.domain.strategies import recognise
from swimdesk.errors import SwimdeskError
from swimdesk.schwab.fingerprint import fingerprint_of_wire
from swimdesk.schwab.render import (
    DURATIONS,
    EQUITY_INSTRUCTIONS,
    OPTION_INSTRUCTIONS,
    SESSIONS,
    SINGLE_LEG_TYPES,
    render,
)
from swimdesk.schwab.wire import WireOrder
from swimdesk.schwab.words import Instruction, WireDuration, WireOrderType, WireSession

_OF_SESSION: Final = {word: session for session, word in SESSIONS.items()}
_OF_DURATION: Final[Mapping[WireDuration, TimeInForce]] = {
    word: time for time, word in DURATIONS.items() if time is not TimeInForce.GTD
}
_OF_TYPE: Final = {word: order_type for order_type, word in SINGLE_LEG_TYPES.items()}
_NET: Final = frozenset({WireOrderType.NET_CREDIT, WireOrderType.NET_DEBIT, WireOrderType.NET_ZERO})
_OF_EQUITY: Final = {word: pair for pair, word in EQUITY_INSTRUCTIONS.items()}
_OF_OPTION: Final = {word: pair for pair, word in OPTION_INSTRUCTIONS.items()}
_ROLLS: Final = {
    (Effect.CLOSE, Effect.OPEN): Effect.CLOSE_OPEN,
    (Effect.OPEN, Effect.CLOSE): Effect.OPEN_CLOSE,
}


@dataclass(frozen=True, slots=True)
class _Terms:
    """What of an order makes its ticket; orders of one broadcast share it."""

    order_type: WireOrderType
    session: WireSession
    duration: WireDuration
    price: Decimal | None
    stop_price: Decimal | None
    units: Decimal | None
    cancel_day: date | None
    legs: tuple[tuple[str, Instruction, Decimal], ...]
    fingerprint: str


def ticket_of(order: WireOrder) -> Ticket | None:
    """Return the ticket that would make this order, None where none of ours would."""
    mark = fingerprint_of_wire(order)
    if mark is None or order.order_type is None:
        return None
    if order.session is None or order.duration is None:
        return None
    legs = tuple(
        (leg.instrument.symbol or "", leg.instruction, leg.quantity or Decimal(0))
        for leg in order.order_leg_collection
    )
    return _ticket(
        _Terms(
            order_type=order.order_type,
            session=order.session,
            duration=order.duration,
            price=order.price,
            stop_price=order.stop_price,
            units=order.quantity if len(legs) > 1 else legs[0][2],
            cancel_day=order.cancel_time and order.cancel_time.astimezone(UTC).date(),
            legs=legs,
            fingerprint=mark,
        )
    )


@lru_cache(maxsize=1024)
def _ticket(terms: _Terms) -> Ticket | None:
    for ticket in _tickets(terms):
        try:
            is_it = render(ticket).fingerprint == terms.fingerprint
            if is_it and parse(print_ticket(ticket)) == ticket:
                return ticket
        except (SwimdeskError, ValueError):
            continue
    return None


def _tickets(terms: _Terms) -> Iterator[Ticket]:
    """Give what the order may be, the structure with a name first."""
    try:
        legs, effects = _legs(terms)
        if len(legs) == 1:
            is_stock = isinstance(legs[0].instrument, Equity)
            kind = StructureKind.EQUITY if is_stock else StructureKind.OPTION
            yield _made(terms, kind, legs[0].side, legs, effects)
            return
        found = recognise(legs)
        if found is not None:
            yield _made(terms, found.kind, found.side, found.legs, effects)
        side = Side.SELL if terms.order_type is WireOrderType.NET_CREDIT else Side.BUY
        yield _made(terms, StructureKind.CUSTOM, side, legs, effects)
    except (ValueError, KeyError, ArithmeticError):
        return


def _legs(terms: _Terms) -> tuple[tuple[Leg, ...], Mapping[str, Effect]]:
    """Return the legs of one unit and the effect of each by symbol; ValueError, KeyError."""
    legs, effects = [], {}
    units = _units(terms)
    for symbol, instruction, quantity in terms.legs:
        instrument = parse_instrument(symbol)
        words = _OF_EQUITY if isinstance(instrument, Equity) else _OF_OPTION
        side, effect = words[instruction]
        ratio = quantity / units
        if ratio != int(ratio):
            raise ValueError(f"{quantity} of a leg in {terms.units} units")
        legs.append(Leg(instrument, side, int(ratio)))
        effects[instrument.symbol] = effect
    return tuple(legs), effects


def _made(
    terms: _Terms,
    kind: StructureKind,
    side: Side,
    legs: tuple[Leg, ...],
    effects: Mapping[str, Effect],
) -> Ticket:
    is_net = terms.order_type in _NET
    order_type = OrderType.LIMIT if is_net else _OF_TYPE[terms.order_type]
    time, last_day = _OF_DURATION[terms.duration], None
    if time is TimeInForce.GTC:
        last_day = terms.cancel_day
    return Ticket(
        side,
        _units(terms),
        kind,
        legs,
        order_type,
        _price(terms, side) if order_type in PRICED else None,
        terms.stop_price if order_type in STOPPED else None,
        time if last_day is None else TimeInForce.GTD,
        _OF_SESSION[terms.session],
        _effect([effects[leg.instrument.symbol] for leg in legs]),
        last_day,
    )


def _units(terms: _Terms) -> int:
    if terms.units is None or terms.units != int(terms.units):
        raise ValueError(f"{terms.units} units")
    return int(terms.units)


def _price(terms: _Terms, side: Side) -> Decimal | None:
    """Return the price as an order text of that side has it."""
    if terms.order_type is WireOrderType.NET_ZERO:
        return Decimal(0)
    if terms.order_type not in _NET or terms.price is None:
        return terms.price
    credit = terms.price if terms.order_type is WireOrderType.NET_CREDIT else -terms.price
    return -side.sign * credit


def _effect(effects: Sequence[Effect]) -> Effect:
    half = len(effects) // 2
    first, second = {*effects[:half]}, {*effects[half:]}
    if len({*effects}) == 1:
        return effects[0]
    (one,), (other,) = first, second
    return _ROLLS[one, other]
