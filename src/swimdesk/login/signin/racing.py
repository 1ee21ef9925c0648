"""Several ways to one thing, of which the first to end counts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def first_of(*ways: Coroutine[Any, Any, T]) -> T:
    """Return what the first to end comes to, or raise it; the others are cancelled and over."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_outcome(way)) for way in ways]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
    outcome = next(task for task in tasks if task in done).result()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def _outcome(way: Coroutine[Any, Any, T]) -> T | Exception:
    """Return an error as a value: a group would wrap it."""
    try:
        return await way
    except Exception as error:  # noqa: BLE001 - it is raised by whoever waits
        return error
