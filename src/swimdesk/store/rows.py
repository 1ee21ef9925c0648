"""Domain values to table rows and back: decimals, times, tickets and denials as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from swimdesk.desk.ports import BroadcastSummary, GuardRecord, GuardState
from swimdesk.domain.broadcast import Broadcast, Denial, Grade, Line, counts
from swimdesk.domain.decisions import Origin
from swimdesk.domain.executions import Execution
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import Doubt, LineState, Ticket
from swimdesk.domain.replacing import EarlierOrder, Replacement, Standing
from swimdesk.errors import OrderTextError, StoreCorrupt
from swimdesk.store.bulk import NULL
from swimdesk.store.faults import RESTORE

BROADCAST_COLUMNS = (
    "id", "order_text", "mode", "created", "key", "agent", "plan_digest", "seed", "journal_ns",
    "plan", "limits", "overrides", "notional", "confirmed", "preimage", "origin",
    "confirmed_ns",
)  # fmt: skip
LINE_COLUMNS = (
    "ref", "account", "login", "last4", "ticket", "state", "doubt", "order_id", "accepted",
    "filled", "average", "reason", "denials", "fingerprint", "body_hash", "correlation_id",
    "sent_ns", "first_byte_ns", "acked_ns", "earlier", "replacement",
)  # fmt: skip
FIXED_COLUMNS = ("account", "login", "last4", "ticket")
"""What a line is born with and keeps; of its ticket only the price may change."""

CHANGING_COLUMNS = LINE_COLUMNS[LINE_COLUMNS.index("ticket") :]
HISTORY_COLUMNS = ("state", "doubt", "order_id", "filled")
"""What counts as a transition when it changes."""

EXECUTION_COLUMNS = (
    "order_id", "activity_id", "leg_id", "symbol", "quantity", "price", "time",
)  # fmt: skip

Row = Sequence[Any]


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Raise StoreCorrupt for stored text that is none of ours; ``what`` names the rows."""
    try:
        yield
    except (ValueError, TypeError, KeyError, ArithmeticError, OrderTextError) as error:
        raise StoreCorrupt(
            f"{what} cannot be read from the database ({error}); nothing was sent. {RESTORE}"
        ) from error


def time_text(at: datetime) -> str:
    """Write a time so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def time_of(text: str) -> datetime:
    """Read a time written by ``time_text``."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=1024)
def ticket_text(ticket: Ticket) -> str:
    """Write a ticket in the order language, its effect included."""
    return print_ticket(ticket)


@lru_cache(maxsize=1024)
def ticket_of(text: str) -> Ticket:
    """Read a ticket; the lines of one broadcast share a few texts."""
    return parse(text)


def decimal_text(number: Decimal | None) -> str | None:
    """Write a decimal exactly."""
    return None if number is None else str(number)


def decimal_of(text: str | None) -> Decimal | None:
    """Read a decimal exactly."""
    return None if text is None else Decimal(text)


def denials_text(denials: Sequence[Denial]) -> str:
    """Write why risk said no, as JSON."""
    return (
        "[]"
        if not denials
        else json.dumps([[d.code, d.detail, d.grade.value, d.override] for d in denials])
    )


def denials_of(text: str) -> tuple[Denial, ...]:
    """Read why risk said no."""
    return tuple(_denial(*row) for row in json.loads(text))


def _denial(
    code: str, detail: str, grade: str = Grade.HARD.value, override: str | None = None
) -> Denial:
    # Earlier programs knew no grades: what they denied, nothing lifted.
    return Denial(code, detail, Grade(grade), override)


def earlier_text(orders: Sequence[EarlierOrder]) -> str:
    """Write a line's earlier orders, as JSON."""
    if not orders:
        return "[]"
    return json.dumps([[x.order_id, x.filled, decimal_text(x.average), x.heir] for x in orders])


def earlier_of(text: str) -> tuple[EarlierOrder, ...]:
    """Read a line's earlier orders."""
    return tuple(
        # Earlier programs did not know how large the next order was.
        EarlierOrder(i, filled, decimal_of(price), *heir)
        for i, filled, price, *heir in json.loads(text)
    )


def replacement_text(asked: Replacement | None) -> str | None:
    """Write a replacement that was asked for, as JSON."""
    if asked is None:
        return None
    values = {field.name: getattr(asked, field.name) for field in fields(asked)}
    return json.dumps(values | {"price": str(asked.price), "asked": time_text(asked.asked)})


def replacement_of(text: str | None) -> Replacement | None:
    """Read a replacement that was asked for."""
    if text is None:
        return None
    values = json.loads(text)
    values |= {
        "price": Decimal(values["price"]),
        "asked": time_of(values["asked"]),
        "standing": Standing(values["standing"]),
    }
    return Replacement(**values)


def is_same_but_price(one: str, other: str) -> bool:
    """Tell whether two tickets, as written, differ in their prices at most."""
    ticket = ticket_of(other)
    return one == other or ticket_of(one).repriced(ticket.price) == ticket


def broadcast_row(broadcast: Broadcast) -> tuple[Any, ...]:
    """Return the values of BROADCAST_COLUMNS."""
    return (
        broadcast.id,
        broadcast.order,
        broadcast.mode,
        time_text(broadcast.created),
        broadcast.key,
        broadcast.agent,
        broadcast.plan_digest,
        str(broadcast.seed),
        broadcast.journal_ns,
        broadcast.plan,
        broadcast.limits,
        json.dumps(broadcast.overrides),
        decimal_text(broadcast.notional),
        None if broadcast.confirmed is None else time_text(broadcast.confirmed),
        json.dumps(broadcast.preimage, separators=(",", ":")),
        broadcast.origin.value,
        broadcast.confirmed_ns,
    )


