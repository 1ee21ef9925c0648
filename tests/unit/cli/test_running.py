"""Signals end a command orderly, and not in the middle of what must be finished."""

from __future__ import annotations

import asyncio
import signal

import pytest

from swimdesk.cli.endings import Interrupted
from swimdesk.cli.running import Interruption, fast_loop, run_command

LOOPS = pytest.mark.parametrize("loop_factory", [None, fast_loop], ids=["asyncio", "uvloop"])


async def arrival(interruption: Interruption) -> None:
    """Wait until the loop has seen a signal."""
    while interruption.number is None:  # noqa: ASYNC110 - the signal itself is what is awaited
        await asyncio.sleep(0)


@LOOPS
def test_signal_ends_the_command_after_everything_is_closed(loop_factory: None) -> None:
    closed = []

    async def work(interruption: Interruption) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
            await asyncio.Future()
        finally:
            # The way out may wait, and a second signal does not cut it short.
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0.001)
            closed.append(interruption.number)

    with pytest.raises(Interrupted) as ended:
        run_command(work, loop_factory=loop_factory)
    assert closed == [signal.SIGTERM]
    assert ended.value.exit_code == 143


@LOOPS
def test_what_is_held_back_is_finished_before_the_signal_ends_it(loop_factory: None) -> None:
    steps = []

    async def work(interruption: Interruption) -> None:
        with interruption.held_back():
            signal.raise_signal(signal.SIGINT)
            await arrival(interruption)
            steps.append("finished")
            interruption.said = "look there"
        await asyncio.Future()

    with pytest.raises(Interrupted, match="SIGINT") as ended:
        run_command(work, loop_factory=loop_factory)
    assert steps == ["finished"]
    assert (ended.value.exit_code, ended.value.said) == (130, "look there")


def test_result_is_returned_where_no_signal_came() -> None:
    async def work(_: Interruption) -> str:
        return "done"

    assert run_command(work) == "done"


def test_cancelled_by_nobody_is_not_taken_for_a_signal() -> None:
    async def work(_: Interruption) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_command(work)
