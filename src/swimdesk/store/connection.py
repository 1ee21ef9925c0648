"""How connections to the database file are made, and what one transaction is."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swimdesk.store.faults import NOTHING_SENT, told

BUSY_TIMEOUT_S = 5.0
_LOG_LIMIT_BYTES = 16 * 1024 * 1024


def connect_writing(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open the file for writing, made 0600 if it is new; a commit returns once it is on disk."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    # One thread at a time uses it (the writer), but not the one that opened it.
    connection = sqlite3.connect(
        path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        _set_up(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    """Make commits durable, references checked, and checkpoints ours to time."""
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "mmap_size=0",
        "wal_autocheckpoint=0",
        f"journal_size_limit={_LOG_LIMIT_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def read_only_address(path: Path) -> str:
    """Return the URI under which SQLite opens the file without being able to change it."""
    return f"{path.absolute().as_uri()}?mode=ro"


@contextmanager
def reading(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Iterator[sqlite3.Connection]:
    """Give a read-only connection on one unchanging view of the file; StoreError if it cannot."""
    with told(path, NOTHING_SENT):
        connection = sqlite3.connect(
            read_only_address(path), uri=True, timeout=busy_timeout_s, isolation_level=None
        )
        with contextlib.closing(connection):
            connection.execute("BEGIN")
            yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens inside, all or nothing; durable once left without an error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # The first error is the one to tell; SQLite has often rolled back by itself.
        with contextlib.suppress(sqlite3.Error):
            connection.rollback()
        raise
