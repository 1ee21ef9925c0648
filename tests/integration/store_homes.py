"""Homes with a database, for tests of the store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.unit.store.builders import START, StepClock, a_broadcast

from swimdesk.errors import StoreFull
from swimdesk.store import journal as functions
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from swimdesk.store.writer import Inline

RESERVE_BYTES = 8192


def open_paper(path: Path) -> Database:
    return Database.open(path, "paper", START, reserve_bytes=RESERVE_BYTES, busy_timeout_s=0)


def size_of(path: Path) -> int:
    return path.stat().st_size


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def write_a_letter(path: Path) -> None:
    path.write_text("a letter to a friend\n" * 500)


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection of somebody else."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


@asynccontextmanager
async def a_journal(path: Path) -> AsyncIterator[tuple[SqliteJournal, list[StoreFull]]]:
    """Give a journal without a thread, and what it tells of full disks."""
    full: list[StoreFull] = []
    journal = SqliteJournal(open_paper(path), StepClock(), Inline(), full.append)
    yield journal, full
    await journal.close()


_UNDO = {
    8: (
        "ALTER TABLE broadcasts DROP COLUMN confirmed_ns",
        "ALTER TABLE reads DROP COLUMN steady_ns",
        "ALTER TABLE reads DROP COLUMN unknown",
    ),
    7: (
        "DROP INDEX lines_with_earlier_orders",
        "DROP TABLE decisions",
        "DROP TABLE baselines",
        "ALTER TABLE broadcasts DROP COLUMN origin",
    ),
    6: (
        "DROP TABLE links",
        "DROP TABLE answers",
        "DROP TABLE bindings",
        "DROP TABLE observations",
        "DROP TABLE reads",
        "DROP TABLE epochs",
        "DROP INDEX one_broadcast_per_plan",
        "ALTER TABLE broadcasts DROP COLUMN preimage",
        "ALTER TABLE transitions DROP COLUMN read",
        "CREATE INDEX broadcasts_by_plan ON broadcasts (plan)",
    ),
    5: ("ALTER TABLE broadcasts DROP COLUMN confirmed",),
    4: (
        "ALTER TABLE lines DROP COLUMN earlier",
        "ALTER TABLE lines DROP COLUMN replacement",
        "ALTER TABLE commands DROP COLUMN price",
        "ALTER TABLE commands DROP COLUMN new_order_id",
    ),
}
"""How each migration is taken back, the latest first."""


def make_older(path: Path, schema: int) -> None:
    """Make a database as an earlier program has left it, with what it knows of that."""
    with plain(path) as connection:
        for number, statements in _UNDO.items():
            for statement in statements if number > schema else ():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema}")


def filled(path: Path, broadcasts: int = 3) -> Path:
    """Make a database with some broadcasts and close it."""
    database = open_paper(path)
    for number in range(broadcasts):
        broadcast = a_broadcast(number, 48)
        database.write(lambda c, b=broadcast: functions.open_broadcast(c, b, START, 1), "")  # type: ignore[misc]
    database.close()
    return path
