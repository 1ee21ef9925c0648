"""Reads and what they showed, and which order is whose, as functions over one connection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from swimdesk.desk.ports import (
    Binding,
    BrokerOrder,
    BrokerOrderState,
    KeptRead,
    LineStep,
    ReadScope,
    ReadToKeep,
)
from swimdesk.domain.broadcast import Line
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import InvariantBroken
from swimdesk.store import chain
from swimdesk.store.bulk import insert
from swimdesk.store.connection import transaction
from swimdesk.store.rows import Row, execution_values, readable, time_of, time_text

_READ: Final = (
    "INSERT INTO reads"
    " (began, since, until, complete, accounts, shown, same_as, asked, steady_ns, unknown)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_OBSERVATION: Final = ("number", "read", "account", "order_id", "seen", "document")
_NEXT: Final = "SELECT ifnull(max(number), 0) + 1 FROM observations"
_NEXT_READ: Final = "SELECT ifnull(max(number), 0) + 1 FROM reads"
_BIND: Final = (
    "INSERT INTO bindings (ref, account, order_id, at, grounds, read) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (account, order_id) DO NOTHING"
)
_OWNER: Final = "SELECT ref FROM bindings WHERE account = ? AND order_id = ?"
_SCOPES: Final = (
    "SELECT r.began, r.since, r.until, r.complete, ifnull(r.accounts, s.accounts), r.asked,"
    " r.steady_ns, r.unknown FROM reads r LEFT JOIN reads s ON s.number = r.same_as"
    " WHERE r.until >= ? ORDER BY r.number"
)
_SHOWN: Final = (
    "SELECT ifnull(r.shown, s.shown) FROM reads r LEFT JOIN reads s ON s.number = r.same_as"
    " WHERE r.number = ?"
)
_STEPS: Final = (
    "SELECT t.at, t.state, t.doubt, t.order_id, t.filled, t.reason, t.read, r.began, r.complete"
    " FROM transitions t LEFT JOIN reads r ON r.number = t.read WHERE t.ref = ? ORDER BY t.number"
)
_SEEN: Final = "SELECT seen FROM observations WHERE number = ?"


def keep_read(connection: sqlite3.Connection, read: ReadToKeep, at: datetime) -> KeptRead:
    """Write a read and what was new in it down, in one transaction."""
    with transaction(connection):
        number = int(connection.execute(_NEXT_READ).fetchone()[0])
        first = int(connection.execute(_NEXT).fetchone()[0])
        fresh = tuple(range(first, first + len(read.fresh)))
        connection.execute(_READ, _read_row(read, fresh))
        insert(
            connection,
            "observations",
            _OBSERVATION,
            [
                (place, number, order.account, order.order_id, order_text(order), order.document)
                for place, order in zip(fresh, read.fresh, strict=True)
            ],
        )
        chain.extend(connection, time_text(at), ("reads", "observations"))
    return KeptRead(number, fresh)


def _read_row(read: ReadToKeep, fresh: Sequence[int]) -> tuple[Any, ...]:
    scope, repeats = read.scope, read.same_as is not None
    return (
        time_text(scope.began),
        time_text(scope.since),
        time_text(scope.until),
        int(scope.complete),
        None if repeats else json.dumps(sorted(scope.accounts)),
        None if repeats else json.dumps([*read.shown, *fresh]),
        read.same_as,
        json.dumps(sorted(scope.asked)),
        scope.steady_ns,
        json.dumps(sorted(scope.unknown)) if scope.unknown else None,
    )


def scopes_since(connection: sqlite3.Connection, moment: datetime) -> tuple[ReadScope, ...]:
    """Read what the reads since then covered, oldest first."""
    rows = connection.execute(_SCOPES, (time_text(moment),)).fetchall()
    with readable("reads"):
        return tuple(_scope(row) for row in rows)


def _scope(row: Row) -> ReadScope:
    began, since, until, complete, accounts, asked, steady_ns, unknown = row
    return ReadScope(
        time_of(began),
        time_of(since),
        time_of(until),
        frozenset(json.loads(accounts)),
        bool(complete),
        frozenset(json.loads(asked)),
        steady_ns,
        frozenset((account, order_id) for account, order_id in json.loads(unknown or "[]")),
    )


def shown_by(connection: sqlite3.Connection, read: int) -> tuple[BrokerOrder, ...]:
    """Read the orders that a read showed, as they were then."""
    row = connection.execute(_SHOWN, (read,)).fetchone()
    with readable("observations"):
        numbers = [] if row is None else json.loads(row[0])
        return tuple(
            order_of(connection.execute(_SEEN, (number,)).fetchone()[0]) for number in numbers
        )


def steps_of(connection: sqlite3.Connection, line: Line) -> tuple[LineStep, ...]:
    """Read how a line came to be what it is, oldest step first."""
    rows = connection.execute(_STEPS, (line.ref,)).fetchall()
    with readable("the history of a line"):
        return tuple(_step(connection, line, row) for row in rows)


def _step(connection: sqlite3.Connection, line: Line, row: Row) -> LineStep:
    at, state, doubt, order_id, filled, reason, read, began, complete = row
    shown = () if read is None else shown_by(connection, read)
    return LineStep(
        at=time_of(at),
        state=LineState(state),
        doubt=None if doubt is None else Doubt(doubt),
        order_id=order_id,
        filled=filled,
        reason=reason,
        read=read,
        began=None if began is None else time_of(began),
        complete=None if complete is None else bool(complete),
        shown=tuple(order for order in shown if order.account == line.account),
    )


def add_bindings(
    connection: sqlite3.Connection, bindings: Sequence[Binding], read: int | None, at: str
) -> None:
    """Write bindings within a transaction, once each; InvariantBroken for another line's order."""
    for one in bindings:
        row = (one.ref, one.account, one.order_id, at, one.grounds.value, read)
        connection.execute(_BIND, row)
        owner = connection.execute(_OWNER, (one.account, one.order_id)).fetchone()[0]
        if owner != one.ref:
            raise InvariantBroken(f"order {one.order_id} is bound to line {owner} already")


# --- orders as text ----------------------------------------------------------------------------


def order_text(order: BrokerOrder) -> str:
    """Write what was seen of an order, as JSON."""
    values = {
        "account": order.account,
        "order_id": order.order_id,
        "state": order.state.value,
        "raw_status": order.raw_status,
        "entered": time_text(order.entered),
        "fingerprint": order.fingerprint,
        "quantity": str(order.quantity),
        "filled": str(order.filled),
        "executions": [execution_values(execution) for execution in order.executions],
        "reason": order.reason,
        "tag": order.tag,
        "closed": None if order.closed is None else time_text(order.closed),
        "description": order.description,
    }
    return json.dumps(values, separators=(",", ":"))


def order_of(text: str) -> BrokerOrder:
    """Read what was seen of an order; ValueError and its kin for what is none."""
    values = json.loads(text)
    closed = values["closed"]
    return BrokerOrder(
        **values
        | {
            "state": BrokerOrderState(values["state"]),
            "entered": time_of(values["entered"]),
            "quantity": Decimal(values["quantity"]),
            "filled": Decimal(values["filled"]),
            "executions": tuple(_execution(one) for one in values["executions"]),
            "closed": None if closed is None else time_of(closed),
        }
    )


def _execution(values: dict[str, Any]) -> Execution:
    figures = {name: Decimal(values[name]) for name in ("quantity", "price")}
    return Execution(**values | figures | {"time": time_of(values["time"])})
