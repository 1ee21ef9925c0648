"""Market data that counts how often it is asked, and a clock moved by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from swimdesk.desk.ports import ChainContract, Expiry, Quote, SessionHours
from swimdesk.errors import UnknownSymbol
from tests.fakes.virtual import START

EASTERN = ZoneInfo("America/New_York")


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._passed = timedelta()

    def now(self) -> datetime:
        """Return the wall time."""
        return START + self._passed

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the clock was made."""
        return self._passed // timedelta(microseconds=1) * 1000

    def pass_(self, seconds: float) -> None:
        """Move on."""
        self._passed += timedelta(seconds=seconds)


class CountedMarket:
    """Implements MarketData; ``calls`` counts by method."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.kinds = "W"
        self.unknown: set[str] = set()

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Quote everything at 100."""
        self.calls["quotes"] += 1
        return {s: Quote(s, Decimal(100), Decimal(100), START) for s in symbols}

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """List a monthly under two roots and a weekly."""
        self.calls["expiries"] += 1
        if symbol in self.unknown:
            raise UnknownSymbol(f"the broker lists no options on {symbol}")
        return (
            Expiry(date(2026, 12, 11), "SPXW", "PM", self.kinds, 18),
            Expiry(date(2026, 12, 18), "SPX", "AM", "S", 25),
            Expiry(date(2026, 12, 18), "SPXW", "PM", self.kinds, 25),
        )

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """List no contracts."""
        self.calls["chain"] += 1
        return ()

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Be open from 9:30 to 16:00 in New York, stocks before and after as well."""
        self.calls["hours"] += 1

        def span(start: str, end: str) -> tuple[tuple[datetime, datetime], ...]:
            first, last = time.fromisoformat(start), time.fromisoformat(end)
            return ((datetime.combine(day, first, EASTERN), datetime.combine(day, last, EASTERN)),)

        regular = span("09:30", "16:00")
        outside = {"preMarket": span("07:00", "09:30"), "postMarket": span("16:00", "20:00")}
        return {
            "EQ": SessionHours("EQUITY", True, {**outside, "regularMarket": regular}),
            "EQO": SessionHours("OPTION", True, {"regularMarket": regular}),
        }
