"""Processes killed at random moments around a burst: nothing is sent twice, nothing is lost."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.e2e.books import broadcast_ids, line_states
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import let_pass, until, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

ACCOUNTS = 12
HORIZON = "[risk]\nbind_horizon_s = 10"
KILLS = 3
"""Of each kind."""
LATENCY_MS = (200, 400)
LONGEST_S = 0.45
"""From a burst that begins to answers that have all been written down."""


def moments(seed: int) -> list[float]:
    """Draw a moment of each part of the burst, in seconds."""
    random = Random(seed)
    part_s = LONGEST_S / KILLS
    return [random.uniform(part * part_s, (part + 1) * part_s) for part in range(KILLS)]


async def in_the_journal(home: Path, key: str) -> None:
    """Wait until a broadcast is written down: the moment before its first byte leaves."""
    await until(lambda: line_states(home, key), f"{key} is in the journal", every_s=0.001)


async def everything_placed_is_bound(stage: Stage) -> None:
    """Wait until a line names every order that the brokerage has; the audit is clean meanwhile."""

    async def bound() -> bool:
        found = await stage.audit()
        assert found.is_clean, found
        return not found.waiting

    await until_told(bound, "the reconciler binds what was placed", within_s=60)


async def nothing_more_was_sent(stage: Stage, posts: int) -> None:
    """Posts stay as they were, and no account got two of any broadcast."""
    assert await stage.posts() == posts
    broadcasts = len(broadcast_ids(stage.home))
    assert all(number <= broadcasts for number in (await stage.posts_by_account()).values())


async def test_killed_send_is_taken_up_and_never_sent_again(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", str(ACCOUNTS), "--logins", "3")
    stage.configure(HORIZON)
    orders = await stage.condors(KILLS)
    await stage.latency(*LATENCY_MS)
    for number, (order, moment) in enumerate(zip(orders, moments(seed=1), strict=True)):
        key = f"kill-{number}"
        sending = await stage.start_send(order, key)
        await in_the_journal(stage.home, key)
        await let_pass(moment)
        assert (await sending.kill()).code == -9
        posts = await stage.posts()

        again = await stage.send(order, "--key", key, "--wait=0")

        view = view_of(again.document(code=again.code))
        assert view.broadcast == broadcast_ids(stage.home)[number]
        assert again.code == (5 if view.counts["in_doubt"] else 0)
        assert view.counts["not_sent"] == 0
        await nothing_more_was_sent(stage, posts)

    async with stage.daemon():
        await everything_placed_is_bound(stage)
        await nothing_more_was_sent(stage, posts)


async def test_killed_daemon_is_taken_up_and_nothing_is_sent_again(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", str(ACCOUNTS), "--logins", "3")
    stage.configure(HORIZON)
    orders = await stage.condors(KILLS)
    await stage.latency(*LATENCY_MS)
    for number, (order, moment) in enumerate(zip(orders, moments(seed=2), strict=True)):
        key = f"kill-{number}"
        async with stage.daemon() as daemon:
            sending = await stage.start_send(order, key, "--wait=0")
            await in_the_journal(stage.home, key)
            await let_pass(moment)
            await daemon.kill()
        posts = await stage.posts()

        # The command that was attached takes the home over and tells what became of its lines.
        done = await sending.finished()

        view = view_of(done.document(code=done.code))
        assert view.key == key
        assert done.code == (5 if view.counts["in_doubt"] else 0)
        await nothing_more_was_sent(stage, posts)

    async with stage.daemon():
        await everything_placed_is_bound(stage)
        await nothing_more_was_sent(stage, posts)


async def test_lines_in_flight_at_the_kill_are_in_doubt_and_bound_after_the_horizon(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "4", "--logins", "2")
    stage.configure(HORIZON)
    order = await stage.condor()
    marked = await stage.learn_mark()
    await stage.latency(2000, 2500)

    sending = await stage.start_send(order, "once")
    await until_told(stage.all_posted(8), "every order is at the brokerage", every_s=0.005)
    await sending.kill()
    await stage.latency(20, 60)

    doubtful = view_of(
        await stage.ask("send", order, "--all", "--yes", "--key=once", "--wait=1", code=5)
    )
    assert {line.state for line in doubtful.lines} == {"in_doubt"}
    assert {line.order_id for line in doubtful.lines} == {None}
    assert (await stage.audit([marked, doubtful])).is_clean

    async with stage.daemon():
        await everything_placed_is_bound(stage)
        certain = view_of(await stage.ask("broadcasts", doubtful.broadcast))
    assert {line.state for line in certain.lines} == {"filled"}
    assert await stage.posts() == 8
