"""Keep long reads out of the moments in which orders leave: the burst has the loop to itself."""

from __future__ import annotations

import asyncio


class Calm:
    """Know which bursts are under way; who has time waits until none is."""

    def __init__(self) -> None:
        self._bursts: set[str] = set()
        self._over = asyncio.Event()
        self._over.set()

    def begin(self, burst: str) -> None:
        """Say that a burst is about to leave."""
        self._bursts.add(burst)
        self._over.clear()

    def end(self, burst: str) -> None:
        """Say that its last byte has left, or that it will not leave; a second time is no harm."""
        self._bursts.discard(burst)
        if not self._bursts:
            self._over.set()

    async def wait(self) -> None:
        """Return once no burst is under way."""
        await self._over.wait()
