"""What the console costs the desk: loop lag and CPU with live orders, idle, and in the burst."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import uvloop
from tests.fakes.sim_process import sim_process

from bench.condors import RISK, varying_condors
from bench.terminals import run_in_terminal, seconds_until
from swimdesk.bootstrap import Ulids, open_desk
from swimdesk.bootstrap.home import SystemClock
from swimdesk.console.app import Console
from swimdesk.desk.desk import Desk
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import BroadcastOpened, LinesChanged
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import LineState
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

PER_SECOND, SECONDS = 4, 10
BROADCASTS, LINES = 10, 50
SENT = 8
PROBE_S = 0.005
PAUSE_S = 0.8
ORDER = "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT"


class Cost:
    """Share of a core and lateness of the loop over a span."""

    def __init__(self) -> None:
        self._lags: list[float] = []

    async def of(self, work: asyncio.Future[Any]) -> dict[str, float]:
        """Measure until the work is done."""
        probe = asyncio.ensure_future(self._probe())
        started, used = time.monotonic(), time.process_time()
        await work
        cpu = (time.process_time() - used) / (time.monotonic() - started)
        probe.cancel()
        steps = quantiles(self._lags, n=100)
        return {"cpu": cpu, "lag_p50_ms": steps[49], "lag_p99_ms": steps[98]}

    async def _probe(self) -> None:
        while True:
            due = time.monotonic() + PROBE_S
            await asyncio.sleep(PROBE_S)
            self._lags.append((time.monotonic() - due) * 1000)


@asynccontextmanager
async def showing(desk: Desk, *, console: bool, screen: str = "BLT") -> AsyncIterator[None]:
    """Show the console over the desk while inside, or nothing."""
    if not console:
        yield
        return
    app = Console(desk, now=SystemClock().now, mint=Ulids().mint, first=screen)
    shown = asyncio.ensure_future(app.run_async())
    while not app.board.accounts or len(app.board.holdings) < len(app.board.accounts):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    yield
    app.exit(0)
    await shown


def _filled(number: int) -> Broadcast:
    """Make a broadcast whose orders are done, so that nobody asks the brokerage about them."""
    ticket = parse(ORDER)
    lines = tuple(
        Line(
            f"bench-{number}-{n}", f"FAM-{n + 1:02}", "login", "0000", ticket, LineState.FILLED,
            order_id=f"{number}{n:04}", accepted=True, filled=1, average=Decimal("1.60"),
        )
        for n in range(LINES)
    )  # fmt: skip
    return Broadcast(f"BENCH{number:03}", ORDER, "paper", SystemClock().now(), lines)


async def _stir(desk: Desk) -> None:
    """Change 500 orders four times a second."""
    known = [_filled(number) for number in range(BROADCASTS)]
    for broadcast in known:
        desk.recorder.publish(BroadcastOpened(broadcast))
    for turn in range(PER_SECOND * SECONDS):
        price = Decimal(100 + turn) / 100
        for broadcast in known:
            lines = tuple(replace(line, average=price) for line in broadcast.lines)
            desk.recorder.publish(LinesChanged(broadcast.id, lines))
        await asyncio.sleep(1 / PER_SECOND)


async def _skews(desk: Desk, *, console: bool) -> list[float]:
    found = []
    async with showing(desk, console=console):
        for order in await varying_condors(desk, SENT):
            plan = await desk.preview(PlanRequest(order, Scope(everyone=True)))
            shown = await desk.submit(SubmitRequest(plan.plan, Ulids().mint()))
            settled = await desk.follow(shown.broadcast, PAUSE_S)
            found.append(settled.timing_ms.dispatch_skew or 0.0)
    return found


async def _measured(home: Path, what: str) -> object:
    async with open_desk(home, stays=True) as desk:
        await desk.balances(Scope(everyone=True))
        if what in ("alone", "beside"):
            return await _skews(desk, console=what == "beside")
        async with showing(desk, console=True):
            await asyncio.sleep(1)
            if what == "idle":
                return await Cost().of(asyncio.ensure_future(asyncio.sleep(SECONDS)))
            return await Cost().of(asyncio.ensure_future(_stir(desk)))


async def _costs(repeats: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"live": [], "idle": [], "alone": [], "beside": []}
    for _ in range(repeats):
        # In turns, so that what else the machine does falls on all alike.
        for what, results in found.items():
            with tempfile.TemporaryDirectory(prefix="sd-") as folder:
                home = Path(folder) / "home"
                options = ("--profile", "uniform", "--latency-ms", "40:120")
                async with sim_process(home, *options):
                    with (home / "config.toml").open("a") as config:
                        config.write(RISK)
                    arguments = ("bench.console", what, str(home))
                    results.append(await asyncio.to_thread(run_in_terminal, *arguments))
    return found


def _lines(repeats: int) -> Iterator[str]:
    starts = [
        seconds_until([sys.executable, "-m", "swimdesk", "demo"], b"FAM-01", b"acc 48")
        for _ in range(repeats + 2)
    ]
    found = asyncio.run(_costs(repeats))
    yield f"console: 48 accounts, {BROADCASTS * LINES} orders, medians of {repeats} runs"
    yield f"  demo to a painted console with 48 accounts: median {median(starts):.2f} s"
    for what, name in (("live", f"500 orders changing {PER_SECOND}x/s"), ("idle", "quiet market")):
        runs = found[what]
        yield (
            f"  {name:<32} cpu {median(r['cpu'] for r in runs):5.1%} of a core"
            f"  loop lag p50 {median(r['lag_p50_ms'] for r in runs):6.2f}"
            f"  p99 {median(r['lag_p99_ms'] for r in runs):6.2f} ms"
        )
    alone = median(skew for run in found["alone"] for skew in run)
    beside = median(skew for run in found["beside"] for skew in run)
    yield (
        f"  dispatch skew of 48 orders: {alone:.2f} ms without, {beside:.2f} ms with the console"
        f" (x{beside / alone:.2f}, {beside - alone:+.2f} ms)"
    )


def report(repeats: int = 3) -> str:
    """Show what the console costs, beside the same desk without it."""
    return "\n".join(_lines(repeats))


def main(what: str, home: str, answer: str) -> None:
    """Measure one thing in this process and write it to the given descriptor."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_measured(Path(home), what))
    with contextlib.suppress(BrokenPipeError):
        os.write(int(answer), json.dumps(found).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
