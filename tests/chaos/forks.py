"""A warm process that forks: a child starts with everything imported, within milliseconds.

It has one thread, no loop and no database when it forks. It is asked on stdin and answers on
stdout, one line of JSON each.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CHILD_S: Final = 40.0
"""A child that lives longer has hung: it says where, and ends."""

_FOR_THE_TEMPLATE: Final = frozenset({"act", "stays", "within_s"})
_LIMIT_BYTES: Final = 16_000_000
_FAILED: Final = 70


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: by a signal or with a code, and what it had to tell."""

    signal: int | None
    code: int | None
    told: Any
    err: str
    pid: int

    @property
    def was_killed(self) -> bool:
        """Whether it ended as by ``kill -9``."""
        return self.signal == signal.SIGKILL


class Forks:
    """The template's other end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def run(self, act: str, **job: Any) -> Ended:
        """Run one child to its end."""
        return (await self.run_together([{"act": act, **job}]))[0]

    async def run_together(self, jobs: Sequence[Mapping[str, Any]]) -> list[Ended]:
        """Let children begin at the same moment; return once all have ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(json.dumps(jobs).encode() + b"\n")
            line = await self._process.stdout.readline()
        return [Ended(**one) for one in json.loads(line)]


@asynccontextmanager
async def forks() -> AsyncIterator[Forks]:
    """Keep a template while inside."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.forks",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LIMIT_BYTES,
    )  # fmt: skip
    try:
        yield Forks(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


# --- the template itself -----------------------------------------------------------------------


@dataclass(slots=True)
class _Child:
    pid: int
    told: int
    """The pipe on which it tells its result."""
    folder: Path
    stays: bool


def serve() -> None:
    """Fork what is asked for until stdin ends."""
    from tests.chaos.children import warm_up

    warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(jobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    gate, starter = os.pipe()
    children = [_start(number, job, gate, starter) for number, job in enumerate(jobs)]
    os.close(gate)
    os.close(starter)
    ended = {}
    for child in sorted(children, key=lambda child: child.stays):
        if child.stays:
            os.kill(child.pid, signal.SIGTERM)
        ended[child.pid] = _end(child)
    return [ended[child.pid] for child in children]


def _start(number: int, job: Mapping[str, Any], gate: int, starter: int) -> _Child:
    reader, writer = os.pipe()
    folder = Path(str(job["home"])).parent
    pid = os.fork()
    if pid == 0:
        try:
            os.close(starter)
            os.close(reader)
            os.read(gate, 1)
            _be(folder / f"child-{number}", job, writer)
        finally:
            os._exit(_FAILED)
    os.close(writer)
    return _Child(pid, reader, folder / f"child-{number}", bool(job.get("stays")))


def _be(output: Path, job: Mapping[str, Any], told: int) -> None:
    """Do a job and leave without any of the template's own endings."""
    from tests.chaos.children import ACTS

    for number, suffix in ((1, ".out"), (2, ".err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        file = os.open(output.with_suffix(suffix), flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    # Stderr may have no room later; what it says then is lost and nothing else.
    faulthandler.dump_traceback_later(float(job.get("within_s", CHILD_S)), exit=True)
    arguments = {name: value for name, value in job.items() if name not in _FOR_THE_TEMPLATE}
    try:
        result = ACTS[str(job["act"])](**arguments)
    except BaseException:  # noqa: BLE001 - told by the pipe: files may have no room for it
        os.write(told, json.dumps({"failed_by": traceback.format_exc()}).encode())
        os._exit(_FAILED)
    with os.fdopen(told, "w") as pipe:
        json.dump(result, pipe)
    os._exit(0)


def _end(child: _Child) -> dict[str, Any]:
    with os.fdopen(child.told) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child.pid, 0)
    by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    result = json.loads(told) if told and by_signal is None else None
    err = child.folder.with_suffix(".err")
    said = err.read_text(errors="replace") if err.exists() else ""
    if result is not None and "failed_by" in result:
        said, result = result["failed_by"], None
    return {
        "signal": by_signal,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "told": result,
        "pid": child.pid,
        "err": said[-4000:],
    }


if __name__ == "__main__":
    serve()
