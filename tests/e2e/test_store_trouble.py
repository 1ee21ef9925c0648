"""A disk that is full, a database that is damaged, foreign or newer: nothing sent, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.books import line_states
from tests.e2e.commands import NO_BYTECODE
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until_told

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "4", "--logins", "2", "--latency-ms", "5:20")
HORIZON = "[risk]\nbind_horizon_s = 10"


def sql(home: Path, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(home / "desk.db")) as connection, connection:
        connection.execute(statement)


# --- full ------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_bytes", [1, 65_536, 4_000_000])
async def test_new_home_on_a_full_disk_sends_nothing(set_stage: SetStage, most_bytes: int) -> None:
    stage = await set_stage(*SMALL)
    command = ("send", await stage.condor(), "--all", "--yes", "--json")
    remove_database(stage.home)

    running = await stage.start(*command, most_bytes=most_bytes, to_pipes=True)

    assert (await running.finished()).error(code=10)["code"] == "STORE_FULL"
    assert await stage.posts() == 0


def remove_database(home: Path) -> None:
    """Leave the home as it was before its first command."""
    for file in home.glob("desk.db*"):
        file.unlink()


async def test_disk_that_fills_up_under_a_daemon_stops_the_next_order(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    first, second = await stage.condors(2)

    async with stage.daemon(NO_BYTECODE) as daemon:
        assert (await stage.send(first)).document()["state"] == "settled"
        daemon.allow_no_more_disk()
        error = (await stage.send(second)).error(code=10)

    assert error["code"] == "STORE_FULL"
    assert await stage.posts() == 4


async def test_disk_that_fills_up_between_orders_and_answers_halts_and_loses_nothing(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZON)
    first, second = await stage.condors(2)
    await stage.learn_mark()
    await stage.latency(1000, 1500)

    async with stage.daemon(NO_BYTECODE) as daemon:
        sending = await stage.start_send(first, "full")
        await until_told(stage.all_posted(8), "every order is at the brokerage")
        daemon.allow_no_more_disk()
        shown = view_of((await sending.finished()).document(code=0))
        # What happened at the broker is shown as it is, though it could not be written down.
        assert {line.state for line in shown.lines} == {"filled"}
        status = await stage.ask("status")
        assert status["guard"]["state"] == "halted"
        assert status["alarms"]
        assert (await stage.send(second)).error(code=7)["code"] == "TRADING_HALTED"
        await daemon.kill()

    await lines_are_taken_up_in_doubt(stage)
    async with stage.daemon():
        assert (await stage.ask("status"))["guard"]["state"] == "halted"
        await everything_is_bound(stage)
        await stage.ask("resume")
        assert (await stage.send(second)).document()["counts"]["accepted"] == 4
    assert set((await stage.posts_by_account()).values()) == {3}
    assert (await stage.audit()).is_clean


async def test_disk_that_fills_up_under_a_command_halts_and_loses_nothing(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZON)
    order = await stage.condor()
    await stage.learn_mark()
    await stage.latency(1000, 1500)

    command = ("send", order, "--all", "--yes", "--json", "--key", "full")
    sending = await stage.start(*command, environment=NO_BYTECODE, to_pipes=True)
    await until_told(stage.all_posted(8), "every order is at the brokerage")
    sending.allow_no_more_disk()
    done = await sending.finished()

    shown = view_of(done.document(code=0))
    assert {line.state for line in shown.lines} == {"filled"}
    await lines_are_taken_up_in_doubt(stage)
    async with stage.daemon():
        assert (await stage.ask("status"))["guard"]["state"] == "halted"
        await everything_is_bound(stage)
    assert await stage.posts() == 8


async def lines_are_taken_up_in_doubt(stage: Stage) -> None:
    """The journal knows that the orders may have left and nothing more; a start says so."""
    assert line_states(stage.home, "full") == {"sending": 4}
    await stage.latency(5, 20)
    again = await stage.run("send", "--key=full", "--wait=0", "--plan=any", "--yes", "--json")
    doubtful = view_of(again.document(code=5))
    assert {line.state for line in doubtful.lines} == {"in_doubt"}


async def everything_is_bound(stage: Stage) -> None:
    """Wait until a line names every order that the brokerage has."""

    async def bound() -> bool:
        found = await stage.audit()
        assert found.is_clean, found
        return not found.waiting

    await until_told(bound, "the reconciler binds what was placed", within_s=40)


# --- damaged, foreign, newer -----------------------------------------------------------------


def overwrite_the_middle(home: Path) -> None:
    with (home / "desk.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 16_384)


def cut_in_half(home: Path) -> None:
    with (home / "desk.db").open("r+b") as file:
        file.truncate((home / "desk.db").stat().st_size // 2)


def replace_by_a_letter(home: Path) -> None:
    (home / "desk.db").write_text("Dear desk, I am not a database. " * 400)


def make_live(home: Path) -> None:
    sql(home, "UPDATE meta SET mode = 'live'")


def make_newer(home: Path) -> None:
    sql(home, "PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (overwrite_the_middle, "STORE_CORRUPT"),
        (cut_in_half, "STORE_CORRUPT"),
        (replace_by_a_letter, "STORE_CORRUPT"),
        (make_live, "STORE_MODE_MISMATCH"),
        (make_newer, "STORE_SCHEMA_TOO_NEW"),
    ],
)
async def test_database_that_cannot_be_trusted_is_left_as_it_is_and_nothing_is_sent(
    set_stage: SetStage, spoil: Callable[[Path], None], code: str
) -> None:
    stage = await set_stage(*SMALL)
    first, second = await stage.condors(2)
    assert (await stage.send(first)).document()["state"] == "settled"
    spoil(stage.home)
    spoiled = (stage.home / "desk.db").read_bytes()

    error = (await stage.send(second)).error(code=10)
    daemon = await (await stage.start("--no-ui")).finished()

    assert error["code"] == code
    assert "desk.db" in error["detail"]
    assert daemon.code == 10
    assert (stage.home / "desk.db").read_bytes() == spoiled
    assert await stage.posts() == 4


async def test_command_after_a_damaged_database_can_still_halt(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    assert (await stage.send(await stage.condor(), "--wait=0")).code == 0
    replace_by_a_letter(stage.home)

    halted = await stage.ask("halt", "--reason", "the disk is dying")

    assert halted["state"] == "halted"
    assert (stage.home / "run" / "HALT").exists()
