"""Columns declared once, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Literal

Align = Literal["left", "right", "decimal"]

GUTTER = 2
"""Cells before the first column: the cursor's and the mark's."""
GAP = 1
"""Cells before every column; the sign of a change stands there."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; widths are in terminal cells and never measured from what the rows hold."""

    key: str
    title: str
    width: int
    _: KW_ONLY
    align: Align = "left"
    decimals: int = 2
    """Digits after the point, which decimal alignment leaves room for."""
    is_flexible: bool = False
    """Take a share of the width that is left over, and give way down to ``least``."""
    least: int = 0
    """The fewest cells a flexible column is of use with; 0 means its width."""
    priority: int = 0
    """Where the width is short the lowest priority drops first, the highest of the grid never."""
    is_sticky: bool = False
    """Stay when the grid is scrolled sideways; the first column does in any case."""
    is_calm: bool = False
    """Never flash: what changes with the time alone says nothing new."""

    @property
    def floor(self) -> int:
        """Return the fewest cells the column is shown with."""
        return min(self.least or self.width, self.width) if self.is_flexible else self.width


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that is shown: its place among the declared ones, where it starts, how wide."""

    column: Column
    index: int
    start: int
    """First cell of its text, without the gap before it."""
    width: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The columns that are shown at one width, from left to right, the sticky ones first."""

    slots: tuple[Slot, ...]
    width: int
    """Cells from the gutter to the end of the last column."""
    sticky_width: int
    """Cells that stay when the rest is scrolled sideways."""

    def at(self, x: int) -> Slot | None:
        """Return the column over the cell ``x``, its gap included."""
        for slot in self.slots:
            if slot.start - GAP <= x < slot.start + slot.width:
                return slot
        return None


def fit(
    columns: Sequence[Column],
    width: int,
    *,
    chosen: Sequence[int] | None = None,
    drop: bool = True,
) -> Fit:
    """Share the width: drop by priority until the rest fits, then stretch the flexible columns.

    ``chosen`` are the places of the columns to show, in their order; None shows all as declared.
    """
    places = range(len(columns)) if chosen is None else chosen
    shown = [(place, columns[place]) for place in places]
    if drop:
        shown = _without_the_least(shown, width)
    shown.sort(key=lambda each: not _is_sticky(each))
    widths = _stretched([column for _, column in shown], width - GUTTER - GAP * len(shown))
    slots = []
    start = GUTTER
    for (index, column), cells in zip(shown, widths, strict=True):
        slots.append(Slot(column, index, start + GAP, cells))
        start += GAP + cells
    sticky = [slot for slot in slots if _is_sticky((slot.index, slot.column))]
    sticky_width = sticky[-1].start + sticky[-1].width if sticky else GUTTER
    return Fit(tuple(slots), start, sticky_width)


def _is_sticky(each: tuple[int, Column]) -> bool:
    return each[0] == 0 or each[1].is_sticky


def _without_the_least(shown: list[tuple[int, Column]], width: int) -> list[tuple[int, Column]]:
    highest = max((column.priority for _, column in shown), default=0)
    droppable = [each for each in shown if each[1].priority < highest and not _is_sticky(each)]
    # Among equals the rightmost goes first: what is read first was put to the left.
    droppable.sort(key=lambda each: (each[1].priority, -each[0]))
    kept = list(shown)
    for each in droppable:
        if GUTTER + sum(GAP + column.floor for _, column in kept) <= width:
            break
        kept.remove(each)
    return kept


def _stretched(columns: list[Column], width: int) -> list[int]:
    """Give flexible columns what is left: first up to their width, then equally beyond it."""
    widths = [column.floor for column in columns]
    flexible = [place for place, column in enumerate(columns) if column.is_flexible]
    spare = max(0, width - sum(widths))
    for place in flexible:
        taken = min(spare, columns[place].width - widths[place])
        widths[place] += taken
        spare -= taken
    for number, place in enumerate(flexible):
        widths[place] += spare // len(flexible) + (number < spare % len(flexible))
    return widths
