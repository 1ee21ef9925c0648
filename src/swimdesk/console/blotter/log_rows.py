"""One entry per request that really left, and per word said to the operator; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.console.blotter.at_work import reference_of
from swimdesk.console.formats import EASTERN, NOTHING, ending, milliseconds, price
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shortorder import short_order
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.views.models import BroadcastView, CommandView, LineView

COLUMNS: Final = (
    Column("time", "time", 12, priority=100, is_sticky=True),
    Column("kind", "kind", 6, priority=99),
    Column("account", "account", 14, priority=95),
    Column("what", "what", 40, is_flexible=True, least=22, priority=98),
    Column("outcome", "outcome", 10, priority=97),
    Column("latency", "took", 7, align="right", priority=60),
    Column("id", "order id", 9, priority=50),
)

_UNANSWERED: Final = "UNANSWERED"
_KINDS: Final = {"cancel": "DELETE", "replace": "PUT"}
_NOTHING_LEFT: Final = frozenset({"not_sent", "ended", "denied"})
_OUTCOMES: Final = {
    "taken": Role.GAIN,
    "accepted": Role.GAIN,
    "refused": Role.LOSS,
    _UNANSWERED: Role.DANGER,
    "found": Role.WARN,
    "absent": Role.WARN,
}
_TONES: Final = {Tone.DANGER: Role.LOSS, Tone.WARN: Role.WARN}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the log with its place in time."""

    key: str
    at: datetime
    row: Row


def requests_of(view: BroadcastView) -> Iterator[Entry]:
    """Give the orders of a broadcast and the commands on them, as far as they left."""
    for line in view.lines:
        entry = order_entry(view, line)
        if entry is not None:
            yield entry
    for number, command in enumerate(view.commands):
        if command.outcome not in _NOTHING_LEFT:
            yield _command_entry(view, command, number)


def order_entry(view: BroadcastView, line: LineView) -> Entry | None:
    """Return the request that sent a line's first order; None where nothing left."""
    if line.sent_ms is None or line.state in ("planned", "not_sent"):
        return None
    confirmed = view.timing_ms.confirmed or view.created
    at = confirmed + timedelta(milliseconds=line.sent_ms)
    latency = None if line.acked_ms is None else line.acked_ms - line.sent_ms
    # What was replaced since shows its own price now: the first order is the broadcast's.
    text = view.order if line.lineage else line.order
    row = (
        _time(at),
        Cell("POST", Role.ACCENT),
        Cell(f"{line.account} {line.last4}"),
        Cell(short_order(text, view.created.year).whole),
        _outcome(_answer(line)),
        Cell(milliseconds(latency)),
        Cell(_ending(line.lineage[0] if line.lineage else line.order_id), Role.DIM),
    )
    return Entry(f"{reference_of(view.broadcast, line.account)}/POST", at, row)


def _answer(line: LineView) -> str:
    """Return what came back on the request itself, whatever became of the order later."""
    if line.state == "sending":
        return "waiting"
    if line.state == "refused":
        return "refused"
    if line.state in ("in_doubt", "absent") and line.acked_ms is None:
        return _UNANSWERED if line.state == "in_doubt" else "absent"
    return "accepted" if line.acked_ms is not None else "found"


def _command_entry(view: BroadcastView, command: CommandView, number: int) -> Entry:
    line = next((one for one in view.lines if one.account == command.account), None)
    order = short_order(line.order if line else view.order, view.created.year)
    new = f" -> @{price(command.price)}" if command.price is not None else ""
    row = (
        _time(command.at),
        Cell(_KINDS.get(command.kind, command.kind.upper()), Role.WARN),
        Cell(f"{command.account} {line.last4 if line else ''}"),
        Cell(f"{order.text}{new}"),
        _outcome(_UNANSWERED if command.outcome in (None, "unknown") else command.outcome),
        Cell(NOTHING),
        Cell(_ending(command.order_id), Role.DIM),
    )
    key = f"{reference_of(view.broadcast, command.account)}/{number}"
    return Entry(key, command.at, row)


def said_entry(at: datetime, text: str, tone: Tone) -> Entry:
    """Return what was said to the operator."""
    blank = Cell("")
    row = (
        _time(at),
        Cell("said", Role.DIM),
        blank,
        Cell(text, _TONES.get(tone, Role.TEXT)),
        blank,
        blank,
        blank,
    )
    return Entry(f"said/{at.timestamp()}/{text}", at, row)


def newest(entries: Iterable[Entry], limit: int) -> list[Entry]:
    """Return the newest entries, oldest first."""
    return sorted(entries, key=lambda entry: entry.at)[-limit:]


def _time(at: datetime) -> Cell:
    text = f"{at.astimezone(EASTERN):%H:%M:%S.%f}"[:-3]
    return Cell(text, Role.DIM, sort_value=Decimal(str(at.timestamp())))


def _outcome(word: str) -> Cell:
    return Cell(word, _OUTCOMES.get(word, Role.TEXT))


def _ending(order_id: str | None) -> str:
    return ending(order_id) if order_id else NOTHING
