"""Monthly expiries, with an independent calendar of the exchanges as the second opinion."""

from __future__ import annotations

from datetime import date, timedelta

import exchange_calendars  # type: ignore[import-untyped]  # it ships without annotations
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.instruments import is_monthly, monthly_expiry, third_friday

FIRST_YEAR, LAST_YEAR = 2015, 2035
MONTHS = st.tuples(st.integers(FIRST_YEAR, LAST_YEAR), st.integers(1, 12))


# The library still calls what its pandas has begun to deprecate.
@pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
def test_monthly_expiry_is_the_last_session_up_to_the_third_friday() -> None:
    calendar = exchange_calendars.get_calendar(
        "XNYS", start=f"{FIRST_YEAR}-01-01", end=f"{LAST_YEAR}-12-31"
    )
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for month in range(1, 13):
            friday = third_friday(year, month)
            days = (friday - timedelta(days=number) for number in range(7))
            last_session = next(day for day in days if calendar.is_session(day.isoformat()))
            assert monthly_expiry(year, month) == last_session


@pytest.mark.parametrize(
    ("day", "monthly"),
    [
        (date(2026, 12, 18), True),
        (date(2026, 12, 17), False),
        (date(2026, 12, 11), False),
        (date(2026, 12, 25), False),
        # Juneteenth on the third Friday itself.
        (date(2026, 6, 18), True),
        (date(2026, 6, 19), False),
        # Juneteenth on a Saturday, kept on the Friday before it.
        (date(2027, 6, 17), True),
        (date(2027, 6, 18), False),
        # Juneteenth on a Monday.
        (date(2028, 6, 16), True),
        (date(2028, 6, 15), False),
        # Good Friday is the second Friday of April 2028, and the third of 2030.
        (date(2028, 4, 21), True),
        (date(2028, 4, 20), False),
        (date(2030, 4, 18), True),
        (date(2030, 4, 19), False),
        # In 2021 Juneteenth had been a holiday of the nation for one day, of the exchanges not yet.
        (date(2021, 6, 18), True),
    ],
)
def test_monthly_day_moves_to_the_thursday_before_a_closed_friday(day: date, monthly: bool) -> None:
    assert is_monthly(day) is monthly


@given(MONTHS)
def test_every_month_has_one_monthly_day(month: tuple[int, int]) -> None:
    first = date(*month, 1)
    days = (first + timedelta(days=number) for number in range(31))
    monthlies = [day for day in days if day.month == first.month and is_monthly(day)]
    assert monthlies == [monthly_expiry(*month)]
