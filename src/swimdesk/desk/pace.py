"""How many broadcasts went before and how large they were, at hand without a read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from swimdesk.desk.book import Book
from swimdesk.desk.ports import BroadcastSize, Clock, Journal
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import LineState
from swimdesk.domain.plan import PlannedLine, digest
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

    async def load(self) -> None:
        """Learn what earlier processes of this home sent."""
        newest = await self._journal.sizes(self._sizes.maxlen or COMPARED)
        self._sizes.extend(reversed(newest))

    def opened(self, broadcast: Broadcast) -> None:
        """Count a broadcast that was written down."""
        self._sizes.append(BroadcastSize(broadcast.created, broadcast.notional))

    def beside(self, facts: BroadcastFacts, lines: Iterable[PlannedLine]) -> BroadcastFacts:
        """Add what went before to the facts of a broadcast of these lines."""
        now = self._clock.now()
        known = [one.notional for one in reversed(self._sizes) if one.notional is not None]
        return replace(
            facts,
            earlier=tuple(known[:COMPARED]),
            alike_age_s=self._alike_age_s(digest(lines), now),
            last_minute=self._since(now - _MINUTE),
            last_day=self._since(now - _DAY),
        )

    def _since(self, moment: datetime) -> int:
        return sum(one.created > moment for one in self._sizes)

    def _alike_age_s(self, look: str, now: datetime) -> int | None:
        """Return how long ago the same orders left for the same accounts, if they did lately."""
        window = timedelta(seconds=self._limits.broadcast_repeat_window_s)
        ages = [
            (now - broadcast.created) // timedelta(seconds=1)
            for broadcast in self._book.snapshot.broadcasts.values()
            if now - broadcast.created < window and _look(broadcast) == look
        ]
        return min(ages, default=None)


def _look(broadcast: Broadcast) -> str:
    return digest(line for line in broadcast.lines if line.state not in NEVER_LEFT)
