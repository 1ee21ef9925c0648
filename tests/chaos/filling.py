"""Ways in which a disk is full from one moment on, and databases that feel it at once."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from swimdesk.store import connection as connections
from swimdesk.store import database
from tests.chaos.around import Around, put

Filling: TypeAlias = Callable[[Around, Path], None]


def no_more_pages(around: Around, home: Path) -> None:
    """Let the database have no page more than it has."""
    connection = around.connection
    assert connection is not None
    (pages,) = connection.inner.execute("PRAGMA page_count").fetchone()
    connection.inner.execute(f"PRAGMA max_page_count = {max(pages, 1)}").fetchall()


def no_longer_files(around: Around, home: Path) -> None:
    """Let no file of this process become longer than the longer of the database and its log."""
    files = (home / "desk.db", home / "desk.db-wal")
    _limit(max((file.stat().st_size for file in files if file.exists()), default=1))


def no_bytes(around: Around, home: Path) -> None:
    """Let this process write not one byte more into any file."""
    _limit(1)


def _limit(most_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))


FILLINGS: Final[dict[str, Filling]] = {
    "pages": no_more_pages,
    "files": no_longer_files,
    "bytes": no_bytes,
}
"""By name, as a replay names them."""


def feel_every_byte() -> None:
    """Make new databases of this process so tight that hardly a row fits without another page."""
    set_up = connections._set_up

    def tight(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA page_size = 512").fetchall()
        set_up(connection)

    put(connections, "_set_up", tight)
    # The log grows with every write, as in a session that has just begun.
    put(database, "CHECKPOINT_EVERY", 1_000_000)
