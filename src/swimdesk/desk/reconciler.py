"""What a complete read of the broker's lists says about our lines; pure, so it can be replayed.

Rules (reliability 3.4, 3.5): an id from an answer is followed once the order behind it is seen to
look like what was sent; a line without an id is bound only to a single candidate that nothing else
of ours may explain, by a complete read, and only after the horizon, because our own order may still
appear beside a twin; several candidates are a conflict for a person to decide; what cannot be
compared is never bound; a missing order proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from swimdesk.desk.following import UNVERIFIED, doubt_without_order, follow, updated
from swimdesk.desk.ports import BrokerOrder, OrdersRead
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState

CLOCK_MARGIN = timedelta(seconds=5)
"""How far the broker's one-second stamps and clock may lie before our own send time."""

READS_FOR_ABSENCE = 5
"""So many complete reads must have missed an order before its absence means anything."""

_SHOULD_NOT_EXIST = frozenset({LineState.REFUSED, LineState.NOT_SENT, LineState.ABSENT})
_UNEXPLAINED = UNVERIFIED | {LineState.SENDING}
"""Lines whose order may be in the list without being known as theirs."""


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
    ours: Mapping[str, Sequence[Line]]
    """Our lines of all broadcasts by account, at least for accounts with a line to search for."""
    tag: str | None = None
    """How the broker marks orders of our application, once learnt from a verified order."""
    reads: Mapping[str, int] = field(default_factory=dict)
    """Complete reads by line ref that began after the line had left, this one included."""
    horizons: Horizons = field(default_factory=Horizons)


