"""A write that was begun is finished, whatever becomes of the one who asked for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from swimdesk.store.writer import WAITING_LIMIT, WriterThread


@asynccontextmanager
async def a_writer() -> AsyncIterator[WriterThread]:
    writer = WriterThread()
    yield writer
    await writer.close()


async def test_calls_run_in_order_on_one_thread_that_is_not_ours() -> None:
    seen: list[tuple[int, int]] = []

    def work(number: int) -> int:
        seen.append((number, threading.get_ident()))
        return number

    async with a_writer() as writer, asyncio.TaskGroup() as group:
        for number in range(3 * WAITING_LIMIT):
            group.create_task(writer.run(partial(work, number)))
    assert [number for number, _ in seen] == list(range(3 * WAITING_LIMIT))
    assert len({thread for _, thread in seen}) == 1
    assert seen[0][1] != threading.get_ident()


async def test_error_of_the_work_reaches_the_caller() -> None:
    def work() -> None:
        raise ValueError("no")

    async with a_writer() as writer:
        with pytest.raises(ValueError, match="no"):
            await writer.run(work)


async def test_cancelled_caller_leaves_only_after_the_work_is_done() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        done.set()

    async with a_writer() as writer, asyncio.TaskGroup() as group:
        caller = group.create_task(writer.run(work))
        await asyncio.to_thread(begun.wait)
        caller.cancel()
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.sleep(0)
        assert not caller.done()
        go_on.set()
        await asyncio.wait([caller])
        assert caller.cancelled()
        assert done.is_set()


async def test_work_of_a_cancelled_caller_that_waited_is_done() -> None:
    go_on, done = threading.Event(), threading.Event()
    async with a_writer() as writer, asyncio.TaskGroup() as group:
        first = group.create_task(writer.run(go_on.wait))
        second = group.create_task(writer.run(done.set))
        await asyncio.sleep(0)
        second.cancel()
        go_on.set()
        await asyncio.wait([first, second])
        assert second.cancelled()
        assert done.is_set()


async def test_close_waits_for_the_work_and_for_what_follows_it() -> None:
    followed = threading.Event()
    async with a_writer() as writer:
        await writer.run(lambda: None, followed.set)
    assert followed.is_set()
