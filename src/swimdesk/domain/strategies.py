"""What legs form together: building and naming them, and what one unit can lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise, permutations
from math import gcd

from swimdesk.domain.instruments import Equity, OptionContract, Right
from swimdesk.domain.orders import Leg, Side, StructureKind, Ticket
from swimdesk.domain.payoff import contracts_of, cover, series_of, values_at_the_end, worst_loss
from swimdesk.domain.structures import MOST_RATIO, STRUCTURES, LegPattern, Structure


class StructureError(ValueError):
    """Report strikes that do not form the structure; ``strike`` is the index of the offender."""

    def __init__(self, message: str, strike: int) -> None:
        super().__init__(message)
        self.strike = strike


class MixedDirections(StructureError):
    """Report a structure whose parts point different ways, so that its side says nothing."""


class ExpiryError(ValueError):
    """Report expiries that do not form the structure."""


class RatioError(ValueError):
    """Report ratios that do not form the structure."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is written for the legs of a structure; ``roots`` go with ``expiries``."""

    roots: tuple[str, ...]
    expiries: tuple[date, ...]
    strikes: tuple[Decimal, ...]
    rights: tuple[Right, ...]
    ratios: tuple[int, ...] = ()
    stock: str = ""
    """The symbol of the shares that go with the options, where some do."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The structure that some legs form, with the legs in the order it is written in."""

    kind: StructureKind
    side: Side
    legs: tuple[Leg, ...]


def build_legs(kind: StructureKind, side: Side, shape: Shape) -> tuple[Leg, ...]:
    """Return the legs of one unit; StructureError, ExpiryError, RatioError where they are none.

    The first strike of each pair takes the side, the second the other side.
    """
    structure = STRUCTURES[kind].for_legs(len(shape.ratios))
    if not structure.expiries:
        return (Leg(Equity(shape.roots[0]), side),)
    written = (len(shape.roots), len(shape.expiries), len(shape.strikes))
    if written != (structure.expiries, structure.expiries, structure.strikes):
        raise ValueError(f"{kind} takes {structure.strikes} strikes, got {shape}")
    if shape.rights not in structure.rights:
        raise ValueError(f"{kind} is not made of {shape.rights}")
    _check_ratios(structure, shape.ratios)
    if structure.far_first and shape.expiries[0] <= shape.expiries[1]:
        raise ExpiryError("the expiry named first is not the later one")
    _check_strikes(structure, shape)
    if len(_pair_directions(structure, shape)) > 1:
        raise MixedDirections("its pairs of strikes point different ways", structure.strikes - 2)
    ratios = shape.ratios or (1,) * len(structure.legs)
    options = tuple(
        _leg(pattern, side, shape, ratio)
        for pattern, ratio in zip(structure.legs, ratios, strict=True)
    )
    return (*_shares(structure, side, shape), *options)


def _shares(structure: Structure, side: Side, shape: Shape) -> tuple[Leg, ...]:
    if bool(structure.shares) != bool(shape.stock):
        raise ValueError(f"{structure.word} and shares of {shape.stock!r} do not go together")
    return (Leg(Equity(shape.stock), side, structure.shares),) if shape.stock else ()


def shape_of(ticket: Ticket) -> Shape:
    """Return what is written for a ticket's legs; ValueError if they are not those of its kind."""
    structure = STRUCTURES[ticket.kind].for_legs(len(ticket.legs))
    if structure.shares and ticket.shares is None:
        raise ValueError(f"{ticket.kind} has no shares among its legs")
    shape = _shape(structure, ticket.side, ticket.legs)
    if build_legs(ticket.kind, ticket.side, shape) != ticket.legs:
        raise ValueError(f"the legs do not form {ticket.kind} as {ticket.side}: {ticket.legs}")
    return shape


def recognise(legs: Sequence[Leg]) -> Recognised | None:
    """Name legs that came from elsewhere, in any order; None for what has no name in the table.

    A roll of verticals is not named. Of the ways to write a spread it returns the one where BUY
    pays and SELL receives.
    """
    flow = forced_flow(legs)  # that of all legs, in whichever order they stand
    for kind, structure in STRUCTURES.items():
        if len(structure.legs) + bool(structure.shares) != len(legs) or structure.fewest_legs:
            continue
        if kind is StructureKind.VERTICAL_ROLL:  # an order, not what is held once it is filled
            continue
        for ordered in permutations(legs):
            side = ordered[0].side
            if flow == side.sign or not _sides_fit(structure, side, ordered):
                continue
            try:
                if build_legs(kind, side, _shape(structure, side, ordered)) == ordered:
                    return Recognised(kind, side, ordered)
            except ValueError:
                continue
    return None


def _sides_fit(structure: Structure, side: Side, legs: Sequence[Leg]) -> bool:
    """Tell whether each leg trades as the structure has it: the cheapest thing to rule out by."""
    options = legs[1:] if structure.shares else legs
    pairs = zip(structure.legs, options, strict=True)
    return all((pattern.ratio > 0) is (leg.side is side) for pattern, leg in pairs)


def dearer_first(kind: StructureKind, shape: Shape) -> Shape:
    """Return the shape with each pair's dearer strike in front; itself without such pairs."""
    structure = STRUCTURES[kind]
    if not structure.one_direction:
        return shape
    strikes = list(shape.strikes)
    for first, second in zip(structure.legs[::2], structure.legs[1::2], strict=True):
        if not _dearer_in_front(shape, first, second):
            a, b = first.strike, second.strike
            strikes[a], strikes[b] = strikes[b], strikes[a]
    return replace(shape, strikes=tuple(strikes))


