"""The database file of a home: made, opened, refused; one sentence and no change when refused."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.integration.store_homes import (
    RESERVE_BYTES,
    a_journal,
    filled,
    open_paper,
    plain,
    size_of,
    write_a_letter,
)
from tests.unit.store.builders import START, StepClock, a_broadcast, accepted

from swimdesk.desk.ports import GuardRecord, GuardState
from swimdesk.domain.decisions import Decision, DecisionKind
from swimdesk.domain.orders import LineState
from swimdesk.errors import (
    ModeMismatch,
    SchemaTooNew,
    StoreCorrupt,
    StoreError,
    StoreFull,
)
from swimdesk.store import decisions
from swimdesk.store import journal as functions
from swimdesk.store.connection import connect_writing
from swimdesk.store.database import CHECKPOINT_EVERY, Database
from swimdesk.store.glance import peek
from swimdesk.store.migrate import latest
from swimdesk.store.sqlite_journal import SqliteJournal
from swimdesk.store.writer import Inline, WriterThread


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "desk.db"


def mode_of_file(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path, kind: type[StoreError]) -> str:
    """Return the sentence with which opening is refused, sure that the file stayed as it was."""
    before = path.read_bytes()
    with pytest.raises(kind) as caught:
        open_paper(path)
    assert path.read_bytes() == before
    assert "nothing was sent" in caught.value.detail
    assert str(path) in caught.value.detail
    return caught.value.detail


# --- made and opened ---------------------------------------------------------------------------


def test_files_are_for_their_owner_only(path: Path) -> None:
    database = open_paper(path)
    database.write(lambda c: functions.open_broadcast(c, a_broadcast(), START, 1), "")
    assert mode_of_file(path.parent) == 0o700
    assert {mode_of_file(entry) for entry in path.parent.iterdir()} == {0o600}
    assert {entry.name for entry in path.parent.iterdir()} == {
        "desk.db", "desk.db-wal", "desk.db-shm", "desk.db.reserve",
    }  # fmt: skip
    database.close()


def test_file_open_to_others_is_closed_to_them(path: Path) -> None:
    filled(path).chmod(0o644)
    open_paper(path).close()
    assert mode_of_file(path) == 0o600


def test_commits_are_as_safe_as_sqlite_can(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(connect_writing(path)) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": 5000,
    }  # fmt: skip


def test_start_that_died_before_the_schema_is_made_good(path: Path) -> None:
    path.parent.mkdir()
    for leave_behind in (path.touch, partial(_only_a_header, path)):
        leave_behind()
        assert peek(path) is None
        open_paper(path).close()
        path.unlink()


def _only_a_header(path: Path) -> None:
    connect_writing(path).close()


def test_start_that_died_between_schema_and_mode_is_made_good(path: Path) -> None:
    filled(path, 0)
    forget_the_mode(path)
    assert peek(path) is None
    Database.open(path, "live", START, reserve_bytes=RESERVE_BYTES).close()
    glance = peek(path)
    assert glance is not None
    assert glance.mode == "live"


def test_broadcasts_of_a_mode_that_nobody_knows_are_refused(path: Path) -> None:
    filled(path)
    forget_the_mode(path)
    assert "paper or live" in refusal(path, StoreCorrupt)


def forget_the_mode(path: Path) -> None:
    with plain(path) as connection:
        connection.execute("DELETE FROM meta")
        connection.execute("DELETE FROM guard")


def test_history_rows_are_only_ever_added(path: Path) -> None:
    filled(path)
    with plain(path) as connection:
        for statement in ("UPDATE transitions SET state = 'filled'", "DELETE FROM transitions"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                connection.execute(statement)


def test_decisions_are_only_ever_added(path: Path) -> None:
    database = open_paper(path)
    said = Decision(START, "local", DecisionKind.IGNORE, "FAM-01", "why", None, "77")
    database.write(lambda c: decisions.decide(c, said), "")
    database.close()
    with plain(path) as connection:
        for statement in ("UPDATE decisions SET reason = 'other'", "DELETE FROM decisions"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                connection.execute(statement)


def test_every_change_of_a_line_is_in_its_history_once(path: Path) -> None:
    database = open_paper(path)
    broadcast = a_broadcast(1, 1)
    taken = accepted(broadcast.lines[0], "77")
    database.write(lambda c: functions.open_broadcast(c, broadcast, START, 1), "")
    for line in (taken, taken, taken.moved(LineState.FILLED, filled=1)):
        database.write(lambda c, n=line: functions.record(c, broadcast.id, [n], (), START, 1), "")  # type: ignore[misc]
    database.close()
    with plain(path) as connection:
        query = "SELECT state, order_id, filled FROM transitions ORDER BY number"
        assert connection.execute(query).fetchall() == [
            ("sending", None, 0), ("accepted", "77", 0), ("filled", "77", 1),
        ]  # fmt: skip


# --- durable -----------------------------------------------------------------------------------


async def test_rows_are_in_the_file_before_the_call_returns(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        broadcast = a_broadcast(1, 48)
        await journal.open_broadcast(broadcast)
        with plain(path) as other:
            assert functions.broadcast(other, broadcast.id) == broadcast


def test_a_wave_of_48_is_one_commit(path: Path) -> None:
    path.parent.mkdir()
    open_paper(path).close()
    statements: list[str] = []
    with contextlib.closing(connect_writing(path)) as connection:
        connection.set_trace_callback(statements.append)
        broadcast = a_broadcast(1, 48)
        functions.open_broadcast(connection, broadcast, START, 1)
        lines = [accepted(line, f"{n}") for n, line in enumerate(broadcast.lines)]
        functions.record(connection, broadcast.id, lines, (), START, 1)
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") == 2
    assert sum(statement.startswith("UPDATE lines") for statement in statements) == 48
    with plain(path) as other:
        for table, count in (("lines", 48), ("transitions", 2 * 48)):
            (found,) = other.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert found == count


async def test_log_goes_into_the_database_now_and_then(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        before = size_of(path)
        rounds = CHECKPOINT_EVERY // (4 * 48) + 1
        for number in range(rounds):
            assert size_of(path) == before
            broadcast = a_broadcast(number, 48)
            await journal.open_broadcast(broadcast)
            lines = [accepted(line, f"{number}-{n}") for n, line in enumerate(broadcast.lines)]
            await journal.record(broadcast.id, lines)
        assert size_of(path) > before


async def test_cancelled_caller_finds_its_broadcast_whole(path: Path) -> None:
    database = Database.open(path, "paper", START, reserve_bytes=RESERVE_BYTES)
    journal = SqliteJournal(database, StepClock(), WriterThread(), lambda full: None)
    broadcast = a_broadcast(1, 48)
    async with asyncio.TaskGroup() as group:
        with plain(path) as other:
            # The write waits for the lock of somebody else while its caller is cancelled.
            other.execute("BEGIN IMMEDIATE")
            task = group.create_task(journal.open_broadcast(broadcast))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
        await asyncio.wait([task])
    assert task.cancelled()
    assert await journal.broadcast(broadcast.id) == broadcast
    await journal.close()


# --- refused -----------------------------------------------------------------------------------


def test_database_of_the_other_mode_is_refused(path: Path) -> None:
    filled(path).with_name("desk.db.reserve").unlink()
    with pytest.raises(ModeMismatch, match="is for paper, the configuration says live"):
        Database.open(path, "live", START)
    assert not path.with_name("desk.db.reserve").exists()


def test_newer_schema_is_refused_naming_both(path: Path) -> None:
    with plain(filled(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    detail = refusal(path, SchemaTooNew)
    assert "schema 99" in detail
    assert f"up to {latest()}" in detail
    with pytest.raises(SchemaTooNew):
        peek(path)


def test_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    write_a_letter(path)
    assert "is not a database of this program" in refusal(path, StoreCorrupt)


def test_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with plain(path) as connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
    assert "is not a database of this program" in refusal(path, StoreCorrupt)


def page_of(path: Path, name: str) -> int:
    """Return where in the file a table or an index begins."""
    with plain(path) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(query, (name,)).fetchone()
    return (int(page) - 1) * 4096


@pytest.mark.parametrize("damage", ["header", "page", "schema", "column", "index", "end", "last"])
def test_damaged_database_is_refused_with_what_to_do(path: Path, damage: str) -> None:
    content = bytearray(filled(path).read_bytes())
    if damage == "header":
        content[0:16] = b"\x00" * 16
    elif damage == "page":
        middle = len(content) // 2 // 4096 * 4096
        content[middle : middle + 4096] = b"\xff" * 4096
    elif damage == "schema":
        # SQLite quotes the place in its complaint, which is then no text either.
        content = content.replace(b"CREATE TABLE lines", b"CREATE TAB\xc1\xff lines", 1)
    elif damage == "column":
        content = content.replace(b"correlation_id TEXT", b"correlatiom_id TEXT", 1)
    elif damage == "index":
        # The rows are whole; what finds them by broadcast is not.
        content[page_of(path, "sqlite_autoindex_lines_2") + 4096 - 5] ^= 0x01
    elif damage == "last":
        del content[-1:]
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    said = refusal(path, StoreCorrupt)
    assert "Restore a backup" in said
    assert "put the file aside" in said
    assert "swimdesk reconcile" in said


def test_row_that_was_tampered_with_is_damage_and_not_a_crash(path: Path) -> None:
    with plain(filled(path)) as connection:
        connection.execute("UPDATE lines SET ticket = 'SELL -1 IRON CONDUIT'")
    database = open_paper(path)
    with pytest.raises(StoreCorrupt, match="Restore a backup"):
        database.read(functions.unfinished)
    database.close()


async def test_locked_database_refuses_in_a_sentence_and_recovers(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        with plain(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"locked by another program.*nothing was sent"):
                await journal.open_broadcast(a_broadcast())
            other.execute("ROLLBACK")
        await journal.open_broadcast(a_broadcast())


def test_place_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match=r"desk\.db cannot be opened .*; nothing was changed"):
        open_paper(tmp_path / "home" / "desk.db")


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """Give a folder that other users can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def bound_by_permissions(folder: Path) -> Iterator[None]:
    """Let this thread go by the permissions in the folder, which root would not."""
    set_file_user = ctypes.CDLL(None).setfsuid
    user = os.geteuid() or 65534
    for entry in (folder, *folder.iterdir()):
        os.chown(entry, user, -1)
    set_file_user(user)
    try:
        yield
    finally:
        set_file_user(os.geteuid())
        folder.chmod(0o700)


