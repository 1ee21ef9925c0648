"""What the broker's order lists showed, written down before anything is decided by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.ports import BrokerOrder, Clock, Journal, OrdersRead, ReadScope, ReadToKeep
from swimdesk.errors import StoreError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

REMEMBERED: Final = timedelta(days=1)
"""Orders entered longer ago are not named among those known before a broadcast."""

FRESH: Final = timedelta(seconds=15)
"""An account whose list was read so lately need not be read again before a plan is made."""


PAST: Final = 2 * REMEMBERED
"""An order that ended longer ago is written down only where a line of ours may need it."""


def nothing(_: BrokerOrder) -> bool:
    """Need no order that ended long ago."""
    return False


@dataclass(frozen=True, slots=True)
class _Seen:
    """An order as it was last seen, and the number of that observation."""

    order: BrokerOrder
    number: int


@dataclass(frozen=True, slots=True)
class _Last:
    """The latest read of a set of accounts that is written out in full."""

    number: int
    shown: frozenset[int]


class ReadLog:
    """Keep reads: every order as often as it changed, every read with what it covered."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._seen: dict[str, dict[str, _Seen]] = {}
        """By account and order id."""
        self._last: dict[tuple[frozenset[str], bool], _Last] = {}
        self._read_at: dict[str, datetime] = {}

    async def keep(
        self,
        read: OrdersRead,
        began: datetime,
        asked: frozenset[str] = frozenset(),
        needs: Callable[[BrokerOrder], bool] = nothing,
        steady_ns: int | None = None,
    ) -> tuple[ReadScope, int | None]:
        """Write a read down; without a number where that failed: what it shows is true even so.

        Orders that ended long ago are left out unless ``needs`` says otherwise: the lists of weeks
        would be written again and again.
        """
        scope = ReadScope.of(read, began, asked, steady_ns)
        past = self._clock.now() - PAST
        orders = [order for order in read.orders if not _is_past(order, past) or needs(order)]
        fresh = tuple(order for order in orders if self._is_new(order))
        known = self._numbers(orders, fresh)
        last = self._last.get((read.accounts, read.complete))
        repeats = last is not None and not fresh and last.shown == known
        if repeats and last is not None:
            to_keep = ReadToKeep(scope, same_as=last.number)
        else:
            to_keep = ReadToKeep(scope, tuple(sorted(known)), fresh)
        try:
            kept = await self._journal.keep_read(to_keep)
        except StoreError as e:
            log.error("desk.read_not_kept", error=e.detail)
            return scope, None
        for order, number in zip(fresh, kept.observations, strict=True):
            self._seen.setdefault(order.account, {})[order.order_id] = _Seen(order, number)
        if not repeats:
            shown = known | frozenset(kept.observations)
            self._last[read.accounts, read.complete] = _Last(kept.number, shown)
        if read.complete:
            self._read_at |= dict.fromkeys(read.accounts, began)
        self._forget(lambda order: _is_past(order, past) and not needs(order))
        return scope, kept.number

    async def scopes_since(self, moment: datetime) -> tuple[ReadScope, ...]:
        """Return what the reads since then covered, those of earlier processes included."""
        return await self._journal.scopes_since(moment)

    def known(self, accounts: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return by account the orders that were seen there."""
        since = self._clock.now() - REMEMBERED
        return {
            account: tuple(id_ for id_, seen in orders.items() if _is_of(seen, since))
            for account, orders in self._seen.items()
            if account in accounts
        }

    def stale(self, accounts: Collection[str]) -> list[str]:
        """Return those of the accounts whose list was not read lately."""
        earliest = self._clock.now() - FRESH
        return [a for a in accounts if a not in self._read_at or self._read_at[a] < earliest]

    def _seen_of(self, order: BrokerOrder) -> _Seen | None:
        return self._seen.get(order.account, {}).get(order.order_id)

    def _is_new(self, order: BrokerOrder) -> bool:
        seen = self._seen_of(order)
        return seen is None or seen.order != order

    def _numbers(
        self, orders: Sequence[BrokerOrder], fresh: Collection[BrokerOrder]
    ) -> frozenset[int]:
        new = {(order.account, order.order_id) for order in fresh}
        known = [self._seen_of(o) for o in orders if (o.account, o.order_id) not in new]
        return frozenset(seen.number for seen in known if seen is not None)

    def _forget(self, is_over: Callable[[BrokerOrder], bool]) -> None:
        for account, orders in self._seen.items():
            if any(is_over(seen.order) for seen in orders.values()):
                self._seen[account] = {
                    id_: seen for id_, seen in orders.items() if not is_over(seen.order)
                }


def _is_of(seen: _Seen, since: datetime) -> bool:
    """Tell whether an order was entered since then, or was still at work when it was last seen."""
    return seen.order.entered >= since or seen.order.closed is None


def _is_past(order: BrokerOrder, since: datetime) -> bool:
    """Tell whether an order had ended before that time."""
    return order.closed is not None and order.closed < since
