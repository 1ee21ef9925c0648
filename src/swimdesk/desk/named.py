"""Orders that an answer named and that no list shows, asked for by their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from swimdesk.desk.evidence import Evidence, Horizons
from swimdesk.desk.ports import Broker, BrokerOrder, OrderKey, OrdersRead
from swimdesk.desk.reconciler import named_but_unlisted
from swimdesk.domain.broadcast import Broadcast
from swimdesk.errors import why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

AT_ONCE: Final = 4
"""So many are asked for at once beside one read: each is a request of its own."""


class NamedOrders:
    """Complete a read by orders that it should show by now, were they as the answers said."""

    def __init__(self, broker: Broker, horizons: Horizons) -> None:
        self._broker = broker
        self._horizons = horizons

    async def completed(
        self, read: OrdersRead, broadcasts: Iterable[Broadcast], steady_ns: int
    ) -> OrdersRead:
        """Return the read with what the broker has of them, and what it says it does not have.

        What could not be asked is neither.
        """
        evidence = Evidence(read, read.until, {}, horizons=self._horizons, steady_ns=steady_ns)
        keys = dict.fromkeys(
            key for broadcast in broadcasts for key in named_but_unlisted(broadcast, evidence)
        )
        if not keys:
            return read
        asked = list(keys)[:AT_ONCE]
        answers = await asyncio.gather(*(self._asked(key) for key in asked))
        found = [order for answer in answers for order in answer or ()]
        unknown = [key for key, answer in zip(asked, answers, strict=True) if answer == ()]
        return replace(read, orders=(*read.orders, *found), unknown=frozenset(unknown))

    async def _asked(self, key: OrderKey) -> tuple[BrokerOrder, ...] | None:
        """Return the order of that id, nothing where there is none, None where nobody knows."""
        account, order_id = key
        try:
            order = await self._broker.order(account, order_id)
        except Exception as e:  # noqa: BLE001 - one order must not stop the news of all others
            log.warning("orders.named_not_read", account=account, error=why_not_read(e).detail)
            return None
        if order is None:
            return ()
        return (order,) if order.account == account else None
