"""US exchange holidays and early closes as data (NYSE calendar, 2025 to 2028)."""

from __future__ import annotations

from datetime import date, timedelta


def _days(year: int, *month_days: tuple[int, int]) -> frozenset[date]:
    return frozenset(date(year, month, day) for month, day in month_days)


HOLIDAYS: frozenset[date] = (
    _days(
        2025, (1, 1), (1, 9), (1, 20), (2, 17), (4, 18), (5, 26), (6, 19), (7, 4), (9, 1),
        (11, 27), (12, 25),
    )
    | _days(
        2026, (1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (11, 26),
        (12, 25),
    )
    | _days(
        2027, (1, 1), (1, 18), (2, 15), (3, 26), (5, 31), (6, 18), (7, 5), (9, 6), (11, 25),
        (12, 24),
    )
    | _days(
        2028, (1, 17), (2, 21), (4, 14), (5, 29), (6, 19), (7, 4), (9, 4), (11, 23), (12, 25),
    )
)  # fmt: skip
"""Weekdays on which the exchanges stay closed."""

EARLY_CLOSES: frozenset[date] = (
    _days(2025, (7, 3), (11, 28), (12, 24))
    | _days(2026, (11, 27), (12, 24))
    | _days(2027, (11, 26))
    | _days(2028, (7, 3), (11, 24))
)
"""Days on which the regular session ends at 13:00 Eastern."""


def is_trading_day(day: date) -> bool:
    """Tell whether the exchanges open on that day; outside the table's years any weekday counts."""
    return day.weekday() < 5 and day not in HOLIDAYS


def trading_day_before(day: date) -> date:
    """Return the last day before ``day`` on which the exchanges open."""
    earlier = day - timedelta(days=1)
    while not is_trading_day(earlier):
        earlier -= timedelta(days=1)
    return earlier
