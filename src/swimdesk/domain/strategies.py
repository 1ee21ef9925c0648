"""What legs form together: the table of structures, building, and what one unit can lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import permutations

from swimdesk.domain.instruments import Equity, OptionContract, Right
from swimdesk.domain.orders import Leg, OrderType, Side, StructureKind, Ticket

_CALL, _PUT = Right.CALL, Right.PUT
_SPREAD_TYPES = frozenset({OrderType.LIMIT, OrderType.MARKET})
_OPTION_TYPES = _SPREAD_TYPES | {OrderType.STOP, OrderType.STOP_LIMIT}


@dataclass(frozen=True, slots=True)
class LegPattern:
    """One leg of a structure bought: signed ratio, and which of the written values it takes."""

    ratio: int
    strike: int = 0
    right: int = 0
    expiry: int = 0


@dataclass(frozen=True, slots=True)
class Structure:
    """A row of the grammar: what is written for a structure and which legs that makes.

    ``word`` is None where nothing is written; ``rights`` lists the patterns that may be written;
    without expiries the root is an equity. ``one_direction`` demands that every part of it is worth
    something to the same side, ``puts_below_calls`` that no put strike reaches a call strike.
    """

    word: str | None
    expiries: int
    strikes: int
    rights: tuple[tuple[Right, ...], ...]
    legs: tuple[LegPattern, ...]
    order_types: frozenset[OrderType]
    most_units: int
    one_direction: bool = False
    puts_below_calls: bool = False


STRUCTURES: dict[StructureKind, Structure] = {
    StructureKind.EQUITY: Structure(
        word=None,
        expiries=0,
        strikes=0,
        rights=(),
        legs=(LegPattern(+1),),
        order_types=frozenset(OrderType),
        most_units=1_000_000,
    ),
    StructureKind.OPTION: Structure(
        word=None,
        expiries=1,
        strikes=1,
        rights=((_CALL,), (_PUT,)),
        legs=(LegPattern(+1),),
        order_types=_OPTION_TYPES,
        most_units=10_000,
    ),
    StructureKind.VERTICAL: Structure(
        word="VERTICAL",
        expiries=1,
        strikes=2,
        rights=((_CALL,), (_PUT,)),
        legs=(LegPattern(+1, strike=0), LegPattern(-1, strike=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
    ),
    StructureKind.IRON_CONDOR: Structure(
        word="IRON CONDOR",
        expiries=1,
        strikes=4,
        rights=((_CALL, _PUT),),
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(+1, strike=2, right=1),
            LegPattern(-1, strike=3, right=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
        puts_below_calls=True,
    ),
}
"""The grammar of the order language; another structure is another row."""


class StructureError(ValueError):
    """Report strikes that do not form the structure; ``strike`` is the index of the offender."""

    def __init__(self, message: str, strike: int) -> None:
        super().__init__(message)
        self.strike = strike


class MixedDirections(StructureError):
    """Report a structure whose parts point different ways, so that its side says nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is written for the legs of a structure; ``roots`` go with ``expiries``."""

    roots: tuple[str, ...]
    expiries: tuple[date, ...]
    strikes: tuple[Decimal, ...]
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The structure that some legs form, with the legs in the order it is written in."""

    kind: StructureKind
    side: Side
    legs: tuple[Leg, ...]


def build_legs(kind: StructureKind, side: Side, shape: Shape) -> tuple[Leg, ...]:
    """Return the legs of one unit; StructureError where the strikes do not form the structure.

    The first strike of each pair takes the side, the second the other side.
    """
    structure = STRUCTURES[kind]
    if not structure.expiries:
        return (Leg(Equity(shape.roots[0]), side),)
    written = (len(shape.roots), len(shape.expiries), len(shape.strikes))
    if written != (structure.expiries, structure.expiries, structure.strikes):
        raise ValueError(f"{kind} takes {structure.strikes} strikes, got {shape}")
    if shape.rights not in structure.rights:
        raise ValueError(f"{kind} is not made of {shape.rights}")
    _check_strikes(structure, shape)
    legs = tuple(_leg(pattern, side, shape) for pattern in structure.legs)
    if structure.one_direction and not forced_flow(legs):
        raise MixedDirections("its pairs of strikes point different ways", structure.strikes - 2)
    return legs


def shape_of(ticket: Ticket) -> Shape:
    """Return what is written for a ticket's legs; ValueError if they are not those of its kind."""
    shape = _shape(STRUCTURES[ticket.kind], ticket.legs)
    if build_legs(ticket.kind, ticket.side, shape) != ticket.legs:
        raise ValueError(f"the legs do not form {ticket.kind} as {ticket.side}: {ticket.legs}")
    return shape


def recognise(legs: Sequence[Leg]) -> Recognised | None:
    """Name legs that came from elsewhere, in any order; None for what the table does not have.

    Of the ways to write a spread it returns the one where BUY pays and SELL receives.
    """
    for kind, structure in STRUCTURES.items():
        if len(structure.legs) != len(legs):
            continue
        for ordered in permutations(legs):
            side = ordered[0].side
            if forced_flow(ordered) == side.sign:
                continue
            try:
                if build_legs(kind, side, _shape(structure, ordered)) == ordered:
                    return Recognised(kind, side, ordered)
            except ValueError:
                continue
    return None


