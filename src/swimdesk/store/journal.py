"""The journal as plain functions over one connection; each write is one durable transaction."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from swimdesk.desk.ports import BroadcastSize, BroadcastSummary, GuardRecord
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import TRANSITIONS, LineState
from swimdesk.domain.plan import Plan
from swimdesk.errors import InputError, InvariantBroken, ModeMismatch
from swimdesk.store import queries
from swimdesk.store.connection import transaction
from swimdesk.store.plans import plan_of, plan_text
from swimdesk.store.rows import (
    BROADCAST_COLUMNS,
    CHANGING_COLUMNS,
    EXECUTION_COLUMNS,
    FIXED_COLUMNS,
    LINE_COLUMNS,
    broadcast_of,
    broadcast_row,
    decimal_of,
    earlier_of,
    execution_values,
    executions_of,
    guard_of,
    is_same_but_price,
    line_values,
    readable,
    summary_of,
    time_of,
    time_text,
)

_HISTORY_COLUMNS = ("state", "doubt", "order_id", "filled")
"""What counts as a transition when it changes."""


def _reachable(state: LineState) -> frozenset[LineState]:
    """Return every state that legal moves lead to, this one included."""
    found, ahead = {state}, [state]
    while ahead:
        new = TRANSITIONS[ahead.pop()] - found
        found |= new
        ahead.extend(new)
    return frozenset(found)


# Not single moves: after a write that failed, the next one brings the line to where it is.
_REACHABLE = {state: _reachable(state) for state in LineState}


def _insert(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


_INSERT_BROADCAST = _insert("broadcasts", BROADCAST_COLUMNS)
_INSERT_LINE = _insert("lines", ("broadcast", "position", *LINE_COLUMNS))
_INSERT_TRANSITION = _insert("transitions", ("ref", "at", *_HISTORY_COLUMNS, "reason"))
_KEEP_JOURNAL_TIME = "UPDATE broadcasts SET journal_ns = ? WHERE id = ? AND journal_ns IS NULL"
_UPDATE_LINE = (
    f"UPDATE lines SET {', '.join(f'{c} = :{c}' for c in CHANGING_COLUMNS)} WHERE ref = :ref"  # noqa: S608
)
_READ_LINES = (
    f"SELECT ref, {', '.join(FIXED_COLUMNS + _HISTORY_COLUMNS)} FROM lines WHERE broadcast = ?"  # noqa: S608
)
_KEEP_EXECUTION = (
    f"INSERT INTO executions (ref, account, {', '.join(EXECUTION_COLUMNS)})"  # noqa: S608
    f" SELECT ref, account, {', '.join(f':{c}' for c in EXECUTION_COLUMNS)}"
    " FROM lines WHERE ref = :ref ON CONFLICT DO NOTHING"
)


# --- writing -----------------------------------------------------------------------------------


def open_broadcast(connection: sqlite3.Connection, broadcast: Broadcast, at: datetime) -> None:
    """Write a broadcast with all its lines; InputError if its key is used, ModeMismatch."""
    lines = [line_values(line) for line in broadcast.lines]
    stamp = time_text(at)
    with transaction(connection):
        _check_mode(connection, broadcast)
        _check_unused(connection, broadcast)
        try:
            connection.execute(_INSERT_BROADCAST, broadcast_row(broadcast))
            connection.executemany(
                _INSERT_LINE,
                [(broadcast.id, n, *line.values()) for n, line in enumerate(lines)],
            )
        except sqlite3.IntegrityError as error:
            raise InvariantBroken(
                f"the lines of broadcast {broadcast.id} exclude each other ({error})"
            ) from error
        _add_transitions(connection, lines, stamp)


def record(
    connection: sqlite3.Connection,
    broadcast_id: str,
    lines: Sequence[Line],
    executions: Sequence[tuple[str, Execution]],
    at: datetime,
    journal_ns: int | None = None,
) -> None:
    """Write the lines' new states, what changed to their history, and fills by line ref.

    Fills known already are left alone. ``journal_ns``, known only after the broadcast's own
    commit, is written with the lines once.
    """
    values = [line_values(line) for line in lines]
    if not values and not executions:
        return
    with transaction(connection):
        known = _known_lines(connection, broadcast_id)
        _update_lines(connection, broadcast_id, values, known)
        _keep_executions(connection, broadcast_id, executions, known)
        if journal_ns is not None:
            connection.execute(_KEEP_JOURNAL_TIME, (journal_ns, broadcast_id))
        changed = [
            line
            for line in values
            if any(known[line["ref"]][column] != line[column] for column in _HISTORY_COLUMNS)
        ]
        _add_transitions(connection, changed, time_text(at))


def _update_lines(
    connection: sqlite3.Connection,
    broadcast_id: str,
    values: Sequence[dict[str, Any]],
    known: Mapping[str, Any],
) -> None:
    for line in values:
        _check_move(broadcast_id, known.get(line["ref"]), line)
    try:
        connection.executemany(_UPDATE_LINE, values)
    except sqlite3.IntegrityError as error:
        raise InvariantBroken(
            f"an order of broadcast {broadcast_id} belongs to another line already ({error})"
        ) from error


def _keep_executions(
    connection: sqlite3.Connection,
    broadcast_id: str,
    executions: Sequence[tuple[str, Execution]],
    known: Mapping[str, Any],
) -> None:
    strangers = sorted({ref for ref, _ in executions} - known.keys())
    if strangers:
        raise InvariantBroken(f"broadcast {broadcast_id} has no line {', '.join(strangers)}")
    connection.executemany(
        _KEEP_EXECUTION,
        [{"ref": ref} | execution_values(execution) for ref, execution in executions],
    )


def save_plan(connection: sqlite3.Connection, plan: Plan) -> None:
    """Keep a plan under its id."""
    row = (plan.id, plan_text(plan), time_text(plan.expires))
    with transaction(connection):
        try:
            connection.execute(_insert("plans", ("id", "plan", "expires")), row)
        except sqlite3.IntegrityError as error:
            raise InvariantBroken(f"there is a plan {plan.id} already") from error


def spend_plan(connection: sqlite3.Connection, plan_id: str, at: datetime) -> bool:
    """Mark a plan as used; False if there is none that is unused."""
    with transaction(connection):
        update = "UPDATE plans SET spent = ? WHERE id = ? AND spent IS NULL"
        return connection.execute(update, (time_text(at), plan_id)).rowcount == 1


def set_guard(connection: sqlite3.Connection, record: GuardRecord) -> None:
    """Write the kill switch."""
    row = (record.state.value, record.reason, time_text(record.since))
    with transaction(connection):
        connection.execute("UPDATE guard SET state = ?, reason = ?, since = ?", row)


def keep_fact(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Remember something learnt under a name."""
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Return what was learnt under a name."""
    row = connection.execute(queries.FACT, (name,)).fetchone()
    return None if row is None else str(row[0])


def note(connection: sqlite3.Connection, at: datetime, kind: str, text: str) -> None:
    """Append to the log of alarms and decisions."""
    with transaction(connection):
        connection.execute(_insert("notes", ("at", "kind", "text")), (time_text(at), kind, text))


# --- reading -----------------------------------------------------------------------------------


def broadcast(connection: sqlite3.Connection, broadcast_id: str) -> Broadcast | None:
    """Read a broadcast by its id or a unique ending of it; UnknownReference if ambiguous."""
    found = _one(connection, queries.BROADCAST, broadcast_id)
    if found is not None or not queries.is_ending(broadcast_id):
        return found
    ids = [row[0] for row in connection.execute(queries.IDS_ENDING, (broadcast_id,))]
    whole = queries.only(broadcast_id, ids)
    return None if whole is None else _one(connection, queries.BROADCAST, whole)


def broadcast_by_key(connection: sqlite3.Connection, key: str) -> Broadcast | None:
    """Read the broadcast that used this key."""
    return _one(connection, queries.BROADCAST_BY_KEY, key)


def unfinished(connection: sqlite3.Connection) -> tuple[Broadcast, ...]:
    """Read the broadcasts that have a line short of its end, oldest first."""
    rows = connection.execute(queries.UNFINISHED).fetchall()
    return tuple(_with_lines(connection, row) for row in rows)


def since(connection: sqlite3.Connection, moment: datetime) -> tuple[Broadcast, ...]:
    """Read the broadcasts made since then, oldest first."""
    rows = connection.execute(queries.SINCE, (time_text(moment),)).fetchall()
    return tuple(_with_lines(connection, row) for row in rows)


def broadcast_of_plan(connection: sqlite3.Connection, plan_id: str) -> Broadcast | None:
    """Read the broadcast that a plan became."""
    return _one(connection, queries.BROADCAST_OF_PLAN, plan_id)


def sizes(connection: sqlite3.Connection, limit: int) -> tuple[BroadcastSize, ...]:
    """Read when the newest broadcasts were made and how large they were, newest first."""
    with readable("sizes of broadcasts"):
        return tuple(
            BroadcastSize(time_of(created), decimal_of(notional))
            for created, notional in connection.execute(queries.SIZES, (limit,))
        )


def history(
    connection: sqlite3.Connection, limit: int, schema: int = queries.NEWEST_SCHEMA
) -> tuple[BroadcastSummary, ...]:
    """Read the newest broadcasts first, of a database of that schema or a later one."""
    query = queries.for_schema(queries.NEWEST, schema)
    rows = connection.execute(query, (limit,)).fetchall()
    return tuple(summary_of(_with_lines(connection, row, schema)) for row in rows)


def orders_since(connection: sqlite3.Connection, since: datetime) -> Mapping[tuple[str, str], str]:
    """Read which orders are ours since then: account and order id to broadcast."""
    rows = connection.execute(queries.ORDERS_SINCE, (time_text(since),)).fetchall()
    with readable("orders"):
        return {
            (account, one): broadcast
            for account, order_id, earlier, broadcast in rows
            for one in (order_id, *(order.order_id for order in earlier_of(earlier)))
        }


def executions(
    connection: sqlite3.Connection, broadcast_id: str
) -> Mapping[str, tuple[Execution, ...]]:
    """Read the fills of a broadcast by line ref, in time order; lines without are left out."""
    return executions_of(connection.execute(queries.EXECUTIONS, (broadcast_id,)).fetchall())


def load_plan(connection: sqlite3.Connection, plan_id: str) -> Plan | None:
    """Read a kept plan that was not used."""
    query = "SELECT plan FROM plans WHERE id = ? AND spent IS NULL"
    row = connection.execute(query, (plan_id,)).fetchone()
    return None if row is None else plan_of(row[0])


def guard(connection: sqlite3.Connection) -> GuardRecord:
    """Read the kill switch."""
    return guard_of(connection.execute(queries.GUARD).fetchone())


# --- inside ------------------------------------------------------------------------------------


def _check_mode(connection: sqlite3.Connection, broadcast: Broadcast) -> None:
    """Keep orders of one mode out of the other's memory."""
    mode = connection.execute(queries.MODE).fetchone()[0]
    if mode != broadcast.mode:
        raise ModeMismatch(
            f"This home is for {mode}, the broadcast is {broadcast.mode}; nothing was sent."
        )


