"""What a complete read of the broker's lists says about our lines; pure, so it can be replayed.

Rules (reliability 3.4, 3.5): an id from an answer is followed once the order behind it is seen to
look like what was sent; a line without an id is bound only to a single candidate that nothing else
of ours may explain, by a complete read, and only after the horizon, because our own order may still
appear beside a twin; several candidates are a conflict for a person to decide; what cannot be
compared is never bound; a missing order proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from swimdesk.desk.ages import age_of, sent_at
from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.evidence import (
    CLOCK_MARGIN,
    SET_BACK,
    Evidence,
    may_look_like,
    whole_second_before,
)
from swimdesk.desk.following import doubt_without_order, follow, updated
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrderKey, ReadScope
from swimdesk.desk.recorder import Change
from swimdesk.desk.succession import (
    is_over_horizon_of,
    judge_replacement,
    order_in,
    with_earlier_fills,
)
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Origin
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import TERMINAL, Doubt, LineState

_SHOULD_NOT_EXIST = frozenset({LineState.REFUSED, LineState.NOT_SENT, LineState.ABSENT})
_UNEXPLAINED = UNVERIFIED | {LineState.SENDING}
"""Lines whose order may be in the list without being known as theirs."""


def reconcile(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
    """Judge every line of a broadcast that this read covers; unchanged lines are left out."""
    listed: dict[str, list[BrokerOrder]] = {}
    for order in evidence.read.orders:
        listed.setdefault(order.account, []).append(order)
    changes = []
    for line in broadcast.lines:
        if line.account in evidence.read.accounts:
            orders = listed.get(line.account, [])
            seen = with_earlier_fills(line, orders)
            change = _judge(_Case(broadcast, seen, orders, evidence))
            if change is not None and change.line != line:
                fills = _earlier_fills(line, orders)
                changes.append(replace(change, executions=(*fills, *change.executions)))
    return changes


def _earlier_fills(line: Line, orders: Sequence[BrokerOrder]) -> tuple[Execution, ...]:
    ids = {one.order_id for one in line.earlier}
    return tuple(e for order in orders if order.order_id in ids for e in order.executions)


def could_show(broadcast: Broadcast, line: Line, scope: ReadScope) -> bool:
    """Tell whether the read would list this line's order if there were one.

    It would if it is complete for the account and was begun after the line had left.
    """
    return (
        scope.complete
        and line.account in scope.accounts
        and scope.since <= listed_since(broadcast)
        and min(scope.began, scope.until) >= sent_at(broadcast, line)
    )


def could_show_replacement(line: Line, scope: ReadScope) -> bool:
    """Tell whether the read would list the order asked for in place of this line's."""
    asked = line.replacement
    return (
        asked is not None
        and scope.complete
        and line.account in scope.accounts
        and scope.since <= whole_second_before(asked.asked)
        and min(scope.began, scope.until) >= asked.asked
    )


def sent_before(broadcast: Broadcast) -> datetime:
    """Return the earliest wall time, by the broker's clock, of any order of the broadcast."""
    return whole_second_before(broadcast.created)


def listed_since(broadcast: Broadcast) -> datetime:
    """Return since when lists must go back to prove that an order of the broadcast is not there."""
    return sent_before(broadcast) - SET_BACK


def named_but_unlisted(broadcast: Broadcast, evidence: Evidence) -> list[OrderKey]:
    """Return the orders that answers named, that nobody saw, and that this read should show.

    Only after the horizon: before that, the broker may not know a fresh order by its id either.
    """
    keys = [key for line in broadcast.lines if (key := _is_due(broadcast, line, evidence))]
    # Lists are long, and nearly always nothing is due.
    listed = {(order.account, order.order_id) for order in evidence.read.orders} if keys else ()
    return [key for key in keys if key not in listed]


def _is_due(broadcast: Broadcast, line: Line, evidence: Evidence) -> OrderKey | None:
    """Return the order that an answer named, once a complete read should show it."""
    if line.account not in evidence.read.accounts:
        return None
    asked = line.replacement if line.is_being_replaced else None
    if asked is not None:
        is_over = is_over_horizon_of(asked, evidence) and evidence.read.complete
        return (line.account, asked.order_id) if asked.order_id is not None and is_over else None
    if line.state not in UNVERIFIED or line.order_id is None:
        return None
    case = _Case(broadcast, line, (), evidence)
    return (line.account, line.order_id) if case.is_whole and case.is_over_horizon else None


