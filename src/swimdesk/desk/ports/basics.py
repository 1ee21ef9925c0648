"""Clocks and identifiers, so that tests decide both."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tell wall time (for stamps) and monotonic time (for durations)."""

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds on a clock that never goes back."""
        ...


class Ids(Protocol):
    """Mint identifiers that sort by time."""

    def mint(self) -> str:
        """Return a new ULID."""
        ...

    def mint_many(self, count: int) -> list[str]:
        """Return so many new ULIDs of one moment, in ascending order."""
        ...
