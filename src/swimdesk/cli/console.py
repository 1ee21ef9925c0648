"""The console on this terminal: over the desk of this process, or beside a running daemon."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from swimdesk.cli.running import Interruption, fast_loop, run_command
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.console.signing.work import Person, SignIn, Wanted
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.signing import LoginView

Show: TypeAlias = "Callable[[DeskFacade, Interruption], Awaitable[None]]"
"""Shows the console over a desk until its end."""

_POOR_TERMINALS: Final = frozenset({"", "dumb", "unknown"})


def terminal_problem() -> str | None:
    """Return why the console cannot be shown here; None on a terminal that can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "the console needs a terminal, and input or output is none"
    if os.environ.get("TERM", "") in _POOR_TERMINALS:
        return f"TERM={os.environ.get('TERM', '')} cannot show the console"
    return None


def run_console_command(home: Path, config: Path | None, *, mouse: bool = True) -> None:
    """Open the console of a home; InputError where the terminal cannot show it."""
    problem = terminal_problem()
    if problem is not None:
        raise InputError(
            f"Nothing was started: {problem}. `swimdesk --no-ui` runs the desk without a screen,"
            " `swimdesk --help` lists the commands."
        )

    show = prepared(home, config, mouse=mouse)

    async def work(interruption: Interruption) -> None:
        async with console_desk(home, config) as desk:
            await show(desk, interruption)

    run_command(work, loop_factory=fast_loop)


def prepared(home: Path, config: Path | None, *, mouse: bool) -> Show:
    """Read the operator's keys and return what shows the console; ConfigError for wrong keys."""
    # Deferred: no other command pays for loading the screen.
    from swimdesk.bootstrap import raise_halt
    from swimdesk.bootstrap.home import SystemClock, Ulids
    from swimdesk.bootstrap.terminal import taken
    from swimdesk.console.run import run_console
    from swimdesk.console.shell.keymap_file import read_keymap

    keymap = read_keymap(home)

    async def show(desk: DeskFacade, interruption: Interruption) -> None:
        with taken():
            await run_console(
                desk,
                interruption.handed_to,
                now=SystemClock().now,
                mint=Ulids().mint,
                home=home,
                raise_halt=partial(raise_halt, home),
                sign_in=_signs_in(desk, home, config),
                keymap=keymap,
                mouse=mouse,
            )

    return show


def _signs_in(desk: DeskFacade, home: Path, config: Path | None) -> SignIn:
    """Return what signs a login of this home in."""

    async def sign_in(wanted: Wanted, person: Person) -> LoginView:
        from swimdesk.bootstrap.signing import sign_in

        return await sign_in(desk, home, config, wanted.login, wanted.way, person, wanted.is_headed)

    return sign_in


@asynccontextmanager
async def console_desk(home: Path, config: Path | None) -> AsyncIterator[DeskFacade]:
    """Own the home like a daemon while inside, or hold the desk of the one that does."""
    from swimdesk.bootstrap import HomePaths, open_desk
    from swimdesk.cli.session import PATIENCE_S, owner_or_lock
    from swimdesk.control.ownership import HomeLock
    from swimdesk.control.server import serve
    from swimdesk.telemetry.logs import close_logs, configure_logs

    async with AsyncExitStack() as stack:
        lock = stack.enter_context(HomeLock(home))
        remote = await owner_or_lock(stack, home, lock, PATIENCE_S)
        if remote is not None:
            yield remote
            return
        configure_logs(HomePaths(home).logs)
        stack.callback(close_logs)
        desk = await stack.enter_async_context(open_desk(home, config, stays=True))
        await stack.enter_async_context(serve(desk, home))
        yield desk