def test_read_only_file_is_told_with_its_path(shared_folder: Path) -> None:
    path = filled(shared_folder / "home" / "desk.db")
    path.chmod(0o400)
    with bound_by_permissions(path.parent):
        assert "cannot be written" in refusal(path, StoreError)
    # Somebody closed it on purpose.
    assert mode_of_file(path) == 0o400


@pytest.mark.parametrize("with_reserve", [True, False])
def test_read_only_folder_is_told_with_its_path(shared_folder: Path, with_reserve: bool) -> None:
    path = filled(shared_folder / "home" / "desk.db")
    if not with_reserve:
        path.with_name("desk.db.reserve").unlink()
    path.parent.chmod(0o500)
    with bound_by_permissions(path.parent):
        refusal(path, StoreError)


# --- full --------------------------------------------------------------------------------------


@contextmanager
def no_more_pages(database: Database) -> Iterator[None]:
    """Let the database be full at the size that it has."""

    def limit(pages: int) -> None:
        database.read(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchall())

    limit(1)
    yield
    limit(1_000_000)


async def test_full_database_refuses_the_broadcast_whole(path: Path) -> None:
    database = open_paper(path)
    full: list[StoreFull] = []
    journal = SqliteJournal(database, StepClock(), Inline(), full.append)
    with no_more_pages(database), pytest.raises(StoreFull, match="nothing was sent"):
        await journal.open_broadcast(a_broadcast(1, 48))
    assert await journal.history(1) == ()
    assert full == []
    await journal.open_broadcast(a_broadcast(1, 48))
    await journal.close()


