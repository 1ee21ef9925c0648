"""A terminal that programs can be driven in: one tmux server per test, never the user's own."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.waiting import WITHIN_S, until_told

_SHELL_IS_BACK = "ENDED-WITH"
_ENDED = re.compile(rf"^{_SHELL_IS_BACK} ([0-9]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A pane with a shell in it; programs run in that shell, as an operator's do."""

    socket: Path
    folder: Path

    async def tmux(self, *arguments: str) -> str:
        """Give tmux a command and return what it prints."""
        return await asyncio.to_thread(_run, self, os.environ, *arguments)

    async def pane(self) -> str:
        """Return what stands on the screen."""
        return await self.tmux("capture-pane", "-p", "-t", "main")

    async def history(self) -> str:
        """Return the screen with everything that scrolled away above it."""
        return await self.tmux("capture-pane", "-p", "-S", "-", "-t", "main")

    async def press(self, *keys: str) -> None:
        """Press keys, in tmux's names."""
        await self.tmux("send-keys", "-t", "main", *keys)

    async def type(self, text: str) -> None:
        """Type a text as it is."""
        await self.tmux("send-keys", "-t", "main", "-l", text)

    async def paste(self, text: str) -> None:
        """Paste a text as a terminal does; it is no argument of any process."""
        await asyncio.to_thread(_run, self, os.environ, "load-buffer", "-", given=text)
        await self.tmux("paste-buffer", "-d", "-p", "-t", "main")

    async def start(self, command: Sequence[str]) -> None:
        """Start a program in the shell; its exit code is told on the screen when it ends."""
        await self.type(f"{shlex.join(command)}; echo {_SHELL_IS_BACK} $?")
        await self.press("Enter")

    async def until(self, text: str, *, within_s: float = WITHIN_S) -> str:
        """Wait until a text stands on the screen and return the screen."""
        return await self.until_all(text, within_s=within_s)

    async def until_all(self, *texts: str, within_s: float = WITHIN_S) -> str:
        """Wait until all of these stand on the screen together and return the screen."""
        seen = ""

        async def look() -> str | None:
            nonlocal seen
            seen = await self.pane()
            return seen if all(text in seen for text in texts) else None

        try:
            return await until_told(look, f"{texts} on the screen", within_s=within_s)
        except AssertionError as never:
            raise AssertionError(f"{never}\n{seen}") from None

    async def exit_code(self, *, within_s: float = WITHIN_S) -> int:
        """Wait for the end of the program and return its exit code."""
        told: list[str] = []

        async def look() -> bool:
            told[:] = _ENDED.findall(await self.pane())
            return bool(told)

        await until_told(look, "the program ends", within_s=within_s)
        return int(told[-1])

    async def is_clean(self) -> bool:
        """Tell whether the terminal is as it was: echo on, no alternate screen, no mouse codes."""
        settings = self.folder / "stty"
        await self.type(f"stty -a > {settings}; echo {_SHELL_IS_BACK}-STTY")
        await self.press("Enter")
        await until_told(self._told_settings, "the shell answers")
        words = settings.read_text().replace(";", " ").split()
        modes = await self.tmux(
            "display-message", "-p", "-t", "main", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}"
        )
        return "echo" in words and "icanon" in words and modes.strip() == "001"

    async def _told_settings(self) -> bool:
        return f"\n{_SHELL_IS_BACK}-STTY" in await self.pane()

    async def resize(self, columns: int, rows: int) -> None:
        """Give the pane another size."""
        await self.tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))

    async def child(self, name: str) -> int:
        """Return the process id of a program that runs in the shell."""
        shell = (await self.tmux("display-message", "-p", "-t", "main", "#{pane_pid}")).strip()

        async def look() -> int | None:
            return next((pid for pid in _children(int(shell)) if name in _command_line(pid)), None)

        return await until_told(look, f"{name} runs in the pane")


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(child) for child in path.read_text().split()]
    except OSError:
        return []


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@asynccontextmanager
async def a_terminal(
    columns: int = 120, rows: int = 40, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Terminal]:
    """Open a terminal; everything that still runs in it is ended at the end."""
    with TemporaryDirectory(prefix="sd-tmux-", dir="/tmp") as name:
        folder = Path(name)
        terminal = Terminal(folder / "tmux.sock", folder)
        given = {**os.environ, "TERM": "screen-256color", "PS1": "$ ", **(environment or {})}
        given.pop("TMUX", None)
        await asyncio.to_thread(
            _run, terminal, given, "-f", "/dev/null", "new-session", "-d", "-s", "main",
            "-x", str(columns), "-y", str(rows), "sh",
        )  # fmt: skip
        try:
            yield terminal
        finally:
            await asyncio.to_thread(_run, terminal, given, "kill-server", check=False)


def _run(
    terminal: Terminal,
    environment: Mapping[str, str],
    *arguments: str,
    check: bool = True,
    given: str | None = None,
) -> str:
    done = subprocess.run(
        ["tmux", "-S", str(terminal.socket), *arguments],
        capture_output=True,
        input=given,
        text=True,
        env=environment,
        timeout=20,
        check=check,
    )
    return done.stdout
