"""What legs are worth at expiry, and which shorts among them nothing covers.

Points of one unit: a hundred shares are worth the price of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from swimdesk.domain.instruments import (
    INDEX_ROOTS,
    OPTION_MULTIPLIER,
    Equity,
    OptionContract,
    Right,
    Settlement,
)
from swimdesk.domain.orders import Leg, Side

Series: TypeAlias = tuple[date, bool]
"""An expiry and whether it settles in the evening: what settles in the morning ends before."""

Group: TypeAlias = dict[OptionContract, int]
"""Contracts of one unit that end together; shorts are negative."""


@dataclass(frozen=True, slots=True)
class Cover:
    """How the options of one unit protect each other.

    ``spread_loss`` is the worst payout of what is covered, ``naked`` the shorts that are not.
    """

    spread_loss: Decimal
    naked: tuple[tuple[OptionContract, int], ...]


def contracts_of(legs: Sequence[Leg]) -> list[OptionContract]:
    """Return the options among the legs."""
    return [leg.instrument for leg in legs if isinstance(leg.instrument, OptionContract)]


def series_of(contract: OptionContract) -> Series:
    """Return what a contract ends together with."""
    index = INDEX_ROOTS.get(contract.root)
    return contract.expiry, index is None or index.settlement is Settlement.PM


def values_at_the_end(legs: Sequence[Leg]) -> list[Decimal]:
    """Return what one unit is worth at expiry where its payoff bends, at zero and far above."""
    bends = sorted({Decimal(0), *(contract.strike for contract in contracts_of(legs))})
    values = [_worth(legs, spot) for spot in bends]
    # Beyond the last bend the value moves by at least a hundredth per point (one share), if at
    # all: this far its sign is that of the move.
    far = bends[-1] + (abs(values[-1]) + 1) * OPTION_MULTIPLIER
    return [*values, _worth(legs, far)]


def worst_loss(legs: Sequence[Leg]) -> Decimal | None:
    """Return the most that legs can cost at their end; None where nothing bounds it.

    Negative for what is always worth something, such as shares with a put.

    Where they end on different days, a long option counts for its exercise value on the day the
    short one ends, and for nothing once it has ended itself.
    """
    found = cover(legs)
    if any(contract.right is Right.CALL for contract, _ in found.naked):
        return None
    if len({series_of(contract) for contract in contracts_of(legs)}) == 1:
        return -min(values_at_the_end(legs))
    assigned = (contract.strike * count for contract, count in found.naked)
    return found.spread_loss + sum(assigned, Decimal(0))


def cover(legs: Sequence[Leg]) -> Cover:
    """Pair the shorts of one unit with longs that end with them or later, calls also with shares.

    Where longs are short in number, the shorts farthest out of the money stay naked.
    """
    shares = sum(leg.side.sign * leg.ratio for leg in legs if isinstance(leg.instrument, Equity))
    spare = max(shares, 0) // OPTION_MULTIPLIER
    groups: dict[Series, Group] = {}
    for leg in legs:
        if isinstance(leg.instrument, OptionContract):
            group = groups.setdefault(series_of(leg.instrument), {})
            group[leg.instrument] = leg.side.sign * leg.ratio
    naked: list[tuple[OptionContract, int]] = []
    loss = Decimal(0)
    for series in sorted(groups):
        later = [groups[other] for other in sorted(groups) if other > series]
        for right in Right:
            missing = _borrow_longs(groups[series], later, right, -_net(groups[series], right))
            if right is Right.CALL:
                by_shares = max(min(missing, spare), 0)
                _drop_shorts(groups[series], right, by_shares)
                missing, spare = missing - by_shares, spare - by_shares
            naked += _drop_shorts(groups[series], right, missing)
        loss += _loss_of(groups[series])
    return Cover(loss, tuple(naked))


def _net(group: Mapping[OptionContract, int], right: Right) -> int:
    return sum(count for contract, count in group.items() if contract.right is right)


def _borrow_longs(group: Group, later: Sequence[Group], right: Right, missing: int) -> int:
    """Move spare longs of later series into the group; return how many are missing still."""
    for source in later:
        longs = [c for c, count in source.items() if c.right is right and count > 0]
        for contract in sorted(longs, key=lambda c: c.strike, reverse=right is Right.PUT):
            taken = max(min(missing, _net(source, right), source[contract]), 0)
            source[contract] -= taken
            group[contract] = group.get(contract, 0) + taken
            missing -= taken
    return missing


def _drop_shorts(group: Group, right: Right, missing: int) -> list[tuple[OptionContract, int]]:
    shorts = [c for c, count in group.items() if c.right is right and count < 0]
    dropped = []
    for contract in sorted(shorts, key=lambda c: c.strike, reverse=right is Right.CALL):
        taken = max(min(missing, -group[contract]), 0)
        if taken:
            group[contract] += taken
            missing -= taken
            dropped.append((contract, taken))
    return dropped


def _loss_of(group: Group) -> Decimal:
    legs = [
        Leg(contract, Side.BUY if count > 0 else Side.SELL, abs(count))
        for contract, count in group.items()
        if count
    ]
    return max(-min(values_at_the_end(legs)), Decimal(0)) if legs else Decimal(0)


def _worth(legs: Sequence[Leg], spot: Decimal) -> Decimal:
    return sum((_value(leg, spot) for leg in legs), Decimal(0))


def _value(leg: Leg, spot: Decimal) -> Decimal:
    contract = leg.instrument
    if isinstance(contract, Equity):
        return spot * leg.side.sign * leg.ratio / OPTION_MULTIPLIER
    gain = spot - contract.strike if contract.right is Right.CALL else contract.strike - spot
    return max(gain, Decimal(0)) * leg.side.sign * leg.ratio
