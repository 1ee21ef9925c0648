"""When the simulated exchanges trade, in its three modes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import cast

import exchange_calendars  # type: ignore[import-untyped]  # it ships without annotations
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.instruments import Settlement
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.holidays import EARLY_CLOSES, is_trading_day
from swimdesk.sim.sessions import EASTERN, Sessions

CLOCK = ManualClock(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
ASSETS = ("equity", "option", "index_option")


def eastern(text: str) -> datetime:
    """Return an Eastern wall time as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN).astimezone(UTC)


@pytest.fixture(name="real")
def real_sessions() -> Sessions:
    return Sessions.parse("real", CLOCK)


@pytest.fixture(name="always")
def open_sessions() -> Sessions:
    return Sessions.parse("open", CLOCK)


# The library still calls what its pandas has begun to deprecate.
@pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
def test_holiday_table_agrees_with_the_exchange() -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2025-01-01", end="2028-12-31")
    sessions = {session.date() for session in calendar.sessions}
    days = (date(2025, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1))

    assert {day for day in days if is_trading_day(day)} == sessions
    assert {close.date() for close in calendar.early_closes} == EARLY_CLOSES


@given(
    at=st.datetimes(
        min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC),
    ),
    asset=st.sampled_from(ASSETS),
    session=st.sampled_from(["NORMAL", "AM", "PM", "SEAMLESS"]),
)
def test_open_market_is_in_session_at_any_time_of_any_day(
    at: datetime, asset: str, session: str
) -> None:
    sessions = Sessions.parse("open", CLOCK)

    assert sessions.is_open(asset, at, session)
    assert sessions.next_open(asset, at, session) == at
    assert sessions.session_time(at) == at


@pytest.mark.parametrize(
    ("at", "asset", "session", "is_open"),
    [
        ("2026-11-23 09:29:59", "equity", "NORMAL", False),
        ("2026-11-23 09:30", "equity", "NORMAL", True),
        ("2026-11-23 15:59:59", "option", "NORMAL", True),
        ("2026-11-23 16:00", "option", "NORMAL", False),
        ("2026-11-23 16:10", "index_option", "NORMAL", True),
        ("2026-11-23 16:15", "index_option", "NORMAL", False),
        ("2026-11-23 08:00", "equity", "AM", True),
        ("2026-11-23 18:00", "equity", "PM", True),
        ("2026-11-23 18:00", "equity", "SEAMLESS", True),
        ("2026-11-23 18:00", "option", "SEAMLESS", False),
        ("2026-11-26 11:00", "equity", "NORMAL", False),  # Thanksgiving
        ("2026-11-27 12:59", "option", "NORMAL", True),  # the short day after it
        ("2026-11-27 13:00", "option", "NORMAL", False),
        ("2026-11-27 13:10", "index_option", "NORMAL", True),
        ("2026-11-27 14:00", "equity", "PM", True),
        ("2026-11-27 17:00", "equity", "PM", False),
        ("2026-11-28 11:00", "equity", "SEAMLESS", False),  # Saturday
    ],
)
def test_real_market_follows_the_exchange_calendar(
    real: Sessions, at: str, asset: str, session: str, *, is_open: bool
) -> None:
    assert real.is_open(asset, eastern(at), session) is is_open


def test_next_open_skips_nights_weekends_and_holidays(real: Sessions) -> None:
    assert real.next_open("option", eastern("2026-11-23 08:00")) == eastern("2026-11-23 09:30")
    assert real.next_open("option", eastern("2026-11-25 16:00")) == eastern("2026-11-27 09:30")
    assert real.next_open("equity", eastern("2026-11-27 20:00"), "AM") == eastern(
        "2026-11-30 07:00"
    )
    inside = eastern("2026-11-23 10:00")
    assert real.next_open("option", inside) == inside


def test_next_open_refuses_a_session_that_never_comes(real: Sessions) -> None:
    with pytest.raises(ValueError, match="option has no AM session"):
        real.next_open("option", eastern("2026-11-23 08:00"), "AM")


def test_day_orders_end_with_the_session_they_work_in(real: Sessions, always: Sessions) -> None:
    assert real.close_of_day("option", eastern("2026-11-23 10:00")) == eastern("2026-11-23 16:00")
    assert real.close_of_day("option", eastern("2026-11-25 19:00")) == eastern("2026-11-27 13:00")
    assert real.close_of_day("equity", eastern("2026-11-23 10:00"), "SEAMLESS") == eastern(
        "2026-11-23 20:00"
    )
    assert always.close_of_day("option", eastern("2026-11-28 22:00")) == eastern("2026-11-29 00:00")


def test_last_open_is_now_or_the_last_close(real: Sessions, always: Sessions) -> None:
    sunday = eastern("2026-11-29 12:00")
    inside = eastern("2026-11-23 12:00")

    assert real.last_open(sunday) == eastern("2026-11-27 13:00")
    assert real.last_open(inside) == inside
    assert always.last_open(sunday) == sunday


def test_replay_begins_at_the_opening_bell_of_its_date() -> None:
    sessions = Sessions.parse("2026-03-02", CLOCK)
    began = CLOCK.now()

    assert sessions.session_time(began) == eastern("2026-03-02 09:30")
    assert sessions.market_date(began) == date(2026, 3, 2)
    assert sessions.is_open("option", began)
    assert not sessions.is_open("option", began + timedelta(hours=6, minutes=30))
    assert sessions.next_open("option", began + timedelta(hours=7)) == began + timedelta(days=1)
    assert sessions.close_of_day("option", began) == began + timedelta(hours=6, minutes=30)
    assert sessions.last_open(began + timedelta(hours=9)) == began + timedelta(hours=6, minutes=30)


