"""What a complete read of the broker's lists says about our lines; pure, so it can be replayed.

Rules (reliability 3.5): an id is bound only when the order behind it looks like what was sent; a
line without an id is bound only to a single candidate, and only after the horizon, because our own
order may still appear beside a twin; several candidates are a conflict for a person to decide;
a missing order proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.executions import fill_of
from swimdesk.domain.orders import TERMINAL, Doubt, LineState, may_move

CLOCK_MARGIN = timedelta(seconds=5)
"""How far the broker's one-second stamps and clock may lie before our own send time."""

READS_FOR_ABSENCE = 5

_STATES: dict[BrokerOrderState, LineState] = {
    BrokerOrderState.WORKING: LineState.WORKING,
    BrokerOrderState.UNRECOGNISED: LineState.WORKING,
    BrokerOrderState.CANCELING: LineState.CANCELING,
    BrokerOrderState.REPLACING: LineState.REPLACING,
    BrokerOrderState.FILLED: LineState.FILLED,
    BrokerOrderState.CANCELED: LineState.CANCELED,
    BrokerOrderState.REJECTED: LineState.REJECTED,
    BrokerOrderState.EXPIRED: LineState.EXPIRED,
    BrokerOrderState.REPLACED: LineState.REPLACED,
}

_SHOULD_NOT_EXIST = frozenset({LineState.REFUSED, LineState.NOT_SENT})
_MAY_STILL_FILL = TERMINAL - _SHOULD_NOT_EXIST - {LineState.DENIED, LineState.SKIPPED}


@dataclass(frozen=True, slots=True)
class Horizons:
    """How long to wait before one look-alike is taken, and before absence is thought likely."""

    bind: timedelta = timedelta(seconds=60)
    absent: timedelta = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A read and what else is known when it is judged."""

    read: OrdersRead
    now: datetime
    bound: Mapping[str, Collection[str]]
    """Order ids per account that belong to lines already."""
    tag: str | None = None
    """How the broker marks orders of our application, once learnt from a verified order."""
    reads_since_sent: int = 0
    horizons: Horizons = field(default_factory=Horizons)


def reconcile(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
    """Judge every line of a broadcast that this read covers; unchanged lines are left out."""
    changes = []
    for line in broadcast.lines:
        if line.account not in evidence.read.accounts:
            continue
        change = _judge(broadcast, line, evidence)
        if change is not None and (change.line != line or change.executions):
            changes.append(change)
    return changes


def _judge(broadcast: Broadcast, line: Line, evidence: Evidence) -> Change | None:
    orders = [o for o in evidence.read.orders if o.account == line.account]
    if line.order_id is not None:
        found = next((o for o in orders if o.order_id == line.order_id), None)
        return (
            _missing(broadcast, line, orders, evidence) if found is None else _follow(line, found)
        )
    if line.state is LineState.IN_DOUBT:
        return _search(broadcast, line, orders, evidence)
    if line.state in _SHOULD_NOT_EXIST and line.fingerprint is not None:
        return _contradict(broadcast, line, orders, evidence)
    return None


def _missing(
    broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
) -> Change | None:
    """Doubt an id from an answer that no list shows, once another order looks like this line.

    A fresh order may be invisible for seconds, so absence alone waits for the horizon.
    """
    if line.state is not LineState.ACCEPTED:
        return None
    age = evidence.now - sent_at(broadcast, line)
    if age < evidence.horizons.bind and not candidates(broadcast, line, orders, evidence):
        return None
    reason = f"the answer named order {line.order_id}, which is not listed; looking for ours"
    return Change(
        replace(line, state=LineState.IN_DOUBT, doubt=Doubt.PROBABLE, order_id=None, reason=reason)
    )


def _follow(line: Line, order: BrokerOrder) -> Change | None:
    """Bring a line up to date with the order it is bound to."""
    if line.state in (LineState.ACCEPTED, LineState.IN_DOUBT) and not _is_ours(line, order):
        return Change(_unbound(line, order))
    moved = updated(line, order)
    if line.state in TERMINAL and moved.filled <= line.filled:
        return None
    if line.state in _MAY_STILL_FILL and moved.filled > line.filled:
        moved = replace(moved, state=LineState.FILLED)
    return Change(moved, order.executions) if may_move(line.state, moved.state) else None


def _is_ours(line: Line, order: BrokerOrder) -> bool:
    return order.fingerprint is not None and order.fingerprint == line.fingerprint


def _unbound(line: Line, order: BrokerOrder) -> Line:
    """Take back an id whose order is not what was sent (the broker named another one)."""
    return replace(
        line,
        state=LineState.IN_DOUBT,
        doubt=Doubt.UNKNOWN,
        order_id=None,
        reason=f"the answer named order {order.order_id}, which is not what was sent;"
        " looking for ours",
    )


def updated(line: Line, order: BrokerOrder) -> Line:
    """Return the line as the broker's order shows it: state, fills, reason."""
    fill = fill_of(line.ticket, order.executions)
    units = fill.units if order.executions else int(order.filled)
    state = _STATES[order.state]
    if state is LineState.WORKING and units:
        state = LineState.PARTIAL
    reason = order.reason
    if order.state is BrokerOrderState.UNRECOGNISED:
        reason = f"the broker reports {order.raw_status}, which this program does not know"
    return replace(
        line,
        state=state,
        doubt=None,
        accepted=True,
        order_id=order.order_id,
        filled=units,
        average=fill.average if units else None,
        reason=reason,
    )


def _search(
    broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
) -> Change | None:
    found = candidates(broadcast, line, orders, evidence)
    age = evidence.now - sent_at(broadcast, line)
    if len(found) > 1:
        ids = ", ".join(order.order_id for order in found)
        return Change(_doubtful(line, Doubt.CONFLICT, f"orders {ids} all look like this one"))
    if len(found) == 1:
        if age < evidence.horizons.bind:
            text = f"probably order {found[0].order_id}; not certain before the horizon is over"
            return Change(_doubtful(line, Doubt.PROBABLE, text))
        return Change(updated(line, found[0]), found[0].executions)
    if age >= evidence.horizons.absent and evidence.reads_since_sent >= READS_FOR_ABSENCE:
        text = "no order like this one is listed; it probably never arrived, a person decides"
        return Change(_doubtful(line, Doubt.ABSENT_CANDIDATE, text))
    return None


def _doubtful(line: Line, doubt: Doubt, text: str) -> Line:
    return replace(line, doubt=doubt, reason=text)


def _contradict(
    broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
) -> Change | None:
    found = candidates(broadcast, line, orders, evidence)
    if not found:
        return None
    text = f"was {line.state}, yet order {found[0].order_id} looks like it"
    return Change(line.moved(LineState.IN_DOUBT, doubt=Doubt.CONFLICT, reason=text))


def candidates(
    broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
) -> list[BrokerOrder]:
    """Return the orders that may be this line: same look, same time, nobody else's."""
    earliest = sent_at(broadcast, line).replace(microsecond=0) - CLOCK_MARGIN
    taken = evidence.bound.get(line.account, ())
    return [
        order
        for order in orders
        if order.order_id not in taken
        and order.entered >= earliest
        and _is_ours(line, order)
        and (evidence.tag is None or order.tag is None or order.tag == evidence.tag)
    ]


def sent_at(broadcast: Broadcast, line: Line) -> datetime:
    """Return the wall time at which the line left; the broadcast's own where that is unknown."""
    return broadcast.created + timedelta(microseconds=(line.sent_ns or 0) / 1000)
