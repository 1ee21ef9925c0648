"""The person of a sign-in, at this terminal: steps on stderr, answers that are not shown."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from swimdesk.errors import SignInFailed
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.bootstrap.signing import Question, Step
    from swimdesk.cli.output import Output

_CHUNK: Final = 65_536
_LOCAL_FLAGS: Final = 3
_NONE: Final = -1


class TerminalPerson:
    """Whoever sits at the terminal of this command, or feeds its stdin; one question at a time."""

    def __init__(self, output: Output, stdin: int | None = None) -> None:
        self._output = output
        self._given = stdin
        self._turn = asyncio.Lock()
        self._read = b""

    def told(self, step: Step) -> None:
        """Say a step on the side."""
        self._output.note(f"{step.login}: {step.text}")

    async def asked(self, question: Question) -> Secret:
        """Ask on the side and return a line of stdin; SignInFailed at its end."""
        async with self._turn:
            self._output.prompt(f"{question.login}: {question.text}")
            line = await self._answer(self._stdin(), question.is_hidden)
        if line is None:
            raise SignInFailed(
                f"login {question.login}: nobody is here to answer ({question.kind})"
            )
        return Secret(line)

    async def _answer(self, stdin: int, is_hidden: bool) -> str | None:
        """Return the next line, and leave the terminal at the begin of a line, whatever happens."""
        is_quiet = is_hidden and stdin != _NONE and os.isatty(stdin)
        line = None
        try:
            with _quiet(stdin) if is_quiet else nullcontext():
                line = await self._line(stdin)
        finally:
            # What is typed unseen ends no line, nor does an answer that never comes.
            if is_quiet or line is None:
                self._output.note("")
        return line

    def _stdin(self) -> int:
        """Return the descriptor that answers come from; -1 where there is none."""
        if self._given is not None:
            return self._given
        try:
            return sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            return _NONE

    async def _line(self, stdin: int) -> str | None:
        """Return the next line without its end, None where there is no more."""
        while b"\n" not in self._read:
            chunk = await _chunk(stdin) if stdin != _NONE else b""
            if not chunk:
                break
            self._read += chunk
        if not self._read:
            return None
        line, _, self._read = self._read.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


@contextmanager
def _quiet(stdin: int) -> Iterator[None]:
    """Keep the terminal from showing what is typed; it does again, whatever happens."""
    before = termios.tcgetattr(stdin)
    quiet = list(before)
    quiet[_LOCAL_FLAGS] &= ~termios.ECHO
    termios.tcsetattr(stdin, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


async def _chunk(stdin: int) -> bytes:
    """Return what arrives next; a wait that is cancelled takes nothing."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    try:
        loop.add_reader(stdin, arrived.set)
    except PermissionError:
        # A file, which never makes anybody wait.
        return os.read(stdin, _CHUNK)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(stdin)
    return os.read(stdin, _CHUNK)