def _check_unused(connection: sqlite3.Connection, broadcast: Broadcast) -> None:
    query = "SELECT id FROM broadcasts WHERE id = ? OR key = ?"
    for (used_by,) in connection.execute(query, (broadcast.id, broadcast.key)):
        if used_by == broadcast.id:
            raise InvariantBroken(f"there is a broadcast {broadcast.id} already")
        raise InputError(
            f"The key {broadcast.key} was used by broadcast {used_by}; nothing was sent."
        )


def _known_lines(connection: sqlite3.Connection, broadcast_id: str) -> dict[str, dict[str, Any]]:
    """Return what is written of each line, by ref and column."""
    columns = ("ref", *FIXED_COLUMNS, *_HISTORY_COLUMNS)
    rows = connection.execute(_READ_LINES, (broadcast_id,))
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def _check_move(
    broadcast_id: str, known: Mapping[str, Any] | None, line: Mapping[str, Any]
) -> None:
    """Refuse a line that is not of this broadcast, became another, or makes an illegal move."""
    ref = line["ref"]
    if known is None:
        raise InvariantBroken(f"broadcast {broadcast_id} has no line {ref}")
    for column in FIXED_COLUMNS:
        is_same = is_same_but_price if column == "ticket" else operator.eq
        if not is_same(known[column], line[column]):
            raise InvariantBroken(f"the {column} of line {ref} cannot change")
    if LineState(line["state"]) not in _REACHABLE[LineState(known["state"])]:
        raise InvariantBroken(f"line {ref} cannot go back from {known['state']} to {line['state']}")


def _add_transitions(
    connection: sqlite3.Connection, lines: Sequence[Mapping[str, Any]], stamp: str
) -> None:
    columns = ("ref", *_HISTORY_COLUMNS, "reason")
    rows = ([line[column] for column in columns] for line in lines)
    connection.executemany(_INSERT_TRANSITION, [(ref, stamp, *rest) for ref, *rest in rows])


def _one(connection: sqlite3.Connection, query: str, value: str) -> Broadcast | None:
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else _with_lines(connection, row)


def _with_lines(
    connection: sqlite3.Connection, row: Sequence[Any], schema: int = queries.NEWEST_SCHEMA
) -> Broadcast:
    query = queries.for_schema(queries.LINES, schema)
    return broadcast_of(row, connection.execute(query, (row[0],)).fetchall())
