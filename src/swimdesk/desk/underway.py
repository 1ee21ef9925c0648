"""Which lines have a request under way that changes their order: cancel and replace must know."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Underway:
    """Requests between being written down and being answered, by the ref of their line."""

    def __init__(self) -> None:
        self._canceling: Counter[str] = Counter()
        self._replacing: dict[str, asyncio.Event] = {}

    @contextmanager
    def canceling(self, ref: str) -> Iterator[None]:
        """Say that a line's order is being asked to end while the block lasts."""
        self._canceling[ref] += 1
        try:
            yield
        finally:
            self._canceling[ref] -= 1
            if not self._canceling[ref]:
                del self._canceling[ref]

    def is_canceling(self, ref: str) -> bool:
        """Tell whether a request to cancel is under way."""
        return self._canceling[ref] > 0

    @contextmanager
    def replacing(self, refs: Iterable[str]) -> Iterator[None]:
        """Say that the orders of these lines are being replaced until each was answered."""
        begun = {ref: asyncio.Event() for ref in refs}
        self._replacing |= begun
        try:
            yield
        finally:
            for ref in begun:
                self.answered(ref)

    def answered(self, ref: str) -> None:
        """Say that a line's replacement was answered, or given up."""
        event = self._replacing.pop(ref, None)
        if event is not None:
            event.set()

    async def replaced(self, ref: str) -> None:
        """Wait until no answer to a replacement is awaited."""
        event = self._replacing.get(ref)
        if event is not None:
            await event.wait()
