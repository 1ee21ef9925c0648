"""Every fault of the plan on its own account at once, then the ledger against the desk."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.audit import Audit, audit
from tests.fakes.sim_process import sim_process

from bench.condors import RISK, varying_condors
from swimdesk.bootstrap import Ulids, open_desk
from swimdesk.errors import SwimdeskError
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

HORIZON_S = 10
SHORT_HORIZON = f"{RISK}bind_horizon_s = {HORIZON_S}\n"


@dataclass(frozen=True, slots=True)
class FaultRun:
    """What the desk said right after the answers, and after the horizon; audited both times."""

    early: BroadcastView
    late: BroadcastView
    audits: tuple[Audit, Audit]
    faults: dict[str, str]
    """The fault of each account by last four digits."""


async def run_faults(plan: str = "each", latency_ms: str = "20:60") -> FaultRun:
    """Send one condor to a brokerage that misbehaves in every way it can, and audit it twice."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--profile", "uniform", "--latency-ms", latency_ms, "--faults", plan)
        async with sim_process(Path(folder) / "home", *options) as sim:
            with (sim.home / "config.toml").open("a") as config:
                config.write(SHORT_HORIZON)
            async with open_desk(sim.home) as desk:
                order = next(await varying_condors(desk, 1))
                shown = await desk.preview(PlanRequest(order, Scope(everyone=True)))
                sent = await desk.submit(SubmitRequest(shown.plan, Ulids().mint()))
                early = await desk.follow(sent.broadcast, 3)
                first = await sim.ledger()
                late = await desk.follow(sent.broadcast, 40)
                second = await sim.ledger()
    return FaultRun(early, late, (audit(first, [early]), audit(second, [late])), _faults(second))


def _faults(ledger: dict[str, Any]) -> dict[str, str]:
    return {
        account["last4"]: arrival["fault"]
        for account in ledger["accounts"].values()
        for arrival in account["arrivals"]
        if arrival["fault"]
    }


def report(run: FaultRun) -> str:
    """Show each fault with the state it led to, early and late, and what the audits found."""
    late = {line.last4: line for line in run.late.lines}
    lines = [f"faults: {len(run.faults)} faults at once, {len(run.late.lines)} accounts"]
    for line in run.early.lines:
        fault = run.faults.get(line.last4)
        if fault:
            end = late[line.last4]
            doubt = f" ({end.doubt})" if end.doubt else ""
            lines.append(f"  {fault:<20} {line.state:<10} -> {end.state}{doubt}")
    for name, found in zip(("early", "late"), run.audits, strict=True):
        sums = f"lost {len(found.lost)}, doubled {len(found.doubled)}, lied {len(found.lied)}"
        lines.append(f"  {name}: {sums}")
        lines += [f"  ! {text}" for text in found.lost + found.doubled + found.lied]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        print(report(asyncio.run(run_faults())))
    except SwimdeskError as e:
        sys.exit(f"{e.title}: {e.detail}")
