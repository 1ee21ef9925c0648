"""The person of a sign-in, at this terminal: steps on stderr, answers that are not shown."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from swimdesk.errors import SignInFailed
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.bootstrap.signing import Question, Step
    from swimdesk.cli.output import Output

_CHUNK: Final = 65_536
_LOCAL_FLAGS: Final = 3


class TerminalPerson:
    """Whoever sits at the terminal of this command, or feeds its stdin; one question at a time."""

    def __init__(self, output: Output, stdin: int | None = None) -> None:
        self._output = output
        self._stdin = sys.stdin.fileno() if stdin is None else stdin
        self._turn = asyncio.Lock()
        self._read = b""

    def told(self, step: Step) -> None:
        """Say a step on the side."""
        self._output.note(f"{step.login}: {step.text}")

    async def asked(self, question: Question) -> Secret:
        """Ask on the side and return a line of stdin; SignInFailed at its end."""
        async with self._turn:
            self._output.prompt(f"{question.login}: {question.text}")
            with self._quiet() if question.is_hidden else self._loud():
                line = await self._line()
        if line is None:
            raise SignInFailed(
                f"login {question.login}: nobody is here to answer ({question.kind})"
            )
        return Secret(line)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep the terminal from showing what is typed; it does again, whatever happens."""
        if not os.isatty(self._stdin):
            yield
            return
        before = termios.tcgetattr(self._stdin)
        quiet = list(before)
        quiet[_LOCAL_FLAGS] &= ~termios.ECHO
        termios.tcsetattr(self._stdin, termios.TCSAFLUSH, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(self._stdin, termios.TCSADRAIN, before)
            self._output.note("")

    @contextmanager
    def _loud(self) -> Iterator[None]:
        yield

    async def _line(self) -> str | None:
        """Return the next line of stdin without its end, None where there is no more."""
        while b"\n" not in self._read:
            chunk = await self._chunk()
            if not chunk:
                break
            self._read += chunk
        if not self._read:
            return None
        line, _, self._read = self._read.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    async def _chunk(self) -> bytes:
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()
        try:
            loop.add_reader(self._stdin, arrived.set)
        except PermissionError:
            # A file, which never makes anybody wait.
            return os.read(self._stdin, _CHUNK)
        try:
            await arrived.wait()
        finally:
            loop.remove_reader(self._stdin)
        return os.read(self._stdin, _CHUNK)
