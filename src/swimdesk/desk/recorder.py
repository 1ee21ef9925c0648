"""Write a change down, then let everybody know: journal first, book second, subscribers last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from swimdesk.desk.binding import bindings_of
from swimdesk.desk.book import Book
from swimdesk.desk.bus import Bus
from swimdesk.desk.ports import Clock, Grounds, Journal
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision
from swimdesk.domain.events import Alarmed, BroadcastOpened, Event, LinesChanged
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import Doubt, LineState, is_alarming
from swimdesk.errors import InvariantBroken, StoreError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A line's new form, the fills that came with it, and what a person must look at, if so."""

    line: Line
    executions: tuple[Execution, ...] = ()
    alarm: str | None = None


Decide = Callable[[Broadcast], Sequence[Change]]
After = Callable[[Broadcast, Sequence[Line]], Awaitable[None]]


class Recorder:
    """The only way by which lines change; changes of one broadcast never overtake each other."""

    def __init__(
        self, journal: Journal, book: Book, bus: Bus, clock: Clock, after: After | None = None
    ) -> None:
        """``after`` gets every broadcast with its lines that moved, once they are shown."""
        self._after = after
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

    async def update(self, broadcast_id: str, decide: Decide, read: int | None = None) -> None:
        """Let ``decide`` look at the broadcast as it is now, then write and publish its changes.

        ``read`` is the number of the read of lists that they rest on.

        Results that cannot be written are shown all the same: what happened at the broker is
        true whether or not our disk is full. The restart will find those lines in doubt.
        """
        async with self._turn:
            broadcast = self._book.snapshot.broadcasts[broadcast_id]
            changes = decide(broadcast)
            if not changes:
                return
            changes = await self._write(broadcast, changes, read)
            self._publish_lines(broadcast, changes)
        await self._announce(broadcast, changes)

    async def decide(self, broadcast_id: str, decide: Decide, decision: Decision) -> None:
        """Write a decision of the operator with the changes that it makes, then publish those.

        StoreError and InvariantBroken mean that nothing was changed.
        """
        async with self._turn:
            broadcast = self._book.snapshot.broadcasts[broadcast_id]
            changes = decide(broadcast)
            fills = [(c.line.ref, execution) for c in changes for execution in c.executions]
            lines = [change.line for change in changes]
            bound = [
                replace(one, grounds=Grounds.OPERATOR) for one in bindings_of(broadcast, lines)
            ]
            await self._journal.decide(decision, broadcast_id, lines, fills, bound)
            self._publish_lines(broadcast, changes)
        await self._announce(broadcast, changes)

    def _publish_lines(self, broadcast: Broadcast, changes: Sequence[Change]) -> None:
        self.publish(LinesChanged(broadcast.id, tuple(change.line for change in changes)))

    async def _announce(self, broadcast: Broadcast, changes: Sequence[Change]) -> None:
        """Raise the alarms that changes bring, and tell who comes after."""
        lines = tuple(change.line for change in changes)
        await self._raise_alarms(broadcast, lines)
        for change in changes:
            if change.alarm is not None:
                await self.alarm(f"{change.line.account}: {change.alarm}")
        if self._after is not None:
            await self._after(broadcast, lines)

    def current(self, broadcast_id: str) -> Broadcast:
        """Return a broadcast that is followed, as it is now."""
        return self._book.snapshot.broadcasts[broadcast_id]

    async def until(
        self, broadcast_id: str, is_so: Callable[[Broadcast], bool], limit_s: float
    ) -> bool:
        """Wait until a broadcast is as wanted; False if it is not within that time."""
        with self._bus.subscribe() as events:
            try:
                async with asyncio.timeout(limit_s):
                    while not is_so(self.current(broadcast_id)):
                        await events.get()
            except TimeoutError:
                return False
        return True

    async def fact(self, name: str) -> str | None:
        """Return what was learnt under a name, by this process or an earlier one."""
        return await self._journal.fact(name)

    async def learn(self, name: str, value: str) -> None:
        """Remember something across restarts; not being able to is no reason to stop."""
        try:
            await self._journal.keep_fact(name, value)
        except StoreError as e:
            log.warning("desk.fact_not_kept", name=name, error=e.detail)

    async def alarm(self, text: str) -> None:
        """Show and write down that something contradicts what was believed."""
        log.error("desk.alarm", text=text)
        self.publish(Alarmed(text))
        try:
            await self._journal.note(self._clock.now(), "alarm", text)
        except StoreError as e:
            log.error("desk.alarm_not_written", error=e.detail)

    async def _write(
        self, broadcast: Broadcast, changes: Sequence[Change], read: int | None
    ) -> Sequence[Change]:
        """Write changes in one commit; one at a time where an order turns out to be taken."""
        try:
            return await self._commit(broadcast, changes, read)
        except InvariantBroken as e:
            if len(changes) == 1:
                change = changes[0]
                if change.line.order_id is None:
                    raise
                log.error("desk.order_taken", ref=change.line.ref, error=e.detail)
                return await self._commit(broadcast, [_without_order(broadcast, change)], read)
        singly = [await self._write(broadcast, [change], read) for change in changes]
        return [change for written in singly for change in written]

    async def _commit(
        self, broadcast: Broadcast, changes: Sequence[Change], read: int | None
    ) -> Sequence[Change]:
        fills = [(c.line.ref, execution) for c in changes for execution in c.executions]
        lines = [change.line for change in changes]
        try:
            await self._journal.record(
                broadcast.id,
                lines,
                fills,
                broadcast.journal_ns,
                bindings=bindings_of(broadcast, lines),
                read=read,
            )
        except StoreError as e:
            self.fail(f"results of {broadcast.id} could not be written: {e.detail}")
        return changes

    def fail(self, text: str) -> None:
        """Take it that results cannot be written any more: from now on nothing is sent."""
        if not self.store_failed:
            self.publish(Alarmed(text))
        self.store_failed = True
        log.error("desk.record_failed", error=text)

    async def _raise_alarms(self, before: Broadcast, lines: Sequence[Line]) -> None:
        for line in lines:
            old = before.line(line.ref).state
            if is_alarming(old, line.state):
                await self.alarm(
                    f"{line.account}: the order reported as {old} is now {line.state}"
                    f" ({line.reason or 'no reason given'})"
                )
            if line.filled > line.ticket.quantity >= before.line(line.ref).filled:
                await self.alarm(
                    f"{line.account}: {line.filled} filled of {line.ticket.quantity} ordered"
                )


def _without_order(broadcast: Broadcast, change: Change) -> Change:
    """Take an order id back that belongs to another line; which order is ours is in doubt.

    What that order filled is not this line's either.
    """
    line, before = change.line, broadcast.line(change.line.ref)
    # Of a line that was on its way the broker has just said that it took it.
    accepted = line.accepted if before.state is LineState.SENDING else before.accepted
    return Change(
        replace(
            line,
            state=LineState.IN_DOUBT,
            doubt=Doubt.PROBABLE if accepted else Doubt.UNKNOWN,
            order_id=None,
            accepted=accepted,
            filled=before.filled,
            average=before.average,
            reason=f"the answer named order {line.order_id}, which is another line's;"
            " looking for ours",
        )
    )
