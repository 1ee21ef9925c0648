"""When the market of a ticket is open, by the broker's own hours, and when a contract is over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.builders import CONDOR, STOCK, a_ticket

from swimdesk.desk.hours import closed_reason, expired_reason, market_day, product_of
from swimdesk.desk.ports import SessionHours

ET = ZoneInfo("America/New_York")
DAY = date(2026, 12, 11)
SPY_CALL = "BUY +1 SPY 100 (Weeklys) 11 DEC 26 600 CALL @4.10 LMT"
SPXW_CALL = "BUY +1 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @4.10 LMT"
SPX_CALL = "BUY +1 SPX 100 18 DEC 26 [AM] 6200 CALL @4.10 LMT"


def at(clock: str, day: date = DAY) -> datetime:
    """Return a moment by the clock of New York."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ET)


def hours_of(product: str, day: date = DAY, **spans: tuple[str, str]) -> SessionHours:
    """Build the hours of a product from clock times."""
    return SessionHours(
        product, bool(spans), {n: ((at(a, day), at(b, day)),) for n, (a, b) in spans.items()}
    )


def usual(day: date = DAY) -> dict[str, SessionHours]:
    """Return the hours of an ordinary day."""
    return {
        "EQ": hours_of(
            "EQ",
            day,
            preMarket=("07:00", "09:30"),
            regularMarket=("09:30", "16:00"),
            postMarket=("16:00", "20:00"),
        ),
        "EQO": hours_of("EQO", day, regularMarket=("09:30", "16:00")),
        "IND": hours_of("IND", day, regularMarket=("09:30", "16:15")),
    }


def test_the_market_s_day_is_the_one_of_new_york() -> None:
    assert market_day(at("23:59:59")) == DAY
    assert market_day(at("23:59:59") + timedelta(seconds=1)) == DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "product"), [(STOCK, "EQ"), (SPY_CALL, "EQO"), (SPXW_CALL, "IND"), (CONDOR, "IND")]
)
def test_each_kind_of_ticket_has_hours_of_its_own(text: str, product: str) -> None:
    assert product_of(a_ticket(text)) == product


@pytest.mark.parametrize(
    ("text", "session", "first", "last"),
    [
        (STOCK, "", "09:30", "16:00"),
        (STOCK, "AM", "07:00", "09:30"),
        (STOCK, "PM", "16:00", "20:00"),
        (STOCK, "EXT", "07:00", "20:00"),
        (SPY_CALL, "", "09:30", "16:00"),
        (SPXW_CALL, "", "09:30", "16:15"),
        (CONDOR, "", "09:30", "16:15"),
    ],
)
def test_open_from_the_first_moment_to_just_before_the_last(
    text: str, session: str, first: str, last: str
) -> None:
    ticket = a_ticket(f"{text} {session}".strip())
    tick = timedelta(microseconds=1)
    assert not closed_reason(ticket, usual(), at(first))
    assert not closed_reason(ticket, usual(), at(last) - tick)
    assert closed_reason(ticket, usual(), at(first) - tick)
    assert closed_reason(ticket, usual(), at(last))


def test_a_closed_market_says_when_it_is_and_when_it_would_be_open() -> None:
    assert closed_reason(a_ticket(SPXW_CALL), usual(), at("16:20")) == (
        "the index option market is closed at Fri 11 Dec 16:20 ET; NORMAL hours: 09:30-16:15"
    )


def test_a_day_without_hours_is_a_closed_one() -> None:
    for hours in ({}, {"EQ": hours_of("EQ")}):
        reason = closed_reason(a_ticket(STOCK), hours, at("12:00"))
        assert reason.endswith("NORMAL hours: none today")
        assert "stock market is closed" in reason


def test_options_have_no_session_but_the_regular_one() -> None:
    assert closed_reason(a_ticket(f"{SPY_CALL} AM"), usual(), at("08:00"))
    assert closed_reason(a_ticket(f"{SPY_CALL} PM"), usual(), at("12:00"))


@pytest.mark.parametrize(
    ("text", "moment", "expired"),
    [
        (STOCK, at("12:00"), False),
        (SPY_CALL, at("15:59"), False),
        (SPY_CALL, at("16:00"), True),
        (SPY_CALL, at("09:00"), False),
        (SPY_CALL, at("09:30", date(2026, 12, 14)), True),
        (SPY_CALL, at("23:00", date(2026, 12, 10)), False),
        # The index trades to 16:15, but not a contract on its last day.
        (SPXW_CALL, at("15:59"), False),
        (SPXW_CALL, at("16:00"), True),
        (CONDOR, at("16:05"), True),
        # Settled in the morning: the day before is the last one.
        (SPX_CALL, at("16:14", date(2026, 12, 17)), False),
        (SPX_CALL, at("09:30", date(2026, 12, 18)), True),
    ],
)
def test_a_contract_that_is_over_is_named(text: str, moment: datetime, expired: bool) -> None:
    ticket = a_ticket(text)
    reason = expired_reason(ticket, usual(market_day(moment)), moment)
    assert bool(reason) is expired
    if expired:
        assert any(reason.startswith(leg.instrument.symbol) for leg in ticket.legs)


def test_a_short_day_ends_a_contract_early_and_an_unknown_one_as_usual() -> None:
    short = usual() | {"EQO": hours_of("EQO", regularMarket=("09:30", "13:00"))}
    ticket = a_ticket(SPXW_CALL)
    assert not expired_reason(ticket, short, at("12:59"))
    assert expired_reason(ticket, short, at("13:00"))
    assert not expired_reason(ticket, {}, at("15:59"))
    assert expired_reason(ticket, {}, at("16:00")) == (
        "SPXW  261211C06200000 expired on 11 Dec 2026 and trades no more"
    )
