"""Order lists: what the broker's answers say, and for which accounts they may be believed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from swimdesk.desk.ports import BrokerOrder, Clock, OrdersRead
from swimdesk.errors import InputError, ProtocolDrift, SwimdeskError, why_not_read
from swimdesk.schwab.built import BuiltOrders
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory, Entry, by_login, rows
from swimdesk.schwab.documents import Documents
from swimdesk.schwab.reads import Reader, broker_errors
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

log = get_log(__name__)

ORDERS_PATH: Final = "/trader/v1/orders"
MAX_RESULTS: Final = 3000
LONGEST_LOOK_BACK: Final = timedelta(days=59)
SLICE: Final = 100
"""So many rows are built (about 8 ms) before the loop gets its turn."""
ACCOUNTS_AT_ONCE: Final = 4
_AHEAD: Final = timedelta(seconds=60)
_FULL: Final = "orders: a full page may hide more of them"
_ORDER_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Listed:
    """Orders of an answer, and the accounts whose orders are all among them."""

    orders: tuple[BrokerOrder, ...]
    covered: frozenset[str]
    is_full: bool = False
    """Whether the page was full, so that it may hide orders of every account."""
    failure: SwimdeskError | None = None
    """Why an account is not covered."""


class OrderLists:
    """Read orders: lists by login, by account where a login's page is full, and single ones."""

    def __init__(self, reader: Reader, directory: Directory, clock: Clock, key: Secret) -> None:
        """``key`` is for the digests that stand for account numbers in kept documents."""
        self._reader = reader
        self._directory = directory
        self._clock = clock
        self._built = BuiltOrders(reader.offset, Documents(key, directory.hash_of))
        self._turns = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def read(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """Read the order lists of these accounts since then; a failing login raises nothing."""
        now = self._clock.now()
        start = max(since, now - LONGEST_LOOK_BACK)
        entries, missing = await self._directory.entries_at_hand(accounts)
        groups = by_login(entries)
        lists = await _what_came(
            {login: self._of_login(login, group, start) for login, group in groups.items()}
        )
        covered = frozenset(alias for one in lists for alias in one.covered)
        failures = [failure for failure in (missing, *(x.failure for x in lists)) if failure]
        return OrdersRead(
            accounts=covered,
            since=start,
            until=now,
            orders=tuple(order for one in lists for order in one.orders),
            complete=covered == set(accounts),
            failure=failures[0] if failures else None,
        )

    async def one(self, account: str, order_id: str) -> BrokerOrder | None:
        """Read one order, however old; None when the broker itself says that there is none."""
        if not _ORDER_ID.fullmatch(order_id):
            raise InputError(f"{order_id[:30]!r} is not an order id of the broker")
        with broker_errors():
            (entry,) = await self._directory.entries([account])
            path = f"{_orders_path(entry)}/{order_id}"
            reply = await self._reader.read(entry.account.login, path)
        if reply.is_unknown:
            return None
        row = reply.document("an order")
        number = row.get("accountNumber") if isinstance(row, dict) else None
        if number is not None and str(number) != entry.number:
            raise ProtocolDrift(f"order {order_id} was shown for {account} but is another's")
        nodes = {one.order_id: one for one in self._built.of(row, account)}
        if order_id not in nodes:
            raise ProtocolDrift(f"the broker showed another order for {order_id}")
        return nodes[order_id]

    async def _of_login(self, login: str, entries: Sequence[Entry], since: datetime) -> Listed:
        """Read one list for all accounts of a login; one for each where that is full."""
        page = await self._page(login, ORDERS_PATH, entries, since)
        if not page.is_full:
            return page
        log.warning("broker.list_is_full", login=login, accounts=len(entries))
        parts = await _what_came(
            {entry.account.alias: self._of_account(entry, since) for entry in entries}
        )
        # The later read first: an order that is in both is taken from it.
        return _joined([*parts, replace(page, failure=None)])

    async def _of_account(self, entry: Entry, since: datetime) -> Listed:
        async with self._turns:
            return await self._page(entry.account.login, _orders_path(entry), [entry], since)

    async def _page(
        self, login: str, path: str, entries: Iterable[Entry], since: datetime
    ) -> Listed:
        by_broker = self._reader.offset.to_broker
        params = {
            "fromEnteredTime": query_time(by_broker(since)),
            "toEnteredTime": query_time(by_broker(self._clock.now() + _AHEAD)),
            "maxResults": str(MAX_RESULTS),
        }
        document = await self._reader.get(login, path, "orders", params)
        aliases = frozenset(entry.account.alias for entry in entries)
        return await listed(rows(document, "orders"), aliases, self._directory, self._built)


def query_time(moment: datetime) -> str:
    """Return a time as the broker's queries want it: ``2026-03-02T14:30:00.000Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


async def listed(
    page: Sequence[Any], accounts: Collection[str], directory: Directory, built: BuiltOrders
) -> Listed:
    """Sort a list by account; orders of accounts that were not asked for are dropped.

    A full page may hide more orders, an order that cannot be read hides itself, one that does not
    say whose it is may be anybody's: the accounts concerned are then not covered.
    """
    is_full = len(page) >= MAX_RESULTS
    covered = set() if is_full else set(accounts)
    failure: SwimdeskError | None = ProtocolDrift(_FULL) if is_full else None
    found: dict[str, BrokerOrder] = {}
    for place, row in enumerate(page, 1):
        if place % SLICE == 0:
            await asyncio.sleep(0)
        number = row.get("accountNumber") if isinstance(row, dict) else None
        if number is None:
            failure = ProtocolDrift("orders: one does not say whose it is")
            covered.clear()
            continue
        entry = directory.by_number(str(number))
        if entry is None or entry.account.alias not in accounts:
            continue
        try:
            nodes = built.of(row, entry.account.alias)
        except ProtocolDrift as error:
            log.warning("broker.order_not_read", account=entry.account.alias, reason=error.detail)
            failure = error
            covered.discard(entry.account.alias)
            continue
        for order in nodes:
            # A node may be listed by itself and within its tree.
            found.setdefault(order.order_id, order)
    return Listed(tuple(found.values()), frozenset(covered), is_full, failure)


async def _what_came(reads: Mapping[str, Awaitable[Listed]]) -> list[Listed]:
    """Return the lists by login or account; one that could not be read is empty and says why."""
    results = await asyncio.gather(*reads.values(), return_exceptions=True)
    lists = []
    for name, result in zip(reads, results, strict=True):
        if isinstance(result, BaseException):
            failure = why_not_read(result)
            log.warning("broker.orders_not_read", of=name, reason=failure.detail)
            lists.append(Listed((), frozenset(), failure=failure.with_traceback(None)))
        else:
            lists.append(result)
    return lists


def _joined(lists: Iterable[Listed]) -> Listed:
    found: dict[str, BrokerOrder] = {}
    covered: set[str] = set()
    failure: SwimdeskError | None = None
    for one in lists:
        covered |= one.covered
        failure = failure or one.failure
        for order in one.orders:
            found.setdefault(order.order_id, order)
    return Listed(tuple(found.values()), frozenset(covered), failure=failure)


def _orders_path(entry: Entry) -> str:
    return f"{ACCOUNTS_PATH}/{entry.hash}/orders"
