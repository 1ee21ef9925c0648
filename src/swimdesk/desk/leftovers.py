"""What a stop left behind, judged at the next start, which never sends anything."""

from __future__ import annotations

from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState


def left_over(broadcast: Broadcast) -> list[Change]:
    """Judge what a stop left behind: what may have left is in doubt, the rest was not sent."""
    changes = []
    for line in broadcast.lines:
        if line.state is LineState.SENDING:
            reason = "the desk stopped before the broker's answer came"
            moved = line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason=reason)
            changes.append(Change(moved))
        elif line.state is LineState.PLANNED:
            reason = "the desk stopped before this order left"
            changes.append(Change(line.moved(LineState.NOT_SENT, reason=reason)))
        elif _is_unanswered_replacement(line):
            reason = "the desk stopped before the broker's answer to a replacement came"
            moved = line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason=reason)
            changes.append(Change(moved))
    return changes


def _is_unanswered_replacement(line: Line) -> bool:
    asked = line.replacement if line.is_being_replaced else None
    return asked is not None and not asked.taken and line.state is LineState.REPLACING
