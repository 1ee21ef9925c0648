"""The way to the desk of a home: attach to its owner, or be the owner for as long as it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from swimdesk.control.client import attach
from swimdesk.control.exchange import OwnerGone
from swimdesk.control.ownership import HomeLock, last_owner
from swimdesk.errors import HomeHeld

if TYPE_CHECKING:
    from swimdesk.desk.facade import DeskFacade

T = TypeVar("T")

PATIENCE_S: Final = 10.0
"""How long an owner that starts or leaves may be in between."""

LINGER_S: Final = 3.0
"""How long an owner for one command stays for others that attached meanwhile."""

SHORT_ANSWER_S: Final = 5.0
_RETRY_S = 0.05


@asynccontextmanager
async def session(
    home: Path, config: Path | None, *, patience_s: float = PATIENCE_S
) -> AsyncIterator[DeskFacade]:
    """Hold the desk of a home; HomeHeld if its owner neither answers nor leaves in time."""
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(HomeLock(home))
        remote = await owner_or_lock(stack, home, lock, patience_s)
        yield remote or await _own(stack, home, config)


async def owner_or_lock(
    stack: AsyncExitStack, home: Path, lock: HomeLock, patience_s: float
) -> DeskFacade | None:
    """Return the owner's desk, or None once the lock is ours."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience_s
    while not lock.try_acquire():
        try:
            return await stack.enter_async_context(attach(home))
        except OwnerGone as gone:
            if loop.time() > end:
                raise held_by(home, f"does not take requests ({gone.detail})") from gone
        await asyncio.sleep(_RETRY_S)
    return None


async def _own(stack: AsyncExitStack, home: Path, config: Path | None) -> DeskFacade:
    # Deferred: whoever attaches to an owner needs nothing of a desk.
    from swimdesk.bootstrap import HomePaths, open_desk
    from swimdesk.control.server import serve
    from swimdesk.telemetry.logs import close_logs, configure_logs

    configure_logs(HomePaths(home).logs)
    stack.callback(close_logs)
    desk = await stack.enter_async_context(open_desk(home, config))
    await stack.enter_async_context(serve(desk, home, linger_s=LINGER_S))
    return desk


def held_by(home: Path, what: str) -> HomeHeld:
    """Return the error about an owner, naming its process and how to stop it."""
    owner = last_owner(home)
    who = f"Process {owner.pid}" if owner else "Another process"
    stop = f"; `kill {owner.pid}` stops it" if owner else ""
    return HomeHeld(f"{who} holds {home} and {what}{stop}.")


def ask_owner(home: Path, question: Callable[[DeskFacade], Awaitable[T]]) -> T | None:
    """Ask the owner of a home, never becoming it; None where nobody owns it, else HomeHeld."""
    if last_owner(home) is None:
        return None
    from swimdesk.cli.running import Interruption, run_command

    async def ask(_: Interruption) -> T | None:
        try:
            return await _asked(home, question)
        except OwnerGone:
            # It left between two steps; whoever owns the home now is asked, or nobody does.
            return await _asked(home, question)

    return run_command(ask)


async def _asked(home: Path, question: Callable[[DeskFacade], Awaitable[T]]) -> T | None:
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(HomeLock(home))
        desk = await _owner(stack, home, lock)
        return None if desk is None else await question(desk)


async def _owner(stack: AsyncExitStack, home: Path, lock: HomeLock) -> DeskFacade | None:
    """Attach before the lock is tried: a glance must not stand in the way of a desk that starts."""
    desk = attach(home, answer_s=SHORT_ANSWER_S)
    try:
        return await stack.enter_async_context(desk)
    except OwnerGone:
        return await owner_or_lock(stack, home, lock, SHORT_ANSWER_S)
