"""Each way in which a database fails has its class, its sentence, and what it leaves undone."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from tests.unit.store.builders import START

from swimdesk.errors import StoreCorrupt, StoreError, StoreFull
from swimdesk.store.database import Database
from swimdesk.store.faults import store_error

MEANING = "nothing was sent"


def sqlite_error(code: int, text: str = "what SQLite says") -> sqlite3.Error:
    """Build an error as SQLite raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (sqlite_error(sqlite3.SQLITE_FULL), StoreFull, "no room left to write"),
        (sqlite_error(sqlite3.SQLITE_CORRUPT_INDEX), StoreCorrupt, "is damaged"),
        (sqlite_error(sqlite3.SQLITE_NOTADB), StoreCorrupt, "is not a database"),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), StoreError, "is locked by another"),
        (sqlite_error(sqlite3.SQLITE_READONLY_DIRECTORY), StoreError, "cannot be written"),
        (sqlite_error(sqlite3.SQLITE_CANTOPEN), StoreError, "cannot be opened"),
        (sqlite_error(sqlite3.SQLITE_IOERR_FSYNC), StoreError, "The disk failed under"),
        (sqlite3.ProgrammingError("closed"), StoreError, "cannot be used (closed)"),
        (OSError(errno.ENOSPC, "full"), StoreFull, "no room left to write"),
        (OSError(errno.EDQUOT, "quota"), StoreFull, "no room left to write"),
        (OSError(errno.EFBIG, "big"), StoreFull, "no room left to write"),
        (OSError(errno.EROFS, "read-only"), StoreError, "cannot be written"),
        (OSError(errno.EIO, "io"), StoreError, "The disk failed under"),
        (OSError(errno.ENOTDIR, "no folder"), StoreError, "cannot be opened (no folder)"),
    ],
)
def test_failure_is_told_by_its_kind(
    tmp_path: Path, error: sqlite3.Error | OSError, kind: type[StoreError], words: str
) -> None:
    path = tmp_path / "desk.db"
    told = store_error(path, error, MEANING)
    assert type(told) is kind
    assert words in told.detail
    assert str(path) in told.detail
    assert f"; {MEANING}. " in told.detail
    assert told.detail.endswith(".")


def test_disk_error_for_want_of_room_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over_quota(*_: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "posix_fallocate", over_quota)
    error = sqlite_error(sqlite3.SQLITE_IOERR_WRITE)
    assert isinstance(store_error(tmp_path / "desk.db", error, MEANING), StoreFull)


def test_after_a_failed_fsync_nothing_more_is_written(tmp_path: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise sqlite_error(sqlite3.SQLITE_IOERR_FSYNC)

    database = Database.open(tmp_path / "desk.db", "paper", START, reserve_bytes=4096)
    with pytest.raises(StoreError, match="The disk failed"):
        database.write(fail, "a note was not written down")
    written: list[str] = []
    with pytest.raises(StoreError, match=r"The disk failed .*; nothing was sent"):
        database.write(lambda _: written.append("a byte"), MEANING)
    assert written == []
    database.close()


def test_a_lock_does_not_end_the_connection(tmp_path: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise sqlite_error(sqlite3.SQLITE_BUSY)

    database = Database.open(tmp_path / "desk.db", "paper", START, reserve_bytes=4096)
    with pytest.raises(StoreError, match="locked"):
        database.write(fail, MEANING)
    assert database.write(lambda _: "written", MEANING) == "written"
    database.close()
