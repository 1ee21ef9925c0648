"""Migrations: in order, each whole or not at all, never without a copy of what was there."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from swimdesk.store.connection import connect_writing
from swimdesk.store.migrate import Step, back_up, backup_path, latest, migrate, schema_of, steps

FIRST = Step(1, "CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('carp');")
SECOND = Step(2, "ALTER TABLE fish ADD COLUMN length TEXT;")
BROKEN = Step(2, "ALTER TABLE fish ADD COLUMN length TEXT; INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect_writing(path)) as opened:
        yield opened


def columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(fish)")]


def test_packaged_steps_are_numbered_without_gaps() -> None:
    assert [step.number for step in steps()] == list(range(1, latest() + 1))


def test_new_file_is_brought_to_the_newest_without_a_backup(
    connection: sqlite3.Connection, path: Path
) -> None:
    migrate(connection, path, [FIRST, SECOND])
    assert schema_of(connection) == 2
    assert columns(connection) == ["name", "length"]
    assert not backup_path(path, 0).exists()


def test_missing_step_is_applied_after_a_backup(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path, [FIRST])
    migrate(connection, path, [FIRST, SECOND])
    copy = backup_path(path, 1)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with contextlib.closing(sqlite3.connect(copy)) as old:
        assert schema_of(old) == 1
        assert old.execute("SELECT * FROM fish").fetchall() == [("carp",)]


def test_step_that_fails_leaves_the_schema_before_it(
    connection: sqlite3.Connection, path: Path
) -> None:
    migrate(connection, path, [FIRST])
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, path, [FIRST, BROKEN])
    assert schema_of(connection) == 1
    assert columns(connection) == ["name"]
    migrate(connection, path, [FIRST, SECOND])
    assert schema_of(connection) == 2


def test_nothing_missing_is_nothing_done(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path, [FIRST])
    before = connection.total_changes
    migrate(connection, path, [FIRST])
    assert connection.total_changes == before
    assert not backup_path(path, 1).exists()


def test_backup_includes_what_is_only_in_the_log(
    connection: sqlite3.Connection, path: Path
) -> None:
    migrate(connection, path, [FIRST])
    connection.execute("INSERT INTO fish VALUES ('pike')")
    target = path.with_name("copy.db")
    back_up(connection, target)
    with contextlib.closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM fish").fetchone() == (2,)
    assert not target.with_name("copy.db.partial").exists()
