"""Virtual time: a loop that jumps to the next timer when nothing is ready, and a clock on it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York."""


class _JumpingSelector(selectors.SelectSelector):
    """Never wait: move the loop's clock forward by what it would have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("the test waits for something that will never happen")
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return seconds of virtual time."""
        return self._jumping.passed_s


class VirtualClock:
    """The desk's clock on the running loop's time."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start

    def now(self) -> datetime:
        """Return the virtual wall time."""
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def monotonic_ns(self) -> int:
        """Return virtual nanoseconds."""
        return int(asyncio.get_running_loop().time() * 1e9)


class JumpingClock(VirtualClock):
    """A clock whose wall time a test sets ahead or back; durations stay true."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the virtual wall time as it was set."""
        return super().now() + self.ahead


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
