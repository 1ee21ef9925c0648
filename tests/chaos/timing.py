"""The clocks of a world: the brokerage's, which is right, and the desk's, which may jump."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.fakes.virtual import START


def now_s() -> float:
    """Return seconds of virtual time."""
    return asyncio.get_running_loop().time()


class BrokerClock:
    """``SimClock`` on virtual time; its wall clock moves on alone while the desk sleeps."""

    def __init__(self) -> None:
        self.slept = timedelta(0)
        """How much of its time the desk's machine slept through."""

    def now(self) -> datetime:
        """Return the brokerage's wall time."""
        return START + timedelta(seconds=now_s()) + self.slept

    def monotonic_s(self) -> float:
        """Return virtual seconds."""
        return now_s()


class DeskClock:
    """The desk's clocks on virtual time; its wall clock may be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        """How far the wall clock is ahead of the brokerage's."""

    def now(self) -> datetime:
        """Return the desk's wall time."""
        return START + timedelta(seconds=now_s()) + self.ahead

    def monotonic_ns(self) -> int:
        """Return virtual nanoseconds."""
        return int(now_s() * 1e9)
