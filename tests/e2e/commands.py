"""Commands as real processes: their exit codes, their output, their signals."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import swimdesk

WITHIN_S = 60.0
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""For a process that will have no disk: what it compiled would be cut, for others too."""
_LIMITED = (
    "import resource, runpy, sys; limit = int(sys.argv.pop(1)); sys.dont_write_bytecode = True;"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit));"
    "runpy.run_module('swimdesk', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str

    def document(self, code: int = 0) -> dict[str, Any]:
        """Return the one document on stdout, after the command ended as expected."""
        assert self.code == code, f"{self.command} ended with {self.code}: {self.out} {self.err}"
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def error(self, code: int) -> dict[str, Any]:
        """Return the error of a command that had to fail like this, told in one sentence or two."""
        error = self.document(code)["error"]
        assert set(error) == {"code", "title", "detail", "column"}, error
        assert error["detail"], error
        assert "Traceback" not in self.out + self.err
        assert isinstance(error, dict)
        return error


class Running:
    """A command that has not been waited for."""

    def __init__(
        self, command: tuple[str, ...], process: asyncio.subprocess.Process, out: Path, err: Path
    ) -> None:
        self.command = command
        self._files = (out, err)
        self._process = process

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    @property
    def err(self) -> str:
        """What it has said on stderr so far."""
        return self._files[1].read_text()

    def type(self, line: str) -> None:
        """Give it a line on its stdin, if that is a pipe."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def allow_no_more_disk(self) -> None:
        """From now on the process can write no byte to any file, as on a full disk."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    async def kill(self) -> Finished:
        """End it as a crash would, at once."""
        self.signal(signal.SIGKILL)
        return await self.finished()

    async def finished(self, within_s: float = WITHIN_S) -> Finished:
        """Wait for its end; the test fails if that does not come."""
        async with asyncio.timeout(within_s):
            # Streams that are pipes are read; those that are files give nothing here.
            for file, text in zip(self._files, await self._process.communicate(), strict=True):
                if text:
                    file.write_bytes(text)
            code = await self._process.wait()
        out, err = (file.read_text() for file in self._files)
        return Finished(self.command, code, out, err)

    async def end(self) -> None:
        """Make sure that nothing is left of it."""
        if not self.is_over:
            self.signal(signal.SIGKILL)
            await self._process.wait()


@dataclass(slots=True)
class Commands:
    """Runs the program and keeps what it printed, in files that can be searched."""

    outputs: Path
    environment: Mapping[str, str]
    started: list[Running] = field(default_factory=list)

    async def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        most_bytes: int | None = None,
        to_pipes: bool = False,
        stdin: int = asyncio.subprocess.DEVNULL,
    ) -> Running:
        """Start a command; with ``most_bytes`` no file of it can grow beyond that.

        Its streams are files, which take whatever a daemon says; ``to_pipes`` is for short commands
        whose files get no room.
        """
        program = ["-m", "swimdesk"] if most_bytes is None else ["-c", _LIMITED, str(most_bytes)]
        name = self.outputs / f"{len(self.started):03}"
        out, err = name.with_suffix(".out"), name.with_suffix(".err")
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *program, *arguments,
                stdin=stdin,
                stdout=asyncio.subprocess.PIPE if to_pipes else out_file,
                stderr=asyncio.subprocess.PIPE if to_pipes else err_file,
                env={**self.environment, **(environment or {})},
            )  # fmt: skip
        running = Running(arguments, process, out, err)
        self.started.append(running)
        return running

    async def end(self) -> None:
        """Leave no process behind."""
        for running in self.started:
            await running.end()


def bare_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a user who has set nothing up."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        # The program under test is the one that the tests themselves import.
        "PYTHONPATH": str(Path(swimdesk.__file__).parents[1]),
        "PYTHONWARNINGS": "error",
    }
