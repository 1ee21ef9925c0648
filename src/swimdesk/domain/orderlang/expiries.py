"""The expiries of an order text with the marks that tell their roots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from swimdesk.domain.orderlang.roots import (
    MARKS,
    MONTHS,
    RootError,
    resolve_root,
    tells_evenings,
    written_day,
)
from swimdesk.domain.orderlang.scanner import Scanner

_MARK = re.compile(r"\((?:WEEKLYS|QUARTERLYS|EOM)\)")
_DAY = re.compile(rf"([0-9]{{1,2}}) *({'|'.join(MONTHS)}) *([0-9]{{2}})(?=[ /[]|\Z)")
_MORNING = re.compile(r"\[AM\]")
_SLASH = re.compile(r"/")

DAY_EXPECTED = "an expiry such as '18 DEC 26'"
MARKS_EXPECTED = f"one of {', '.join(MARKS)}"


@dataclass(frozen=True, slots=True)
class Series:
    """The roots and days of a structure, and where the first of them stands."""

    roots: tuple[str, ...]
    expiries: tuple[date, ...]
    column: int


@dataclass(frozen=True, slots=True)
class _Written:
    expiry: date
    mark_column: int
    morning_column: int
    marked: bool
    morning: bool


def read_series(
    text: Scanner, name: str, count: int, before: list[str], today: date | None
) -> Series:
    """Read so many expiries; ``before`` is what might have stood in front of the first."""
    column = text.column
    written = [_read_expiry(text, before, today)]
    for _ in range(count - 1):
        if not text.take(_SLASH):
            raise text.expected(f"'/' and {DAY_EXPECTED}")
        written.append(_read_expiry(text, [], today))
    roots = tuple(_root(text, name, one, written) for one in written)
    return Series(roots, tuple(one.expiry for one in written), column)


def check_not_past(text: Scanner, expiry: date, column: int, today: date | None) -> None:
    """Raise the error that a day lies before that of the exchange."""
    if today is not None and expiry < today:
        problem = f"{written_day(expiry)} is over"
        raise text.error(f"{problem}, expected {written_day(today)} or later", column)


def _read_expiry(text: Scanner, before: list[str], today: date | None) -> _Written:
    mark_column = text.column
    mark = text.take(_MARK)
    expected = DAY_EXPECTED
    if not mark:
        expected = f"{', '.join([*before, DAY_EXPECTED])} or {MARKS_EXPECTED}"
    expiry = read_day(text, expected, today)
    morning_column = text.column
    morning = text.take(_MORNING)
    return _Written(expiry, mark_column, morning_column, bool(mark), bool(morning))


def read_day(text: Scanner, expected: str, today: date | None) -> date:
    """Read a day such as ``18 DEC 26`` or ``18DEC26`` that is not over."""
    column = text.column
    written = text.take(_DAY)
    if not written:
        raise text.expected(expected)
    try:
        day = date(2000 + int(written[3]), MONTHS.index(written[2]) + 1, int(written[1]))
    except ValueError as problem:
        raise text.error(
            f"{written[0]!r} is no day of the calendar, expected {expected}", column
        ) from problem
    check_not_past(text, day, column, today)
    return day


def _root(text: Scanner, name: str, one: _Written, all_written: list[_Written]) -> str:
    """Return the root of one expiry; a mark in front or an [AM] elsewhere tells it too.

    Thinkorswim marks only the first expiry with (Weeklys), and each one settled in the morning.
    """
    others_tell = all_written[0].marked or any(other.morning for other in all_written)
    evening = not one.morning and tells_evenings(name) and others_tell
    try:
        return resolve_root(name, one.expiry, marked=one.marked or evening, morning=one.morning)
    except RootError as problem:
        column = one.morning_column if one.morning else one.mark_column
        raise text.error(str(problem), column) from problem
