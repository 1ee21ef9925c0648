"""Which reads and which orders the decisions about our lines rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.ports import BrokerOrder, OrderKey
from swimdesk.desk.reconciler import accounts_to_search, listed_since
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import TERMINAL, LineState


def unverified(broadcasts: Iterable[Broadcast]) -> frozenset[str]:
    """Return the refs of lines, and of replacements, that have left and were not seen yet."""
    lines = [line for broadcast in broadcasts for line in broadcast.lines]
    orders = {line.ref for line in lines if line.state in UNVERIFIED}
    return frozenset(orders | {ref for line in lines if (ref := _unseen_replacement(line))})


def needed_by(broadcasts: Iterable[Broadcast]) -> Callable[[BrokerOrder], bool]:
    """Return what tells whether an order is one of these lines', or may be."""
    ours: set[OrderKey] = set()
    searched: dict[str, datetime] = {}
    for broadcast in broadcasts:
        since = listed_since(broadcast)
        accounts = accounts_to_search(broadcast)
        ours |= {(line.account, id_) for line in broadcast.lines for id_ in line.order_ids}
        searched |= {one: min(since, searched.get(one, since)) for one in accounts}

    def is_needed(order: BrokerOrder) -> bool:
        earliest = searched.get(order.account)
        is_candidate = earliest is not None and order.entered >= earliest
        return is_candidate or (order.account, order.order_id) in ours

    return is_needed


def counts_since(broadcast: Broadcast) -> datetime | None:
    """Return since when reads count for what is decided about a line; None where none counts.

    An order that rests for weeks, followed by its id, needs none of the reads of those weeks.
    """
    moments = []
    for line in broadcast.lines:
        asked = line.replacement
        if asked is not None and line.state not in TERMINAL:
            moments.append(asked.asked)
        elif line.state in UNVERIFIED or is_unpriced(line):
            moments.append(broadcast.created)
    return min(moments, default=None)


def _unseen_replacement(line: Line) -> str | None:
    """Return the ref of a replacement whose request is over, answered or given up."""
    asked = line.replacement if line.is_being_replaced else None
    is_over = asked is not None and (asked.taken or line.state is not LineState.REPLACING)
    return asked.ref if asked is not None and is_over else None


def is_unpriced(line: Line) -> bool:
    """Tell whether the broker said filled and has not yet said at what price."""
    return line.state in TERMINAL and line.filled > 0 and line.average is None
