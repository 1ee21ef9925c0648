"""How many broadcasts went before and how large they were, at hand without a read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from swimdesk.desk.book import Book
from swimdesk.desk.ports import BroadcastSize, Clock, Journal
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import Effect, LineState
from swimdesk.domain.plan import PlannedLine
from swimdesk.domain.risk import BroadcastFacts, RiskLimits
from swimdesk.domain.risk.broadcasts import COMPARED

NEVER_LEFT = frozenset({LineState.DENIED, LineState.SKIPPED, LineState.NOT_SENT})
"""States of lines that were never an order."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class Pace:
    """Remember the broadcasts of the last day for the checks of the next one."""

    def __init__(self, journal: Journal, book: Book, clock: Clock, limits: RiskLimits) -> None:
        self._journal = journal
        self._book = book
        self._clock = clock
        self._limits = limits
        self._sizes: deque[BroadcastSize] = deque(
            maxlen=max(COMPARED, limits.broadcasts_per_day, limits.broadcasts_per_minute)
        )
        """Oldest first."""
        self._seed: int | None = None
        """The largest so far."""

    async def load(self) -> None:
        """Learn what earlier processes of this home sent."""
        newest = await self._journal.sizes(self._sizes.maxlen or COMPARED)
        self._sizes.extend(reversed(newest))
        self._seed = await self._journal.last_seed()

    def opened(self, broadcast: Broadcast) -> None:
        """Count a broadcast that was written down."""
        self._sizes.append(BroadcastSize(broadcast.created, broadcast.notional))
        self._seed = max(self._seed or 0, broadcast.seed)

    def next_seed(self) -> int:
        """Return the seed of the next broadcast: one more than any that was written down."""
        return 0 if self._seed is None else self._seed + 1

    def beside(self, facts: BroadcastFacts, lines: Sequence[PlannedLine]) -> BroadcastFacts:
        """Add what went before to the facts of a broadcast of these lines."""
        now = self._clock.now()
        # What sells holdings costs nothing, and says nothing of how large a usual order is.
        known = [one.notional for one in reversed(self._sizes) if one.notional]
        return replace(
            facts,
            earlier=tuple(known[:COMPARED]),
            alike_age_s=self._alike_age_s(lines, now),
            last_minute=self._since(now - _MINUTE),
            last_day=self._since(now - _DAY),
            closes=all(line.ticket.effect is Effect.CLOSE for line in lines),
        )

    def _since(self, moment: datetime) -> int:
        return sum(one.created > moment for one in self._sizes)

    def _alike_age_s(self, lines: Iterable[PlannedLine], now: datetime) -> int | None:
        """Return how long ago the same orders left for the same accounts, if they did lately."""
        window = timedelta(seconds=self._limits.broadcast_repeat_window_s)
        orders = {line.account: line.body_hash for line in lines if line.body_hash}
        ages = [
            (now - broadcast.created) // timedelta(seconds=1)
            for broadcast in self._book.snapshot.broadcasts.values()
            if now - broadcast.created < window and _is_alike(broadcast, orders)
        ]
        return min(ages, default=None)


def _is_alike(broadcast: Broadcast, orders: Mapping[str, str]) -> bool:
    """Tell whether exactly these orders left; the first that differs is enough to say no."""
    alike = 0
    for line in broadcast.lines:
        if line.body_hash and line.state not in NEVER_LEFT:
            if orders.get(line.account) != line.body_hash or line.has_closed_nothing:
                return False
            alike += 1
    return alike == len(orders)
