"""A chain of hashes over all rows that are only ever added: what was altered later shows.

Each transaction that adds such rows closes with a link: how far every table had come, and a hash
over the hash of the link before and the rows since then. A row changed, removed or slipped in
behind the program's back breaks the chain from there on. Whoever rewrites the whole chain is not
found out: it guards against damage and mistakes, not against a thief with time.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swimdesk.errors import StoreCorrupt
from swimdesk.store.faults import NOTHING_SENT, RESTORE

FIRST_SCHEMA: Final = 6
"""The schema number from which on there is a chain."""

CHECKED: Final = "chain_checked"
"""Under this name stands up to which link the chain was found whole."""

CHAINED: Final[dict[str, str]] = {
    "broadcasts": "id, order_text, mode, created, key, agent, plan_digest, seed, plan, limits,"
    " overrides, notional, confirmed, preimage",
    "lines": "ref, broadcast, position, account, login, last4",
    "transitions": "ref, at, state, doubt, order_id, filled, reason, read",
    "executions": "ref, account, order_id, activity_id, leg_id, time, symbol, quantity, price",
    "commands": "id, ref, kind, at, order_id, price",
    "answers": "command, outcome, answered, reason, new_order_id",
    "notes": "at, kind, text",
    "epochs": "pid, since",
    "reads": "began, since, until, complete, accounts, shown, same_as, asked",
    "observations": "read, account, order_id, seen, document",
    "decisions": "at, agent, kind, account, reason, ref, order_id, verdict",
    "bindings": "ref, account, order_id, at, grounds, read",
}
"""Tables whose rows are only ever added, with the columns that never change.

A column that a later schema adds cannot join: the links before it were made without.
"""

_SINCE: Final = {"decisions": 7}
"""The schema number from which on a table exists, where that is not the chain's own."""

_LAST = "SELECT number, marks, digest FROM links ORDER BY number DESC LIMIT 1"
_LINKS = "SELECT number, marks, digest FROM links WHERE number >= ? ORDER BY number"
_ADD = "INSERT INTO links (at, marks, digest) VALUES (?, ?, ?)"
_AS_TEXT = {
    table: " || ',' || ".join(f"quote({column})" for column in ["rowid", *columns.split(", ")])
    for table, columns in CHAINED.items()
}
# As one text made by SQLite: a thousand rows as Python values would take the writer, and with it
# the whole process, ten times as long.
_ADDED = {
    table: "SELECT count(*), max(number), group_concat(row, char(10)) FROM"  # noqa: S608
    f" (SELECT rowid AS number, {text} AS row FROM {table} WHERE rowid > ? AND rowid <= ?"
    " ORDER BY rowid)"
    for table, text in _AS_TEXT.items()
}
_END: Final = (1 << 63) - 1
_STRAY = (
    "SELECT l.ref FROM lines l JOIN transitions t"
    " ON t.number = (SELECT max(number) FROM transitions WHERE ref = l.ref)"
    " WHERE l.state IS NOT t.state OR l.doubt IS NOT t.doubt OR l.order_id IS NOT t.order_id"
    " OR l.filled IS NOT t.filled LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """How much of the chain was looked at, and the last link of it."""

    links: int
    rows: int
    last: int


@dataclass(frozen=True, slots=True)
class _Link:
    number: int
    marks: dict[str, int]
    digest: str


@dataclass(frozen=True, slots=True)
class _Added:
    """Rows of a table as one text."""

    table: str
    rows: int
    last: int
    text: str


def extend(connection: sqlite3.Connection, at: str, tables: Sequence[str]) -> None:
    """Close a transaction that has added rows to these tables; inside it, as its last act."""
    number, marks, digest = connection.execute(_LAST).fetchone()
    last = _Link(number, json.loads(marks), digest)
    marks, added = dict(last.marks), []
    for table in tables:
        found = _added_to(connection, table, marks.get(table, 0), _END)
        if found.rows:
            marks[table] = found.last
            added.append(found)
    if added:
        connection.execute(_ADD, (at, json.dumps(marks), _digest(last.digest, added)))


def check(
    connection: sqlite3.Connection, path: Path, schema: int, *, whole: bool = False
) -> Checked:
    """See that the chain is unbroken since the last check, or from its beginning; StoreCorrupt."""
    links = _links(connection, 1 if whole else _checked_before(connection))
    last = next(links, None)
    if last is None:
        raise _broken(path, "its beginning is missing")
    count = rows = 0
    for link in links:
        added = _added(connection, last, link)
        if link.digest != _digest(last.digest, added):
            raise _broken(path, f"link {link.number} does not fit what is written")
        count += 1
        rows += sum(found.rows for found in added)
        last = link
    _check_ends(connection, path, last, schema)
    return Checked(count, rows, last.number)


def _check_ends(connection: sqlite3.Connection, path: Path, last: _Link, schema: int) -> None:
    """See that nothing was added behind the chain, and that lines are what their history says."""
    for table in CHAINED:
        is_there = schema >= _SINCE.get(table, FIRST_SCHEMA)
        if is_there and _added_to(connection, table, last.marks.get(table, 0), _END).rows:
            raise _broken(path, f"{table} has a row that is in no link")
    stray = connection.execute(_STRAY).fetchone()
    if stray is not None:
        raise _broken(path, f"line {stray[0]} is not what its history says")


def _checked_before(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (CHECKED,)).fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdecimal() else 1


def _links(connection: sqlite3.Connection, first: int) -> Iterator[_Link]:
    expected = first
    for number, marks, digest in connection.execute(_LINKS, (first,)).fetchall():
        if number != expected:
            return
        expected += 1
        yield _Link(number, json.loads(marks), digest)


def _added(connection: sqlite3.Connection, before: _Link, link: _Link) -> list[_Added]:
    return [
        _added_to(connection, table, before.marks.get(table, 0), mark)
        for table, mark in link.marks.items()
        if mark != before.marks.get(table, 0) and table in CHAINED
    ]


def _added_to(connection: sqlite3.Connection, table: str, after: int, up_to: int) -> _Added:
    rows, last, text = connection.execute(_ADDED[table], (after, up_to)).fetchone()
    return _Added(table, rows, last or after, text or "")


def _digest(before: str, added: Sequence[_Added]) -> str:
    digest = hashlib.blake2b(before.encode(), digest_size=16)
    # By table name: the order in which a transaction names its tables does not count.
    for found in sorted(added, key=lambda one: one.table):
        digest.update(f"\n{found.table} {found.rows}\n{found.text}".encode())
    return digest.hexdigest()


def _broken(path: Path, what: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{path} was changed by something else than this program or is damaged ({what});"
        f" {NOTHING_SENT}. {RESTORE}"
    )
