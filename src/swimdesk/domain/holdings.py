"""What an account holds of an underlying, told as structures: the ones that CLOSE and ROLL name.

Contracts that end on one day and form a structure are that structure. Where they form several, an
iron condor or a vertical is told only if there is one way to tell it; the rest are single legs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from math import gcd

from swimdesk.domain.instruments import (
    OPTION_MULTIPLIER,
    Equity,
    Instrument,
    OptionContract,
    Right,
    quote_symbol,
)
from swimdesk.domain.orders import Leg, Side, StructureKind
from swimdesk.domain.payoff import Series, cover, series_of
from swimdesk.domain.positions import Position
from swimdesk.domain.strategies import recognise
from swimdesk.domain.structures import STRUCTURES

_CONDOR_LEGS, _VERTICAL_LEGS = 4, 2
_CALL_SPREAD_AND_PUT_SPREAD = sorted(
    [(Right.CALL, 1), (Right.CALL, -1), (Right.PUT, 1), (Right.PUT, -1)]
)
_ACROSS_DAYS = frozenset({StructureKind.CALENDAR, StructureKind.DIAGONAL})

Quantities = dict[Instrument, int]
"""Whole shares and contracts, signed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A structure as it is held: ``side`` BUY where it was bought, with the legs of one unit."""

    kind: StructureKind
    side: Side
    legs: tuple[Leg, ...]
    units: int

    @property
    def contracts(self) -> tuple[OptionContract, ...]:
        """The options of the structure in the order it is written in."""
        found = (leg.instrument for leg in self.legs)
        return tuple(one for one in found if isinstance(one, OptionContract))

    @property
    def closing_legs(self) -> tuple[Leg, ...]:
        """The legs that close one unit."""
        return tuple(replace(leg, side=leg.side.opposite) for leg in self.legs)

    @property
    def is_naked(self) -> bool:
        """Whether it has shorts that nothing in it covers, so that other holdings may have to."""
        is_short_stock = any(
            isinstance(leg.instrument, Equity) and leg.side is Side.SELL for leg in self.legs
        )
        return is_short_stock or bool(cover(self.legs).naked)

    def free_units(self, free: Mapping[str, Decimal]) -> int:
        """Return how many units can be closed by what is free of each leg."""
        each = (
            int(max(free.get(leg.instrument.symbol, Decimal(0)) * leg.side.sign, Decimal(0)))
            // leg.ratio
            for leg in self.legs
        )
        return min(self.units, *each)


def same_underlying(name: str, instrument: Instrument) -> bool:
    """Tell whether an instrument is of the underlying that was named (``SPX``, ``BRK/B``)."""
    return _plain(quote_symbol(name)) == _plain(quote_symbol(instrument.underlying))


def _plain(symbol: str) -> str:
    return symbol.replace("/", "").replace(".", "").removeprefix("$")


def held_of(name: str, positions: Iterable[Position]) -> tuple[Held, ...]:
    """Tell what is held of an underlying as structures, shares last."""
    quantities: Quantities = {}
    for position in positions:
        instrument = position.instrument
        if instrument is not None and same_underlying(name, instrument):
            total = quantities.get(instrument, 0) + int(position.quantity)
            quantities[instrument] = total
    quantities = {one: quantity for one, quantity in quantities.items() if quantity}
    options: dict[Series, Quantities] = {}
    for instrument, quantity in quantities.items():
        if isinstance(instrument, OptionContract):
            options.setdefault(series_of(instrument), {})[instrument] = quantity
    found = [held for series in sorted(options) for held in _in_series(options[series])]
    shares: Quantities = {one: q for one, q in quantities.items() if isinstance(one, Equity)}
    return (*_with_shares(_over_days(found), shares),)


def everything_in(positions: Sequence[Position]) -> tuple[Held, ...]:
    """Tell all that is held and can be ordered as structures, one underlying after the other."""
    known = (one.instrument for one in positions if one.instrument is not None)
    names = {_plain(quote_symbol(one.underlying)): one.underlying for one in known}
    return tuple(held for _, name in sorted(names.items()) for held in held_of(name, positions))


def not_orderable(positions: Iterable[Position]) -> tuple[Position, ...]:
    """Return what no order of ours can close: other instruments, and fractions of a unit."""
    return tuple(
        replace(one, quantity=rest)
        for one in positions
        if (rest := one.quantity if one.instrument is None else one.quantity % 1)
    )


def _in_series(group: Quantities) -> list[Held]:
    """Tell the contracts of one day apart."""
    whole = _as_one(group)
    if whole is not None and not STRUCTURES[whole.kind].ratios:
        return [whole]
    parts = _parts_of(group)
    unclear = any(part.kind is StructureKind.OPTION for part in parts)
    return [whole] if whole is not None and unclear else parts


def _parts_of(group: Quantities) -> list[Held]:
    """Tell condors and verticals where there is one way to, and single legs."""
    rest = dict(group)
    found = []
    for legs, fits in ((_CONDOR_LEGS, _is_condor), (_VERTICAL_LEGS, _is_vertical)):
        matches = [m for m in map(_unit, combinations(rest.items(), legs)) if m and fits(m)]
        while matches and not _overlap(matches):
            found.append(matches[0])
            _take_away(rest, matches[0])
            matches = matches[1:]
    return [*found, *(_single(instrument, q) for instrument, q in rest.items())]


def _as_one(group: Quantities) -> Held | None:
    """Name the whole group, however many units of what it forms."""
    units = gcd(*group.values())
    legs = [
        Leg(instrument, Side.BUY if quantity > 0 else Side.SELL, abs(quantity) // units)
        for instrument, quantity in group.items()
    ]
    found = recognise(legs) if len(legs) <= _CONDOR_LEGS else None
    return None if found is None else Held(found.kind, found.side, found.legs, units)


def _unit(items: Iterable[tuple[Instrument, int]]) -> Held | None:
    """Name some contracts of which equally many go together."""
    chosen = dict(items)
    if not _may_be_spread(chosen):
        return None
    units = min(abs(quantity) for quantity in chosen.values())
    return _as_one({one: units if quantity > 0 else -units for one, quantity in chosen.items()})


def _may_be_spread(chosen: Quantities) -> bool:
    kinds = sorted(
        (one.right, 1 if quantity > 0 else -1)
        for one, quantity in chosen.items()
        if isinstance(one, OptionContract)
    )
    if len(chosen) == _CONDOR_LEGS:
        return kinds == _CALL_SPREAD_AND_PUT_SPREAD
    return len({right for right, _ in kinds}) == 1 and len({sign for _, sign in kinds}) > 1


def _is_condor(held: Held) -> bool:
    return held.kind in (StructureKind.IRON_CONDOR, StructureKind.IRON_BUTTERFLY)


def _is_vertical(held: Held) -> bool:
    return held.kind is StructureKind.VERTICAL


def _overlap(matches: list[Held]) -> bool:
    contracts = [contract for match in matches for contract in match.contracts]
    return len(set(contracts)) < len(contracts)


def _take_away(rest: Quantities, held: Held) -> None:
    for leg in held.legs:
        rest[leg.instrument] -= leg.side.sign * leg.ratio * held.units
        if not rest[leg.instrument]:
            del rest[leg.instrument]


def _single(instrument: Instrument, quantity: int) -> Held:
    kind = StructureKind.EQUITY if isinstance(instrument, Equity) else StructureKind.OPTION
    side = Side.BUY if quantity > 0 else Side.SELL
    return Held(kind, side, (Leg(instrument, side),), abs(quantity))


def _over_days(found: list[Held]) -> list[Held]:
    """Tell two single options of two days that go together as a calendar or a diagonal."""
    singles = [held for held in found if held.kind is StructureKind.OPTION]
    if len(singles) != 2:
        return found
    whole = _as_one({held.legs[0].instrument: held.side.sign * held.units for held in singles})
    if whole is None or whole.kind not in _ACROSS_DAYS:
        return found
    return [*(held for held in found if held not in singles), whole]


def _with_shares(found: list[Held], shares: Quantities) -> list[Held]:
    """Put shares and what is written against all of them together: covered calls, collars."""
    apart = [*found, *(_single(one, quantity) for one, quantity in shares.items())]
    if len(shares) != 1 or {held.units for held in found} != {next(iter(apart)).units}:
        return apart
    instrument, quantity = next(iter(shares.items()))
    units = found[0].units
    legs = [leg for held in found for leg in held.legs]
    if quantity != units * OPTION_MULTIPLIER or any(leg.ratio != 1 for leg in legs):
        return apart
    if len(legs) > _VERTICAL_LEGS:
        return apart
    whole = recognise([Leg(instrument, Side.BUY, OPTION_MULTIPLIER), *legs])
    return apart if whole is None else [Held(whole.kind, whole.side, whole.legs, units)]
