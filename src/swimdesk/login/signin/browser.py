"""The browser's own process: starts it, takes a job on its stdin, tells and asks on its stdout.

Run as ``python -m swimdesk.login.signin.browser``; whoever closes its stdin ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

from swimdesk.login.signin.chromium import arguments, private_environment, program
from swimdesk.login.signin.deciding import Memory, Stop
from swimdesk.login.signin.hands import PageHands
from swimdesk.login.signin.job import BrowserJob, Launch, line_of
from swimdesk.login.signin.pages import known_pages
from swimdesk.login.signin.walk import Stopped, Walk
from swimdesk.telemetry.redaction import Secret

_NO_PROGRAM = (
    "there is no Chromium on this machine: install the system's package, or name the program in"
    " [browser] executable of config.toml"
)
# The only words of a failed start that are passed on.
_START = re.compile(
    r"error while loading shared libraries: [\w.+-]+|No usable sandbox|Missing X server"
)
_ROOT = 0


class PipeTalk:
    """The line to the program that started this process."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.job: asyncio.Future[BrowserJob] = asyncio.get_running_loop().create_future()
        self.answers: asyncio.Queue[tuple[int, Secret]] = asyncio.Queue()
        self._asked = 0

    def told(self, text: str) -> None:
        """Tell a step."""
        self.send({"told": text})

    async def asked(self, kind: str, text: str, choices: tuple[str, ...] = ()) -> Secret:
        """Ask, and wait for the answer; a cancellation takes the question back."""
        self._asked += 1
        mine = self._asked
        self.send({"ask": {"number": mine, "kind": kind, "text": text, "choices": choices}})
        try:
            while True:
                number, answer = await self.answers.get()
                # One to an earlier question may have been on its way when that was taken back.
                if number == mine:
                    return answer
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                self.send({"withdrawn": mine})
            raise

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        self._out.write(line_of(message))
        self._out.flush()


def main() -> None:
    """Do the one job of this process."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Nothing that a library prints may come between the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asyncio.run(_work(out))


async def _work(out: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    talk = PipeTalk(out)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    launch = Launch.from_line(await lines.readline())
    async with asyncio.TaskGroup() as group:
        work = group.create_task(_signed_in(launch, talk))
        listening = group.create_task(_listen(lines, talk, work))
        loop.add_signal_handler(signal.SIGTERM, work.cancel)
        await asyncio.wait({work})
        listening.cancel()
    if not work.cancelled():
        talk.send({"end": work.result()})


async def _listen(
    lines: asyncio.StreamReader, talk: PipeTalk, work: asyncio.Task[dict[str, Any]]
) -> None:
    """Take the job, then answers; an end of the line ends the work, whatever it is doing."""
    if line := await lines.readline():
        talk.job.set_result(BrowserJob.from_line(line))
    while line := await lines.readline():
        message = json.loads(line)
        talk.answers.put_nowait((message["number"], Secret(message["answer"])))
    work.cancel()


async def _signed_in(launch: Launch, talk: PipeTalk) -> dict[str, Any]:
    """Start the browser, wait for the job, sign in and return the last message."""
    try:
        async with _page(launch) as page:
            return await _walked(page, await talk.job, talk, is_headed=launch.is_headed)
    except Stopped as stopped:
        return _ending(stopped.stop, has_picture=False)
    except PlaywrightError as error:
        found = _START.search(error.message)
        told = f" ({found[0]})" if found else ""
        return _ending(Stop(f"the browser did not work{told}"), has_picture=False)


async def _walked(
    page: Page, job: BrowserJob, talk: PipeTalk, *, is_headed: bool
) -> dict[str, Any]:
    hands = PageHands(page, known_pages(), job.callback_url)
    kept = {"user": job.user, "password": job.password}
    # Whoever may use one factor alone signs in by itself, whether or not there is a window.
    is_watched = is_headed and not job.factors
    walk = Walk(
        hands,
        talk,
        {name: text for name, text in kept.items() if text is not None},
        Memory(frozenset(job.accounts), job.factors, is_watched=is_watched),
    )
    talk.told("opening the broker's sign-in")
    await hands.open(job.authorize_url)
    try:
        return {"callback": (await walk.run()).reveal()}
    except Stopped as stopped:
        return _ending(stopped.stop, has_picture=await hands.picture(job.picture))


def _ending(stop: Stop, *, has_picture: bool) -> dict[str, Any]:
    return {
        "reason": stop.reason,
        "is_wrong_password": stop.is_wrong_password,
        "is_unreachable": stop.is_unreachable,
        "has_picture": has_picture,
    }


@asynccontextmanager
async def _page(launch: Launch) -> AsyncIterator[Page]:
    """Open a browser that has no past and leaves none behind."""
    async with async_playwright() as playwright:
        chosen = program(launch.executable, playwright.chromium.executable_path)
        if chosen is None:
            raise Stopped(Stop(_NO_PROGRAM))
        browser = await playwright.chromium.launch(
            executable_path=chosen,
            headless=not launch.is_headed,
            args=arguments(launch.hosts, launch.pin),
            env=dict(private_environment(Path(tempfile.gettempdir()))),
            # Chromium's own sandbox cannot be had by root.
            chromium_sandbox=os.geteuid() != _ROOT,
        )
        try:
            context = await browser.new_context(
                accept_downloads=False, service_workers="block", locale="en-US"
            )
            yield await context.new_page()
        finally:
            await browser.close()


if __name__ == "__main__":
    main()
