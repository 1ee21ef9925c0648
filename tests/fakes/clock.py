"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.fakes.virtual import START

_STEP_NS = 100_000


class SteadyClock:
    """The wall time a test sets; monotonic time goes on by a tenth of a millisecond a look."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._looks = 0
        self._passed_ns = 0

    def now(self) -> datetime:
        """Return the time that was set."""
        return self._now

    def monotonic_ns(self) -> int:
        """Return a later moment than at the look before."""
        self._looks += 1
        return self._passed_ns + self._looks * _STEP_NS

    def advance(self, seconds: float) -> None:
        """Let time pass at once, by both clocks."""
        self._now += timedelta(seconds=seconds)
        self._passed_ns += int(seconds * 10**9)