@pytest.mark.parametrize("text", ["2026-11-28", "2026-11-26", "tomorrow", ""])
def test_replay_of_no_trading_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"closed|isoformat"):
        Sessions.parse(text, CLOCK)


def test_replay_at_speed_comes_to_its_close_sooner() -> None:
    began = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    sessions = Sessions.parse("2026-11-20", ManualClock(began), 60.0)
    minute = timedelta(minutes=1)
    assert sessions.session_time(began + minute) == eastern("2026-11-20 10:30")
    assert sessions.clock_time(eastern("2026-11-20 10:30")) == began + minute
    close = began + minute * 6.5
    assert sessions.close_of_day("option", began) == close
    assert sessions.is_open("option", close - minute / 60)
    assert not sessions.is_open("option", close)
    assert sessions.last_open(close + minute) == close


def test_market_date_is_the_eastern_day(real: Sessions) -> None:
    assert real.market_date(datetime(2026, 11, 24, 3, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_options_settle_at_the_close_or_at_the_open(real: Sessions, always: Sessions) -> None:
    day, short_day = date(2026, 12, 18), date(2026, 11, 27)

    assert real.expiry_instant(day, Settlement.PM) == eastern("2026-12-18 16:00")
    assert real.expiry_instant(day, Settlement.AM) == eastern("2026-12-18 09:30")
    assert real.expiry_instant(short_day, Settlement.PM) == eastern("2026-11-27 13:00")
    assert always.expiry_instant(day, Settlement.PM) == eastern("2026-12-19 00:00")
    assert always.expiry_instant(day, Settlement.AM) == eastern("2026-12-18 00:00")


def test_hours_of_a_trading_day_have_their_sessions(real: Sessions) -> None:
    hours = real.hours_json(["equity", "option"], date(2024, 10, 18))

    assert hours == {
        "equity": {
            "EQ": {
                "date": "2024-10-18",
                "marketType": "EQUITY",
                "product": "EQ",
                "productName": "equity",
                "isOpen": True,
                "sessionHours": {
                    "preMarket": [span("2024-10-18", "07:00", "09:30")],
                    "regularMarket": [span("2024-10-18", "09:30", "16:00")],
                    "postMarket": [span("2024-10-18", "16:00", "20:00")],
                },
            }
        },
        "option": {
            "EQO": {
                "date": "2024-10-18",
                "marketType": "OPTION",
                "product": "EQO",
                "productName": "equity option",
                "isOpen": True,
                "sessionHours": {"regularMarket": [span("2024-10-18", "09:30", "16:00")]},
            },
            "IND": {
                "date": "2024-10-18",
                "marketType": "OPTION",
                "product": "IND",
                "productName": "index option",
                "isOpen": True,
                "sessionHours": {"regularMarket": [span("2024-10-18", "09:30", "16:15")]},
            },
        },
    }


def span(day: str, start: str, end: str) -> dict[str, str]:
    """Return a session of a summer day as the hours endpoint writes it."""
    return {"start": f"{day}T{start}:00-04:00", "end": f"{day}T{end}:00-04:00"}


def test_hours_of_a_closed_day_repeat_the_market_and_lose_the_hours(real: Sessions) -> None:
    assert real.hours_json(["equity", "bond"], date(2025, 7, 20)) == {
        market: {
            market: {
                "date": "2025-07-20",
                "marketType": market.upper(),
                "product": market,
                "isOpen": False,
            }
        }
        for market in ("equity", "bond")
    }


def test_hours_of_a_short_day_move_the_evening_forward(real: Sessions) -> None:
    hours = real.hours_json(["equity"], date(2026, 11, 27))["equity"]
    equity = cast("dict[str, dict[str, object]]", hours)["EQ"]["sessionHours"]

    assert equity == {
        "preMarket": [winter_span("07:00", "09:30")],
        "regularMarket": [winter_span("09:30", "13:00")],
        "postMarket": [winter_span("13:00", "17:00")],
    }


def winter_span(start: str, end: str) -> dict[str, str]:
    """Return a session of 27 November 2026 as the hours endpoint writes it."""
    return {"start": f"2026-11-27T{start}:00-05:00", "end": f"2026-11-27T{end}:00-05:00"}


def test_hours_of_an_open_market_cover_the_whole_eastern_day(always: Sessions) -> None:
    hours = always.hours_json(["option"], date(2026, 11, 28))["option"]

    whole_day = {"start": "2026-11-28T00:00:00-05:00", "end": "2026-11-29T00:00:00-05:00"}
    for product in cast("dict[str, dict[str, object]]", hours).values():
        assert product["isOpen"] is True
        assert product["sessionHours"] == {"regularMarket": [whole_day]}


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_replayed_session_is_listed_on_the_day_and_at_the_time_of_the_clock(speed: float) -> None:
    night = datetime(2026, 11, 23, 3, 45, tzinfo=UTC)  # Sunday evening in New York
    clock = ManualClock(night)
    sessions = Sessions.parse("2026-11-20", clock, speed)
    listed = sessions.hours_json(("option",), date(2026, 11, 22))
    hours = listed["option"]["EQO"]
    assert isinstance(hours, dict)
    spans = [
        (datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"]))
        for span in hours["sessionHours"]["regularMarket"]
    ]
    assert (night, night + timedelta(hours=6.5) / speed) in spans
    assert all(sessions.is_open("option", start) for start, _ in spans)
    assert not any(sessions.is_open("option", end) for _, end in spans)
