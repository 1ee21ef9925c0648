"""One daemon, many commands: served in order, stopped orderly, killed, frozen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import pytest
from tests.e2e.books import broadcast_ids, line_states
from tests.e2e.commands import Finished, Running
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SMALL = ("--profile", "uniform", "--accounts", "6", "--logins", "2")


async def ends_of(running: Sequence[Running]) -> list[Finished]:
    """Wait for every command."""
    return [*await asyncio.gather(*(one.finished() for one in running))]


async def all_answered(stage: Stage, key: str) -> None:
    """Wait until no line of a broadcast is still sending, by the journal."""

    def answered() -> bool:
        states = line_states(stage.home, key)
        return bool(states) and not states["sending"]

    await until(answered, f"every answer of {key} is in the journal")


async def test_commands_at_once_are_all_served_and_a_key_is_sent_once(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    *orders, previewed, keyed = await stage.condors(10)

    async with stage.daemon():
        sends = [await stage.start_send(order, f"own-{n}") for n, order in enumerate(orders)]
        others = [await stage.start("preview", previewed, "--all", "--json") for _ in range(6)]
        others += [await stage.start("status", "--json") for _ in range(6)]
        same = [await stage.start_send(keyed, "same") for _ in range(5)]
        done = await ends_of([*sends, *others, *same])
        views = await stage.views()

    assert [one.code for one in done] == [0] * 25, [one for one in done if one.code]
    assert len(views) == len(broadcast_ids(stage.home)) == 9
    repeated = {one.document()["broadcast"] for one in done[-5:]}
    assert len(repeated) == 1
    assert set((await stage.posts_by_account()).values()) == {9}
    assert (await stage.audit(views)).is_clean


async def test_commands_at_once_without_a_daemon_own_the_home_in_turns(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    # Looked at is what nobody sends: a look-alike of an order just sent would be denied.
    *orders, previewed, keyed = await stage.condors(6)

    sends = [await stage.start_send(order, f"own-{n}") for n, order in enumerate(orders)]
    others = [await stage.start("preview", previewed, "--all", "--json") for _ in range(3)]
    others += [await stage.start("status", "--json") for _ in range(3)]
    same = [await stage.start_send(keyed, "same") for _ in range(4)]
    done = await ends_of([*sends, *others, *same])

    assert [one.code for one in done] == [0] * 14, [one for one in done if one.code]
    assert len({one.document()["broadcast"] for one in done[-4:]}) == 1
    assert set((await stage.posts_by_account()).values()) == {5}
    assert (await stage.audit()).is_clean


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_during_a_burst_lets_what_is_in_flight_finish(
    set_stage: SetStage, number: signal.Signals
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.latency(800, 1200)

    async with stage.daemon() as daemon:
        sending = await stage.start_send(order, "burst", "--wait=0")
        await until_told(stage.all_posted(6), "every order is at the brokerage")
        assert line_states(stage.home, "burst") == {"sending": 6}
        daemon.signal(number)
        ended = await daemon.finished()

    assert ended.code == 0
    left = line_states(stage.home, "burst")
    assert left["sending"] == left["in_doubt"] == 0
    assert left.total() == 6
    view = view_of((await sending.finished()).document(code=0))
    assert view.counts["accepted"] == 6
    assert await stage.posts() == 6
    assert (await stage.audit([view])).is_clean


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_to_a_sending_command_leaves_nothing_in_doubt(
    set_stage: SetStage, number: signal.Signals
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.latency(800, 1200)

    sending = await stage.start_send(order, "burst")
    await until_told(stage.all_posted(6), "every order is at the brokerage")
    sending.signal(number)
    done = await sending.finished()

    assert done.code == 128 + number
    (broadcast,) = broadcast_ids(stage.home)
    assert broadcast in done.err
    assert line_states(stage.home, "burst") == {"accepted": 6}
    assert await stage.posts() == 6


async def test_command_killed_beside_the_daemon_changes_nothing(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.latency(300, 500)

    async with stage.daemon():
        sending = await stage.start_send(order, "left alone")
        await until(lambda: line_states(stage.home, "left alone"), "the journal has it")
        await sending.kill()
        await all_answered(stage, "left alone")
        again = view_of((await stage.send(order, "--key", "left alone")).document())

    assert again.counts["accepted"] == 6
    assert await stage.posts() == 6
    assert (await stage.audit([again])).is_clean


async def test_second_daemon_names_the_first_and_leaves(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)

    async with stage.daemon() as first:
        second = await (await stage.start("--no-ui")).finished(within_s=20)
        assert second.code == 8
        assert str(first.pid) in second.err
        assert (await stage.ask("status"))["owner"] == first.pid


async def test_stale_socket_of_a_killed_daemon_stands_in_nobodys_way(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    async with stage.daemon() as daemon:
        await daemon.kill()
    assert [*(stage.home / "run").glob("*.sock")], "the scenario needs the stale socket"

    assert (await stage.ask("status"))["owner"] is None
    assert view_of((await stage.send(order)).document()).counts["accepted"] == 6
    async with stage.daemon() as successor:
        assert (await stage.ask("status"))["owner"] == successor.pid


async def test_frozen_daemon_is_named_and_halted_by_the_file(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    async with stage.daemon() as daemon:
        daemon.signal(signal.SIGSTOP)
        commands = [
            await stage.start("status", "--json"),
            await stage.start("preview", order, "--all", "--json"),
            await stage.start_send(order, "frozen"),
        ]
        halting = await stage.start("halt", "--reason", "it hangs", "--json")
        for refused in await ends_of(commands):
            error = refused.error(code=8)
            assert error["code"] == "HOME_HELD"
            assert str(daemon.pid) in error["detail"]
        halted = await halting.finished()
        assert halted.document()["state"] == "halted"
        assert (stage.home / "run" / "HALT").exists()

        daemon.signal(signal.SIGCONT)
        assert (await stage.ask("status"))["guard"]["reason"] == "it hangs"
        refusal = (await stage.send(order)).error(code=7)

    assert refusal["code"] == "TRADING_HALTED"
    assert await stage.posts() == 0
    assert not broadcast_ids(stage.home)


async def test_halt_holds_across_restarts_until_it_is_taken_back(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    async with stage.daemon() as first:
        await stage.ask("halt", "--reason", "lunch")
        first.signal(signal.SIGTERM)
        assert (await first.finished()).code == 0
    assert (await stage.ask("status"))["guard"]["reason"] == "lunch"
    assert (await stage.send(order)).error(code=7)["code"] == "TRADING_HALTED"
    async with stage.daemon():
        assert (await stage.ask("status"))["guard"]["state"] == "halted"
        assert (await stage.send(order)).error(code=7)["code"] == "TRADING_HALTED"
        assert await stage.posts() == 0
        await stage.ask("resume")
        sent = (await stage.send(order, "--wait=0")).document()

    assert sent["counts"]["accepted"] == 6
    assert await stage.posts() == 6
