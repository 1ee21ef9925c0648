"""Order lists: what one login's answer says, and for which accounts it may be believed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from swimdesk.desk.ports import BrokerOrder
from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.directory import Directory
from swimdesk.schwab.mapping import broker_orders
from swimdesk.schwab.wire import WireOrder, read_as
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

MAX_RESULTS: Final = 3000


@dataclass(frozen=True, slots=True)
class Listed:
    """Orders of one login, and the accounts whose orders are all among them."""

    orders: tuple[BrokerOrder, ...]
    covered: frozenset[str]


def query_time(moment: datetime) -> str:
    """Return a time as the broker's queries want it: ``2026-03-02T14:30:00.000Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def listed(rows: list[Any], accounts: Collection[str], directory: Directory) -> Listed:
    """Sort a login's list by account; orders of accounts that were not asked for are dropped.

    A full page may hide more orders, an order that cannot be read hides itself, one that does not
    say whose it is may be anybody's: the accounts concerned are then not covered.
    """
    covered = set(accounts) if len(rows) < MAX_RESULTS else set()
    found: dict[str, BrokerOrder] = {}
    for row in rows:
        number = row.get("accountNumber") if isinstance(row, dict) else None
        if number is None:
            return Listed(tuple(found.values()), frozenset())
        entry = directory.by_number(str(number))
        if entry is None or entry.account.alias not in accounts:
            continue
        try:
            nodes = broker_orders(read_as(WireOrder, row, "an order"), entry.account.alias)
        except ProtocolDrift as error:
            log.warning("broker.order_not_read", account=entry.account.alias, reason=error.detail)
            covered.discard(entry.account.alias)
            continue
        for order in nodes:
            # A node may be listed by itself and within its tree.
            found.setdefault(order.order_id, order)
    return Listed(tuple(found.values()), frozenset(covered))
