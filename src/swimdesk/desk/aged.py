"""Open orders that no list shows, for their age or for good, followed by their ids."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.ports import Broker, Clock, OrderKey, OrdersRead
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import OPEN
from swimdesk.errors import why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

LISTED_FOR: Final = timedelta(days=58)
"""Orders younger than this stand in the broker's lists, which reach back 59 days."""

AT_ONCE: Final = 4
"""So many are read in one round: each is a request of its own."""

EVERY: Final = timedelta(minutes=2)
"""No order is read by its id more often than this."""


class AgedOrders:
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
        unlisted = self._unlisted(broadcasts, whole)
        aged = {k: b for k, b in unlisted if k[0] in accounts and k not in listed}
        self._read_at = {key: at for key, at in self._read_at.items() if key in aged}
        latest = self._clock.now() - EVERY
        due = [key for key in aged if self._read_at.get(key, latest) <= latest]
        due.sort(key=lambda key: self._read_at.get(key, latest - EVERY))
        reads = []
        for key in due[:AT_ONCE]:
            now = self._read_at[key] = self._clock.now()
            try:
                order = await self._broker.order(*key)
            except Exception as e:  # noqa: BLE001 - one order must not stop the news of all others
                log.warning("orders.aged_not_read", account=key[0], error=why_not_read(e).detail)
                continue
            if order is not None and order.account == key[0]:
                read = OrdersRead(frozenset({key[0]}), now, now, (order,), complete=False)
                reads.append((aged[key], read))
        return reads

    def _unlisted(
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
