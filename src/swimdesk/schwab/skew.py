"""How far the broker's clock is from ours, so that its times and ours can be compared.

The ``Date`` of an answer is the broker's time cut to a second, written between our sending and our
receiving. Each answer so bounds the difference of the clocks; recent bounds together narrow it.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

KEPT_SAMPLES: Final = 20
ALARMING: Final = timedelta(seconds=30)
_RESOLUTION: Final = timedelta(seconds=1)
_LARGEST: Final = timedelta(days=1)
"""A date beyond this is no date of now; with a clock so wrong no certificate would be valid."""
_NONE: Final = timedelta(0)


class Offset:
    """The broker's clock minus ours; zero while it is smaller than its own uncertainty."""

    def __init__(self) -> None:
        self._bounds: deque[tuple[timedelta, timedelta]] = deque(maxlen=KEPT_SAMPLES)
        self._estimate = _NONE

    @property
    def estimate(self) -> timedelta:
        """How far the broker's clock is ahead of ours; it moves only when it must."""
        return self._estimate

    def to_ours(self, broker_time: datetime) -> datetime:
        """Return what our clock showed when the broker's showed this."""
        return broker_time - self._estimate

    def to_broker(self, our_time: datetime) -> datetime:
        """Return what the broker's clock shows when ours shows this."""
        return our_time + self._estimate

    def sample(self, date: datetime, sent: datetime, received: datetime) -> None:
        """Take in the ``Date`` of an answer and our times before and after it."""
        bounds = (date - received, date - sent + _RESOLUTION)
        went_back = bounds[0] > bounds[1]  # our own clock, meanwhile
        if went_back or max(abs(bounds[0]), abs(bounds[1])) > _LARGEST:
            return
        self._bounds.append(bounds)
        low, high = self._common()
        if low > high:
            # One of the clocks has moved: what was measured before no longer holds.
            self._bounds.clear()
            self._bounds.append(bounds)
            low, high = bounds
        if low <= _NONE <= high:
            self._move(_NONE)
        elif not low <= self._estimate <= high:
            self._move((low + high) / 2)

    def _common(self) -> tuple[timedelta, timedelta]:
        return max(low for low, _ in self._bounds), min(high for _, high in self._bounds)

    def _move(self, estimate: timedelta) -> None:
        if abs(estimate - self._estimate) > _RESOLUTION:
            tell = log.error if abs(estimate) > ALARMING else log.info
            tell("broker.clock_differs", ahead_s=round(estimate.total_seconds(), 1))
        self._estimate = estimate
