"""What a grid holds: plain texts with the part they play, and how they compare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from swimdesk.views.plain import plain_text


class Role(StrEnum):
    """The part a text plays; the theme gives it a colour, a sign or a letter gives the meaning."""

    TEXT = "text"
    DIM = "dim"
    STRONG = "strong"
    GAIN = "gain"
    LOSS = "loss"
    WARN = "warn"
    DANGER = "danger"
    ACCENT = "accent"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Cell:
    """One text of a row, never parsed as markup; what could steer a terminal is taken out of it."""

    text: str
    role: Role = Role.TEXT
    sort_value: Decimal | str | None = None
    """What the cell sorts by where its text does not say it (a time, a fraction, an age)."""

    def __post_init__(self) -> None:
        if not self.text.isprintable():
            object.__setattr__(self, "text", plain_text(self.text))


Row = tuple[Cell, ...]
"""The cells of one row, one for each declared column."""

SortKey = tuple[int, Decimal, str]

_NUMBER = re.compile(r"([+\-−]?)\$?([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s?(?:%|ms|s)?")
_ZERO = Decimal(0)


@lru_cache(maxsize=8192)
def number_in(text: str) -> Decimal | None:
    """Return the figure a text shows (``-1,284.50``, ``+$12``, ``60 %``, ``0.9ms``), or None."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    size = Decimal(found[2].replace(",", ""))
    return size if found[1] in {"", "+"} else -size


def sort_key(cell: Cell) -> SortKey | None:
    """Return what the cell compares by, figures before texts; None for a blank, which goes last."""
    value = cell.sort_value
    if isinstance(value, Decimal):
        return None if value.is_nan() else (0, value, "")
    text = cell.text if value is None else value
    if value is None and (number := number_in(text)) is not None:
        return (0, number, "")
    text = text.strip().casefold()
    return (1, _ZERO, text) if text.strip("-–—") else None
