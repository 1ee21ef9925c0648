"""Which of two orders works: what a read says about a line whose order was to be replaced.

Pure, like the reconciler. The old order counts as live until the broker shows its end; the new one
is taken for the line's only once it was seen and looks like what was sent; a new order that nobody
sees proves nothing, but an old one that goes on working for long, alone, does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from swimdesk.desk.ages import lesser
from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.evidence import CLOCK_MARGIN, Evidence, may_look_like, whole_second_before
from swimdesk.desk.following import filled_of, updated
from swimdesk.desk.ports import ENDED, BrokerOrder, BrokerOrderState
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.domain.replacing import EarlierOrder, Replacement, Standing, average_of
from swimdesk.errors import InvariantBroken

_S = BrokerOrderState


@dataclass(frozen=True, slots=True)
class _Pair:
    """A line with its old order, and what was to take that order's place."""

    line: Line
    old: BrokerOrder
    asked: Replacement
    evidence: Evidence

    @property
    def is_over_horizon(self) -> bool:
        return is_over_horizon_of(self.asked, self.evidence)

    @property
    def latest(self) -> datetime:
        """When the broker may have entered the new order at the latest, for all we expect."""
        return self.asked.asked + self.evidence.horizons.bind + CLOCK_MARGIN


def judge_replacement(
    line: Line, orders: Sequence[BrokerOrder], evidence: Evidence
) -> Change | None:
    """Decide by the orders of its account what became of a line's replacement, as far as known."""
    asked, old = line.replacement, order_in(orders, line.order_id)
    if asked is None or old is None:
        return None
    if (line.account, asked.order_id) in evidence.read.unknown:
        asked = replace(asked, order_id=None)  # the answer named an order that there is not
    pair = _Pair(_with_fills(line, old), old, asked, evidence)
    found = _found(pair, orders)
    rivals = [
        other.ref
        for other in evidence.ours.get(line.account, ())
        if other.ref != line.ref and _may_explain(other, asked.fingerprint)
    ]
    if not found:
        return _judge_alone(pair)
    if len(found) > 1 or (rivals and found[0].order_id != asked.order_id):
        ids = " and ".join(order.order_id for order in found)
        return _conflict(pair, f"{ids} may have taken the place of order {old.order_id}")
    return _judge_both(pair, found[0])


def is_over_horizon_of(asked: Replacement, evidence: Evidence) -> bool:
    """Tell whether the order asked for must be listed by now, if it came to be."""
    age = lesser(evidence.now - asked.asked, asked.asked_ns, evidence.steady_ns)
    return age >= evidence.horizons.bind


def order_in(orders: Sequence[BrokerOrder], order_id: str | None) -> BrokerOrder | None:
    """Return the order of that id, None if it is not listed."""
    return next((order for order in orders if order.order_id == order_id), None)


def _may_explain(other: Line, fingerprint: str) -> bool:
    is_unseen = other.state in UNVERIFIED | {LineState.SENDING} and not other.is_being_replaced
    return (is_unseen and other.fingerprint == fingerprint) or may_look_like(other, fingerprint)


def _found(pair: _Pair, orders: Sequence[BrokerOrder]) -> list[BrokerOrder]:
    """Return the order that the answer named, if it is what was sent; else all that look so.

    Nothing while no list shows it: it is asked for by its id before another may take its place.
    """
    asked = pair.asked
    named = order_in(orders, asked.order_id)
    if named is not None and named.fingerprint == asked.fingerprint:
        return [named]
    if named is None and asked.order_id is not None and asked.standing is Standing.ASKED:
        return []
    earliest = whole_second_before(asked.asked)
    return pair.evidence.alike(pair.line.account, asked.fingerprint, earliest, orders)


# --- the old order alone -----------------------------------------------------------------------


def _judge_alone(pair: _Pair) -> Change | None:
    old, asked = pair.old, pair.asked
    if old.state is _S.REPLACED:
        if asked.standing in {Standing.REFUSED, Standing.REJECTED}:
            return _follow_old(pair)
        return _hold(pair, f"order {old.order_id} was replaced; looking for the new order")
    if old.state is _S.FILLED and asked.order_id is None and not asked.taken:
        return _follow_old(pair)
    if pair.is_over_horizon and pair.evidence.is_missed_for_long(asked.ref) and not asked.taken:
        said = f"the replacement at {asked.price} was not seen at the broker"
        return _follow_old(pair, replace(asked, standing=Standing.NOT_SEEN, reason=said))
    return _hold(pair, f"order {old.order_id} was to be replaced; looking for the new order")


def _follow_old(pair: _Pair, asked: Replacement | None = None) -> Change:
    """Go on with the old order; what was asked for is remembered, should it come late."""
    line = replace(pair.line, replacement=asked or pair.asked)
    return Change(updated(line, pair.old), pair.old.executions)


def _hold(pair: _Pair, why: str) -> Change:
    """Leave open which order works; a request without an answer, or taken just now, is no doubt."""
    line, asked = pair.line, pair.asked
    is_on_its_way = line.state is LineState.REPLACING and not pair.is_over_horizon
    if is_on_its_way and asked.standing is Standing.ASKED:
        return Change(line, pair.old.executions)
    is_likely = asked.taken or pair.old.state in {_S.REPLACED, _S.REPLACING}
    doubt = Doubt.PROBABLE if is_likely else Doubt.UNKNOWN
    asked = replace(asked, standing=Standing.ASKED)
    held = replace(line, state=LineState.IN_DOUBT, doubt=doubt, reason=why, replacement=asked)
    return Change(held, pair.old.executions)


# --- both orders -------------------------------------------------------------------------------


def _judge_both(pair: _Pair, new: BrokerOrder) -> Change:
    old = pair.old
    is_named = new.order_id == pair.asked.order_id
    is_nothing = new.state in ENDED and not new.filled
    if old.state is _S.FILLED and not is_nothing:
        return _conflict(pair, f"order {old.order_id} is filled and {new.order_id} is not over")
    if (old.state is not _S.REPLACED and new.state is _S.REJECTED) or old.state is _S.FILLED:
        if is_named or pair.is_over_horizon or old.state is _S.FILLED:
            return _failed(pair, new)
        return _hold(pair, f"order {new.order_id} was rejected; it probably was the replacement")
    if old.state not in ENDED:
        if pair.is_over_horizon:
            return _conflict(pair, f"orders {old.order_id} and {new.order_id} are both open")
        return _hold(pair, f"order {new.order_id} is to take the place of {old.order_id}")
    reservation = "" if is_named else _reservation(pair, new)
    if reservation:
        return _hold(pair, f"probably replaced by order {new.order_id}; {reservation}")
    return take_over(pair.line, old, new)


def _reservation(pair: _Pair, new: BrokerOrder) -> str:
    """Return why an order that no answer named is not taken for the new one now; empty if it is."""
    if pair.evidence.tag != new.tag or new.tag is None:
        return pair.evidence.why_not_marked
    if new.entered > pair.latest:
        return f"it was entered late, at {new.entered:%H:%M:%S} UTC, a person decides"
    if pair.old.state is not _S.REPLACED and not pair.is_over_horizon:
        return "not certain before the horizon is over"
    return "" if pair.evidence.read.complete else "not certain before a complete read"


def take_over(line: Line, old: BrokerOrder, new: BrokerOrder) -> Change:
    """Make the new order the line's; the old one stays in its lineage with what it filled."""
    asked = line.replacement
    if asked is None:
        raise InvariantBroken(f"order {old.order_id} is not being replaced")
    filled, average = filled_of(line.ticket, old)
    heir = replace(
        line,
        ticket=line.ticket.repriced(asked.price),
        fingerprint=asked.fingerprint,
        body_hash=asked.body_hash,
        order_id=new.order_id,
        earlier=(*line.earlier, EarlierOrder(old.order_id, filled, average, asked.quantity)),
        replacement=None,
        # An end of the line is reported from now on only by the new order.
        state=LineState.REPLACING,
    )
    surplus = sum(one.filled for one in heir.earlier) + asked.quantity - line.ticket.quantity
    alarm = None
    if surplus > 0:
        alarm = (
            f"order {old.order_id} filled more while it was being replaced; {new.order_id} may"
            f" fill {surplus} more than was ordered"
        )
    executions = (*old.executions, *new.executions)
    return Change(updated(heir, new), executions, alarm)


def keep_old(line: Line, old: BrokerOrder, why: str) -> Change:
    """Go on with the old order although nobody saw what became of its replacement."""
    asked = line.replacement
    if asked is None:
        raise InvariantBroken(f"order {old.order_id} is not being replaced")
    given_up = replace(asked, standing=Standing.NOT_SEEN, reason=why)
    kept = replace(_with_fills(line, old), replacement=given_up)
    return Change(updated(kept, old), old.executions)


def _failed(pair: _Pair, new: BrokerOrder) -> Change:
    """Go on with the old order where the new one came to nothing."""
    why = f": {new.reason}" if new.reason else ""
    said = f"the replacement at {pair.asked.price} was {new.state.value}{why}"
    line = replace(
        pair.line,
        earlier=(*pair.line.earlier, EarlierOrder(new.order_id)),
        replacement=replace(pair.asked, standing=Standing.REJECTED, reason=said),
    )
    return Change(updated(line, pair.old), pair.old.executions)


def _conflict(pair: _Pair, what: str) -> Change:
    line = replace(
        pair.line,
        state=LineState.IN_DOUBT,
        doubt=Doubt.CONFLICT,
        reason=f"{what}; a person decides",
        replacement=replace(pair.asked, standing=Standing.ASKED),
    )
    alarm = None if pair.line.doubt is Doubt.CONFLICT else line.reason
    return Change(line, pair.old.executions, alarm)


# --- fills -------------------------------------------------------------------------------------


def _with_fills(line: Line, old: BrokerOrder) -> Line:
    """Count what the old order has filled by now, whatever its state means."""
    parts = [*((one.filled, one.average) for one in line.earlier), filled_of(line.ticket, old)]
    units = sum(filled for filled, _ in parts)
    if units < line.filled:
        return line
    average = average_of(parts)
    return replace(
        line,
        filled=units,
        average=line.average if average is None and units == line.filled else average,
    )


def with_earlier_fills(line: Line, orders: Sequence[BrokerOrder]) -> Line:
    """Bring the fills of a line's earlier orders up to date; what was filled once stays filled."""
    return replace(line, earlier=tuple(_refreshed(line, one, orders) for one in line.earlier))


def _refreshed(line: Line, known: EarlierOrder, orders: Sequence[BrokerOrder]) -> EarlierOrder:
    order = order_in(orders, known.order_id)
    if order is None:
        return known
    filled, average = filled_of(line.ticket, order)
    if filled < known.filled or (filled == known.filled and average is None):
        return known
    return replace(known, filled=filled, average=average)
