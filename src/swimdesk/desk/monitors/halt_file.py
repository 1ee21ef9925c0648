"""Tell the screens when somebody puts the halt file there by hand, or takes it away."""

from __future__ import annotations

import asyncio
from typing import Final

from swimdesk.desk.guard import Guard
from swimdesk.desk.ports import GuardState
from swimdesk.desk.recorder import Recorder
from swimdesk.domain.events import Event, Halted, Reduced, Resumed

LOOK_EVERY_S: Final = 0.5
"""Orders look at the file themselves before they leave; this is for those who watch."""


class HaltFileMonitor:
    """Look at the file again and again; costs one look-up of a name that is not there."""

    def __init__(self, guard: Guard, recorder: Recorder) -> None:
        self._guard = guard
        self._recorder = recorder
        self._told: str | None = None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._look()
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        reason = self._guard.file_reason
        if reason != self._told:
            self._told = reason
            self._recorder.publish(self._event())

    def _event(self) -> Event:
        record = self._guard.record
        events: dict[GuardState, Event] = {
            GuardState.HALTED: Halted(record.reason),
            GuardState.REDUCING: Reduced(record.reason),
        }
        return events.get(record.state, Resumed())
