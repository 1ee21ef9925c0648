"""Bursts beside a painting console and without one, in pairs by turns, on one order host."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import random
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from statistics import median
from typing import Any, Final

from swimdesk.bench.figures import Measured, check_arrivals, measured, spread_ms
from swimdesk.bench.responding import Host, Place
from swimdesk.bench.shots import Shot
from swimdesk.bench.site import hash_of, numbers_by_login
from swimdesk.bench.views import BesideView, ConsoleView, GateView, Spread
from swimdesk.errors import InvariantBroken

ACCOUNTS: Final = 48
WIDTH, HEIGHT = 160, 60
"""A terminal on which every account has its row."""
PAINTED_S: Final = 0.5
PERIOD_S: Final = 0.25
ANSWER_S: Final = 120.0
CONSOLE, ALONE = "console", "alone"

MOST_TIMES, MOST_MS, MOST_P95_MS = 1.5, 2.0, 10.0

Pair = Mapping[str, Measured]


class Child:
    """A product in a process of its own."""

    def __init__(self, reader: asyncio.StreamReader, commands: int) -> None:
        self._reader = reader
        self._commands = commands

    async def ask(self, command: Mapping[str, Any]) -> Any:  # noqa: ANN401 - parsed JSON
        """Have a command carried out and return the answer."""
        os.write(self._commands, json.dumps(command).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> Any:  # noqa: ANN401 - parsed JSON
        """Return the next answer; InvariantBroken where none comes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                if line := await self._reader.readline():
                    return json.loads(line)
        raise InvariantBroken("the console's side of the bench ended or does not answer")


async def console_pairs(
    host: Host, folder: Path, latency_ns: int, pairs: int, progress: Callable[[str], None]
) -> ConsoleView:
    """Measure so many pairs; each comes in an order of chance, at a chance moment of painting."""
    found: list[Pair] = []
    async with (
        child(CONSOLE, folder / CONSOLE, host.place) as console,
        child(ALONE, folder / ALONE, host.place) as alone,
    ):
        children = {CONSOLE: console, ALONE: alone}
        await _pair(host, children, latency_ns)  # a rehearsal
        for place in range(pairs):
            progress(f"beside the console: pair {place + 1} of {pairs}")
            found.append(await _pair(host, children, latency_ns))
    return view_of(found)


def view_of(pairs: list[Pair]) -> ConsoleView:
    """Put the figures of all pairs together, and hold them against what is asked."""
    views = {who: _beside([pair[who] for pair in pairs]) for who in (CONSOLE, ALONE)}
    own, bare = views[CONSOLE], views[ALONE]
    return ConsoleView(
        accounts=ACCOUNTS,
        pairs=len(pairs),
        with_console=own,
        without=bare,
        ratio_last=_ratio(pairs, lambda one: one.last_ns),
        ratio_confirm_to_last=_ratio(pairs, lambda one: one.to_commit_ns + one.last_ns),
        gates=(
            *_gates("last", own.last_ms, bare.last_ms),
            *_gates("confirm_to_last", own.confirm_to_last_ms, bare.confirm_to_last_ms),
        ),
    )


def _beside(bursts: list[Measured]) -> BesideView:
    return BesideView(
        last_ms=spread_ms(one.last_ns for one in bursts),
        confirm_to_last_ms=spread_ms(one.to_commit_ns + one.last_ns for one in bursts),
        confirm_to_last_ack_ms=spread_ms(one.last_ack_ns for one in bursts),
    )


def _ratio(pairs: list[Pair], of: Callable[[Measured], int]) -> float:
    return round(median(of(pair[CONSOLE]) / max(of(pair[ALONE]), 1) for pair in pairs), 3)


def _gates(figure: str, own: Spread, bare: Spread) -> tuple[GateView, GateView]:
    most = round(max(MOST_TIMES * bare.p50, bare.p50 + MOST_MS), 3)
    most_p95 = round(bare.p95 + MOST_P95_MS, 3)
    return (
        GateView(f"{figure}_ms", most, own.p50, own.p50 <= most),
        GateView(f"{figure}_p95_ms", most_p95, own.p95, own.p95 <= most_p95),
    )


async def _pair(host: Host, children: Mapping[str, Child], latency_ns: int) -> Pair:
    numbers = numbers_by_login(ACCOUNTS).values()
    accounts = {hash_of(number) for of_login in numbers for number in of_login}
    found = {}
    for who in random.sample(list(children), len(children)):
        wait_s = PAINTED_S + random.uniform(0, PERIOD_S)  # noqa: S311 - a moment, not a secret
        shot = Shot(**await children[who].ask({"wait_s": wait_s}))
        seen = await host.take()
        check_arrivals(f"product ({who})", accounts, seen)
        await children[who].ask({"seen": [astuple(one) for one in seen]})
        found[who] = measured(shot, seen, latency_ns, cpu_ns=0)
    return found


@asynccontextmanager
async def child(what: str, home: Path, place: Place) -> AsyncIterator[Child]:
    """Run a product, with or without its console, on a terminal that takes all it writes."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (HEIGHT, WIDTH))
    commands_end, commands = os.pipe()
    answers, answers_end = os.pipe()
    arguments = (what, str(home), str(place.port), str(place.ca_file), str(ACCOUNTS))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "swimdesk.bench.beside", *arguments),
        *(str(commands_end), str(answers_end)),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        pass_fds=(commands_end, answers_end),
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    for descriptor in (follower, commands_end, answers_end):
        os.close(descriptor)
    loop = asyncio.get_running_loop()
    loop.add_reader(leader, _swallow, leader)
    reader = asyncio.StreamReader(limit=1 << 24)
    with os.fdopen(answers, "rb") as pipe:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        own = Child(reader, commands)
        try:
            await own.answer()
            yield own
        finally:
            # The end of its commands is the end of the child.
            os.close(commands)
            await _ended(process)
            loop.remove_reader(leader)
            os.close(leader)


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _swallow(terminal: int) -> None:
    """Take what the program writes, as a terminal would."""
    try:
        written = os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side of a terminal is closed
        written = b""
    if not written:
        asyncio.get_running_loop().remove_reader(terminal)