def accounts_to_search(broadcast: Broadcast) -> frozenset[str]:
    """Return the accounts in which other lines of ours matter for what a line's order may be."""
    return frozenset(
        line.account
        for line in broadcast.lines
        if line.state in UNVERIFIED
        or line.state in _SHOULD_NOT_EXIST
        or line.replacement is not None
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
        return age_of(self.broadcast, self.line, self.evidence.now, self.evidence.steady_ns)

    @property
    def is_over_horizon(self) -> bool:
        return self.age >= self.evidence.horizons.bind

    @property
    def is_whole(self) -> bool:
        """Whether the read would list the line's order, and every other that may be it."""
        read = self.evidence.read
        is_later = read.until >= sent_at(self.broadcast, self.line)
        return read.complete and is_later and read.since <= listed_since(self.broadcast)

    @property
    def latest(self) -> datetime:
        """When the broker may have entered the order at the latest, for all we expect."""
        return sent_at(self.broadcast, self.line) + self.evidence.horizons.bind + CLOCK_MARGIN


def _judge(case: _Case) -> Change | None:
    line = case.line
    if line.order_id is not None:
        found = order_in(case.orders, line.order_id)
        if _is_about_replacing(line, found):
            return judge_replacement(line, case.orders, case.evidence)
        if found is not None:
            return _contradict(case, [found]) if _is_impossible(line) else _follow(case, found)
        return _missing(case) if line.state in UNVERIFIED else None
    if line.state is LineState.IN_DOUBT:
        return _search(case)
    if _is_impossible(line) and (line.state is LineState.ABSENT or not case.is_over_horizon):
        alike = [*_entered_earlier(case), *_entered_since(case)]
        return _contradict(case, [order for order in alike if _may_contradict(case, order)])
    return None


def _may_contradict(case: _Case, order: BrokerOrder) -> bool:
    """Tell whether an order may be that of a line that was said to have none.

    One that was lost on its way may arrive at any time, and then carries our mark; without it, what
    was entered early or late is rather somebody's who trades the same.
    """
    is_marked = order.tag is not None and order.tag == case.evidence.tag
    is_in_time = sent_before(case.broadcast) <= order.entered <= case.latest
    return is_in_time or (is_marked and case.line.state is LineState.ABSENT)


def _is_about_replacing(line: Line, order: BrokerOrder | None) -> bool:
    """Tell whether it is to be decided which order works; late replacements come back so."""
    if line.replacement is None or line.state in TERMINAL:
        return False
    was_replaced = order is not None and order.state is BrokerOrderState.REPLACED
    return line.is_being_replaced or was_replaced


def _is_impossible(line: Line) -> bool:
    return line.state in _SHOULD_NOT_EXIST and line.fingerprint is not None


# --- an order id is known ----------------------------------------------------------------------


def _follow(case: _Case, order: BrokerOrder) -> Change:
    """Follow the order that an answer named, unless another one may as well be meant.

    Brokers were seen naming another order; until our mark is known, its look alone tells.
    """
    line, tag = case.line, case.evidence.tag
    if case.broadcast.origin is Origin.ADOPTED:
        return follow(line, order)  # the operator named it, whoever sent it
    is_new = case.broadcast.came_after(line.account, order.order_id)
    change = follow(line, order, sent_before(case.broadcast), tag, is_new=is_new)
    if tag is not None or line.state not in UNVERIFIED or change.line.order_id is None:
        return change
    others = [
        one
        for one in candidates(
            case.broadcast, replace(line, order_id=None), case.orders, case.evidence
        )
        if one.order_id != order.order_id
    ]
    if not others:
        return change
    text = f"the answer named order {order.order_id}, yet {others[0].order_id} looks the same"
    return Change(
        replace(
            line,
            state=LineState.IN_DOUBT,
            doubt=Doubt.CONFLICT,
            order_id=None,
            reason=f"{text}; a person decides",
        )
    )


def _missing(case: _Case) -> Change | None:
    """Doubt an id from an answer that no list shows, once another order looks like this line.

    A fresh order may be invisible for seconds, so absence alone waits for the horizon. The id is
    given up, and the other order looked at, only once the broker says that it has none of that id:
    its lists were seen leaving an order out for good.
    """
    line = case.line
    if not case.is_whole:
        return None
    is_missed = case.is_over_horizon and case.evidence.is_missed_for_long(line.ref)
    if not is_missed and not _entered_since(case):
        return None
    doubted = replace(line, state=LineState.IN_DOUBT, doubt=doubt_without_order(line))
    named = f"the answer named order {line.order_id}, which"
    if case.is_over_horizon and (line.account, line.order_id) in case.evidence.read.unknown:
        reason = f"{named} the broker does not have; looking for ours"
        return Change(replace(doubted, order_id=None, reason=reason))
    if line.state is LineState.IN_DOUBT:
        return None  # what was said of it stands: that it cannot be compared, for one
    reason = f"{named} no list shows yet; it will be asked for by its id"
    return Change(replace(doubted, reason=reason))


# --- no order id -------------------------------------------------------------------------------


def _search(case: _Case) -> Change | None:
    """Look for the order of a line in doubt; a conflict stays one until a person decides."""
    line = case.line
    if line.doubt is Doubt.CONFLICT:
        return None
    found = _entered_since(case)
    rivals = _rivals(case)
    if not found:
        earlier = _entered_earlier(case)
        return Change(_too_early(line, earlier[0])) if earlier else _absent(case)
    if len(found) > 1 or rivals:
        return Change(_in_conflict(line, found, rivals))
    reservation = _reservation(case, found[0])
    if reservation:
        text = f"probably order {found[0].order_id}; {reservation}"
        return Change(replace(line, doubt=Doubt.PROBABLE, reason=text))
    return Change(updated(line, found[0]), found[0].executions)


def _reservation(case: _Case, order: BrokerOrder) -> str:
    """Return why the only candidate is not taken for the line's order now; empty if it is."""
    if case.evidence.tag != order.tag or order.tag is None:
        return case.evidence.why_not_marked
    if order.entered > case.latest:
        return f"it was entered late, at {order.entered:%H:%M:%S} UTC, a person decides"
    if not case.is_over_horizon:
        return "not certain before the horizon is over"
    return "" if case.is_whole else "not certain before a complete read"


def _too_early(line: Line, order: BrokerOrder) -> Line:
    text = f"perhaps order {order.order_id}, which seems entered before, at"
    text += f" {order.entered:%H:%M:%S} UTC: somebody's, or a clock was set back; a person decides"
    return replace(line, doubt=Doubt.PROBABLE, reason=text)


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
    is_missed = case.is_whole and case.evidence.is_missed_for_long(case.line.ref)
    if case.age < case.evidence.horizons.absent or not is_missed:
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
        and (
            (other.fingerprint == case.line.fingerprint and other.state in _UNEXPLAINED)
            or may_look_like(other, case.line.fingerprint)
        )
    ]


def _entered_since(case: _Case) -> list[BrokerOrder]:
    """Return the candidates of a line."""
    return candidates(case.broadcast, case.line, case.orders, case.evidence)


def _entered_earlier(case: _Case) -> list[BrokerOrder]:
    """Return what would be a candidate if a clock had been set back after the broadcast began."""
    before = sent_before(case.broadcast)
    wide = candidates(
        case.broadcast, case.line, case.orders, case.evidence, listed_since(case.broadcast)
    )
    return [order for order in wide if order.entered < before]


def candidates(
    broadcast: Broadcast,
    line: Line,
    orders: Iterable[BrokerOrder],
    evidence: Evidence,
    since: datetime | None = None,
) -> list[BrokerOrder]:
    """Return the orders that may be this line: same look, not before it left, nobody else's."""
    earliest = sent_before(broadcast) if since is None else since
    alike = evidence.alike(line.account, line.fingerprint, earliest, orders)
    return [one for one in alike if broadcast.came_after(line.account, one.order_id)]
