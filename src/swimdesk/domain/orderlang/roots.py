"""Which option root an expiry trades under, and how thinkorswim writes it; by calendar alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from swimdesk.domain.instruments import (
    INDEX_ROOTS,
    IndexRoot,
    Settlement,
    is_monthly,
    monthly_expiry,
)

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKLY = "(Weeklys)"
MARKS = (WEEKLY, "(Quarterlys)", "(EOM)")
MORNING = "[AM]"
LONGEST_STOCK_ROOT = 5


class RootError(ValueError):
    """Report an expiry that does not exist under the root written, or under more than one."""


def written_day(day: date) -> str:
    """Return the day as thinkorswim writes it, e.g. ``11 DEC 26``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day:%y}"


def written_class(root: str) -> str:
    """Return the class a root belongs to with its multiplier, e.g. ``SPX 100`` for SPXW."""
    index = INDEX_ROOTS.get(root)
    return f"{index.index if index else root} 100"


def written_expiry(root: str, expiry: date) -> str:
    """Return the day with the marks that tell its root, e.g. ``(Weeklys) 11 DEC 26``."""
    index = INDEX_ROOTS.get(root)
    weekly = not index.monthly_only if index else not is_monthly(expiry)
    mark = f"{WEEKLY} " if weekly else ""
    morning = f" {MORNING}" if index and index.monthly_only and _has_evening_root(index) else ""
    return f"{mark}{written_day(expiry)}{morning}"


def written_expiries(roots: Sequence[str], expiries: Sequence[date]) -> str:
    """Return the days of a structure as thinkorswim writes them, the mark in front once."""
    first, *others = zip(roots, expiries, strict=True)
    return "/".join([written_expiry(*first), *(_written_after(*other) for other in others)])


def _written_after(root: str, expiry: date) -> str:
    index = INDEX_ROOTS.get(root)
    if index is not None and (index.monthly_only or not _has_evening_root(index)):
        return written_expiry(root, expiry)
    return written_day(expiry)


def tells_evenings(name: str) -> bool:
    """Tell whether the name is an index class whose days exist under two roots, AM and PM."""
    index = INDEX_ROOTS.get(name)
    return index is not None and name == index.index and _has_evening_root(index)


def resolve_root(name: str, expiry: date, *, marked: bool, morning: bool) -> str:
    """Return the root meant by a class or root name with its marks; RootError where none is.

    ``marked`` is any of the marks in front of the expiry, ``morning`` the ``[AM]`` behind it.
    """
    index = INDEX_ROOTS.get(name)
    if index is None:
        return _stock_root(name, expiry, marked=marked, morning=morning)
    if not _has_evening_root(index):
        # VIX: every expiry settles in the morning and trades under one root; the mark names it.
        return _weekly_root(index) if marked else name
    if name != index.index:
        if morning:
            raise RootError(f"{name} settles in the evening, expected no {MORNING}")
        return name
    if marked and morning:
        raise RootError(f"{MORNING} and {WEEKLY} exclude each other, expected one of them")
    if morning:
        check_listed(name, expiry)
        return name
    if marked or not is_monthly(expiry):
        return _weekly_root(index)
    ways = [_written(root, expiry) for root in (name, _weekly_root(index))]
    raise RootError(f"{written_day(expiry)} exists under two roots, expected {' or '.join(ways)}")


def check_listed(root: str, expiry: date) -> None:
    """Raise RootError if a monthly root is given for a day that is no monthly expiry."""
    index = INDEX_ROOTS.get(root)
    if index is None or not index.monthly_only or not _has_evening_root(index):
        return
    if not is_monthly(expiry):
        monthly = written_day(monthly_expiry(expiry.year, expiry.month))
        problem = f"{root} settled in the morning expires in that month on {monthly} only"
        raise RootError(f"{problem}, expected {_written(_weekly_root(index), expiry)}")


def _written(root: str, expiry: date) -> str:
    return f"'{written_class(root)} {written_expiry(root, expiry)}'"


def _stock_root(name: str, expiry: date, *, marked: bool, morning: bool) -> str:
    if morning:
        raise RootError(f"{MORNING} belongs to index classes such as SPX, expected none for {name}")
    if marked and is_monthly(expiry):
        day = written_day(expiry)
        raise RootError(f"{day} is a monthly expiry of {name}, expected no mark in front of it")
    root = stock_root(name)
    if len(root) > LONGEST_STOCK_ROOT or root in INDEX_ROOTS:
        limit = f"a root of at most {LONGEST_STOCK_ROOT} letters"
        raise RootError(f"{name} names no class of options, expected {limit}")
    return root


def stock_root(symbol: str) -> str:
    """Return the option root of a stock: the clearing house writes BRK/B as BRKB."""
    return symbol.replace("/", "").replace(".", "")


def _weekly_root(index: IndexRoot) -> str:
    return next(
        root
        for root, other in INDEX_ROOTS.items()
        if other.index == index.index and not other.monthly_only
    )


def _has_evening_root(index: IndexRoot) -> bool:
    return INDEX_ROOTS[_weekly_root(index)].settlement is Settlement.PM
