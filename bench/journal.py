"""What writing down costs: a broadcast's intents before they leave, its answers once they came."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from swimdesk.bootstrap import Ulids
from swimdesk.bootstrap.home import SystemClock
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import LineState
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from swimdesk.store.writer import WriterThread

ORDER = "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT"
REPEATS = {48: 600, 200: 200, 1000: 80, 5000: 25}
"""How often a broadcast of so many lines is written."""

KNOWN_ORDERS = 5
"""So many orders of each account were at the broker before."""

WORDS = {"open": "intents", "record": "answers", "one": "one answer"}


@dataclass(frozen=True, slots=True)
class Written:
    """Milliseconds until each write was on disk, by what was written."""

    open: list[float]
    record: list[float]
    one: list[float]


async def written(accounts: int, repeats: int) -> Written:
    """Write that many broadcasts and their answers to a database on the disk of this folder."""
    # Not the folder for temporary files, which often is memory: the disk is what costs.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        clock = SystemClock()
        database = Database.open(Path(folder) / "desk.db", "paper", clock.now())
        journal = SqliteJournal(database, clock, WriterThread(), lambda full: None)
        found = Written([], [], [])
        for number in range(-1, repeats):
            await _write(journal, _broadcast(accounts, number), found)
            if number < 0:
                found = Written([], [], [])  # the first meets statements that are not prepared
        await journal.close()
    return found


async def _write(journal: SqliteJournal, broadcast: Broadcast, found: Written) -> None:
    answered = [_accepted(line, broadcast.seed) for line in broadcast.lines]
    working = answered[0].moved(LineState.WORKING)
    found.open.append(await _ms(journal.open_broadcast(broadcast)))
    found.record.append(await _ms(journal.record(broadcast.id, answered, (), 1_000_000)))
    found.one.append(await _ms(journal.record(broadcast.id, [working])))


async def _ms(work: Awaitable[None]) -> float:
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) * 1000


def _broadcast(accounts: int, number: int) -> Broadcast:
    ids, ticket = Ulids(), parse(ORDER)
    lines = tuple(
        Line(
            ref, f"FAM-{n:04}", f"login-{n // 4}", f"{n:04}", ticket, LineState.SENDING,
            fingerprint="0f" * 20, body_hash="1e" * 32,
        )
        for n, ref in enumerate(ids.mint_many(accounts))
    )  # fmt: skip
    known = tuple(f"1004{n:09}" for n in range(KNOWN_ORDERS))
    return Broadcast(
        ids.mint(),
        ORDER,
        "paper",
        SystemClock().now(),
        lines,
        seed=number,
        preimage={line.account: known for line in lines},
    )


def _accepted(line: Line, number: int) -> Line:
    return line.moved(
        LineState.ACCEPTED,
        accepted=True,
        order_id=f"{1005 + number:05}{line.last4}",
        correlation_id=line.ref,
        sent_ns=1_200_000,
        first_byte_ns=61_000_000,
        acked_ns=61_400_000,
    )


def report(repeats: dict[int, int] = REPEATS) -> str:
    """Show medians and tails for each size."""
    rows = ["journal: ms until it is on disk (intents of 48: p99 at most 5)"]
    for accounts, count in repeats.items():
        found = asyncio.run(written(accounts, count))
        for name, what in WORDS.items():
            steps = quantiles(getattr(found, name), n=100, method="inclusive")
            rows.append(
                f"  {accounts:>5} accounts  {what:<10}  median {steps[49]:7.2f}"
                f"  p95 {steps[94]:7.2f}  p99 {steps[98]:7.2f}  of {count}"
            )
    return "\n".join(rows)


if __name__ == "__main__":
    print(report())
