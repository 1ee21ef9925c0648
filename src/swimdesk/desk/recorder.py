"""Write a change down, then let everybody know: journal first, book second, subscribers last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swimdesk.desk.book import Book
from swimdesk.desk.bus import Bus
from swimdesk.desk.ports import Clock, Journal
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import Alarmed, BroadcastOpened, Event, LinesChanged
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import is_alarming
from swimdesk.errors import StoreError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A line's new form and the fills that came with it."""

    line: Line
    executions: tuple[Execution, ...] = ()


Decide = Callable[[Broadcast], Sequence[Change]]


class Recorder:
    """The only way by which lines change; changes of one broadcast never overtake each other."""

    def __init__(self, journal: Journal, book: Book, bus: Bus, clock: Clock) -> None:
        self._journal = journal
        self._book = book
        self._bus = bus
        self._clock = clock
        self._turn = asyncio.Lock()
        self.store_failed = False
        """Set when results could not be written; the desk must not send any more."""

    async def open(self, broadcast: Broadcast) -> None:
        """Commit a broadcast with all its intents; StoreError means that nothing may be sent."""
        await self._journal.open_broadcast(broadcast)

    def publish(self, event: Event) -> None:
        """Take a fact into the book and tell the subscribers."""
        self._book.apply(event)
        self._bus.publish(event)

    def opened(self, broadcast: Broadcast) -> None:
        """Show a broadcast that has been written down."""
        self.publish(BroadcastOpened(broadcast))

    async def update(self, broadcast_id: str, decide: Decide) -> None:
        """Let ``decide`` look at the broadcast as it is now, then write and publish its changes.

        Results that cannot be written are shown all the same: what happened at the broker is
        true whether or not our disk is full. The restart will find those lines in doubt.
        """
        async with self._turn:
            broadcast = self._book.snapshot.broadcasts[broadcast_id]
            changes = decide(broadcast)
            if not changes:
                return
            lines = tuple(change.line for change in changes)
            await self._write(broadcast_id, changes)
            self.publish(LinesChanged(broadcast_id, lines))
        await self._raise_alarms(broadcast, lines)

    async def alarm(self, text: str) -> None:
        """Show and write down that something contradicts what was believed."""
        log.error("desk.alarm", text=text)
        self.publish(Alarmed(text))
        try:
            await self._journal.note(self._clock.now(), "alarm", text)
        except StoreError as e:
            log.error("desk.alarm_not_written", error=e.detail)

    async def _write(self, broadcast_id: str, changes: Sequence[Change]) -> None:
        fills = [(c.line.ref, execution) for c in changes for execution in c.executions]
        try:
            await self._journal.record(broadcast_id, [change.line for change in changes])
            if fills:
                await self._journal.record_executions(broadcast_id, fills)
        except StoreError as e:
            self.store_failed = True
            text = f"results of {broadcast_id} could not be written: {e.detail}"
            log.error("desk.record_failed", broadcast=broadcast_id, error=e.detail)
            self.publish(Alarmed(text))

    async def _raise_alarms(self, before: Broadcast, lines: Sequence[Line]) -> None:
        for line in lines:
            old = before.line(line.ref).state
            if is_alarming(old, line.state):
                await self.alarm(
                    f"{line.account}: the order reported as {old} is now {line.state}"
                    f" ({line.reason or 'no reason given'})"
                )
