"""The rows of the blotter: one per broadcast, under it one per account; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.console.blotter.figures import bar, is_in_doubt, is_open, sent
from swimdesk.console.formats import NOTHING, age, clock, ending, milliseconds, price
from swimdesk.console.shortorder import ShortOrder, short_order
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.views.models import BroadcastRow, BroadcastView, LineView

BAR: Final = 6

COLUMNS: Final = (
    Column("name", "broadcast", 16, priority=100, is_sticky=True),
    Column("state", "state", 9, priority=99),
    Column(
        "order", "order / note", 40, is_flexible=True, least=28, priority=98, is_calm=True
    ),
    Column("bar", "done", BAR, priority=40, is_calm=True),
    Column("filled", "filled", 7, align="right", priority=97),
    Column("limit", "limit", 8, align="decimal", priority=60),
    Column("average", "avg", 8, align="decimal", decimals=3, priority=90),
    Column("best", "best", 9, align="right", priority=20),
    Column("worst", "worst", 9, align="right", priority=20),
    Column("skew", "skew", 6, align="right", priority=50),
    Column("ack", "ack", 6, align="right", priority=55),
    Column("id", "id", 8, priority=30),
)  # fmt: skip
"""Of an account's row, skew is when its order left and ack when its answer came."""

_ROLES: Final = {
    "sending": Role.ACCENT,
    "accepted": Role.ACCENT,
    "working": Role.ACCENT,
    "partial": Role.ACCENT,
    "canceling": Role.WARN,
    "replacing": Role.WARN,
    "filled": Role.GAIN,
    "rejected": Role.LOSS,
    "refused": Role.LOSS,
    "not_sent": Role.WARN,
    "denied": Role.WARN,
}
_NEVER_LEFT: Final = frozenset({"denied", "skipped"})
_LOUD: Final = frozenset({"rejected", "refused", "not_sent", "denied"})


def broadcast_row(view: BroadcastView | BroadcastRow) -> Row:
    """Return the row of a broadcast; of one known from the history alone without its figures."""
    order = short_order(view.order, view.created.year)
    filled = view.counts.get("filled", 0)
    done = Decimal(filled) / max(sent(view), 1)
    return (
        Cell(clock(view.created), Role.STRONG, sort_value=view.broadcast),
        _state(view),
        Cell(order.text),
        Cell(bar(view, BAR), Role.DIM, sort_value=done),
        Cell(f"{filled}/{sent(view)}", sort_value=done),
        Cell(_limit(view) or order.limit or NOTHING),
        *_figures(view),
        Cell(ending(view.broadcast), Role.DIM),
    )


def _limit(view: BroadcastView | BroadcastRow) -> str:
    """Return the limit of what works or filled, which replacements may have changed."""
    if isinstance(view, BroadcastRow):
        return ""
    limits = {
        short_order(line.order, view.created.year).limit
        for line in view.lines
        if is_open(line) or line.filled
    }
    return limits.pop() if len(limits) == 1 else "mixed" if limits else ""


def _state(view: BroadcastView | BroadcastRow) -> Cell:
    if view.state == "in_doubt":
        return Cell(f"DOUBT {view.counts.get('in_doubt', 0)}", Role.DOUBT)
    return Cell(view.state, _ROLES.get(view.state, Role.DIM))


def _figures(view: BroadcastView | BroadcastRow) -> Row:
    if isinstance(view, BroadcastRow):
        return tuple(Cell(NOTHING, Role.DIM) for _ in range(5))
    return (
        Cell(price(view.fills.average)),
        Cell(price(view.fills.best)),
        Cell(price(view.fills.worst)),
        Cell(milliseconds(view.timing_ms.dispatch_skew)),
        Cell(milliseconds(view.timing_ms.last_ack)),
    )


def line_row(line: LineView, created: datetime, now: datetime) -> Row:
    """Return the row of an account under its broadcast."""
    order = short_order(line.order, created.year)
    is_loud = line.state in _LOUD or is_in_doubt(line)
    return (
        Cell(f"{line.account} {line.last4}"),
        line_state(line),
        Cell(note(line, order, created, now), Role.WARN if is_loud else Role.DIM),
        Cell(""),
        *_part(line, order),
        Cell(price(line.average)),
        Cell(""),
        Cell(""),
        Cell(milliseconds(line.sent_ms), Role.DIM),
        Cell(milliseconds(line.acked_ms), Role.DIM),
        Cell(ending(line.order_id) if line.order_id else NOTHING, Role.DIM),
    )


def _part(line: LineView, order: ShortOrder) -> Row:
    """Return how much of a line filled and at which limit it stands; nothing where none left."""
    if line.state in _NEVER_LEFT:
        return (Cell(NOTHING, Role.DIM), Cell(NOTHING, Role.DIM))
    done = Decimal(line.filled) / max(line.quantity, 1)
    return (
        Cell(f"{line.filled}/{line.quantity}", sort_value=done),
        Cell(order.limit or NOTHING, Role.DIM),
    )


def line_state(line: LineView) -> Cell:
    """Return the state of a line in a word."""
    if is_in_doubt(line):
        return Cell("DOUBT", Role.DOUBT)
    return Cell(line.state.replace("_", " "), _ROLES.get(line.state, Role.DIM))


def note(line: LineView, order: ShortOrder, created: datetime, now: datetime) -> str:
    """Return what is worth knowing of a line: the reason, its age, how it beat its limit."""
    parts = [line.reason or _course(line, order, created, now)]
    if line.lineage:
        parts.append(f"replaced {len(line.lineage)}x")
    return " · ".join(filter(None, parts))


def _course(line: LineView, order: ShortOrder, created: datetime, now: datetime) -> str:
    if is_open(line):
        left = created + timedelta(milliseconds=line.sent_ms or 0)
        return f"age {age(now - left)}"
    gain = None if line.average is None else order.gain_on(line.average)
    return f"{price(gain)} better than limit" if gain is not None and gain > 0 else ""
