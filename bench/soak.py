"""Many broadcasts in a row, then the ledger against our journal: lost, doubled, lied."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.audit import Audit, audit
from tests.fakes.sim_process import SimProcess, sim_process

from bench.condors import RISK, varying_condors
from swimdesk.bootstrap import Ulids, open_desk
from swimdesk.desk.desk import Desk
from swimdesk.errors import SwimdeskError
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

SETTLE_S = 10.0
SOAK_RISK = f"""{RISK}
max_contracts_per_order = 100
max_notional_per_order = "100000"
max_notional_per_broadcast = "10000000"
duplicate_window_s = 0
"""


@dataclass(frozen=True, slots=True)
class SoakResult:
    """What a soak found; the three lists of the audit must be empty."""

    broadcasts: int
    orders: int
    states: dict[str, int]
    audit: Audit
    seconds: float
    rss_mb: float
    """Growth of this process from the first tenth of the run to its end."""


async def soak(broadcasts: int, *, latency_ms: str = "5:20", accounts: int = 48) -> SoakResult:
    """Send that many condors over all accounts of a uniform brokerage and audit every order."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--profile", "uniform", "--accounts", str(accounts), "--latency-ms", latency_ms)
        async with sim_process(Path(folder) / "home", *options) as sim:
            with (sim.home / "config.toml").open("a") as config:
                config.write(SOAK_RISK)
            async with open_desk(sim.home) as desk:
                return await _run(desk, sim, broadcasts)


async def _run(desk: Desk, sim: SimProcess, broadcasts: int) -> SoakResult:
    started, ids, sent = time.monotonic(), Ulids(), []
    early_kb = 0
    for number, order in enumerate(await varying_condors(desk, broadcasts)):
        sent.append(await _send(desk, ids.mint(), order))
        if number == broadcasts // 10:
            early_kb = _rss_kb()
        if number % 25 == 0:
            sys.stderr.write(f"soak: {number} of {broadcasts}\n")
    # What was sent last gets its time; what rests by then stays "working" in both books.
    await desk.follow(sent[-1], SETTLE_S)
    views = [await desk.broadcast(broadcast) for broadcast in sent]
    states = Counter(line.state for view in views for line in view.lines)
    ledger = await sim.ledger()
    orders = sum(len(account["orders"]) for account in ledger["accounts"].values())
    return SoakResult(
        broadcasts=len(views),
        orders=orders,
        states=dict(states),
        audit=audit(ledger, views),
        seconds=time.monotonic() - started,
        rss_mb=(_rss_kb() - early_kb) / 1024,
    )


async def _send(desk: Desk, broadcast: str, order: str) -> str:
    plan = await desk.preview(PlanRequest(order, Scope(everyone=True)))
    view: BroadcastView = await desk.submit(SubmitRequest(plan.plan, broadcast))
    await desk.follow(view.broadcast, 1.0)
    return view.broadcast


def _rss_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4


def report(result: SoakResult) -> str:
    """Say what was found in a few lines."""
    found = result.audit
    lines = [
        f"soak: {result.broadcasts} broadcasts, {result.orders} orders, {result.seconds:.0f} s,",
        f"  memory {result.rss_mb:+.1f} MB after the first tenth",
        f"  lines: {result.states}",
        f"  lost {len(found.lost)}, doubled {len(found.doubled)}, lied {len(found.lied)}",
    ]
    lines += [f"  ! {text}" for text in (found.lost + found.doubled + found.lied)[:20]]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        print(report(asyncio.run(soak(int(sys.argv[1]) if len(sys.argv) > 1 else 300))))
    except SwimdeskError as e:
        sys.exit(f"{e.title}: {e.detail}")
