"""Which order a line is found to have, and on what grounds, read off how the line moved."""

from __future__ import annotations

from collections.abc import Sequence

from swimdesk.desk.ports import Binding, Grounds
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import LineState

UNVERIFIED = frozenset({LineState.ACCEPTED, LineState.IN_DOUBT})
"""An order id of such a line comes from an answer; nobody has looked at the order yet."""


def bindings_of(before: Broadcast, lines: Sequence[Line]) -> list[Binding]:
    """Return the orders that lines have for sure now and did not have before."""
    found = [_binding(before.line(line.ref), line) for line in lines]
    return [one for one in found if one is not None]


def _binding(before: Line, now: Line) -> Binding | None:
    if now.order_id is None or now.state in UNVERIFIED:
        return None
    if before.order_id != now.order_id:
        had_one = any(one.order_id == before.order_id for one in now.earlier)
        grounds = Grounds.REPLACEMENT if had_one else Grounds.ONLY_CANDIDATE
    elif before.state in UNVERIFIED:
        grounds = Grounds.ANSWER
    else:
        return None
    return Binding(now.ref, now.account, now.order_id, grounds)
