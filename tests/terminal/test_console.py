"""The console in a real terminal: a day's work by keys, and every way in which it can end."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from tests.e2e.books import broadcast_ids, line_states
from tests.e2e.conftest import SetStage
from tests.e2e.test_kills import HORIZON
from tests.e2e.waiting import until
from tests.fakes.terminal import Terminal, a_terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROGRAM = (sys.executable, "-m", "swimdesk")
SMALL = ("--profile", "uniform", "--accounts", "6", "--logins", "2")


async def opened(terminal: Terminal, *arguments: str) -> None:
    """Start the console and wait until its accounts are painted."""
    await terminal.start([*PROGRAM, *arguments])
    await terminal.until_all("PAPER", "acc 6")


async def sent(terminal: Terminal, order: str) -> None:
    """Type an order, arm, confirm, send, and wait until the blotter shows it settled."""
    await terminal.type(":")
    await terminal.type(f"{order} all")
    await terminal.press("Enter")
    await terminal.until("6 send")
    await terminal.press("F8")
    await terminal.until("ARMED")
    await terminal.press("F10")
    await terminal.until("SEND 6 ORDERS")
    await until_it_hears(terminal)


async def until_it_hears(terminal: Terminal) -> None:
    """Press Y until the question is gone: it is deaf in its first quarter of a second."""
    while "SEND 6 ORDERS" in await terminal.pane():
        await terminal.press("Y")


async def test_demo_opens_trades_by_keys_and_leaves_the_terminal_as_it_was() -> None:
    async with a_terminal() as terminal:
        await opened(terminal, "demo", "--accounts=6", "--logins=2", "--profile=uniform",
                     "--market=open")  # fmt: skip
        await terminal.type("2j j")
        await terminal.press("q")
        assert await terminal.exit_code() == 0
        assert await terminal.is_clean()


async def test_an_order_by_keys_reaches_every_account_once(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        await sent(terminal, order)
        await terminal.until("settled")
        await terminal.press("q")
        assert await terminal.exit_code() == 0
    assert len(broadcast_ids(stage.home)) == 1
    assert set((await stage.posts_by_account()).values()) == {1}
    assert (await stage.audit()).is_clean


async def test_keys_that_repeat_send_one_broadcast(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        await terminal.type(f":{order} all")
        await terminal.press("Enter")
        await terminal.until("6 send")
        await terminal.press("F8", *["F10"] * 60)
        await terminal.until("SEND 6 ORDERS")
        await until_it_hears(terminal)
        await terminal.press(*["F10"] * 30, *["Y"] * 30, *["Enter"] * 30)
        await terminal.until("settled")
    assert len(broadcast_ids(stage.home)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_the_console_and_leaves_the_terminal_as_it_was(
    set_stage: SetStage, number: signal.Signals
) -> None:
    stage = await set_stage(*SMALL)
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        os.kill(await terminal.child("swimdesk"), number)
        assert await terminal.exit_code() == 128 + number
        assert await terminal.is_clean()


async def test_a_lost_terminal_ends_the_console_and_what_was_sent_is_in_the_journal(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.latency(800, 900)
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        await sent(terminal, order)
        pid = await terminal.child("swimdesk")
        await terminal.tmux("kill-server")
        await until(lambda: not os.path.exists(f"/proc/{pid}"), "the console has ended")  # noqa: PTH110 - a process, not a path
    assert len(broadcast_ids(stage.home)) == 1
    await stage.latency(0, 1)
    status = await stage.ask("status", "--json")
    assert status["in_doubt_lines"] == 0
    assert not line_states(stage.home)["sending"]


async def test_detaching_and_attaching_again_loses_nothing(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        # Nobody is attached: that is what detached means. Another size is what attaching brings.
        await sent(terminal, order)
        await terminal.resize(80, 24)
        await terminal.until_all("PAPER", "settled")
        await terminal.resize(140, 50)
        await terminal.until_all("PAPER", "settled", "acc 6")


async def test_a_killed_console_leaves_a_desk_that_knows_its_orders(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZON)
    order = await stage.condor()
    await stage.learn_mark()
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        await sent(terminal, order)
        os.kill(await terminal.child("swimdesk"), signal.SIGKILL)
        assert await terminal.exit_code() == 137
        # What nobody could put back: Enter is no end of line until this was typed, with Ctrl-J.
        await terminal.type("reset; echo WHOLE-$((1))")
        await terminal.press("C-j")
        await terminal.until("WHOLE-1")
        await opened(terminal, "--home", str(stage.home))
        await terminal.type("6")
        await terminal.until_all("settled   SELL -1 IC SPX", "6/6")
    assert set((await stage.posts_by_account()).values()) == {2}


async def test_beside_a_daemon_the_console_attaches_and_shows_the_same(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    async with (
        stage.daemon() as daemon,
        a_terminal(environment=stage.commands.environment) as terminal,
    ):
        await opened(terminal, "--home", str(stage.home))
        await terminal.type("6")
        ran = await stage.send(order)
        broadcast = json.loads(ran.out)["broadcast"]
        await terminal.until_all("settled", "6/6")
        await sent(terminal, order.replace("-1 IRON", "-2 IRON"))
        await terminal.press("q")
        assert await terminal.exit_code() == 0
        assert not daemon.is_over
        assert len(broadcast_ids(stage.home)) == 2
        assert broadcast in broadcast_ids(stage.home)


async def test_a_daemon_that_goes_away_and_comes_back_is_found_again(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    async with a_terminal(environment=stage.commands.environment) as terminal:
        async with stage.daemon():
            await opened(terminal, "--home", str(stage.home))
        await terminal.until("NO DESK")
        async with stage.daemon():
            await terminal.until("The desk answers again")


async def test_a_storm_of_sizes_ends_in_a_whole_screen(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    async with a_terminal(environment=stage.commands.environment) as terminal:
        await opened(terminal, "--home", str(stage.home))
        for columns, rows in [(81, 25), (200, 60), (90, 30), (160, 24), (80, 50)] * 6:
            await terminal.resize(columns, rows)
        await terminal.resize(120, 40)
        screen = await terminal.until_all("PAPER", "acc 6", "all keys")
        assert max(map(len, screen.splitlines())) <= 120
        await terminal.press("q")
        assert await terminal.exit_code() == 0


@pytest.mark.parametrize("term", ["dumb", ""])
async def test_a_terminal_that_cannot_show_it_is_told_in_a_sentence(term: str) -> None:
    async with a_terminal(environment={"LESS": ""}) as terminal:
        await terminal.start(["env", f"TERM={term}", *PROGRAM, "--home", str(terminal.folder)])
        assert await terminal.exit_code() == 2
        assert "--no-ui" in await terminal.pane()