def dearer_first(kind: StructureKind, shape: Shape) -> Shape:
    """Return the shape with each pair's dearer strike in front, so that BUY pays."""
    rights = [
        shape.rights[next(p.right for p in STRUCTURES[kind].legs if p.strike == at)]
        for at in range(len(shape.strikes))
    ]
    ordered = {
        right: iter(
            sorted(
                (k for k, r in zip(shape.strikes, rights, strict=True) if r is right),
                reverse=right is Right.PUT,
            )
        )
        for right in set(rights)
    }
    strikes = tuple(next(ordered[right]) for right in rights)
    return Shape(shape.roots, shape.expiries, strikes, shape.rights)


def forced_flow(legs: Sequence[Leg]) -> int:
    """Return the sign of the cash that no-arbitrage forces when the legs trade, without quotes.

    +1: they must bring a credit, -1: they must cost a debit, 0: either is possible.
    """
    if len({contract.expiry for contract in _contracts(legs)}) > 1:
        return 0
    values = _values_at_the_end(legs)
    if min(values) >= 0:
        return -1
    return 1 if max(values) <= 0 else 0


def contradicts_sign(ticket: Ticket) -> bool:
    """Tell whether the price pays where the legs must receive, or receives where they must pay."""
    return ticket.credit is not None and ticket.credit * forced_flow(ticket.legs) < 0


def spread_widths(ticket: Ticket) -> tuple[Decimal, ...]:
    """Return the distance of the strikes in points, one per right that has two, in leg order."""
    strikes: dict[Right, list[Decimal]] = {}
    for contract in _contracts(ticket.legs):
        strikes.setdefault(contract.right, []).append(contract.strike)
    return tuple(max(pair) - min(pair) for pair in strikes.values() if len(pair) > 1)


def max_loss(ticket: Ticket) -> Decimal | None:
    """Return the most dollars one unit can lose, fees aside; None where nothing bounds it.

    A spread without a price counts its widest side in full; single legs without one are None.
    """
    if ticket.is_equity:
        return ticket.price if ticket.side is Side.BUY else None
    if _has_naked_short(ticket.legs):
        return None
    if ticket.credit is None:
        return max((width * ticket.multiplier for width in spread_widths(ticket)), default=None)
    worst = min(_values_at_the_end(ticket.legs)) + ticket.credit
    return max(-worst, Decimal(0)) * ticket.multiplier


def _shape(structure: Structure, legs: Sequence[Leg]) -> Shape:
    roots: dict[int, str] = {}
    expiries: dict[int, date] = {}
    strikes: dict[int, Decimal] = {}
    rights: dict[int, Right] = {}
    for pattern, leg in zip(structure.legs, legs, strict=False):
        if isinstance(leg.instrument, Equity):
            roots[pattern.expiry] = leg.instrument.symbol
            continue
        roots[pattern.expiry] = leg.instrument.root
        expiries[pattern.expiry] = leg.instrument.expiry
        strikes[pattern.strike] = leg.instrument.strike
        rights[pattern.right] = leg.instrument.right
    return Shape(
        tuple(roots.values()),
        tuple(expiries.values()),
        tuple(strikes.values()),
        tuple(rights.values()),
    )


def _check_strikes(structure: Structure, shape: Shape) -> None:
    seen: dict[tuple[Right, date], set[Decimal]] = {}
    for pattern in structure.legs:
        strike, right = shape.strikes[pattern.strike], shape.rights[pattern.right]
        strikes = seen.setdefault((right, shape.expiries[pattern.expiry]), set())
        if strike in strikes:
            raise StructureError(f"the strike {strike} stands twice", pattern.strike)
        strikes.add(strike)
        calls = [k for (r, _), known in seen.items() if r is Right.CALL for k in known]
        if structure.puts_below_calls and right is Right.PUT and strike >= min(calls):
            problem = f"the put strike {strike} is not below the call strike {min(calls)}"
            raise StructureError(problem, pattern.strike)


def _leg(pattern: LegPattern, side: Side, shape: Shape) -> Leg:
    contract = OptionContract(
        shape.roots[pattern.expiry],
        shape.expiries[pattern.expiry],
        shape.rights[pattern.right],
        shape.strikes[pattern.strike],
    )
    return Leg(contract, side if pattern.ratio > 0 else side.opposite, abs(pattern.ratio))


def _contracts(legs: Sequence[Leg]) -> list[OptionContract]:
    return [leg.instrument for leg in legs if isinstance(leg.instrument, OptionContract)]


def _has_naked_short(legs: Sequence[Leg]) -> bool:
    net = dict.fromkeys(Right, 0)
    for leg in legs:
        if isinstance(leg.instrument, OptionContract):
            net[leg.instrument.right] += leg.side.sign * leg.ratio
    return min(net.values()) < 0


def _values_at_the_end(legs: Sequence[Leg]) -> list[Decimal]:
    """Return what one unit is worth at expiry where its payoff bends, at zero and far above."""
    bends = sorted({Decimal(0), *(contract.strike for contract in _contracts(legs))})
    values = [_worth(legs, spot) for spot in bends]
    # Beyond the last bend the value moves by at least 1 per point, if at all: this far its sign
    # is that of the move.
    far = bends[-1] + abs(values[-1]) + 1
    return [*values, _worth(legs, far)]


def _worth(legs: Sequence[Leg], spot: Decimal) -> Decimal:
    return sum((_value(leg, spot) for leg in legs), Decimal(0))


def _value(leg: Leg, spot: Decimal) -> Decimal:
    contract = leg.instrument
    if isinstance(contract, Equity):
        return spot * leg.side.sign * leg.ratio
    gain = spot - contract.strike if contract.right is Right.CALL else contract.strike - spot
    return max(gain, Decimal(0)) * leg.side.sign * leg.ratio
