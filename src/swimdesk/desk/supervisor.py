"""The owner of every background task: nothing runs unowned, nothing dies unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from swimdesk.telemetry.logs import get_log

T = TypeVar("T")

log = get_log(__name__)

FIRST_RESTART_S = 1.0
LAST_RESTART_S = 60.0

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class TaskHealth:
    """How one background task does."""

    name: str
    state: str = "running"
    restarts: int = 0
    detail: str = ""


class Supervisor:
    """Start tasks, restart loops that fail, finish jobs before the desk goes."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._sleep = sleep
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._jobs: set[asyncio.Task[Any]] = set()
        self._health: dict[str, TaskHealth] = {}

    @property
    def health(self) -> tuple[TaskHealth, ...]:
        """Tell how every loop does."""
        return tuple(self._health.values())

    def loop(self, name: str, body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a body that should never end; when it fails, run it again after a growing pause."""
        self._health[name] = TaskHealth(name)
        self._loops[name] = asyncio.create_task(self._keep(name, body), name=name)

    def job(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work that must finish even if whoever asked for it goes away."""
        task = asyncio.create_task(work, name=name)
        self._jobs.add(task)
        task.add_done_callback(self._job_done)
        return task

    async def finish(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work that goes on to its end even if the waiting is cancelled."""
        task = asyncio.create_task(work, name=name)
        self._jobs.add(task)
        task.add_done_callback(self._work_done)
        return await asyncio.shield(task)

    async def close(self, jobs_s: float = 30.0) -> None:
        """Stop the loops, let jobs in flight finish for a while, then cancel what is left."""
        for task in self._loops.values():
            task.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)
        loop = asyncio.get_running_loop()
        end_s = loop.time() + jobs_s
        # Again and again: a submission that ends starts the job that sends, or says "not sent".
        while self._jobs and loop.time() < end_s:
            await asyncio.wait(self._jobs, timeout=end_s - loop.time())
        late = tuple(self._jobs)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _keep(self, name: str, body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        health = self._health[name]
        pause_s = FIRST_RESTART_S
        loop = asyncio.get_running_loop()
        while True:
            started_s = loop.time()
            try:
                await body()
                health.state = "ended"
                return
            except (Exception, asyncio.CancelledError) as e:  # the one place where loops are caught
                if _is_asked_to_stop():
                    raise
                health.state, health.detail = "restarting", f"{type(e).__name__}: {e}"
                health.restarts += 1
                log.warning("task.failed", task=name, error=health.detail)
            if loop.time() - started_s > LAST_RESTART_S:
                pause_s = FIRST_RESTART_S
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, LAST_RESTART_S)
            health.state = "running"

    def _work_done(self, task: asyncio.Task[Any]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.debug("work.failed", work=task.get_name(), error=str(task.exception()))

    def _job_done(self, task: asyncio.Task[Any]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            health = TaskHealth(task.get_name(), "failed", 0, f"{type(error).__name__}: {error}")
            self._health[task.get_name()] = health
            log.error("job.failed", job=task.get_name(), error=health.detail)


def _is_asked_to_stop() -> bool:
    """Tell whether this task itself was cancelled, and not only something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
