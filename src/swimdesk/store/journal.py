"""The journal as plain functions over one connection; each write is one durable transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from swimdesk.desk.ports import Binding, BroadcastSize, BroadcastSummary, GuardRecord, OrderKey
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import LineState
from swimdesk.domain.plan import Plan
from swimdesk.errors import InputError, InvariantBroken, ModeMismatch, PlanExpired
from swimdesk.store import chain, decisions, evidence, fence, queries
from swimdesk.store import lines as line_table
from swimdesk.store.bulk import statement
from swimdesk.store.connection import transaction
from swimdesk.store.plans import plan_of, plan_text
from swimdesk.store.rows import (
    BROADCAST_COLUMNS,
    EXECUTION_COLUMNS,
    broadcast_of,
    broadcast_row,
    decimal_of,
    earlier_of,
    execution_values,
    executions_of,
    guard_of,
    readable,
    summary_of,
    time_of,
    time_text,
    write_times_of,
)

_KEEP_JOURNAL_TIME = "UPDATE broadcasts SET journal_ns = ? WHERE id = ? AND journal_ns IS NULL"
_KEEP_EXECUTION = (
    f"INSERT INTO executions (ref, account, {', '.join(EXECUTION_COLUMNS)})"  # noqa: S608
    f" SELECT ref, account, {', '.join(f':{c}' for c in EXECUTION_COLUMNS)}"
    " FROM lines WHERE ref = :ref ON CONFLICT DO NOTHING"
)


# --- writing -----------------------------------------------------------------------------------


def open_broadcast(
    connection: sqlite3.Connection,
    broadcast: Broadcast,
    at: datetime,
    epoch: int,
    decision: Decision | None = None,
) -> None:
    """Write a broadcast with all its lines; InputError if its key is used, ModeMismatch.

    Its plan is used up by it (PlanExpired if it was before), and its orders may leave only for
    the owner of that epoch. One that a decision made sends nothing; the decision is written with
    it.
    """
    stamp = time_text(at)
    with transaction(connection):
        if decision is None:
            fence.check_may_send(connection, epoch)
        _check_mode(connection, broadcast)
        _check_unused(connection, broadcast)
        _use_up(connection, broadcast.plan, stamp)
        fence.check_no_look_alike(connection, broadcast.lines)
        try:
            connection.execute(statement("broadcasts", BROADCAST_COLUMNS), broadcast_row(broadcast))
            line_table.insert(connection, broadcast, stamp)
        except sqlite3.IntegrityError as error:
            raise InvariantBroken(
                f"the lines of broadcast {broadcast.id} exclude each other ({error})"
            ) from error
        if decision is not None:
            decisions.add(connection, decision)
        chain.extend(connection, stamp, ("broadcasts", "lines", "transitions", "decisions"))


def record(
    connection: sqlite3.Connection,
    broadcast_id: str,
    lines: Sequence[Line],
    executions: Sequence[tuple[str, Execution]],
    at: datetime,
    epoch: int,
    journal_ns: int | None = None,
    bindings: Sequence[Binding] = (),
    read: int | None = None,
    decision: Decision | None = None,
) -> None:
    """Write the lines' new states, what changed to their history, and fills by line ref.

    Fills known already are left alone. ``journal_ns``, known only after the broadcast's own
    commit, is written with the lines once; a decision that moved them, in the same commit.
    """
    if not lines and not executions and decision is None:
        return
    refs = [line.ref for line in lines] + [ref for ref, _ in executions]
    stamp, leaves = time_text(at), any(line.state is LineState.SENDING for line in lines)
    with transaction(connection):
        if leaves:
            fence.check_may_send(connection, epoch)
            fence.check_no_look_alike(connection, lines)
        known = line_table.read_known(connection, broadcast_id, refs)
        line_table.update(connection, broadcast_id, lines, known, stamp, read)
        _keep_executions(connection, broadcast_id, executions, known)
        evidence.add_bindings(connection, bindings, read, stamp)
        if journal_ns is not None:
            connection.execute(_KEEP_JOURNAL_TIME, (journal_ns, broadcast_id))
        if decision is not None:
            decisions.add(connection, decision)
        chain.extend(connection, stamp, ("transitions", "executions", "bindings", "decisions"))


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
            connection.execute(statement("plans", ("id", "plan", "expires")), row)
        except sqlite3.IntegrityError as error:
            raise InvariantBroken(f"there is a plan {plan.id} already") from error


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
        connection.execute(statement("notes", ("at", "kind", "text")), (time_text(at), kind, text))
        chain.extend(connection, time_text(at), ("notes",))


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


def unfinished(
    connection: sqlite3.Connection, schema: int = queries.NEWEST_SCHEMA
) -> tuple[Broadcast, ...]:
    """Read the broadcasts with a line short of its end, oldest first, of that schema or later."""
    rows = connection.execute(queries.for_schema(queries.UNFINISHED, schema)).fetchall()
    return tuple(_with_lines(connection, row, schema) for row in rows)


def unresolved_since(connection: sqlite3.Connection) -> Mapping[str, datetime]:
    """Read by ref since when lines stand whose fate is open."""
    rows = connection.execute(queries.UNRESOLVED_SINCE).fetchall()
    with readable("doubts"):
        return {ref: time_of(at) for ref, at in rows}


def since(connection: sqlite3.Connection, moment: datetime) -> tuple[Broadcast, ...]:
    """Read the broadcasts made since then, oldest first."""
    rows = connection.execute(queries.SINCE, (time_text(moment),)).fetchall()
    return tuple(_with_lines(connection, row) for row in rows)


def absent_since(connection: sqlite3.Connection, moment: datetime) -> tuple[Broadcast, ...]:
    """Read the broadcasts made since then that have a line taken for absent, oldest first."""
    rows = connection.execute(queries.ABSENT_SINCE, (time_text(moment),)).fetchall()
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


def last_seed(connection: sqlite3.Connection) -> int | None:
    """Read the largest seed of any broadcast."""
    row = connection.execute(queries.LAST_SEED).fetchone()
    with readable("seeds of broadcasts"):
        return None if row is None else int(row[0])


def write_times(connection: sqlite3.Connection, limit: int) -> tuple[Mapping[str, int], ...]:
    """Read of the newest broadcasts, newest first, when each account's order was written."""
    return write_times_of(connection.execute(queries.WRITE_TIMES, (limit,)).fetchall())


