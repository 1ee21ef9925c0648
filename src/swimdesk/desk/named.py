"""Orders that an answer named and that no list shows, asked for by their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Container, Iterable
from dataclasses import replace
from typing import Final

from swimdesk.desk.by_id import asked_for
from swimdesk.desk.evidence import Evidence, Horizons
from swimdesk.desk.ports import Broker, OrderKey, OrdersRead
from swimdesk.desk.reconciler import named_but_unlisted
from swimdesk.domain.broadcast import Broadcast

AT_ONCE: Final = 4
"""So many are asked for at once beside one read: each is a request of its own."""


class NamedOrders:
    """Complete a read by orders that it should show by now, were they as the answers said."""

    def __init__(self, broker: Broker, horizons: Horizons) -> None:
        self._broker = broker
        self._horizons = horizons
        self._asked_ns: dict[OrderKey, int] = {}
        """When each was last asked for, while it is still to be."""

    async def completed(
        self, read: OrdersRead, broadcasts: Iterable[Broadcast], steady_ns: int
    ) -> OrdersRead:
        """Return the read with what the broker has of them, and what it says it does not have.

        What could not be asked is neither.
        """
        evidence = Evidence(read, read.until, {}, horizons=self._horizons, steady_ns=steady_ns)
        keys = [key for one in broadcasts for key in named_but_unlisted(one, evidence)]
        asked = self._in_turn(dict.fromkeys(keys), read.accounts, steady_ns)
        if not asked:
            return read
        answers = await asyncio.gather(*(asked_for(self._broker, key) for key in asked))
        found = [order for answer in answers for order in answer or ()]
        unknown = [key for key, answer in zip(asked, answers, strict=True) if answer == ()]
        return replace(read, orders=(*read.orders, *found), unknown=frozenset(unknown))

    def _in_turn(
        self, keys: Collection[OrderKey], accounts: Container[str], now_ns: int
    ) -> list[OrderKey]:
        """Return those that have waited longest: one that never comes to an end stops no other."""
        self._asked_ns = {
            key: at for key, at in self._asked_ns.items() if key in keys or key[0] not in accounts
        }
        asked = sorted(keys, key=lambda key: self._asked_ns.get(key, -1))[:AT_ONCE]
        self._asked_ns |= dict.fromkeys(asked, now_ns)
        return asked
