"""How long the simulated brokerage lets a client wait."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from swimdesk.errors import InputError

LONGEST_MS: Final = 600_000.0


class Latency:
    """Draw one delay per request from a range in milliseconds; same seed, same draws."""

    def __init__(self, range_ms: tuple[float, float], seed: int) -> None:
        self._random = random.Random(seed)
        self._range_ms = range_ms
        self.set_range(*range_ms)

    @property
    def range_ms(self) -> tuple[float, float]:
        """Return the shortest and the longest delay drawn from now on."""
        return self._range_ms

    def set_range(self, min_ms: float, max_ms: float) -> None:
        """Draw from another range from now on."""
        if not 0 <= min_ms <= max_ms <= LONGEST_MS:
            raise InputError(
                f"latency {min_ms:g}:{max_ms:g} ms is no range; "
                f"expected 0 <= shortest <= longest <= {LONGEST_MS:g}"
            )
        self._range_ms = (min_ms, max_ms)

    def draw_ms(self) -> float:
        """Return the delay of the next request."""
        return self._random.uniform(*self._range_ms)


class Pauses:
    """Let any number of requests wait side by side, and end all waits at once when asked."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._released = False

    async def pause(self, delay_ms: float) -> None:
        """Return after a delay, or as soon as the pauses are released."""
        if delay_ms <= 0 or self._released:
            return
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        timer = loop.call_later(delay_ms / 1000, _end, waiting)
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)

    def release(self) -> None:
        """End every pause, and every later one before it begins."""
        self._released = True
        for waiting in self._waiting:
            _end(waiting)


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