def history(
    connection: sqlite3.Connection, limit: int, schema: int = queries.NEWEST_SCHEMA
) -> tuple[BroadcastSummary, ...]:
    """Read the newest broadcasts first, of a database of that schema or a later one."""
    query = queries.for_schema(queries.NEWEST, schema)
    rows = connection.execute(query, (limit,)).fetchall()
    return tuple(summary_of(_with_lines(connection, row, schema)) for row in rows)


def owners(connection: sqlite3.Connection, orders: Collection[OrderKey]) -> Mapping[OrderKey, str]:
    """Read which of these orders are, or were, a line's: their broadcasts."""
    if not orders:
        return {}
    wanted = json.dumps(sorted(orders))
    rows = connection.execute(queries.OWNERS, (wanted,)).fetchall()
    rows += connection.execute(queries.EARLIER_OWNERS).fetchall()
    with readable("orders"):
        found = {
            (account, one): broadcast
            for account, order_id, earlier, broadcast in rows
            for one in (order_id, *(order.order_id for order in earlier_of(earlier)))
        }
    return {key: found[key] for key in orders if key in found}


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


def _use_up(connection: sqlite3.Connection, plan: str | None, stamp: str) -> None:
    """Mark the plan as used that a broadcast is made of."""
    if plan is None:
        return
    earlier = connection.execute("SELECT id FROM broadcasts WHERE plan = ?", (plan,)).fetchone()
    spent = connection.execute("SELECT spent FROM plans WHERE id = ?", (plan,)).fetchone()
    if earlier is not None or (spent is not None and spent[0] is not None):
        became = f": it became broadcast {earlier[0]}" if earlier is not None else ""
        raise PlanExpired(f"The plan {plan} was sent already{became}; nothing was sent again.")
    connection.execute("UPDATE plans SET spent = ? WHERE id = ?", (stamp, plan))


def _one(connection: sqlite3.Connection, query: str, value: str) -> Broadcast | None:
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else _with_lines(connection, row)


def _with_lines(
    connection: sqlite3.Connection, row: Sequence[Any], schema: int = queries.NEWEST_SCHEMA
) -> Broadcast:
    query = queries.for_schema(queries.LINES, schema)
    return broadcast_of(row, connection.execute(query, (row[0],)).fetchall())
