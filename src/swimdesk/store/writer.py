"""Where the journal's functions run: on one writer thread, or inline where time is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

WAITING_LIMIT = 64
"""Calls given to the thread at once; further callers wait their turn in order."""

T = TypeVar("T")


def nothing() -> None:
    """Do nothing afterwards."""


class Runner(Protocol):
    """Run one call at a time, in the order they came."""

    async def run(self, work: Callable[[], T], then: Callable[[], None] = nothing) -> T:
        """Return what ``work`` returns; ``then`` follows it once the caller has its answer."""
        ...

    async def close(self) -> None:
        """Finish what was begun."""
        ...


class Inline:
    """Runs calls at once, in the caller's thread: for simulations."""

    async def run(self, work: Callable[[], T], then: Callable[[], None] = nothing) -> T:
        """Return what ``work`` returns."""
        try:
            return work()
        finally:
            then()

    async def close(self) -> None:
        """Do nothing: no call is ever left over."""


class WriterThread:
    """Runs calls on one thread of its own; a call that was begun is always finished."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="swimdesk-store")
        self._room = asyncio.Semaphore(WAITING_LIMIT)

    async def run(self, work: Callable[[], T], then: Callable[[], None] = nothing) -> T:
        """Return what ``work`` returns; a cancelled caller leaves only after the work is done."""
        async with self._room:
            future = asyncio.get_running_loop().run_in_executor(self._executor, work)
            if then is not nothing:
                self._executor.submit(then)
            return await _finished(future)

    async def close(self) -> None:
        """Wait for every call, then end the thread."""
        await _finished(
            asyncio.get_running_loop().run_in_executor(None, self._executor.shutdown, True)
        )


async def _finished(future: asyncio.Future[T]) -> T:
    """Wait to the end even when cancelled, so that nobody takes a commit for undone."""
    cancellation: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is not None:
        raise cancellation from future.exception()
    return future.result()
