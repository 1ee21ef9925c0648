"""Follow an order whose id is known: first a look at what it is, then its states and fills."""

from __future__ import annotations

from dataclasses import replace

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Line
from swimdesk.domain.executions import fill_of
from swimdesk.domain.orders import TERMINAL, Doubt, LineState

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


def follow(line: Line, order: BrokerOrder) -> Change:
    """Bring a line up to date with its order, after a first look at what that order is."""
    if line.state in UNVERIFIED:
        if order.fingerprint is None:
            return Change(_not_comparable(line, order))
        if order.fingerprint != line.fingerprint:
            return Change(_unbound(line, order))
    return Change(updated(line, order), order.executions)


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
