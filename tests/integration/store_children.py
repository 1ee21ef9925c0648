"""What tests of the store run in processes of their own: to be killed, or kept short of room."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from tests.unit.store.builders import START, StepClock, a_broadcast, accepted, an_id

from swimdesk.errors import StoreFull
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from swimdesk.store.writer import Inline, WriterThread

ACCOUNTS = 48
ROOM_BYTES = 1_500_000


def write_until_killed(path: Path, first: int, acknowledgements: int) -> None:
    """Open broadcasts and record answers for ever; say on the pipe what was acknowledged."""

    async def run() -> None:
        database = Database.open(path, "paper", START, reserve_bytes=4096)
        journal = SqliteJournal(database, StepClock(), WriterThread(), lambda full: None)
        number = first
        while True:
            broadcast = a_broadcast(number, ACCOUNTS)
            await journal.open_broadcast(broadcast)
            os.write(acknowledgements, f"open {number}\n".encode())
            lines = [accepted(line, f"{number}-{n}") for n, line in enumerate(broadcast.lines)]
            await journal.record(broadcast.id, lines)
            os.write(acknowledgements, f"record {number}\n".encode())
            number += 1

    asyncio.run(run())


def kill_loop(path: Path, kills: int) -> None:
    """Kill writer after writer with SIGKILL, right after an acknowledgement; print them all."""
    chance = random.Random(7)
    acknowledged: list[str] = []
    for kill in range(kills):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            write_until_killed(path, kill * 100_000 // kills, writer)
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as lines:
            acknowledged += [lines.readline().strip() for _ in range(chance.randint(1, 9))]
            os.kill(child, signal.SIGKILL)
            # What it had acknowledged before the signal came counts as well.
            acknowledged += [line.strip() for line in lines if line.endswith("\n")]
        os.waitpid(child, 0)
    print(json.dumps(acknowledged))  # noqa: T201 - the answer to the test


def fill_up(path: Path) -> None:
    """Meet the file size limit while results are recorded; print what happened, step by step."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, ROOM_BYTES))
    told: list[StoreFull] = []

    async def run() -> dict[str, object]:
        database = Database.open(path, "paper", START, reserve_bytes=8192)
        journal = SqliteJournal(database, StepClock(), Inline(), told.append)
        # A reader that stays keeps the log from being used again, so that it grows to the limit.
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM lines").fetchone()
            opened, refusal = await _open_until_refused(journal)
        # Without the reader a checkpoint makes room again: results are written, nothing is sent.
        kept = [await _record_answers(journal, number) for number in range(opened)]
        await asyncio.sleep(0)
        await journal.close()
        return {
            "opened": opened,
            "refusal": refusal,
            "told": [full.detail for full in told],
            "kept": all(kept),
            "refused_is_unknown": await _is_unknown(path, an_id(opened)),
        }

    print(json.dumps(asyncio.run(run())))  # noqa: T201 - the answer to the test


async def _open_until_refused(journal: SqliteJournal) -> tuple[int, str]:
    number = 0
    while True:
        try:
            await journal.open_broadcast(a_broadcast(number, ACCOUNTS))
        except StoreFull as full:
            return number, full.detail
        number += 1


async def _record_answers(journal: SqliteJournal, number: int) -> bool:
    broadcast = a_broadcast(number, ACCOUNTS)
    lines = [accepted(line, f"{number}-{n}") for n, line in enumerate(broadcast.lines)]
    await journal.record(broadcast.id, lines)
    return await journal.broadcast(broadcast.id) == broadcast.with_lines(lines)


async def _is_unknown(path: Path, broadcast_id: str) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM lines WHERE broadcast = ?"
        return bool(connection.execute(query, (broadcast_id,)).fetchone() == (0,))


def main() -> None:
    """Run the named child."""
    assert threading.active_count() == 1
    name, path, *rest = sys.argv[1:]
    if name == "kill-loop":
        kill_loop(Path(path), int(rest[0]))
    else:
        fill_up(Path(path))


if __name__ == "__main__":
    main()
