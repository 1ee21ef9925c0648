"""Follow an order whose id is known: first a look at what it is, then its states and fills."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Line
from swimdesk.domain.executions import fill_of
from swimdesk.domain.orders import TERMINAL, Doubt, LineState, Ticket
from swimdesk.domain.replacing import Standing, average_of

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

FILL_WON = "filled before the replacement arrived"
ON_ITS_WAY = timedelta(seconds=2)
"""What filled so soon after a replacement was asked for filled before it arrived."""


def follow(
    line: Line,
    order: BrokerOrder,
    since: datetime | None = None,
    tag: str | None = None,
    *,
    is_new: bool = True,
) -> Change:
    """Bring a line up to date with its order, after a first look at what that order is.

    An order that was entered before ``since`` is not this line's, whatever it looks like, nor is
    one that is marked in another way than ``tag`` says, or that is not new: known before.
    """
    if line.state in UNVERIFIED:
        if order.fingerprint is None:
            return Change(_not_comparable(line, order))
        is_alike = order.fingerprint == line.fingerprint
        if not is_alike or not is_new or _is_of_others(order, since, tag):
            return Change(_unbound(line, order))
    return Change(updated(line, order), order.executions)


def _is_of_others(order: BrokerOrder, since: datetime | None, tag: str | None) -> bool:
    is_older = since is not None and order.entered < since
    return is_older or (tag is not None and order.tag is not None and order.tag != tag)


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
        doubt=doubt_without_order(line),
        order_id=None,
        reason=f"the answer named order {order.order_id}, which is not what was sent;"
        " looking for ours",
    )


def doubt_without_order(line: Line) -> Doubt:
    """What the broker said it took is probably there, under whatever id."""
    return Doubt.PROBABLE if line.accepted else Doubt.UNKNOWN


def filled_of(ticket: Ticket, order: BrokerOrder) -> tuple[int, Decimal | None]:
    """Return the units that an order filled and their average; None while no price is known."""
    fill = fill_of(ticket, order.executions)
    units = max(fill.units, int(order.filled))
    return units, fill.average if units and fill.units == units else None


def updated(line: Line, order: BrokerOrder) -> Line:
    """Return the line as the broker's order shows it; what was filled once stays filled.

    What the line's earlier orders filled is counted with it.
    """
    own = filled_of(line.ticket, order)
    parts = [*((one.filled, one.average) for one in line.earlier), own]
    units = sum(filled for filled, _ in parts)
    state = _state_after(line, order, units)
    if units < line.filled and state not in TERMINAL:
        return line  # an older picture of the order
    reason = order.reason or _reason_of_replacement(line, order, state)
    average = average_of(parts)
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


def _reason_of_replacement(line: Line, order: BrokerOrder, state: LineState) -> str | None:
    """Say what became of a replacement that did not take the place of the order."""
    asked = line.replacement
    if asked is None or line.state in TERMINAL:
        return None
    if state is not LineState.FILLED:
        return None if state in TERMINAL else asked.reason
    times = [execution.time for execution in order.executions]
    is_earlier = bool(times) and max(times) <= asked.asked + ON_ITS_WAY
    return FILL_WON if is_earlier or asked.standing is Standing.ASKED else None


def _late_fill(line: Line, units: int) -> str:
    return f"{units - line.filled} filled after the order had been reported {line.state}"