def preimage_of(text: str | None) -> Mapping[str, tuple[str, ...]]:
    """Read which orders were known before; earlier programs did not write it down."""
    return {account: tuple(ids) for account, ids in json.loads(text or "{}").items()}


def broadcast_of(row: Row, lines: Sequence[Row]) -> Broadcast:
    """Build a broadcast from its row and its lines' rows; StoreCorrupt if they are none."""
    with readable(f"broadcast {row[0]}"):
        columns = dict(zip(BROADCAST_COLUMNS, row, strict=True))
        return Broadcast(
            order=columns.pop("order_text"),
            created=time_of(columns.pop("created")),
            seed=int(columns.pop("seed")),
            overrides=tuple(json.loads(columns.pop("overrides"))),
            notional=decimal_of(columns.pop("notional")),
            confirmed=_time_or_none(columns.pop("confirmed")),
            preimage=preimage_of(columns.pop("preimage")),
            origin=Origin(columns.pop("origin")),
            lines=tuple(line_of(line) for line in lines),
            **columns,
        )


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else time_of(text)


def write_times_of(rows: Sequence[Row]) -> tuple[Mapping[str, int], ...]:
    """Group rows of (broadcast, account, sent_ns) by broadcast, in their order."""
    by_broadcast: dict[str, dict[str, int]] = {}
    for broadcast, account, sent_ns in rows:
        by_broadcast.setdefault(broadcast, {})[account] = sent_ns
    return tuple(by_broadcast.values())


def line_rows(lines: Sequence[Line]) -> list[tuple[Any, ...]]:
    """Return the values of LINE_COLUMNS for each line, ready to be bound."""
    texts = ticket_texts(lines)
    return [_line_row(line, texts[id(line.ticket)]) for line in lines]


def ticket_texts(lines: Sequence[Line]) -> dict[int, str]:
    """Return the text of each line's ticket by the ticket's ``id``.

    Lines share tickets, and to look a text up by its ticket would hash all of the legs each time.
    """
    tickets = {id(line.ticket): line.ticket for line in lines}
    return {id_: ticket_text(ticket) for id_, ticket in tickets.items()}


def _line_row(line: Line, ticket: str) -> tuple[Any, ...]:
    # Plain strings and numbers only: all else takes a far slower way into a statement.
    return (
        line.ref,
        line.account,
        line.login,
        line.last4,
        ticket,
        str(line.state),
        NULL if line.doubt is None else str(line.doubt),
        NULL if line.order_id is None else line.order_id,
        int(line.accepted),
        line.filled,
        NULL if line.average is None else str(line.average),
        NULL if line.reason is None else line.reason,
        denials_text(line.denials),
        NULL if line.fingerprint is None else line.fingerprint,
        NULL if line.body_hash is None else line.body_hash,
        NULL if line.correlation_id is None else line.correlation_id,
        NULL if line.sent_ns is None else line.sent_ns,
        NULL if line.first_byte_ns is None else line.first_byte_ns,
        NULL if line.acked_ns is None else line.acked_ns,
        earlier_text(line.earlier),
        NULL if line.replacement is None else replacement_text(line.replacement),
    )


def history_of(line: Line) -> tuple[Any, ...]:
    """Return the values of HISTORY_COLUMNS as they are read back."""
    doubt = None if line.doubt is None else str(line.doubt)
    return (str(line.state), doubt, line.order_id, line.filled)


def line_of(row: Row) -> Line:
    """Build a line from the values of LINE_COLUMNS."""
    values = dict(zip(LINE_COLUMNS, row, strict=True))
    doubt = values["doubt"]
    return Line(
        **values
        | {
            "ticket": ticket_of(values["ticket"]),
            "state": LineState(values["state"]),
            "doubt": None if doubt is None else Doubt(doubt),
            "accepted": bool(values["accepted"]),
            "average": decimal_of(values["average"]),
            "denials": denials_of(values["denials"]),
            "earlier": earlier_of(values["earlier"]),
            "replacement": replacement_of(values["replacement"]),
        }
    )


def execution_values(execution: Execution) -> dict[str, Any]:
    """Return a fill's values by column."""
    values = {column: getattr(execution, column) for column in EXECUTION_COLUMNS}
    return values | {
        "quantity": str(execution.quantity),
        "price": str(execution.price),
        "time": time_text(execution.time),
    }


def executions_of(rows: Sequence[Row]) -> Mapping[str, tuple[Execution, ...]]:
    """Group rows of (ref, EXECUTION_COLUMNS...) by line."""
    by_ref: dict[str, list[Execution]] = {}
    with readable("fills"):
        for ref, *row in rows:
            values = dict(zip(EXECUTION_COLUMNS, row, strict=True))
            values["quantity"] = Decimal(values["quantity"])
            values["price"] = Decimal(values["price"])
            values["time"] = time_of(values["time"])
            by_ref.setdefault(ref, []).append(Execution(**values))
    return {ref: tuple(executions) for ref, executions in by_ref.items()}


def guard_of(row: Row) -> GuardRecord:
    """Build the kill switch from (state, reason, since)."""
    with readable("the kill switch"):
        state, reason, since = row
        return GuardRecord(GuardState(state), reason, time_of(since))


def summary_of(broadcast: Broadcast) -> BroadcastSummary:
    """Shorten a broadcast to its row of the history."""
    return BroadcastSummary(
        id=broadcast.id,
        key=broadcast.key,
        order=broadcast.order,
        mode=broadcast.mode,
        created=broadcast.created,
        counts=counts(broadcast.lines),
        state=broadcast.state.value,
    )
