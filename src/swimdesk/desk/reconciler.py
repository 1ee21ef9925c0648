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

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.executions import fill_of
from swimdesk.domain.orders import TERMINAL, Doubt, LineState, may_move

CLOCK_MARGIN = timedelta(seconds=5)
"""How far the broker's one-second stamps and clock may lie before our own send time."""

READS_FOR_ABSENCE = 5
"""So many complete reads must have missed an order before its absence means anything."""

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

UNVERIFIED = frozenset({LineState.ACCEPTED, LineState.IN_DOUBT})
"""An order id of such a line comes from an answer; nobody has looked at the order yet."""

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
            return _contradict(case, [found]) if _is_impossible(line) else _follow(line, found)
        return _missing(case) if line.state in UNVERIFIED else None
    if line.state is LineState.IN_DOUBT:
        return _search(case)
    if _is_impossible(line) and (line.state is LineState.ABSENT or not case.is_over_horizon):
        found = candidates(case.broadcast, line, case.orders, case.evidence)
        return _contradict(case, [order for order in found if order.entered <= case.latest])
    return None


def _is_impossible(line: Line) -> bool:
    return line.state in _SHOULD_NOT_EXIST and line.fingerprint is not None


# --- an order id is known ----------------------------------------------------------------------


def _follow(line: Line, order: BrokerOrder) -> Change | None:
    """Bring a line up to date with its order, after a first look at what that order is."""
    if line.state in UNVERIFIED:
        if order.fingerprint is None:
            return Change(_not_comparable(line, order))
        if order.fingerprint != line.fingerprint:
            return Change(_unbound(line, order))
    moved = updated(line, order)
    return Change(moved, order.executions) if may_move(line.state, moved.state) else None


def _not_comparable(line: Line, order: BrokerOrder) -> Line:
    """Keep an id whose order can be neither verified nor told apart: a person has to look.

    Brokers were seen naming an order that was triggered at the same moment, and those are the ones
    that cannot be compared; following one would report its fill as ours.
    """
    return replace(
        line,
        state=LineState.IN_DOUBT,
        doubt=Doubt.PROBABLE,
        reason=f"the answer named order {order.order_id} ({order.raw_status}), whose details cannot"
        " be compared with what was sent; a person decides",
    )


def _unbound(line: Line, order: BrokerOrder) -> Line:
    """Take back an id whose order is not what was sent (the broker named another one)."""
    return replace(
        line,
        state=LineState.IN_DOUBT,
        doubt=_doubt_without_order(line),
        order_id=None,
        reason=f"the answer named order {order.order_id}, which is not what was sent;"
        " looking for ours",
    )


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
            doubt=_doubt_without_order(line),
            order_id=None,
            reason=f"the answer named order {line.order_id}, which is not listed; looking for ours",
        )
    )


def _doubt_without_order(line: Line) -> Doubt:
    """What the broker said it took is probably there, under whatever id."""
    return Doubt.PROBABLE if line.accepted else Doubt.UNKNOWN


def updated(line: Line, order: BrokerOrder) -> Line:
    """Return the line as the broker's order shows it; what was filled once stays filled."""
    fill = fill_of(line.ticket, order.executions)
    units = max(fill.units, int(order.filled))
    state = _state_after(line, order, units)
    if units < line.filled and state not in TERMINAL:
        return line  # an older picture of the order
    reason = order.reason
    average = fill.average if units and fill.units == units else None
    if units < line.filled:
        reason = f"the broker now shows {units} filled, {line.filled} were reported before"
        units, average = line.filled, line.average
    elif order.state is BrokerOrderState.UNRECOGNISED:
        reason = f"the broker reports {order.raw_status}, which this program does not know"
    elif line.state in TERMINAL and line.state is not LineState.FILLED:
        reason = line.reason if units == line.filled else _late_fill(line, units)
    return replace(
        line,
        state=state,
        doubt=None,
        accepted=True,
        order_id=order.order_id,
        filled=units,
        average=line.average if average is None and units == line.filled else average,
        reason=reason,
    )


def _state_after(line: Line, order: BrokerOrder, units: int) -> LineState:
    """Return the state that the order gives its line; an end is left only for a complete fill."""
    state = _STATES[order.state]
    if line.state in TERMINAL:
        is_filled = state is LineState.FILLED or units >= line.ticket.quantity
        return LineState.FILLED if is_filled and units > line.filled else line.state
    return LineState.PARTIAL if state is LineState.WORKING and units else state


def _late_fill(line: Line, units: int) -> str:
    return f"{units - line.filled} filled after the order had been reported {line.state}"


# --- no order id -------------------------------------------------------------------------------


def _search(case: _Case) -> Change | None:
    """Look for the order of a line in doubt; what is a conflict stays one until a person decides."""
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
