"""A curve in braille dots: two columns and four rows of dots in every cell; pure."""

from __future__ import annotations

from collections.abc import Sequence

DOTS_ACROSS = 2
DOTS_DOWN = 4
_BLANK = 0x2800
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of each dot of a cell, by column and row."""


def curve(values: Sequence[float], height: int, low: float, high: float) -> list[str]:
    """Return a curve as lines from top to bottom, two values to a cell.

    Values from ``low`` to ``high`` fill the height; those beyond are cut to it.
    """
    rows = height * DOTS_DOWN
    width = (len(values) + 1) // DOTS_ACROSS
    cells = [[0] * width for _ in range(height)]
    before: int | None = None
    for x, value in enumerate(values):
        y = row_of(value, rows, low, high)
        start = y if before is None else before + (1 if y > before else -1 if y < before else 0)
        for dot in range(min(start, y), max(start, y) + 1):
            cells[dot // DOTS_DOWN][x // DOTS_ACROSS] |= _BITS[x % DOTS_ACROSS][dot % DOTS_DOWN]
        before = y
    return ["".join(chr(_BLANK + bits) if bits else " " for bits in row) for row in cells]


def row_of(value: float, rows: int, low: float, high: float) -> int:
    """Return the row from the top on which a value lies."""
    share = (high - value) / (high - low) if high > low else 0.5
    return min(max(round(share * (rows - 1)), 0), rows - 1)
