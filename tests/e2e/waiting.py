"""The one place where the scenarios wait: for a condition, never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_S = 30.0
EVERY_S = 0.02


async def until_told(
    question: Callable[[], Awaitable[T | None]],
    what: str,
    *,
    within_s: float = WITHIN_S,
    every_s: float = EVERY_S,
) -> T:
    """Ask until there is an answer that counts and return it; the test fails if none comes."""
    try:
        async with asyncio.timeout(within_s):
            while not (answer := await question()):  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(every_s)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:g} s: {what}") from None
    return answer


async def until(
    condition: Callable[[], object],
    what: str,
    *,
    within_s: float = WITHIN_S,
    every_s: float = EVERY_S,
) -> None:
    """Wait for a condition that can be looked at without waiting."""

    async def holds() -> bool:
        return bool(condition())

    await until_told(holds, what, within_s=within_s, every_s=every_s)


async def let_pass(seconds: float) -> None:
    """Let a drawn time pass, for scenarios whose very subject is a random moment."""
    await asyncio.sleep(seconds)
