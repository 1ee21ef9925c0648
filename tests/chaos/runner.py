"""One seed from its first moment to the verdict."""

from __future__ import annotations

import asyncio
import gc
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.auditor import Auditor
from tests.chaos.faults import BELIEVED_S
from tests.chaos.findings import Finding
from tests.chaos.life import task_of_life
from tests.chaos.operator import Operator
from tests.chaos.script import Script, script_of
from tests.chaos.timing import now_s
from tests.chaos.trace import Trace
from tests.chaos.world import World
from tests.fakes.virtual import VirtualLoop

SETTLING_S = 30.0
"""So long after the horizon at the latest, everything that can be known is known (liveness)."""

STAYS_S = 5.0
"""What is known so long after the horizon is watched no longer."""


@dataclass(slots=True)
class Result:
    """What one seed came to."""

    seed: int
    digest: str
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)

    @property
    def replay(self) -> str:
        """The one line that replays this seed."""
        what = "; ".join(str(one) for one in self.findings[:3])
        return f"python -m tests.chaos replay {self.seed}  # trace {self.digest}: {what}"


def run_seed(seed: int, *, keeps_trace: bool = False) -> Result:
    """Play a seed on virtual time, in a home of its own."""
    home = Path(mkdtemp(prefix="chaos-", dir=in_memory()))
    was_collecting = gc.isenabled()
    gc.disable()
    random.seed(seed)  # what libraries draw from, such as pauses before another attempt
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(play(script_of(seed), seed, home, keeps_trace=keeps_trace))
    finally:
        shutil.rmtree(home)
        if was_collecting:
            gc.enable()


async def play(script: Script, seed: int, home: Path, *, keeps_trace: bool) -> Result:
    """Let a script happen, then let everything that can be known become known."""
    asyncio.get_running_loop().set_task_factory(task_of_life)
    world = World(seed, script.size, home, Trace(keeps=keeps_trace))
    asyncio.get_running_loop().set_exception_handler(lambda _, what: world.crashed(what))
    operator = Operator(world, script)
    auditor = Auditor(world, operator)
    world.broker.faults.replace(script.trouble.plan)
    world.wire.weather = script.trouble.weather
    await operator.start()
    for step in script.steps:
        await operator.pause(step.at_s)
        await operator.act(step)
        await auditor.look()
    await _settle(world, operator, auditor, script)
    process = world.process
    if process is not None:
        await world.close(process)
    auditor.close()
    counts = Counter({f"fault:{k}": n for k, n in world.faults_struck.items()})
    counts += Counter({f"step:{k}": n for k, n in world.happened.items()})
    return Result(seed, world.trace.digest, auditor.findings, counts, world.trace.lines)


async def _settle(world: World, operator: Operator, auditor: Auditor, script: Script) -> None:
    await operator.pause(now_s() + 4.0)
    await auditor.look()
    world.calm_down()
    late_s = script.trouble.longest_s if script.trouble.longest_s > BELIEVED_S else 0.0
    longest_s = max(script.size.absent_s, script.trouble.unseen_s)
    end_s = now_s() + longest_s + SETTLING_S + late_s
    while now_s() < end_s:
        await operator.pause(min(now_s() + 10.0, end_s))
        await auditor.look()
        if auditor.is_settled() and now_s() > end_s - SETTLING_S + STAYS_S:
            break
    await auditor.at_the_end()


def in_memory() -> str | None:
    """Return a folder in memory, where there is one."""
    folder = Path("/dev/shm")  # noqa: S108 - only for speed
    return str(folder) if folder.is_dir() else None
