"""The lines of a broadcast as rows: written together, moved on together, each move checked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import TRANSITIONS, LineState
from swimdesk.errors import InvariantBroken
from swimdesk.store import bulk
from swimdesk.store.bulk import NULL
from swimdesk.store.rows import (
    CHANGING_COLUMNS,
    FIXED_COLUMNS,
    HISTORY_COLUMNS,
    LINE_COLUMNS,
    denials_text,
    history_of,
    is_same_but_price,
    line_rows,
    ticket_texts,
)

Known = Mapping[str, tuple[Any, ...]]
"""What is written of lines, by ref: FIXED_COLUMNS, then HISTORY_COLUMNS."""

FEW = 64
"""Up to so many lines are looked up one by one; more are read with their whole broadcast."""

_FIXED, _CHANGING = LINE_COLUMNS.index("account"), LINE_COLUMNS.index("ticket")
_STATE = LINE_COLUMNS.index("state")
_BORN = len(FIXED_COLUMNS)
_PLACE = ("broadcast", "position")
_FRESH = (
    "ref", "account", "login", "last4", "ticket", "state", "accepted", "filled", "denials",
    "fingerprint", "body_hash",
)  # fmt: skip
"""What a line that has not left can have; the schema's defaults say that it has nothing else."""

_LATER = (*(column for column in LINE_COLUMNS if column not in _FRESH), "accepted", "filled")
_DEFAULTS = {field.name: field.default for field in fields(Line)}
_COMES_LATER = attrgetter(*_LATER)
_NOT_YET = tuple(_DEFAULTS[column] for column in _LATER)

_TRANSITION = ("ref", "at", *HISTORY_COLUMNS, "reason", "read")

_UPDATE = f"UPDATE lines SET {', '.join(f'{c} = ?' for c in CHANGING_COLUMNS)} WHERE ref = ?"  # noqa: S608
_BEGIN_HISTORY = (
    f"INSERT INTO transitions ({', '.join(_TRANSITION)})"  # noqa: S608 - our names
    f" SELECT ref, ?, {', '.join(HISTORY_COLUMNS)}, reason, NULL FROM lines"
    " WHERE broadcast = ? ORDER BY position"
)
_READ = f"SELECT ref, {', '.join(FIXED_COLUMNS + HISTORY_COLUMNS)} FROM lines WHERE "  # noqa: S608
_READ_ALL = f"{_READ} broadcast = ?"
# The plus keeps SQLite from going through the whole broadcast for a few of its lines.
_READ_FEW = f"{_READ} +broadcast = ? AND ref IN (SELECT value FROM json_each(?))"  # noqa: S608


def _reachable(state: LineState) -> frozenset[str]:
    """Return every state that legal moves lead to, this one included, as written."""
    found, ahead = {state}, [state]
    while ahead:
        new = TRANSITIONS[ahead.pop()] - found
        found |= new
        ahead.extend(new)
    return frozenset(str(one) for one in found)


# Not single moves: after a write that failed, the next one brings the line to where it is.
_REACHABLE = {str(state): _reachable(state) for state in LineState}


def insert(connection: sqlite3.Connection, broadcast: Broadcast, stamp: str) -> None:
    """Write all lines of a broadcast that is written, and the state in which each begins."""
    fresh: list[tuple[int, Line]] = []
    others: list[tuple[int, Line]] = []
    for place, line in enumerate(broadcast.lines):
        (fresh if _COMES_LATER(line) == _NOT_YET else others).append((place, line))
    bulk.insert(connection, "lines", (*_PLACE, *_FRESH), _fresh_rows(broadcast.id, fresh))
    bulk.insert(connection, "lines", (*_PLACE, *LINE_COLUMNS), _whole_rows(broadcast.id, others))
    connection.execute(_BEGIN_HISTORY, (stamp, broadcast.id))


def _fresh_rows(broadcast_id: str, placed: Sequence[tuple[int, Line]]) -> list[tuple[Any, ...]]:
    texts = ticket_texts([line for _, line in placed])
    return [
        (
            broadcast_id,
            place,
            line.ref,
            line.account,
            line.login,
            line.last4,
            texts[id(line.ticket)],
            str(line.state),
            0,
            0,
            denials_text(line.denials),
            NULL if line.fingerprint is None else line.fingerprint,
            NULL if line.body_hash is None else line.body_hash,
        )
        for place, line in placed
    ]


def _whole_rows(broadcast_id: str, placed: Sequence[tuple[int, Line]]) -> list[tuple[Any, ...]]:
    rows = line_rows([line for _, line in placed])
    return [(broadcast_id, place, *row) for (place, _), row in zip(placed, rows, strict=True)]


def read_known(
    connection: sqlite3.Connection, broadcast_id: str, refs: Iterable[str]
) -> dict[str, tuple[Any, ...]]:
    """Read what is written of these lines of a broadcast, and perhaps of its others."""
    wanted = {*refs}
    if len(wanted) > FEW:
        rows = connection.execute(_READ_ALL, (broadcast_id,))
    else:
        rows = connection.execute(_READ_FEW, (broadcast_id, json.dumps([*wanted])))
    return {row[0]: row[1:] for row in rows}


def update(
    connection: sqlite3.Connection,
    broadcast_id: str,
    lines: Sequence[Line],
    known: Known,
    stamp: str,
    read: int | None,
) -> None:
    """Write the lines' new values and what changed to their history; InvariantBroken."""
    rows = line_rows(lines)
    for row in rows:
        _check_move(broadcast_id, known.get(row[0]), row)
    try:
        connection.executemany(_UPDATE, [(*row[_CHANGING:], row[0]) for row in rows])
    except sqlite3.IntegrityError as error:
        raise InvariantBroken(
            f"an order of broadcast {broadcast_id} belongs to another line already ({error})"
        ) from error
    bulk.insert(connection, "transitions", _TRANSITION, _transitions(lines, known, stamp, read))


def _transitions(
    lines: Sequence[Line], known: Known, stamp: str, read: int | None
) -> list[tuple[Any, ...]]:
    histories = [(line, history_of(line)) for line in lines]
    return [
        (
            line.ref,
            stamp,
            *(NULL if value is None else value for value in history),
            NULL if line.reason is None else line.reason,
            NULL if read is None else read,
        )
        for line, history in histories
        if known[line.ref][_BORN:] != history
    ]


def _check_move(broadcast_id: str, known: tuple[Any, ...] | None, row: tuple[Any, ...]) -> None:
    """Refuse a line that is not of this broadcast, became another, or makes an illegal move."""
    ref, state = row[0], row[_STATE]
    if known is None:
        raise InvariantBroken(f"broadcast {broadcast_id} has no line {ref}")
    if known[:_BORN] != row[_FIXED : _FIXED + _BORN]:
        _check_fixed(known, row)
    before = known[_BORN]
    if state not in _REACHABLE[before]:
        raise InvariantBroken(f"line {ref} cannot go back from {before} to {state}")


def _check_fixed(known: tuple[Any, ...], row: tuple[Any, ...]) -> None:
    """Refuse a change of what a line is born with; of its ticket only the price may change."""
    for column, old, new in zip(FIXED_COLUMNS, known, row[_FIXED:], strict=False):
        if old != new and not (column == "ticket" and is_same_but_price(old, new)):
            raise InvariantBroken(f"the {column} of line {row[0]} cannot change")
