"""Show how a line came to be what it is, and what each step of it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from swimdesk.desk.ports import BrokerOrder, LineStep
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orderlang import print_ticket
from swimdesk.views.trail import SeenView, StepView, TrailView


def trail_view(broadcast: Broadcast, line: Line, steps: Sequence[LineStep]) -> TrailView:
    """Show a line with its steps, oldest first."""
    return TrailView(
        broadcast=broadcast.id,
        account=line.account,
        last4=line.last4,
        order=print_ticket(line.ticket),
        state=line.state.value,
        doubt=None if line.doubt is None else line.doubt.value,
        steps=tuple(_step(broadcast, line, step) for step in steps),
    )


def _step(broadcast: Broadcast, line: Line, step: LineStep) -> StepView:
    return StepView(
        at=step.at,
        state=step.state.value,
        doubt=None if step.doubt is None else step.doubt.value,
        order_id=step.order_id,
        filled=step.filled,
        reason=step.reason,
        read=step.read,
        began=step.began,
        complete=step.complete,
        shown=tuple(_seen(broadcast, line, order) for order in step.shown),
    )


def _seen(broadcast: Broadcast, line: Line, order: BrokerOrder) -> SeenView:
    is_alike = order.fingerprint is not None and order.fingerprint == line.fingerprint
    return SeenView(
        order_id=order.order_id,
        status=order.raw_status,
        filled=f"{order.filled:f}",
        entered=order.entered,
        alike=is_alike and broadcast.came_after(line.account, order.order_id),
    )