async def test_results_that_find_no_room_spend_the_reserve_and_halt_sending(path: Path) -> None:
    database = open_paper(path)
    full: list[StoreFull] = []
    journal = SqliteJournal(database, StepClock(), Inline(), full.append)
    broadcast = a_broadcast(1, 48)
    await journal.open_broadcast(broadcast)
    reserve = path.with_name("desk.db.reserve")
    lines = [accepted(line, f"{n}") for n, line in enumerate(broadcast.lines)]
    with no_more_pages(database), pytest.raises(StoreFull, match="has to be read again"):
        await journal.record(broadcast.id, lines)
    await asyncio.sleep(0)
    assert len(full) == 1
    assert not reserve.exists()
    # Results may be written as soon as there is room; a broadcast needs a new reserve first.
    await journal.record(broadcast.id, lines)
    assert not reserve.exists()
    await journal.open_broadcast(a_broadcast(2))
    assert reserve.stat().st_size == RESERVE_BYTES
    await journal.close()


async def test_without_room_for_a_reserve_nothing_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_paper(path)
    journal = SqliteJournal(database, StepClock(), Inline(), lambda full: None)
    broadcast = a_broadcast(1, 48)
    await journal.open_broadcast(broadcast)
    lines = [accepted(line, f"{n}") for n, line in enumerate(broadcast.lines)]
    with no_more_pages(database), pytest.raises(StoreFull):
        await journal.record(broadcast.id, lines)
    _let_the_disk_be_full(monkeypatch)
    with pytest.raises(StoreFull, match="nothing was sent"):
        await journal.open_broadcast(a_broadcast(2))
    await journal.set_guard(GuardRecord(GuardState.HALTED, "the disk is full", START))
    await journal.close()


def test_home_on_a_full_disk_is_refused_before_anything_is_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _let_the_disk_be_full(monkeypatch)
    with pytest.raises(StoreFull, match="nothing was sent"):
        open_paper(path)
    assert list(path.parent.iterdir()) == []


def _let_the_disk_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)


def test_closing_ends_the_thread(path: Path) -> None:
    async def run() -> None:
        journal = SqliteJournal(open_paper(path), StepClock(), WriterThread(), lambda full: None)
        await journal.note(START, "test", "x")
        await journal.close()

    asyncio.run(run())
    assert not [t for t in threading.enumerate() if t.name.startswith("swimdesk-store")]
