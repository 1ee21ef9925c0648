"""Open orders that no list shows, for their age or for good, followed by their ids."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.by_id import asked_for
from swimdesk.desk.ports import Broker, Clock, OrderKey, OrdersRead
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import OPEN

LISTED_FOR: Final = timedelta(days=58)
"""Orders younger than this stand in the broker's lists, which reach back 59 days."""

AT_ONCE: Final = 4
"""So many are read in one round: each is a request of its own."""

EVERY: Final = timedelta(minutes=2)
"""No order is read by its id more often than this."""


class UnlistedOrders:
    """Read open orders that no list shows, a few at a time and each in its turn."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._read_at: dict[OrderKey, datetime] = {}

    async def read(
        self,
        broadcasts: Iterable[Broadcast],
        accounts: Container[str],
        whole: Container[str],
        listed: Collection[OrderKey],
    ) -> list[tuple[Broadcast, OrdersRead]]:
        """Return what those of these accounts that are due show; the rest is left for later.

        ``whole`` are the accounts whose lists were read completely: they should show younger
        orders too. Each is told as a read that is not complete: it proves nothing of any other
        order.
        """
        wanted = self._wanted(broadcasts, whole)
        unlisted = {k: b for k, b in wanted if k[0] in accounts and k not in listed}
        self._read_at = {key: at for key, at in self._read_at.items() if key in unlisted}
        latest = self._clock.now() - EVERY
        due = [key for key in unlisted if self._read_at.get(key, latest) <= latest]
        due.sort(key=lambda key: self._read_at.get(key, latest - EVERY))
        reads = []
        for key in due[:AT_ONCE]:
            now = self._read_at[key] = self._clock.now()
            if found := await asked_for(self._broker, key):
                read = OrdersRead(frozenset({key[0]}), now, now, found, complete=False)
                reads.append((unlisted[key], read))
        return reads

    def _wanted(
        self, broadcasts: Iterable[Broadcast], whole: Container[str]
    ) -> Iterator[tuple[OrderKey, Broadcast]]:
        youngest = self._clock.now() - LISTED_FOR
        for broadcast in broadcasts:
            is_aged = broadcast.created < youngest
            for line in broadcast.lines:
                if line.state not in OPEN or line.order_id is None:
                    continue
                # Whether a fresh one is what was sent, or was replaced, is for whole lists to say.
                is_followed = line.state not in UNVERIFIED and not line.is_being_replaced
                if is_aged or (is_followed and line.account in whole):
                    yield (line.account, line.order_id), broadcast
