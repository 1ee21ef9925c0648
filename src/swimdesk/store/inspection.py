"""Look at a database file before it is trusted, without changing it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from swimdesk.errors import SchemaTooNew, StoreCorrupt
from swimdesk.store import queries
from swimdesk.store.connection import BUSY_TIMEOUT_S, reading
from swimdesk.store.faults import NOTHING_SENT
from swimdesk.store.migrate import APPLICATION_ID, latest


def inspect(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> str | None:
    """Return the mode of a sound database of ours; None for a file that nothing was done in.

    Raises StoreCorrupt for a damaged or foreign file and SchemaTooNew for a newer program's.
    """
    with reading(path, busy_timeout_s) as connection:
        if is_blank(connection):
            return None
        check_identity(path, identity_of(connection))
        _check_pages(connection, path)
        return mode_of(connection, path)


def is_blank(connection: sqlite3.Connection) -> bool:
    """Tell whether nothing was ever made in the file: a start may have died that early."""
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def identity_of(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the file's application mark and schema number."""
    mark, schema = connection.execute(queries.IDENTITY).fetchone()
    return mark, schema


def check_identity(path: Path, identity: tuple[int, int]) -> int:
    """Return the schema number of a database of ours that this program can read."""
    mark, schema = identity
    if mark != APPLICATION_ID:
        raise StoreCorrupt(
            f"{path} is not a database of this program; {NOTHING_SENT}. "
            "Restore a backup of it, or name another home."
        )
    if schema > latest():
        raise SchemaTooNew(
            f"{path} has schema {schema}, this program knows up to {latest()}; {NOTHING_SENT}. "
            "Install the newer program again."
        )
    return schema


def mode_of(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return the mode that the file was made for; None if a start died before it was written."""
    row = connection.execute(queries.MODE).fetchone()
    if row is not None:
        return str(row[0])
    if connection.execute("SELECT 1 FROM broadcasts").fetchone() is None:
        return None
    raise StoreCorrupt(
        f"{path} does not say whether it is for paper or live; {NOTHING_SENT}. "
        "Restore a backup of it before anything is traded."
    )


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreCorrupt(
            f"{path} is damaged ({' '.join(found.split())}); {NOTHING_SENT}. "
            "Restore a backup of it before anything is traded."
        )
