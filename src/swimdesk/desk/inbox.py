"""Outcomes of what was fired, collected as they come and taken in handfuls."""

from __future__ import annotations

import asyncio

from swimdesk.desk.ports import Outcome


class Inbox:
    """Outcomes that have come and are not yet written down."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, outcome: Outcome) -> None:
        """Add an outcome without waiting."""
        self._outcomes.append(outcome)
        self._arrived.set()

    def close(self) -> None:
        """Say that no more will come."""
        self._closed = True
        self._arrived.set()

    async def take(self) -> list[Outcome] | None:
        """Wait for outcomes and take all there are; None when no more will come."""
        while not self._outcomes:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        taken, self._outcomes = self._outcomes, []
        return taken