def forced_flow(legs: Sequence[Leg]) -> int:
    """Return the sign of the cash that no-arbitrage forces when the legs trade, without quotes.

    +1: they must bring a credit, -1: they must cost a debit, 0: either is possible.
    """
    if len({series_of(contract) for contract in contracts_of(legs)}) > 1:
        return 0
    values = values_at_the_end(legs)
    if min(values) >= 0:
        return -1
    return 1 if max(values) <= 0 else 0


def contradicts_sign(ticket: Ticket) -> bool:
    """Tell whether the price pays where the legs must receive, or receives where they must pay."""
    return ticket.credit is not None and ticket.credit * forced_flow(ticket.legs) < 0


def spread_widths(ticket: Ticket) -> tuple[Decimal, ...]:
    """Return the distance of the strikes in points, one per right that has two, in leg order."""
    strikes: dict[Right, list[Decimal]] = {}
    for contract in contracts_of(ticket.legs):
        strikes.setdefault(contract.right, []).append(contract.strike)
    return tuple(max(pair) - min(pair) for pair in strikes.values() if len(pair) > 1)


def max_loss(ticket: Ticket) -> Decimal | None:
    """Return the most dollars one unit can lose, fees aside; None where nothing bounds it.

    A short put alone counts as unbounded. A spread without a price counts its widest side in full;
    single legs without one are None.
    """
    if ticket.is_equity:
        return ticket.price if ticket.side is Side.BUY else None
    worst = None if cover(ticket.legs).naked else worst_loss(ticket.legs)
    if worst is None:
        return None
    if ticket.credit is None:
        return max((width * ticket.multiplier for width in spread_widths(ticket)), default=None)
    return max(worst - ticket.credit, Decimal(0)) * ticket.multiplier


def _shape(structure: Structure, side: Side, legs: Sequence[Leg]) -> Shape:
    roots: dict[int, str] = {}
    expiries: dict[int, date] = {}
    strikes: dict[int, Decimal] = {}
    rights: dict[int, Right] = {}
    ratios: list[int] = []
    stock = ""
    if structure.shares:
        (shares, *legs) = legs
        stock = shares.instrument.symbol if isinstance(shares.instrument, Equity) else ""
    for pattern, leg in zip(structure.legs, legs, strict=False):
        ratios.append(pattern.ratio * leg.ratio * leg.side.sign * side.sign)
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
        tuple(strikes[at] for at in sorted(strikes)),
        tuple(rights.values()),
        tuple(ratios) if structure.ratios else (),
        stock,
    )


def _check_ratios(structure: Structure, ratios: tuple[int, ...]) -> None:
    rule = structure.ratios
    if rule is None:
        if ratios:
            raise RatioError(f"{structure.word} takes no ratios")
        return
    if len(ratios) != len(structure.legs):
        raise RatioError(f"{structure.word} takes ratios such as {rule.example}")
    least = -MOST_RATIO if rule.signed else 1
    if not all(least <= ratio <= MOST_RATIO and ratio for ratio in ratios):
        raise RatioError(f"ratios are whole numbers from 1 to {MOST_RATIO}")
    if ratios == rule.named:
        raise RatioError("these ratios have a structure of their own")
    if gcd(*ratios) > 1:
        raise RatioError("the ratios have a common divisor")


def _check_strikes(structure: Structure, shape: Shape) -> None:
    seen: dict[tuple[Right, int], set[Decimal]] = {}
    for pattern in structure.legs:
        strike, right = shape.strikes[pattern.strike], shape.rights[pattern.right]
        strikes = seen.setdefault((right, _series_at(shape, pattern)), set())
        if strike in strikes:
            raise StructureError(f"the strike {strike} stands twice", pattern.strike)
        strikes.add(strike)
        calls = [k for (r, _), known in seen.items() if r is Right.CALL for k in known]
        if structure.puts_below_calls and right is Right.PUT and calls and strike >= min(calls):
            problem = f"the put strike {strike} is not below the call strike {min(calls)}"
            raise StructureError(problem, pattern.strike)
        puts = [k for (r, _), known in seen.items() if r is Right.PUT for k in known]
        if structure.puts_below_calls and right is Right.CALL and puts and strike <= max(puts):
            problem = f"the call strike {strike} is not above the put strike {max(puts)}"
            raise StructureError(problem, pattern.strike)
    if structure.rising and not any(_rises(shape.strikes, order) for order in structure.rising):
        raise StructureError("the strikes stand in another order", len(shape.strikes) - 1)


def _series_at(shape: Shape, pattern: LegPattern) -> int:
    """Return the first place at which the pattern's root and expiry stand."""
    series = list(zip(shape.roots, shape.expiries, strict=True))
    return series.index(series[pattern.expiry])


def _rises(strikes: Sequence[Decimal], order: Sequence[int]) -> bool:
    return all(strikes[low] < strikes[high] for low, high in pairwise(order))


def _pair_directions(structure: Structure, shape: Shape) -> set[bool]:
    """Tell for the pairs of strikes, where they matter, whether the dearer one is in front."""
    if not structure.one_direction:
        return set()
    firsts, seconds = structure.legs[::2], structure.legs[1::2]
    pairs = zip(firsts, seconds, strict=True)
    return {_dearer_in_front(shape, first, second) for first, second in pairs}


def _dearer_in_front(shape: Shape, first: LegPattern, second: LegPattern) -> bool:
    rising = shape.strikes[first.strike] < shape.strikes[second.strike]
    return rising is (shape.rights[first.right] is Right.CALL)


def _leg(pattern: LegPattern, side: Side, shape: Shape, written: int) -> Leg:
    contract = OptionContract(
        shape.roots[pattern.expiry],
        shape.expiries[pattern.expiry],
        shape.rights[pattern.right],
        shape.strikes[pattern.strike],
    )
    ratio = pattern.ratio * written
    return Leg(contract, side if ratio > 0 else side.opposite, abs(ratio))
