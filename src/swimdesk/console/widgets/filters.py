"""The filter line of a list: part of a text, its inverse, or letters in their order."""

from __future__ import annotations

from collections.abc import Callable

from swimdesk.console.widgets.cells import Row

RowFilter = Callable[[str, Row], bool]
"""Tells by key and cells whether a row is shown."""


def filter_of(text: str) -> RowFilter | None:
    """Read ``AAPL``, ``!AAPL`` (without it) or ``-f ampl`` (its letters in order); None for all."""
    text = text.strip()
    if text == "-f" or text.startswith("-f "):
        return _unless_empty(text[2:], _has_letters)
    if text.startswith("!"):
        found = filter_of(text[1:])
        return found and (lambda key, row: not found(key, row))
    return _unless_empty(text, str.__contains__)


def _unless_empty(wanted: str, matches: Callable[[str, str], bool]) -> RowFilter | None:
    folded = wanted.strip().casefold()
    if not folded:
        return None
    return lambda _, row: matches(" ".join(cell.text for cell in row).casefold(), folded)


def _has_letters(text: str, letters: str) -> bool:
    # An iterator is used up as it is searched, so that each letter comes after the one before.
    rest = iter(text)
    return all(letter in rest for letter in letters if letter != " ")
