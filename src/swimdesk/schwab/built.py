"""The broker's order rows as the desk's orders: built once, and again only when a row changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from swimdesk.desk.ports import BrokerOrder
from swimdesk.schwab.documents import Documents
from swimdesk.schwab.mapping import broker_orders
from swimdesk.schwab.skew import Offset
from swimdesk.schwab.wire import WireOrder, read_as

KEPT_ROWS: Final = 4000
"""About 7 kB each; a day of 48 busy accounts has fewer."""


@dataclass(frozen=True, slots=True)
class _Built:
    """What was made of a row, and what else it depends on."""

    row: Any = field(repr=False)
    account: str
    ahead: timedelta
    orders: tuple[BrokerOrder, ...]


class BuiltOrders:
    """Orders by the rows they come from, their times by our clock; the latest rows are kept."""

    def __init__(self, offset: Offset, documents: Documents, limit: int = KEPT_ROWS) -> None:
        self._offset = offset
        self._documents = documents
        self._limit = limit
        self._kept: dict[int | str, _Built] = {}

    def of(self, row: Any, account: str) -> tuple[BrokerOrder, ...]:  # noqa: ANN401 - parsed JSON
        """Return an order and the nodes of its tree; ProtocolDrift if the row cannot be read."""
        key = row.get("orderId") if isinstance(row, dict) else None
        if not isinstance(key, int | str):
            return self._build(row, account)
        ahead = self._offset.estimate
        built = self._kept.pop(key, None)
        if built is None or (built.account, built.ahead) != (account, ahead) or built.row != row:
            built = _Built(row, account, ahead, self._build(row, account))
        self._kept[key] = built
        if len(self._kept) > self._limit:
            del self._kept[next(iter(self._kept))]
        return built.orders

    def _build(self, row: object, account: str) -> tuple[BrokerOrder, ...]:
        wire = read_as(WireOrder, row, "an order")
        document = self._documents.text(row)
        return tuple(
            replace(
                self._in_our_time(order),
                document=document if order.order_id == wire.order_id else "",
            )
            for order in broker_orders(wire, account)
        )

    def _in_our_time(self, order: BrokerOrder) -> BrokerOrder:
        ours = self._offset.to_ours
        closed = None if order.closed is None else ours(order.closed)
        return replace(order, entered=ours(order.entered), closed=closed)
