"""What may be read of a home from beside its owner, or when nobody has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.store_homes import (
    a_journal,
    content_of,
    filled,
    make_older,
    plain,
    write_a_letter,
)
from tests.unit.store.builders import START, a_broadcast, a_fill, accepted, an_id

from swimdesk.desk.ports import GuardRecord, GuardState, ReadScope, ReadToKeep
from swimdesk.domain.commands import Command, CommandKind
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import LineState
from swimdesk.errors import SchemaTooNew, StoreCorrupt, StoreError, UnknownReference
from swimdesk.store.glance import peek
from swimdesk.store.history import open_history
from swimdesk.store.migrate import latest, migrate, steps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "desk.db"


async def test_history_of_a_stopped_home(path: Path) -> None:
    filled(path, 0)
    newest = a_broadcast(3, 48, key="k")
    async with a_journal(path) as (journal, _):
        for broadcast in (a_broadcast(1), a_broadcast(2), newest):
            await journal.open_broadcast(broadcast)
        line = accepted(newest.lines[0], "5")
        await journal.record(newest.id, [line])
        await journal.record(newest.id, (), [(line.ref, a_fill("5"))])
        expected = await journal.history(2)
    before = content_of(path)
    async with open_history(path) as history:
        assert await history.newest(2) == expected
        assert await history.broadcast("00003") == newest.with_lines([line])
        assert await history.broadcast(an_id(3)) == newest.with_lines([line])
        assert await history.broadcast(an_id(4)) is None
        assert await history.executions(newest.id) == {line.ref: (a_fill("5"),)}
        assert await history.counts() == {"sending": 53, "accepted": 1}
    assert content_of(path) == before


async def test_history_has_the_commands_and_an_older_home_has_none(path: Path) -> None:
    broadcast = a_broadcast(1)
    line = broadcast.lines[1]
    command = Command("c-1", line.ref, line.account, CommandKind.CANCEL, START, "77")
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(broadcast)
        await journal.begin_commands([command])
    async with open_history(path) as history:
        assert await history.commands(broadcast.id) == (command,)

    older = path.with_name("older.db")
    with closing(sqlite3.connect(older)) as connection:
        migrate(connection, older, steps()[:1])
    async with open_history(older) as history:
        assert await history.commands(broadcast.id) == ()


async def test_home_from_before_replacements_is_read_and_then_migrated(path: Path) -> None:
    broadcast = a_broadcast(1)
    line = broadcast.lines[1]
    command = Command("c-1", line.ref, line.account, CommandKind.CANCEL, START, "77")
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(broadcast)
        await journal.begin_commands([command])
    make_older(path, 3)
    broadcast = replace(broadcast, confirmed=None, confirmed_ns=None)
    async with open_history(path) as history:
        assert await history.broadcast(broadcast.id) == broadcast
        assert await history.commands(broadcast.id) == (command,)
    glance = peek(path)
    assert glance is not None
    assert glance.newest is not None
    assert {line.ref for _, line, _ in glance.unresolved} == {x.ref for x in broadcast.lines}
    async with a_journal(path) as (journal, _):
        assert await journal.broadcast(broadcast.id) == broadcast
        assert await journal.commands(broadcast.id) == (command,)


async def test_home_from_before_the_time_of_confirmation_is_read_and_then_migrated(
    path: Path,
) -> None:
    broadcast = a_broadcast(1)
    line = accepted(broadcast.lines[0], "5")
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(broadcast)
        await journal.record(broadcast.id, [line])
    make_older(path, 4)
    known = replace(broadcast.with_lines([line]), confirmed=None, confirmed_ns=None)
    async with open_history(path) as history:
        assert await history.broadcast(broadcast.id) == known
        assert await history.write_times(9) == ({line.account: line.sent_ns},)
    async with a_journal(path) as (journal, _):
        assert await journal.broadcast(broadcast.id) == known
        newer = a_broadcast(2)
        await journal.open_broadcast(newer)
        assert await journal.broadcast(newer.id) == newer


async def test_home_from_before_decisions_is_read_and_then_migrated(path: Path) -> None:
    broadcast = a_broadcast(1)
    adopted = replace(a_broadcast(2), origin=Origin.ADOPTED)
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(broadcast)
        await journal.open_broadcast(adopted)
    async with open_history(path) as history:
        assert await history.broadcast(adopted.id) == adopted
    make_older(path, 6)
    broadcast = replace(broadcast, confirmed_ns=None)
    async with open_history(path) as history:
        assert await history.broadcast(broadcast.id) == broadcast
    assert peek(path) is not None
    async with a_journal(path) as (journal, _):
        assert await journal.broadcast(broadcast.id) == broadcast
        assert await journal.decisions(START) == ()
        assert await journal.baselines() == ()


async def test_home_from_before_monotonic_times_is_read_and_then_migrated(path: Path) -> None:
    broadcast = a_broadcast(1)
    scope = ReadScope(START, START, START, frozenset({"ACC-000"}), complete=True)
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(broadcast)
        await journal.keep_read(ReadToKeep(scope))
    make_older(path, 7)
    older = replace(broadcast, confirmed_ns=None)
    async with open_history(path) as history:
        assert await history.broadcast(broadcast.id) == older
    timed = replace(scope, steady_ns=77, unknown=frozenset({("ACC-000", "5"), ("ACC-001", "6")}))
    async with a_journal(path) as (journal, _):
        assert await journal.broadcast(broadcast.id) == older
        await journal.keep_read(ReadToKeep(timed))
        assert await journal.scopes_since(START) == (scope, timed)


async def test_an_older_home_tells_its_broadcasts_without_what_they_were_checked_against(
    path: Path,
) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        migrate(connection, path, steps()[:2])
        connection.execute("INSERT INTO meta VALUES (1, 'paper', ?)", (START.isoformat(),))
        connection.execute("INSERT INTO guard VALUES (1, 'active', '', ?)", (START.isoformat(),))
        row = (an_id(1), "SELL …", "paper", START.isoformat(), None, "local", "0f", "1", None)
        connection.execute("INSERT INTO broadcasts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    async with open_history(path) as history:
        (found,) = await history.newest(9)
        older = await history.broadcast(an_id(1))
    assert found.id == an_id(1)
    assert older is not None
    assert (older.plan, older.limits, older.overrides, older.notional) == (None, "", (), None)
    glance = peek(path)
    assert glance is not None
    assert glance.newest == found


async def test_history_tells_endings_apart_as_the_journal_does(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        for number in (10_012, 20_012):
            await journal.open_broadcast(a_broadcast(number))
        async with open_history(path) as history:
            with pytest.raises(UnknownReference, match="2 broadcasts"):
                await history.broadcast("0012")


async def test_history_of_what_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(StoreError, match="nothing was sent"):
        async with open_history(path):
            pass
    write_a_letter(path)
    with pytest.raises(StoreCorrupt):
        async with open_history(path):
            pass


async def test_history_of_a_newer_schema_is_refused(path: Path) -> None:
    with plain(filled(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaTooNew, match="schema 99"):
        async with open_history(path):
            pass


async def test_glance_beside_an_owner_and_at_a_stopped_home(path: Path) -> None:
    assert peek(path) is None
    async with a_journal(path) as (journal, _):
        first = a_broadcast(1)
        await journal.open_broadcast(first)
        doubtful = first.lines[1].moved(LineState.IN_DOUBT)
        await journal.record(first.id, [accepted(first.lines[0], "1"), doubtful])
        await journal.set_guard(GuardRecord(GuardState.HALTED, "lunch", START))
        beside = peek(path)
    assert beside is not None
    assert (beside.mode, beside.schema) == ("paper", latest())
    # One taken, one in doubt, and one still sending: nobody knows about the last two.
    assert (beside.open, beside.in_doubt) == (1, 2)
    assert [line.state for _, line, _ in beside.unresolved] == [
        LineState.IN_DOUBT, LineState.SENDING,
    ]  # fmt: skip
    assert {broadcast.id for broadcast, _, _ in beside.unresolved} == {first.id}
    assert min(since for _, _, since in beside.unresolved) >= START
    assert beside.guard == GuardRecord(GuardState.HALTED, "lunch", START)
    assert beside.newest is not None
    assert beside.newest.id == first.id
    assert peek(path) == beside


async def test_reader_does_not_hold_up_the_writer(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(a_broadcast(1))
        async with open_history(path) as history:
            await history.newest(1)
            await journal.open_broadcast(a_broadcast(2))
            # One unchanging view: what came later is not in it.
            assert [row.id for row in await history.newest(9)] == [an_id(1)]
