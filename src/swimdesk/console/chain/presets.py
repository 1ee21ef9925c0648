"""Structures built around the cursor of a chain, each a start for adjusting by hand; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from swimdesk.console.chain.legs import Picks
from swimdesk.console.chain.table import ChainTable
from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Right, is_monthly
from swimdesk.errors import InputError

SHORT_DELTA: Final = Decimal("0.15")
"""Of the short legs of a condor, about one in seven ends in the money."""

CALENDAR_DAYS: Final = 7
"""At least so many days lie between the expiries of a calendar."""

_WIDTHS: Final = (
    (Decimal(50), Decimal(1)),
    (Decimal(150), Decimal("2.5")),
    (Decimal(1000), Decimal(5)),
    (Decimal(3000), Decimal(10)),
)
_WIDEST: Final = Decimal(20)
_HALF: Final = Decimal("0.5")


def standard_width(price: Decimal) -> Decimal:
    """Return the distance of the strikes of a usual spread, in points."""
    return next((width for below, width in _WIDTHS if price < below), _WIDEST)


def vertical(table: ChainTable, right: Right, strike: Decimal) -> Picks:
    """Sell the contract under the cursor and buy the one a width farther out."""
    return _picks({
        table.contract(right, strike): -1,
        table.contract(right, _wing(table, right, strike)): 1,
    })  # fmt: skip


def reaches_wings(table: ChainTable) -> bool:
    """Tell whether the strikes go far enough out for the short legs of a condor."""
    deltas = [_sizes(table, right) for right in Right]
    return all(sizes and min(sizes.values()) <= SHORT_DELTA for sizes in deltas)


def condor(table: ChainTable) -> Picks:
    """Sell an iron condor, its short legs at about 15 delta; InputError without deltas."""
    counts: dict[OptionContract, int] = {}
    for right in Right:
        short = _at_delta(table, right, SHORT_DELTA, has_wing=True)
        counts[table.contract(right, short)] = -1
        counts[table.contract(right, _wing(table, right, short))] = 1
    return _picks(counts)


def strangle(table: ChainTable, right: Right, strike: Decimal) -> Picks:
    """Sell the cursor's strike and the other side's at the same delta; a straddle at the money."""
    own = _sizes(table, right).get(strike)
    other_right = Right.PUT if right is Right.CALL else Right.CALL
    other = strike
    if own is not None and own <= _HALF:
        other = _at_delta(table, other_right, own)
    call, put = (strike, other) if right is Right.CALL else (other, strike)
    if call < put:
        call = put = strike
    return _picks({table.contract(Right.CALL, call): -1, table.contract(Right.PUT, put): -1})


def calendar(near: OptionContract, far: OptionContract) -> Picks:
    """Buy the later and sell the nearer of two contracts of one strike."""
    return _picks({near: -1, far: 1})


def later_days(near: OptionContract, listed: Sequence[date]) -> list[date]:
    """Return the days that may carry the far leg of a calendar under the same root."""
    index = INDEX_ROOTS.get(near.root)
    monthly = index is not None and index.monthly_only
    return [
        day
        for day in listed
        if (day - near.expiry).days >= CALENDAR_DAYS and (is_monthly(day) or not monthly)
    ]


def _picks(counts: dict[OptionContract, int]) -> Picks:
    return Picks(MappingProxyType(counts))


def _sizes(table: ChainTable, right: Right) -> dict[Decimal, Decimal]:
    """Return the deltas of a side without their signs, by strike."""
    found = {}
    for row in table.strikes:
        option = row.of(right)
        if option is not None and option.delta is not None:
            found[row.strike] = abs(option.delta)
    return found


def _at_delta(
    table: ChainTable, right: Right, wanted: Decimal, *, has_wing: bool = False
) -> Decimal:
    sizes = _sizes(table, right)
    if has_wing:
        listed = set(_listed(table, right))
        able = {k: size for k, size in sizes.items() if k != _outermost(listed, right)}
        sizes = {k: v for k, v in able.items() if _target(table, right, k) in listed} or able
    if not sizes:
        raise InputError(f"{table.symbol} has no deltas to choose by: b and s pick legs by hand.")
    return min(sizes, key=lambda strike: abs(sizes[strike] - wanted))


def _target(table: ChainTable, right: Right, strike: Decimal) -> Decimal:
    width = standard_width(table.last or strike)
    return strike + (width if right is Right.CALL else -width)


def _listed(table: ChainTable, right: Right) -> list[Decimal]:
    return [row.strike for row in table.strikes if row.of(right) is not None]


def _outermost(strikes: Collection[Decimal], right: Right) -> Decimal | None:
    """Return the strike farthest out of the money on that side."""
    farthest = max if right is Right.CALL else min
    return farthest(strikes, default=None)


def _wing(table: ChainTable, right: Right, strike: Decimal) -> Decimal:
    listed = _listed(table, right)
    outer = [k for k in listed if (k > strike if right is Right.CALL else k < strike)]
    if not outer:
        raise InputError(f"No {right.lower()} is shown beyond {strike:f}: w shows more strikes.")
    target = _target(table, right, strike)
    return min(outer, key=lambda other: (abs(other - target), abs(other - strike)))
