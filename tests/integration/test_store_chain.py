"""What was altered behind the program's back shows, and only the newest owner lets orders leave."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.store_homes import a_journal, content_of, make_older, open_paper
from tests.unit.store.builders import START, a_broadcast, a_fill, accepted, an_id

from swimdesk.desk.ports import (
    Binding,
    Grounds,
    GuardRecord,
    GuardState,
    ReadScope,
    ReadToKeep,
)
from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import HomeHeld, OrderDenied, StoreCorrupt, TradingHalted
from swimdesk.store import chain
from swimdesk.store import journal as functions
from swimdesk.store.database import Database
from swimdesk.store.inspection import inspect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "desk.db"


def a_scope(seconds: int = 0) -> ReadScope:
    at = START + timedelta(seconds=seconds)
    return ReadScope(at, START, at, frozenset({"ACC-000"}), complete=True)


async def busy_day(path: Path) -> None:
    """Write at least one row of every kind that is only ever added."""
    async with a_journal(path) as (journal, _):
        broadcast = a_broadcast(1, 2)
        await journal.open_broadcast(broadcast)
        line = accepted(broadcast.lines[0], "77")
        await journal.record(broadcast.id, [line])
        kept = await journal.keep_read(ReadToKeep(a_scope()))
        filled = line.moved(LineState.FILLED, filled=1)
        bound = Binding(line.ref, line.account, "77", Grounds.ANSWER)
        fills = [(line.ref, a_fill("77"))]
        await journal.record(broadcast.id, [filled], fills, bindings=[bound], read=kept.number)
        command = Command("c-1", line.ref, line.account, CommandKind.CANCEL, START, "77")
        await journal.begin_commands([command])
        await journal.end_commands([replace(command, outcome=CommandOutcome.REFUSED)])
        await journal.note(START, "alarm", "look")


def without_triggers(path: Path) -> sqlite3.Connection:
    """Open the file as a meddler does: no rule of ours holds."""
    connection = sqlite3.connect(path, isolation_level=None)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def whole(path: Path) -> chain.Checked:
    found = inspect(path, whole_chain=True)
    assert found is not None
    assert found.chain is not None
    return found.chain


async def test_chain_of_a_busy_day_is_whole_and_covers_every_row(path: Path) -> None:
    await busy_day(path)
    checked = whole(path)
    with closing(sqlite3.connect(path)) as connection:
        rows = sum(
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in chain.CHAINED
        )
    assert checked.rows == rows
    assert checked.links > 5


MEDDLING = {
    "fill": "UPDATE executions SET price = '9.99'",
    "fill removed": "DELETE FROM executions",
    "history": "UPDATE transitions SET state = 'rejected' WHERE state = 'filled'",
    "history removed": "DELETE FROM transitions WHERE number = 2",
    "history added": "INSERT INTO transitions (ref, at, state, filled)"
    " SELECT ref, at, 'sending', 0 FROM transitions LIMIT 1",
    "alarm": "UPDATE notes SET text = 'all is well'",
    "account": "UPDATE lines SET last4 = '0000'",
    "line": "UPDATE lines SET state = 'canceled' WHERE state = 'filled'",
    "order of a line": "UPDATE lines SET order_id = '78' WHERE order_id = '77'",
    "time": "UPDATE broadcasts SET created = '2026-01-01T00:00:00.000000+00:00'",
    "read": "UPDATE reads SET complete = 0",
    "binding": "UPDATE bindings SET order_id = '78'",
    "answer": "UPDATE answers SET outcome = 'taken'",
    "link": "DELETE FROM links WHERE number = 3",
    "beginning": "DELETE FROM links",
}


@pytest.mark.parametrize("what", MEDDLING)
async def test_whatever_is_altered_later_breaks_the_chain(path: Path, what: str) -> None:
    await busy_day(path)
    with closing(without_triggers(path)) as meddler:
        meddler.execute("PRAGMA foreign_keys=OFF")
        assert meddler.execute(MEDDLING[what]).rowcount > 0
    with pytest.raises(StoreCorrupt, match=r"Restore a backup|put the file aside"):
        whole(path)


async def test_broken_chain_is_refused_at_the_start_and_the_file_stays_as_it_was(
    path: Path,
) -> None:
    await busy_day(path)
    with closing(without_triggers(path)) as meddler:
        meddler.execute("UPDATE notes SET text = 'all is well'")
        meddler.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = content_of(path)
    with pytest.raises(StoreCorrupt):
        open_paper(path)
    assert content_of(path) == before


async def test_start_looks_only_at_what_came_since_the_last_check(path: Path) -> None:
    await busy_day(path)
    open_paper(path).close()
    seen = inspect(path)
    assert seen is not None
    assert seen.chain is not None
    assert seen.chain.links < whole(path).links


async def test_home_of_an_older_program_is_chained_from_now_on(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(a_broadcast(1, 3))
    make_older(path, 5)
    async with a_journal(path) as (journal, _):
        await journal.open_broadcast(a_broadcast(2, 3))
    assert whole(path).rows == 1 + 1 + 3 + 3


# --- who may send ------------------------------------------------------------------------------


def test_orders_leave_only_for_the_newest_owner(path: Path) -> None:
    first, second = open_paper(path), open_paper(path)
    broadcast = a_broadcast(1, 2)
    with pytest.raises(HomeHeld, match="Another process"):
        first.write(opening(first, a_broadcast(2, 2)), "")
    second.write(opening(second, broadcast), "")
    with second_reading(path) as connection:
        assert connection.execute("SELECT count(*) FROM broadcasts").fetchone() == (1,)
    first.close()
    second.close()


def test_former_owner_may_still_write_down_what_became_of_its_orders(path: Path) -> None:
    first = open_paper(path)
    broadcast = a_broadcast(1, 2)
    first.write(opening(first, broadcast), "")
    second = open_paper(path)
    line = accepted(broadcast.lines[0], "77")
    first.write(
        lambda c: functions.record(c, broadcast.id, [line], (), START, first.epoch), "not written"
    )
    assert second.read(lambda c: functions.broadcast(c, broadcast.id)) == broadcast.with_lines(
        [line]
    )
    first.close()
    second.close()


def opening(database: Database, broadcast: object) -> Callable[[sqlite3.Connection], None]:
    return lambda c: functions.open_broadcast(c, broadcast, START, database.epoch)  # type: ignore[arg-type]


def second_reading(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path))


async def test_nothing_leaves_while_the_journal_says_halted(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        await journal.set_guard(GuardRecord(GuardState.HALTED, "enough", START))
        with pytest.raises(TradingHalted, match="enough"):
            await journal.open_broadcast(a_broadcast(1, 2))
        assert await journal.history(9) == ()


async def test_look_alike_of_an_order_in_doubt_does_not_leave(path: Path) -> None:
    async with a_journal(path) as (journal, _):
        first, second = a_broadcast(1, 2), a_broadcast(2, 2)
        same = [
            replace(line, fingerprint=other.fingerprint)
            for line, other in zip(second.lines, first.lines, strict=True)
        ]
        await journal.open_broadcast(first)
        doubtful = first.lines[0].moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN)
        await journal.record(first.id, [doubtful, accepted(first.lines[1], "78")])
        with pytest.raises(OrderDenied, match="unresolved"):
            await journal.open_broadcast(second.with_lines(same))
        assert [row.id for row in await journal.history(9)] == [an_id(1)]
