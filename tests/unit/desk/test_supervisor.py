"""Loops that fail run again, jobs finish, and nothing dies unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

from tests.fakes.virtual import run_virtual

from swimdesk.desk.supervisor import LAST_RESTART_S, Supervisor, TaskHealth


def failing(starts: list[float], error: BaseException) -> Callable[[], Coroutine[Any, Any, None]]:
    """Build a body that notes when it starts and fails at once."""

    async def body() -> None:
        starts.append(asyncio.get_running_loop().time())
        raise error

    return body


def test_a_loop_that_fails_runs_again_after_growing_pauses() -> None:
    async def scenario() -> None:
        supervisor, starts = Supervisor(), list[float]()
        supervisor.loop("tracker", failing(starts, ValueError("bad")))
        await asyncio.sleep(300)
        pauses = [b - a for a, b in pairwise(starts)]
        assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
        assert set(pauses[7:]) == {LAST_RESTART_S}
        (health,) = supervisor.health
        assert health == TaskHealth("tracker", "restarting", len(starts), "ValueError: bad")
        await supervisor.close()

    run_virtual(scenario())


def test_a_loop_that_ran_well_for_long_is_soon_back() -> None:
    async def scenario() -> None:
        supervisor, starts = Supervisor(), list[float]()

        async def body() -> None:
            starts.append(asyncio.get_running_loop().time())
            await asyncio.sleep(1000 if len(starts) == 5 else 0)
            raise ValueError("bad")

        supervisor.loop("tracker", body)
        await asyncio.sleep(1020)
        assert starts[:5] == [0, 1, 3, 7, 15]
        assert starts[5:] == [1016, 1018]
        await supervisor.close()

    run_virtual(scenario())


def test_a_loop_whose_body_was_cancelled_from_inside_runs_again_too() -> None:
    async def scenario() -> None:
        supervisor, starts = Supervisor(), list[float]()
        supervisor.loop("stream", failing(starts, asyncio.CancelledError()))
        await asyncio.sleep(4)
        assert starts == [0, 1, 3]
        assert supervisor.health[0].state == "restarting"
        await supervisor.close()

    run_virtual(scenario())


def test_a_loop_that_fails_while_it_is_stopped_is_not_run_again() -> None:
    async def scenario() -> None:
        supervisor, starts = Supervisor(), list[int]()

        async def body() -> None:
            starts.append(1)
            try:
                await asyncio.Event().wait()
            finally:
                raise ValueError("nothing to close")

        supervisor.loop("stream", body)
        await asyncio.sleep(1)
        async with asyncio.timeout(10):
            await supervisor.close()
        assert len(starts) == 1
        assert len(asyncio.all_tasks()) == 1

    run_virtual(scenario())


def test_a_loop_that_runs_is_healthy_and_one_that_returns_has_ended() -> None:
    async def scenario() -> None:
        supervisor = Supervisor()

        async def forever() -> None:
            await asyncio.Event().wait()

        async def once() -> None:
            return

        supervisor.loop("forever", forever)
        supervisor.loop("once", once)
        await asyncio.sleep(1)
        assert [(h.name, h.state, h.restarts) for h in supervisor.health] == [
            ("forever", "running", 0),
            ("once", "ended", 0),
        ]
        await supervisor.close()

    run_virtual(scenario())


def test_closing_stops_loops_and_waits_for_jobs() -> None:
    async def scenario() -> None:
        supervisor, events = Supervisor(), list[str]()

        async def forever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                events.append("loop stopped")

        async def work() -> None:
            await asyncio.sleep(5)
            events.append("job done")

        supervisor.loop("forever", forever)
        supervisor.job("broadcast", work())
        await asyncio.sleep(0)
        await supervisor.close()
        assert events == ["loop stopped", "job done"]
        assert len(asyncio.all_tasks()) == 1

    run_virtual(scenario())


def test_a_job_that_does_not_end_is_cancelled_in_the_end() -> None:
    async def scenario() -> None:
        supervisor = Supervisor()
        task = supervisor.job("stuck", asyncio.sleep(1000))
        await supervisor.close(jobs_s=30)
        assert task.cancelled()
        assert asyncio.get_running_loop().time() == 30

    run_virtual(scenario())


def test_a_job_outlives_the_one_who_asked_for_it() -> None:
    async def scenario() -> None:
        supervisor, done = Supervisor(), asyncio.Event()

        async def work() -> None:
            await asyncio.sleep(1)
            done.set()

        async def ask() -> None:
            await supervisor.job("broadcast", work())

        asking = asyncio.ensure_future(ask())
        await asyncio.sleep(0.5)
        supervisor_tasks = asyncio.all_tasks() - {asking, asyncio.current_task()}
        assert len(supervisor_tasks) == 1
        del asking
        await supervisor.close()
        assert done.is_set()

    run_virtual(scenario())


def test_a_job_that_fails_is_seen() -> None:
    async def scenario() -> None:
        supervisor = Supervisor()

        async def work() -> None:
            raise ValueError("lost")

        await asyncio.gather(supervisor.job("broadcast B-1", work()), return_exceptions=True)
        assert supervisor.health == (TaskHealth("broadcast B-1", "failed", 0, "ValueError: lost"),)
        await supervisor.close()

    run_virtual(scenario())


def test_what_a_job_starts_while_the_desk_closes_is_finished_too() -> None:
    async def main() -> None:
        supervisor = Supervisor()
        ended: list[str] = []

        async def second() -> None:
            await asyncio.sleep(1)
            ended.append("second")

        async def first() -> None:
            await asyncio.sleep(1)
            supervisor.job("second", second())
            ended.append("first")

        supervisor.job("first", first())
        await supervisor.close()
        assert ended == ["first", "second"]

    run_virtual(main())
