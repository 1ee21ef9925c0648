"""The run: product, floor and control in turn, shuffled, against one order host."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swimdesk import __version__
from swimdesk.bench.figures import (
    CONTROL,
    FLOOR,
    PRODUCT,
    Repetition,
    candidate,
    fairness,
    gates,
    ratio,
    spread_ms,
    why_void,
)
from swimdesk.bench.floor import floor
from swimdesk.bench.machine import machine, make_room_for, resident_kb
from swimdesk.bench.product import product
from swimdesk.bench.responding import Host, Seen, responder
from swimdesk.bench.shots import Candidate
from swimdesk.bench.site import HASH_LENGTH
from swimdesk.bench.turns import turn
from swimdesk.bench.views import ConsoleView, FanoutView, SizeView
from swimdesk.bootstrap import SystemClock

_DISK: Final = Path("/var/tmp")  # noqa: S108 - only a folder of our own in it is used
"""Where temporary files survive a restart, and so are on a disk."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure."""

    accounts: tuple[int, ...] = (45, 200, 1000, 5000)
    latency_ms: float = 20.0
    repeats: int = 20
    console: bool = False
    """Whether to measure beside a painting console too."""

    @property
    def latency_ns(self) -> int:
        """How long the order host takes to answer."""
        return int(self.latency_ms * 1_000_000)


@dataclass(frozen=True, slots=True)
class _Turns:
    """What came of all repetitions of one size."""

    repetitions: list[Repetition]
    arrivals: list[Sequence[Seen]]
    """Those of the product's orders."""


async def run(options: Options, progress: Progress) -> FanoutView:
    """Measure every size; InputError where the machine allows too few files."""
    make_room_for(max(options.accounts))
    with tempfile.TemporaryDirectory(prefix="swimdesk-bench-", dir=_on_disk()) as name:
        folder = Path(name)
        async with responder(folder / "authority", options.latency_ms) as host:
            results = [
                await _size(host, folder / f"home-{place}", accounts, options, progress)
                for place, accounts in enumerate(options.accounts)
            ]
            beside = await _beside(host, folder, options, progress)
            return FanoutView(
                measured=f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}",
                version=__version__,
                latency_ms=options.latency_ms,
                repeats=options.repeats,
                machine=machine(folder, host.clock),
                results=tuple(results),
                void=any(one.void for one in results),
                console=beside,
            )


async def _beside(
    host: Host, folder: Path, options: Options, progress: Progress
) -> ConsoleView | None:
    if not options.console:
        return None
    # Deferred: only this needs terminals and children of its own.
    from swimdesk.bench.pairs import console_pairs

    return await console_pairs(host, folder, options.latency_ns, options.repeats, progress)


async def _size(
    host: Host, home: Path, accounts: int, options: Options, progress: Progress
) -> SizeView:
    async with AsyncExitStack() as stack:
        progress(f"{accounts} accounts: connecting")
        candidates, memory_kb = await _warm(stack, host, home, accounts)
        await turn(host, candidates, options.latency_ns)  # a rehearsal
        turns = _Turns([], [])
        for place in range(options.repeats):
            progress(f"{accounts} accounts: repetition {place + 1} of {options.repeats}")
            repetition, seen = await turn(host, candidates, options.latency_ns)
            turns.repetitions.append(repetition)
            turns.arrivals.append(seen)
    return _view(accounts, turns, memory_kb, options)


async def _warm(
    stack: AsyncExitStack, host: Host, home: Path, accounts: int
) -> tuple[Mapping[str, Candidate], dict[str, float]]:
    """Connect every candidate; return them, and what a warm account of each takes of memory."""
    memory_kb: dict[str, float] = {}
    own = await stack.enter_async_context(product(host.place, home, accounts))
    before_kb = _resident_kb()
    await own.warm()
    _note(memory_kb, PRODUCT, before_kb, accounts)
    candidates: dict[str, Candidate] = {PRODUCT: own}
    for who in (FLOOR, CONTROL):
        before_kb = _resident_kb()
        names = [f"{who}{place:0{HASH_LENGTH - len(who)}}" for place in range(accounts)]
        candidates[who] = await stack.enter_async_context(floor(host.place, names, own.body()))
        _note(memory_kb, who, before_kb, accounts)
    return candidates, memory_kb


def _view(accounts: int, turns: _Turns, memory_kb: dict[str, float], options: Options) -> SizeView:
    repetitions = turns.repetitions
    own = [repetition[PRODUCT] for repetition in repetitions]
    control = ratio(repetitions, CONTROL)
    views = {who: candidate(repetitions, who, accounts) for who in (PRODUCT, FLOOR, CONTROL)}
    return SizeView(
        accounts=accounts,
        orders=accounts * len(repetitions) * len(views),
        **views,
        ratio=ratio(repetitions, PRODUCT),
        control_ratio=control,
        cpu_us_per_order=views[PRODUCT].cpu_us_per_order,
        commit_ms=spread_ms(one.commit_ns for one in own),
        confirm_to_commit_ms=spread_ms(one.to_commit_ns for one in own),
        confirm_to_last_ack_ms=spread_ms(one.last_ack_ns for one in own),
        over_slowest_answer_ms=spread_ms(one.last_ack_ns - one.slowest_ns for one in own),
        written_ms=spread_ms(one.written_ns for one in own),
        slowest_answer_ms=spread_ms(one.slowest_ns for one in own),
        memory_kb_per_account=memory_kb,
        fairness=fairness(turns.arrivals),
        gates=gates(repetitions, accounts, options.latency_ns, memory_kb.get(PRODUCT)),
        void=why_void(control) is not None,
        why_void=why_void(control),
    )


def _resident_kb() -> float | None:
    gc.collect()
    return resident_kb()


def _note(memory_kb: dict[str, float], who: str, before_kb: float | None, accounts: int) -> None:
    after_kb = _resident_kb()
    if before_kb is not None and after_kb is not None:
        memory_kb[who] = round((after_kb - before_kb) / accounts, 1)


def _on_disk() -> Path | None:
    return _DISK if _DISK.is_dir() else None