def reconcile(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
    """Judge every line of a broadcast that this read covers; unchanged lines are left out."""
    listed: dict[str, list[BrokerOrder]] = {}
    for order in evidence.read.orders:
        listed.setdefault(order.account, []).append(order)
    changes = []
    for line in broadcast.lines:
        if line.account in evidence.read.accounts:
            case = _Case(broadcast, line, listed.get(line.account, []), evidence)
            change = _judge(case)
            if change is not None and change.line != line:
                changes.append(change)
    return changes


def could_show(broadcast: Broadcast, line: Line, read: OrdersRead, began: datetime) -> bool:
    """Tell whether the read would list this line's order if there were one.

    It would if it is complete for the account and was begun after the line had left.
    """
    return (
        read.complete
        and line.account in read.accounts
        and read.since <= sent_before(broadcast)
        and min(began, read.until) >= sent_at(broadcast, line)
    )


def sent_before(broadcast: Broadcast) -> datetime:
    """Return the earliest wall time, by the broker's clock, of any order of the broadcast."""
    return broadcast.created.replace(microsecond=0) - CLOCK_MARGIN


def sent_at(broadcast: Broadcast, line: Line) -> datetime:
    """Return the wall time at which the line had left at the latest."""
    return broadcast.created + timedelta(microseconds=(line.sent_ns or 0) / 1000)


def accounts_to_search(broadcast: Broadcast) -> frozenset[str]:
    """Return the accounts in which other lines of ours matter for what a line's order may be."""
    return frozenset(
        line.account
        for line in broadcast.lines
        if line.state in UNVERIFIED or line.state in _SHOULD_NOT_EXIST
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """One line before the list of its account."""

    broadcast: Broadcast
    line: Line
    orders: Sequence[BrokerOrder]
    evidence: Evidence

    @property
    def age(self) -> timedelta:
        return self.evidence.now - sent_at(self.broadcast, self.line)

    @property
    def is_over_horizon(self) -> bool:
        return self.age >= self.evidence.horizons.bind

    @property
    def is_missed_for_long(self) -> bool:
        """Whether this complete read, like enough before it, does not list the line's order."""
        reads = self.evidence.reads.get(self.line.ref, 0)
        return self.evidence.read.complete and reads >= READS_FOR_ABSENCE

    @property
    def latest(self) -> datetime:
        """When the broker may have entered the order at the latest, for all we expect."""
        return sent_at(self.broadcast, self.line) + self.evidence.horizons.bind + CLOCK_MARGIN


def _judge(case: _Case) -> Change | None:
    line = case.line
    if line.order_id is not None:
        found = next((o for o in case.orders if o.order_id == line.order_id), None)
        if found is not None:
            return _contradict(case, [found]) if _is_impossible(line) else follow(line, found)
        return _missing(case) if line.state in UNVERIFIED else None
    if line.state is LineState.IN_DOUBT:
        return _search(case)
    if _is_impossible(line) and (line.state is LineState.ABSENT or not case.is_over_horizon):
        alike = candidates(case.broadcast, line, case.orders, case.evidence)
        return _contradict(case, [order for order in alike if order.entered <= case.latest])
    return None


def _is_impossible(line: Line) -> bool:
    return line.state in _SHOULD_NOT_EXIST and line.fingerprint is not None


# --- an order id is known ----------------------------------------------------------------------


def _missing(case: _Case) -> Change | None:
    """Doubt an id from an answer that no list shows, once another order looks like this line.

    A fresh order may be invisible for seconds, so absence alone waits for the horizon.
    """
    line = case.line
    found = candidates(case.broadcast, line, case.orders, case.evidence)
    if not found and not (case.is_over_horizon and case.is_missed_for_long):
        return None
    return Change(
        replace(
            line,
            state=LineState.IN_DOUBT,
            doubt=doubt_without_order(line),
            order_id=None,
            reason=f"the answer named order {line.order_id}, which is not listed; looking for ours",
        )
    )


# --- no order id -------------------------------------------------------------------------------


def _search(case: _Case) -> Change | None:
    """Look for the order of a line in doubt; a conflict stays one until a person decides."""
    line = case.line
    if line.doubt is Doubt.CONFLICT:
        return None
    found = candidates(case.broadcast, line, case.orders, case.evidence)
    rivals = _rivals(case)
    if not found:
        return _absent(case)
    if len(found) > 1 or rivals:
        return Change(_in_conflict(line, found, rivals))
    reservation = _reservation(case, found[0])
    if reservation:
        text = f"probably order {found[0].order_id}; {reservation}"
        return Change(replace(line, doubt=Doubt.PROBABLE, reason=text))
    return Change(updated(line, found[0]), found[0].executions)


def _reservation(case: _Case, order: BrokerOrder) -> str:
    """Return why the only candidate is not taken for the line's order now; empty if it is."""
    if case.evidence.tag is not None and order.tag is None:
        return "it carries no mark of this program, a person decides"
    if order.entered > case.latest:
        return f"it was entered late, at {order.entered:%H:%M:%S} UTC, a person decides"
    if not case.is_over_horizon:
        return "not certain before the horizon is over"
    return "" if case.evidence.read.complete else "not certain before a complete read"


def _in_conflict(line: Line, found: Sequence[BrokerOrder], rivals: Sequence[Line]) -> Line:
    ids = " and ".join(order.order_id for order in found)
    if len(found) > 1:
        text = f"orders {ids} all look like this one; a person decides"
    else:
        text = f"order {ids} may be this one or that of {rivals[0].ref}; a person decides"
    return replace(line, doubt=Doubt.CONFLICT, reason=text)


def _absent(case: _Case) -> Change | None:
    """Think of absence only where nothing ever spoke for the order's existence."""
    if case.line.doubt not in (Doubt.UNKNOWN, Doubt.ABSENT_CANDIDATE) or case.line.accepted:
        return None
    if case.age < case.evidence.horizons.absent or not case.is_missed_for_long:
        return None
    text = "no order like this one is listed; it probably never arrived, a person decides"
    return Change(replace(case.line, doubt=Doubt.ABSENT_CANDIDATE, reason=text))


def _contradict(case: _Case, found: Sequence[BrokerOrder]) -> Change | None:
    """Doubt a line that has an order after all, unless another line of ours may explain it."""
    if not found or (case.line.order_id is None and _rivals(case)):
        return None
    text = f"was {case.line.state}, yet order {found[0].order_id} looks like it; a person decides"
    return Change(case.line.moved(LineState.IN_DOUBT, doubt=Doubt.CONFLICT, reason=text))


def _rivals(case: _Case) -> list[Line]:
    """Return our other lines of the account whose order would look the same and is not known."""
    return [
        other
        for other in case.evidence.ours.get(case.line.account, ())
        if other.ref != case.line.ref
        and other.fingerprint == case.line.fingerprint
        and other.state in _UNEXPLAINED
    ]


def candidates(
    broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
) -> list[BrokerOrder]:
    """Return the orders that may be this line: same look, not before it left, nobody else's."""
    taken = {other.order_id for other in evidence.ours.get(line.account, ())}
    earliest = sent_before(broadcast)
    return [
        order
        for order in orders
        if order.fingerprint is not None
        and order.fingerprint == line.fingerprint
        and order.order_id not in taken
        and order.entered >= earliest
        and (evidence.tag is None or order.tag is None or order.tag == evidence.tag)
    ]
