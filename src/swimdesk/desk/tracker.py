"""Follow every order to its end by complete reads; the stream may wake it, reads decide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from swimdesk.desk.book import Book
from swimdesk.desk.ports import Broker, Clock, OrdersRead
from swimdesk.desk.reconciler import Evidence, Horizons, reconcile
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import LIVE, LineState
from swimdesk.errors import BrokerError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

SCHEDULE_S = (0.1, 0.2, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
"""Pauses between reads after something was sent; the last one repeats while orders rest."""

FRESH = timedelta(minutes=2)
"""So long after sending, a broadcast is read by the schedule above."""

SLOW_EVERY_S = 15.0
"""Older broadcasts with resting orders are read this often: their lists are long."""

LOOK_BACK = timedelta(minutes=1)
"""How far before our own send time a list is read, for clocks that differ."""

VERIFY_REFUSALS = timedelta(seconds=10)
"""For so long after sending, accounts whose line was refused are read as well."""


@dataclass(slots=True)
class _Memory:
    """What is remembered between reads and not written down."""

    tag: str | None = None
    reads: dict[str, int] = field(default_factory=dict)


class Tracker:
    """Read the lists of all accounts with open or doubtful lines until none is left."""

    def __init__(
        self, broker: Broker, book: Book, recorder: Recorder, clock: Clock, horizons: Horizons
    ) -> None:
        self._broker = broker
        self._book = book
        self._recorder = recorder
        self._clock = clock
        self._horizons = horizons
        self._memory = _Memory()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Read soon, and often for a while."""
        self._wake.set()

    async def run(self) -> None:
        """Keep reading while there is anything to follow; sleep otherwise."""
        step, next_slow_s = 0, 0.0
        loop = asyncio.get_running_loop()
        while True:
            if not self.targets():
                await self._wake.wait()
            pause_s = SCHEDULE_S[min(step, len(SCHEDULE_S) - 1)]
            if not self._fresh():
                pause_s = max(next_slow_s - loop.time(), pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
                step = 0
                self._wake.clear()
            except TimeoutError:
                step += 1
                if loop.time() >= next_slow_s:
                    next_slow_s = loop.time() + SLOW_EVERY_S
                    await self.round()
                else:
                    await self.round(self._fresh())

    def targets(self) -> tuple[Broadcast, ...]:
        """Return the broadcasts with a line that a read could change."""
        return tuple(b for b in self._book.snapshot.broadcasts.values() if self._accounts(b))

    def _fresh(self) -> tuple[Broadcast, ...]:
        earliest = self._clock.now() - FRESH
        return tuple(b for b in self.targets() if b.created >= earliest)

    async def round(self, targets: tuple[Broadcast, ...] | None = None) -> bool:
        """Read once for these (or all) and apply it; False when the read was no evidence."""
        targets = self.targets() if targets is None else targets
        accounts = sorted({account for b in targets for account in self._accounts(b)})
        if not accounts:
            return True
        since = min(b.created for b in targets) - LOOK_BACK
        try:
            read = await self._broker.orders(accounts, since)
        except BrokerError as e:
            log.warning("tracker.read_failed", error=e.detail)
            return False
        for broadcast in targets:
            await self._apply(broadcast.id, read)
        return read.complete

    async def _apply(self, broadcast_id: str, read: OrdersRead) -> None:
        self._memory.reads[broadcast_id] = self._memory.reads.get(broadcast_id, 0) + read.complete

        def decide(broadcast: Broadcast) -> list[Change]:
            evidence = Evidence(
                read=read,
                now=self._clock.now(),
                bound=self._bound(),
                tag=self._memory.tag,
                reads_since_sent=self._memory.reads[broadcast_id],
                horizons=self._horizons,
            )
            changes = reconcile(broadcast, evidence)
            self._learn_tag(changes, read)
            return changes

        await self._recorder.update(broadcast_id, decide)

    def _accounts(self, broadcast: Broadcast) -> set[str]:
        fresh = self._clock.now() - broadcast.created < VERIFY_REFUSALS
        return {
            line.account
            for line in broadcast.lines
            if (line.state in LIVE and line.state is not LineState.SENDING)
            or (fresh and line.state is LineState.REFUSED)
        }

    def _bound(self) -> dict[str, set[str]]:
        bound: dict[str, set[str]] = {}
        for broadcast in self._book.snapshot.broadcasts.values():
            for line in broadcast.lines:
                if line.order_id is not None:
                    bound.setdefault(line.account, set()).add(line.order_id)
        return bound

    def _learn_tag(self, changes: Iterable[Change], read: OrdersRead) -> None:
        """Remember the tag of an order whose id came in an answer and whose look was verified."""
        if self._memory.tag is not None:
            return
        by_id = {order.order_id: order for order in read.orders}
        for change in changes:
            order = by_id.get(change.line.order_id or "")
            if order is not None and order.tag and change.line.acked_ns is not None:
                self._memory.tag = order.tag
                return
