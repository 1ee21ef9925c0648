"""The brokerage's clock: wall time for stamps, a monotonic one for schedules; injected."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class SimClock(Protocol):
    """Tell the time to the simulated brokerage."""

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        return self._now

    def monotonic_s(self) -> float:
        """Return seconds since this clock was made."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds
