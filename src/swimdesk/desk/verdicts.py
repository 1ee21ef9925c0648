"""What a read says to a verdict of the operator on a line in doubt; pure.

``placed`` needs an order that may be the line's, ``absent`` that none may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from swimdesk.desk.evidence import whole_second_before
from swimdesk.desk.following import updated
from swimdesk.desk.origins import Origins
from swimdesk.desk.ports import ENDED, BrokerOrder
from swimdesk.desk.reconciler import listed_since, sent_before
from swimdesk.desk.recorder import Change
from swimdesk.desk.succession import keep_old, order_in, take_over
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import LineState
from swimdesk.domain.replacing import Replacement
from swimdesk.errors import VerdictContradicted

_NOTHING_CHANGED = "nothing was changed"


@dataclass(frozen=True, slots=True)
class Case:
    """A line in doubt, all orders of its account since it was sent, and whose they are."""

    broadcast: Broadcast
    line: Line
    orders: Sequence[BrokerOrder]
    origins: Origins

    @property
    def earliest(self) -> datetime:
        """When the broker may have entered the line's order at the earliest, a clock set back."""
        return listed_since(self.broadcast)

    def is_free(self, order: BrokerOrder) -> bool:
        """Tell whether no line has or had an order, or only this one has."""
        owner = self.origins.broadcast_of(order)
        earlier = {one.order_id for one in self.line.earlier}
        return owner is None or (owner == self.broadcast.id and order.order_id not in earlier)

    def came_after(self, order: BrokerOrder) -> bool:
        """Tell whether an order is none of those that were known before the broadcast."""
        return self.broadcast.came_after(order.account, order.order_id)

    def may_carry(self, order: BrokerOrder) -> bool:
        """Tell whether the broker's mark lets an order be one of ours."""
        return None in (self.origins.tag, order.tag) or order.tag == self.origins.tag

    def alike(self, fingerprint: str | None, earliest: datetime) -> list[BrokerOrder]:
        """Return the free orders of that look that were not entered before."""
        return [
            order
            for order in self.orders
            if order.fingerprint is not None
            and order.fingerprint == fingerprint
            and order.entered >= earliest
            and self.came_after(order)
            and self.is_free(order)
            and self.may_carry(order)
        ]


def judge_placed(case: Case, order_id: str, named: BrokerOrder | None) -> Change:
    """Bind a line to the order that the operator names; VerdictContradicted says why not."""
    which = f"order {order_id}"
    if named is None:
        raise _contradicted(
            case, f"{which} is neither listed in {case.line.account} nor readable by its id"
        )
    asked = case.line.replacement if case.line.is_being_replaced else None
    if asked is not None:
        return _which_works(case, named, asked)
    _check(case, named, case.line.fingerprint, case.earliest)
    return Change(updated(replace(case.line, order_id=None), named), named.executions)


def judge_absent(case: Case, why: str, unlisted: BrokerOrder | None = None) -> Change:
    """Take a line for one without an order; VerdictContradicted where an order may be its own.

    ``why`` is the operator's reason, ``unlisted`` the order that its answer named, where only a
    read of that one finds it.
    """
    line = case.line
    if line.is_being_replaced:
        raise _contradicted(
            case,
            f"its order {line.order_id} was at the broker; say placed:ORDER_ID of the one that"
            " works",
        )
    of_others = _perhaps_of_others(case)
    found = [*case.alike(line.fingerprint, sent_before(case.broadcast)), *of_others]
    if unlisted is not None:
        found.append(unlisted)
    if found:
        ids = " and ".join(f"{one.order_id} ({one.raw_status})" for one in found)
        advice = f"say placed:{found[0].order_id}"
        if of_others:
            advice += ", or `swimdesk ignore` it first if it is none of ours"
        raise _contradicted(case, f"order {ids} may be this one; {advice}")
    reason = f"absent by the operator's word, and no order like it is listed: {why}"
    return Change(line.moved(LineState.ABSENT, doubt=None, order_id=None, reason=reason))


def _perhaps_of_others(case: Case) -> list[BrokerOrder]:
    """Return the orders of nobody that may be the line's, unless the operator ignores them.

    They cannot be compared with what was sent, or look so and seem entered before it.
    """
    sent = sent_before(case.broadcast)
    return [
        order
        for order in case.orders
        if (
            order.fingerprint is None
            or (order.fingerprint == case.line.fingerprint and order.entered < sent)
        )
        and order.entered >= case.earliest
        and case.came_after(order)
        and case.may_carry(order)
        and (order.order_id == case.line.order_id or case.origins.of(order) is Origin.FOREIGN)
    ]


# --- which of two orders works -----------------------------------------------------------------


def _which_works(case: Case, named: BrokerOrder, asked: Replacement) -> Change:
    line = case.line
    earliest = whole_second_before(asked.asked)
    others = [
        order
        for order in case.alike(asked.fingerprint, earliest)
        if order.order_id != named.order_id and (order.state not in ENDED or order.filled)
    ]
    if others:
        raise _contradicted(
            case,
            f"order {others[0].order_id} ({others[0].raw_status}) looks like the replacement too;"
            " cancel the one that is not wanted, then say which one works",
        )
    if named.order_id == line.order_id:
        return keep_old(line, named, "the replacement is not at work, as the operator says")
    _check(case, named, asked.fingerprint, earliest)
    old = order_in(case.orders, line.order_id)
    if old is None or old.state not in ENDED:
        state = "not listed" if old is None else old.raw_status
        raise _contradicted(
            case,
            f"order {line.order_id}, which {named.order_id} was to replace, is {state}; cancel it"
            " first, or name it",
        )
    return take_over(line, old, named)


# --- what contradicts --------------------------------------------------------------------------


def _check(case: Case, order: BrokerOrder, fingerprint: str | None, earliest: datetime) -> None:
    """Raise VerdictContradicted for an order that cannot be the one that was sent."""
    which = f"order {order.order_id}"
    if not case.is_free(order):
        owner = case.origins.broadcast_of(order)
        raise _contradicted(case, f"{which} is another one's, of broadcast {owner}")
    if order.entered < earliest:
        raise _contradicted(
            case,
            f"{which} was entered at {order.entered:%Y-%m-%d %H:%M:%S} UTC, before this was sent",
        )
    if not case.came_after(order):
        raise _contradicted(case, f"{which} was at the broker before this was sent")
    if order.fingerprint is not None and order.fingerprint != fingerprint:
        raise _contradicted(
            case, f"{which} ({order.description or order.raw_status}) is not what was sent"
        )
    if not case.may_carry(order):
        raise _contradicted(
            case,
            f"{which} carries the mark {order.tag}, ours is {case.origins.tag}; `swimdesk adopt`"
            " follows an order of somebody else",
        )


def _contradicted(case: Case, found: str) -> VerdictContradicted:
    line = case.line
    return VerdictContradicted(
        f"{line.account} of {case.broadcast.id}: {found}; {_NOTHING_CHANGED}."
    )
