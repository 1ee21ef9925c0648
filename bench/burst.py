"""The main job's figure: 48 accounts at 40-120 ms, all accepted, last answer below 200 ms."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.fakes.audit import Audit, audit
from tests.fakes.sim_process import sim_process

from bench.condors import RISK, varying_condors
from swimdesk.bootstrap import Ulids, open_desk
from swimdesk.desk.desk import Desk
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

LATENCY_MS = "40:120"
PAUSE_S = 1.5


@dataclass(frozen=True, slots=True)
class BurstResult:
    """The broadcasts of one run and their audit."""

    views: list[BroadcastView]
    audit: Audit


async def bursts(repeats: int = 15) -> BurstResult:
    """Send that many different condors over 48 accounts."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--profile", "uniform", "--latency-ms", LATENCY_MS)
        async with sim_process(Path(folder) / "home", *options) as sim:
            with (sim.home / "config.toml").open("a") as config:
                config.write(RISK)
            async with open_desk(sim.home) as desk:
                views = await _sent(desk, repeats)
            return BurstResult(views, audit(await sim.ledger(), views))


async def _sent(desk: Desk, repeats: int) -> list[BroadcastView]:
    sent = []
    for order in await varying_condors(desk, repeats):
        plan = await desk.preview(PlanRequest(order, Scope(everyone=True)))
        shown = await desk.submit(SubmitRequest(plan.plan, Ulids().mint()))
        await desk.follow(shown.broadcast, PAUSE_S)
        sent.append(shown.broadcast)
    await desk.follow(sent[-1], 10)
    return [await desk.broadcast(broadcast) for broadcast in sent]


def report(result: BurstResult) -> str:
    """Show medians and worst cases over the broadcasts."""
    accepted = sum(view.counts["accepted"] for view in result.views)
    planned = sum(view.counts["accounts"] for view in result.views)
    rows = [
        f"burst: {len(result.views)} broadcasts x 48 accounts, simulated answers {LATENCY_MS} ms",
        f"  accepted {accepted} of {planned}; audit clean: {result.audit.is_clean}",
    ]
    for name, of in _FIGURES.items():
        figures = [value for view in result.views if (value := of(view)) is not None]
        rows.append(f"  {name:<26} median {median(figures):7.2f} ms  worst {max(figures):7.2f} ms")
    return "\n".join(rows)


def _first_write(view: BroadcastView) -> float | None:
    return min((line.sent_ms for line in view.lines if line.sent_ms is not None), default=None)


_FIGURES: dict[str, Callable[[BroadcastView], float | None]] = {
    "confirm to commit": lambda view: view.timing_ms.journal,
    "dispatch skew": lambda view: view.timing_ms.dispatch_skew,
    "first write after confirm": _first_write,
    "last answer after confirm": lambda view: view.timing_ms.last_ack,
}


if __name__ == "__main__":
    print(report(asyncio.run(bursts())))
