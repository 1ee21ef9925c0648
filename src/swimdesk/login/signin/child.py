"""Sign in with a browser in a process of its own, which is gone when this returns."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

from swimdesk.errors import BrokerUnreachable, PasswordRefused, SignInFailed
from swimdesk.login.signin.job import BrowserJob, Launch, line_of
from swimdesk.login.signin.person import Person, Question, Step
from swimdesk.login.signin.racing import first_of
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

MODULE: Final = "swimdesk.login.signin.browser"
PERSON_S: Final = 180.0
"""So long the person may take to answer a question."""
WHOLE_S: Final = 570.0
"""So long all of it may take; the attempt at the desk dies after ten minutes."""
GRACE_S: Final = 4.0
"""So long the process may take to close its browser before it is killed."""
_LINE_BYTES: Final = 1 << 20
_REMOVALS: Final = 20
_REMOVE_EVERY_S: Final = 0.1

_log = get_log(__name__)


class Browser:
    """A browser that starts, or waits for its one job."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def drive(self, job: BrowserJob, person: Person) -> Secret:
        """Sign in through the broker's pages and return the callback address.

        SignInFailed says what stopped it, PasswordRefused that the password was wrong, and
        BrokerUnreachable that the pages could not be had.
        """
        try:
            async with asyncio.timeout(WHOLE_S):
                _write(self._process, job.as_line())
                return _callback(job, await _talked(self._process, job, person))
        except TimeoutError:
            raise SignInFailed(
                f"login {job.login}: the sign-in took longer than {WHOLE_S / 60:.0f} minutes"
            ) from None


@asynccontextmanager
async def browser(launch: Launch) -> AsyncIterator[Browser]:
    """Start a browser in a process of its own; a cancellation ends it, and so does the end."""
    async with _process() as process:
        _write(process, launch.as_line())
        yield Browser(process)


async def drive(launch: Launch, job: BrowserJob, person: Person) -> Secret:
    """Start a browser for one job alone; see ``Browser.drive``."""
    async with browser(launch) as started:
        return await started.drive(job, person)


async def _talked(process: Process, job: BrowserJob, person: Person) -> dict[str, Any]:
    """Carry steps, questions and answers between the process and the person to the end."""
    open_ones: _OpenOnes = asyncio.Queue()
    heard = _heard(process, job, person, open_ones)
    return await first_of(heard, _answering(process, job, person, open_ones))


_OpenOnes: TypeAlias = "asyncio.Queue[tuple[Mapping[str, Any], asyncio.Event]]"
"""Questions to answer, each with what is set once it is taken back."""


async def _heard(
    process: Process, job: BrowserJob, person: Person, open_ones: _OpenOnes
) -> dict[str, Any]:
    """Take in what the process says, to its end."""
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    taken_back = asyncio.Event()
    while line := await process.stdout.readline():
        message = json.loads(line)
        if "end" in message:
            end: dict[str, Any] = message["end"]
            return end
        if "told" in message:
            person.told(Step(job.login, message["told"]))
        if "withdrawn" in message:
            taken_back.set()
        if "ask" in message:
            taken_back = asyncio.Event()
            open_ones.put_nowait((message["ask"], taken_back))
    return {"reason": "the browser's process ended before the sign-in did"}


async def _answering(
    process: Process, job: BrowserJob, person: Person, open_ones: _OpenOnes
) -> NoReturn:
    """Ask the person, one question after the other, each until it is taken back."""
    while True:
        ask, taken_back = await open_ones.get()
        await first_of(_asked(process, ask, job, person), _until(taken_back))


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _asked(process: Process, ask: Mapping[str, Any], job: BrowserJob, person: Person) -> None:
    answer = await _answer(ask, job, person)
    _write(process, line_of({"number": ask["number"], "answer": answer.reveal()}))


async def _answer(ask: Mapping[str, Any], job: BrowserJob, person: Person) -> Secret:
    question = Question(job.login, ask["kind"], ask["text"], tuple(ask["choices"]))
    try:
        async with asyncio.timeout(PERSON_S):
            return await person.asked(question)
    except TimeoutError:
        raise SignInFailed(f"login {job.login}: nobody answered within {PERSON_S:.0f} s") from None


def _callback(job: BrowserJob, end: Mapping[str, Any]) -> Secret:
    if "callback" in end:
        return Secret(end["callback"])
    picture = f"; its picture is in {job.picture}" if end.get("has_picture") else ""
    detail = f"login {job.login}: {end['reason']}{picture}"
    _log.warning("signin.stopped", login=job.login, reason=end["reason"])
    if end.get("is_wrong_password"):
        raise PasswordRefused(detail)
    if end.get("is_unreachable"):
        raise BrokerUnreachable(detail)
    raise SignInFailed(detail)


def _write(process: Process, line: bytes) -> None:
    # A process that has gone says so by the end of its output.
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.write(line)


@asynccontextmanager
async def _process() -> AsyncIterator[Process]:
    """Start the process with a folder of its own; at the end neither of them is left."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="swimdesk-"))
    process: Process | None = None
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", MODULE),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=folder,
            env=environment(folder),
            limit=_LINE_BYTES,
            # Away from the terminal and its signals, and with a group that can be killed as one.
            start_new_session=True,
        )
        yield process
    finally:
        # To its end even if whoever waits is cancelled again.
        await asyncio.shield(_end(process, folder))


async def _end(process: Process | None, folder: Path) -> None:
    if process is not None:
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        if process.returncode is None:
            # A browser that outlives this ends by itself, when its pipe to the process is cut.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    for _ in range(_REMOVALS):
        if await asyncio.to_thread(_removed, folder):
            return
        await asyncio.sleep(_REMOVE_EVERY_S)


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def environment(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the process's environment: nothing that makes a library log, nothing secret."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return {**kept, "TMPDIR": str(folder)}


_KEPT: Final = (
    "PATH",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "HOME",
    "LANG",
    "LC_ALL",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_CACHE_HOME",
    "PLAYWRIGHT_BROWSERS_PATH",
    "PLAYWRIGHT_NODEJS_PATH",
    "LD_LIBRARY_PATH",
)
