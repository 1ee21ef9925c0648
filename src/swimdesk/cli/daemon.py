"""The desk as a daemon: it owns the home until a signal comes."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap import HomePaths, open_desk
from swimdesk.cli.endings import Interrupted
from swimdesk.cli.running import Interruption, fast_loop, run_command
from swimdesk.cli.session import held_by
from swimdesk.control.ownership import HomeLock
from swimdesk.control.server import serve
from swimdesk.telemetry.logs import close_logs, configure_logs, get_log

if TYPE_CHECKING:
    from swimdesk.desk.facade import DeskFacade

log = get_log(__name__)

PATIENCE_S: Final = 4.0
"""How long a command that owns the home may take to leave it."""

_RETRY_S = 0.05


def run_daemon(home: Path, config: Path | None) -> None:
    """Hold the desk of a home until SIGTERM or SIGINT, and finish what is in flight then."""

    async def work(_: Interruption) -> None:
        async with daemon(home, config):
            await asyncio.Event().wait()

    try:
        run_command(work, loop_factory=fast_loop)
    except Interrupted:
        # A signal is how a daemon is asked to stop: that is its orderly end.
        return


@asynccontextmanager
async def daemon(home: Path, config: Path | None) -> AsyncIterator[DeskFacade]:
    """Own a home and serve its desk to other processes while inside; HomeHeld."""
    async with AsyncExitStack() as stack:
        await _take(home, stack.enter_context(HomeLock(home)))
        configure_logs(HomePaths(home).logs, stderr=sys.stderr)
        stack.callback(close_logs)
        desk = await stack.enter_async_context(open_desk(home, config, stays=True))
        await stack.enter_async_context(serve(desk, home))
        stack.callback(_stopping)
        log.info("daemon.ready", home=str(home), pid=os.getpid())
        notify_manager("READY=1")
        yield desk


async def _take(home: Path, lock: HomeLock) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_S
    while not lock.try_acquire():
        if loop.time() > end:
            raise held_by(home, "runs its desk already")
        await asyncio.sleep(_RETRY_S)


def _stopping() -> None:
    log.info("daemon.stopping")
    notify_manager("STOPPING=1")


def notify_manager(state: str) -> None:
    """Tell the service manager (sd_notify), where one asked to be told in NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # A leading @ stands for the zero byte of Linux's abstract names.
    name = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode("ascii"), name)
        except OSError as error:
            log.warning("daemon.manager_not_told", state=state, error=error.strerror)
