"""Two things at once that also end together: neither is ever left running by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def both(one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Return both results; the first failure ends the other one and is raised once that is over."""
    try:
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(one), group.create_task(other)
    except BaseExceptionGroup as failures:
        # Callers know the errors of what they asked for, not groups of them.
        raise failures.exceptions[0] from None
    return first.result(), second.result()
