"""Seeded worlds by the thousand: a range of seeds, in parts that are done once and kept."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from tests.chaos import results
from tests.chaos.faults import KINDS
from tests.chaos.planted import BUGS
from tests.chaos.runner import Result, run_seed

PART = 250
"""So many seeds are kept together: what an end in between loses at most."""

MANY_KINDS = 4


@dataclass(slots=True)
class Run:
    """What the seeds from ``first`` up to ``until``, not included, came to."""

    first: int
    until: int
    counts: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, result: Result) -> None:
        """Count a seed."""
        self.counts += result.counts
        kinds = sum(name.startswith("fault:") for name in result.counts)
        self.counts[f"seeds with {MANY_KINDS} kinds of trouble and more"] += kinds >= MANY_KINDS
        self.findings.update(one.kind for one in result.findings)
        if result.findings:
            self.failed.append(result)


def run_range(first: int, until: int) -> Run:
    """Play these seeds, one after the other."""
    run, began_s = Run(first, until), perf_counter()
    for seed in range(first, until):
        run.take(run_seed(seed))
    run.seconds = perf_counter() - began_s
    return run


# --- the campaign ------------------------------------------------------------------------------


def gaps(done: Iterable[tuple[int, int]], first: int, until: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a range that are not done yet."""
    at = first
    for start, end in sorted(done):
        while at < min(start, until):
            stop = min(at + PART - at % PART, start, until)
            yield at, stop
            at = stop
        at = max(at, end)
    while at < until:
        stop = min(at + PART - at % PART, until)
        yield at, stop
        at = stop


@dataclass(slots=True)
class Campaign:
    """All seeds that were ever run, as they are kept."""

    ranges: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    """Of every seed that failed the line that replays it."""
    findings: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @classmethod
    def kept(cls) -> Campaign:
        """Read what was kept."""
        found = results.read("seeds") or {}
        return cls(
            found.get("ranges", []),
            Counter(found.get("counts", {})),
            {int(seed): line for seed, line in found.get("failures", {}).items()},
            Counter(found.get("findings", {})),
            found.get("seconds", 0.0),
        )

    @property
    def done(self) -> list[tuple[int, int]]:
        """Which seeds were run."""
        return [(one["first"], one["until"]) for one in self.ranges]

    def add(self, run: Run) -> None:
        """Take a part in, next to one of the same commit where there is one."""
        self.counts += run.counts
        self.findings += run.findings
        self.failures |= {one.seed: one.replay for one in run.failed}
        self.seconds += run.seconds
        stamp = results.stamp()
        ends = [one for one in self.ranges if one["until"] == run.first]
        if ends and ends[0]["commit"] == stamp["commit"]:
            ends[0].update(until=run.until, date=stamp["date"])
        else:
            part = {"first": run.first, "until": run.until}
            self.ranges.append({**part, "date": stamp["date"], "commit": stamp["commit"]})
        self.ranges.sort(key=lambda one: int(one["first"]))

    def figures(self) -> dict[str, Any]:
        """Return everything as it is kept and shown."""
        return {
            "campaign": "seeds",
            "seeds": sum(until - first for first, until in self.done),
            **{kind: self.findings[kind] for kind in ("lost", "doubled", "lied")},
            "fewest_strikes_of_a_kind": min(self.counts[f"fault:{kind}"] for kind in KINDS),
            "seconds": round(self.seconds, 1),
            "ranges": self.ranges,
            "findings": dict(sorted(self.findings.items())),
            "failures": {str(seed): self.failures[seed] for seed in sorted(self.failures)},
            "counts": dict(sorted(self.counts.items())),
        }


@contextmanager
def _workers(count: int) -> Iterator[Executor | None]:
    # A child that was forked would take the parent's loop and database connections along.
    if count > 1:
        with ProcessPoolExecutor(count, get_context("spawn")) as pool:
            yield pool
    else:
        yield None


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run what is missing of a range, and keep every part as soon as it is done."""
    campaign = Campaign() if arguments.only_print else Campaign.kept()
    parts = list(gaps(campaign.done, arguments.first, arguments.until))
    with _workers(arguments.workers) as pool:
        names = [one for one, _ in parts], [one for _, one in parts]
        for part in (map if pool is None else pool.map)(run_range, *names):
            campaign.add(part)
            if not arguments.only_print:
                results.keep(campaign.figures())
            for failed in part.failed:
                sys.stdout.write(f"{failed.replay}\n")
            sys.stderr.write(f"{part.first}-{part.until}: {part.seconds:.0f} s\n")
    return campaign.figures()


def replay(arguments: argparse.Namespace) -> dict[str, Any]:
    """Play one seed and print its trace."""
    with BUGS[arguments.bug]() if arguments.bug else nullcontext():
        result = run_seed(arguments.seed, keeps_trace=True)
    sys.stdout.writelines(f"{line}\n" for line in result.trace)
    sys.stdout.writelines(f"{one}\n" for one in result.findings)
    return {"trace": result.digest, "failures": [str(one) for one in result.findings]}


def add_to(subparsers: Any) -> None:
    """Register the commands."""
    parser = subparsers.add_parser("seeds", help="seeded worlds; what is done is not done again")
    parser.add_argument("first", type=int, metavar="FROM")
    parser.add_argument("until", type=int, metavar="TO", help="not included")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.set_defaults(run=run)
    again = subparsers.add_parser("replay", help="one seed, with its trace")
    again.add_argument("seed", type=int)
    again.add_argument("--bug", choices=tuple(BUGS), help="with this bug planted")
    again.set_defaults(run=replay, keeps=False)
