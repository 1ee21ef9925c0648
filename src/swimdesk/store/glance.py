"""What ``status`` and ``doctor`` say about a database that nobody may have open."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from swimdesk.desk.ports import BroadcastSummary, GuardRecord
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import OPEN, UNRESOLVED
from swimdesk.store import journal, queries
from swimdesk.store.connection import reading
from swimdesk.store.faults import NOTHING_SENT, told
from swimdesk.store.inspection import check_identity, identity_of, is_blank, mode_of


@dataclass(frozen=True, slots=True)
class StoreGlance:
    """A database in a few figures; counts are lines over all broadcasts."""

    mode: str
    schema: int
    open: int
    in_doubt: int
    """Lines whose fate nobody knows, those of an interrupted send included."""
    guard: GuardRecord
    newest: BroadcastSummary | None
    unresolved: tuple[tuple[Broadcast, Line, datetime], ...]
    """Lines whose fate is open, and since when."""


def peek(path: Path) -> StoreGlance | None:
    """Look at the file without changing it; None where there is nothing yet, else StoreError."""
    with told(path, NOTHING_SENT):
        if not path.exists():
            return None
    with reading(path) as connection:
        if is_blank(connection):
            return None
        schema = check_identity(path, identity_of(connection))
        mode = mode_of(connection, path)
        if mode is None:
            return None
        lines = dict(connection.execute(queries.STATE_COUNTS).fetchall())
        in_doubt = sum(lines.get(state.value, 0) for state in UNRESOLVED)
        return StoreGlance(
            mode=mode,
            schema=schema,
            open=sum(lines.get(state.value, 0) for state in OPEN),
            in_doubt=in_doubt,
            guard=journal.guard(connection),
            newest=next(iter(journal.history(connection, 1, schema)), None),
            unresolved=_unresolved(connection, schema) if in_doubt else (),
        )


def _unresolved(
    connection: sqlite3.Connection, schema: int
) -> tuple[tuple[Broadcast, Line, datetime], ...]:
    since = journal.unresolved_since(connection)
    return tuple(
        (broadcast, line, since[line.ref])
        for broadcast in journal.unfinished(connection, schema)
        for line in broadcast.lines
        if line.ref in since
    )
