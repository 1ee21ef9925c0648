"""Look at a database file before it is trusted, without changing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from swimdesk.errors import SchemaTooNew, StoreCorrupt
from swimdesk.store import chain, queries
from swimdesk.store.chain import Checked
from swimdesk.store.connection import BUSY_TIMEOUT_S, reading
from swimdesk.store.faults import NOTHING_SENT, RESTORE
from swimdesk.store.migrate import APPLICATION_ID, latest, steps

_HEAD: Final = 32
"""So many bytes at a file's beginning tell the size of a page and the number of pages."""

_LARGEST: Final = 65_536
"""The one size of a page that the head cannot write: it says 1 instead."""

_INDEXES: Final = ("PRAGMA integrity_check(broadcasts)", "PRAGMA integrity_check(lines)")
"""A row that its index does not lead to is as good as lost; every schema has these tables."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A sound database of ours: its mode, and what was looked at of its chain where it has one."""

    mode: str | None
    chain: Checked | None


def inspect(
    path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S, *, whole_chain: bool = False
) -> Inspected | None:
    """Look at a database; None for a file that nothing was done in.

    Raises StoreCorrupt for a damaged, altered or foreign file and SchemaTooNew for a newer
    program's. The chain is looked at from where it was found whole the last time.
    """
    with reading(path, busy_timeout_s) as connection:
        if is_blank(connection):
            return None
        schema = check_identity(path, identity_of(connection))
        _check_length(path)
        _check_pages(connection, path, whole=whole_chain)
        _check_shape(connection, path, schema)
        checked = None
        if schema >= chain.FIRST_SCHEMA:
            checked = chain.check(connection, path, schema, whole=whole_chain)
        return Inspected(mode_of(connection, path), checked)


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
            f"{path} is not a database of this program; {NOTHING_SENT}. {RESTORE}"
            " Or name another home."
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
        f"{path} does not say whether it is for paper or live; {NOTHING_SENT}. {RESTORE}"
    )


def _check_length(path: Path) -> None:
    """Refuse a file without its end: SQLite reads a page that is cut off as if it were empty."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return  # the log may hold pages that the file does not have yet
    with path.open("rb") as file:
        head = file.read(_HEAD)
    size = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    if path.stat().st_size < pages * (_LARGEST if size == 1 else size):
        raise _damaged(path, "its end is missing")


def _check_pages(connection: sqlite3.Connection, path: Path, *, whole: bool) -> None:
    """Check the pages; of the tables that everything hangs on the indexes too, of all if whole."""
    checks = ["PRAGMA integrity_check(1)"] if whole else ["PRAGMA quick_check(1)", *_INDEXES]
    for check in checks:
        found = connection.execute(check).fetchone()[0]
        if found != "ok":
            raise _damaged(path, " ".join(found.split()))


def _check_shape(connection: sqlite3.Connection, path: Path, schema: int) -> None:
    """Refuse a file whose tables are not those of its schema: a flipped bit renames a column."""
    # What somebody has added harms nothing.
    missing = _shape(schema) - _shape_of(connection)
    if missing:
        raise _damaged(path, f"{min(name for name, *_ in missing)} is not as it was made")


def _shape_of(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    return frozenset(connection.execute(queries.SHAPE))


@cache
def _shape(schema: int) -> frozenset[tuple[str, ...]]:
    """Return the shape that the migrations up to that one make."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in steps():
            if step.number <= schema:
                connection.executescript(step.sql)
        return _shape_of(connection)


def _damaged(path: Path, how: str) -> StoreCorrupt:
    return StoreCorrupt(f"{path} is damaged ({how}); {NOTHING_SENT}. {RESTORE}")
