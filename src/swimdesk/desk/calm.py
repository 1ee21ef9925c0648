"""Keep long work out of the moments in which orders leave: the burst has the loop to itself."""

from __future__ import annotations

import asyncio
import gc


class Calm:
    """Know which bursts are under way; who has time waits until none is.

    The collector of garbage waits as well: one pass over the objects of a long session takes
    longer than a whole burst.
    """

    def __init__(self) -> None:
        self._bursts: set[str] = set()
        self._over = asyncio.Event()
        self._over.set()
        self._collects = False

    def begin(self, burst: str) -> None:
        """Say that a burst is about to leave."""
        if not self._bursts:
            self._collects = gc.isenabled()
            gc.disable()
        self._bursts.add(burst)
        self._over.clear()

    def end(self, burst: str) -> None:
        """Say that its last byte has left, or that it will not leave; a second time is no harm."""
        if burst not in self._bursts:
            return
        self._bursts.discard(burst)
        if not self._bursts:
            self._over.set()
            if self._collects:
                gc.enable()

    async def wait(self) -> None:
        """Return once no burst is under way."""
        await self._over.wait()
