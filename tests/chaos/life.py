"""One life of the desk's process: what it may still do, and at which call it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")

_LIFE: ContextVar[Life] = ContextVar("life")


def nothing() -> None:
    """Do nothing afterwards."""


class Life:
    """Whether a process lives; what is bound to it hears of its death."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_alive = True
        self.ended = asyncio.Event()
        self.tasks: dict[asyncio.Future[Any], None] = {}
        """What runs in this process, in the order in which it was begun."""

    def die(self) -> None:
        """End at once: nothing is written or sent any more."""
        self.is_alive = False
        self.ended.set()

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run work within this process."""
        context = copy_context()
        context.run(_LIFE.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def drop(self) -> None:
        """Let go of every task where it stands."""
        self.die()
        while self.tasks:
            tasks = list(self.tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def task_of_life(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, T] | Generator[Any, None, T],
    context: Context | None = None,
) -> asyncio.Task[T]:
    """Make a task that its process knows of; a loop's task factory."""
    assert isinstance(work, Coroutine)
    own = copy_context() if context is None else context
    task = asyncio.Task(work, loop=loop, context=own)
    life = own.get(_LIFE)
    if life is not None:
        life.tasks[task] = None
        task.add_done_callback(life.tasks.pop)
    return task


class MortalRunner:
    """Runs the journal's calls inline while the process lives; may kill it at one of them.

    ``crash_at`` counts calls from 1; ``after`` says whether that call's commit is still made.
    """

    def __init__(self, life: Life, crash_at: int | None = None, *, after: bool = False) -> None:
        self._life = life
        self._crash_at = crash_at
        self._after = after
        self.calls = 0
        self.has_crashed = False

    async def run(self, work: Callable[[], T], then: Callable[[], None] = nothing) -> T:
        """Return what ``work`` returns; a dead process gets no further."""
        self._check()
        self.calls += 1
        crashes = self.calls == self._crash_at
        if crashes and not self._after:
            self._crash()
        try:
            result = work()
        finally:
            then()
        if crashes:
            self._crash()
        return result

    async def close(self) -> None:
        """Do nothing: no call is ever left over."""

    def _crash(self) -> None:
        self.has_crashed = True
        self._life.die()
        self._check()

    def _check(self) -> None:
        if not self._life.is_alive:
            raise asyncio.CancelledError
