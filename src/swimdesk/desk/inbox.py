"""Outcomes of what was fired, collected as they come and taken in handfuls."""

from __future__ import annotations

import asyncio
from typing import Final

from swimdesk.desk.ports import Outcome

GATHER_S: Final = 0.025
"""So long outcomes are gathered: writing each down by itself would stand in the others' way."""
GATHER_S_PER_ORDER: Final = 20e-6
"""Answers to a large wave take longer to come in; it is about what each takes to be read."""


class Inbox:
    """Outcomes that have come and are not yet written down; ``expected`` is how many will come."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._gather_s = max(GATHER_S, GATHER_S_PER_ORDER * expected)
        self._outcomes: list[Outcome] = []
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def put(self, outcome: Outcome) -> None:
        """Add an outcome without waiting."""
        self._outcomes.append(outcome)
        self._expected -= 1
        if self._expected <= 0:
            self._due.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._gather_s, self._due.set)

    def close(self) -> None:
        """Say that no more will come."""
        self._closed = True
        self._due.set()

    async def take(self) -> list[Outcome] | None:
        """Wait for a handful of outcomes and take all there are; None when no more will come."""
        await self._due.wait()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        taken, self._outcomes = self._outcomes, []
        if not self._closed:
            self._due.clear()
        return taken or None
