"""Run the console on a terminal until the operator leaves, a signal comes, or a bug ends it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from swimdesk.console.app import Console
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.signing.work import SignIn
from swimdesk.desk.facade import DeskFacade

HandOver = Callable[[Callable[[int], None]], AbstractContextManager[None]]
"""Sends signals to a function of ours for the length of a block."""


async def run_console(
    desk: DeskFacade,
    hand_over: HandOver,
    *,
    now: Callable[[], datetime],
    mint: Callable[[], str],
    home: Path,
    raise_halt: Callable[[str], object],
    sign_in: SignIn,
    keymap: Keymap,
    mouse: bool = True,
) -> None:
    """Show the console; a bug of ours is raised once the terminal is as it was.

    A sign-in that still runs is ended, and its browser is gone when this returns.
    """
    console = Console(
        desk,
        now=now,
        mint=mint,
        home=home,
        keymap=keymap,
        raise_halt=raise_halt,
        sign_in=sign_in,
    )
    with hand_over(lambda number: console.exit(128 + number)):
        try:
            await console.run_async(mouse=mouse)
        finally:
            await console.signing.close()
    if console.crash is not None:
        raise console.crash
