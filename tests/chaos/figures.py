"""What campaigns report: counts, times, and one line for every case that failed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final, TypeAlias

Figures: TypeAlias = dict[str, Any]

_TOLD_EVERY: Final = 100
_KEPT_EVERY: Final = 20


@dataclass(slots=True)
class Tally:
    """Gather what the cases of a campaign come to."""

    campaign: str
    cases: int = 0
    after: int = 0
    """The number after the last case that was run: where to go on."""
    counts: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    never_came: list[str] = field(default_factory=list)
    """Cases whose moment did not come."""
    read_ms: list[float] = field(default_factory=list)
    """From a restart to its first complete read."""
    spent_s: float = 0.0
    """How long earlier parts of the campaign took."""
    began_s: float = field(default_factory=perf_counter)

    def take(self, replay: str, problems: Iterable[str]) -> None:
        """Count a case; ``replay`` is what repeats it."""
        self.cases += 1
        self.failures += [self._line(replay, one) for one in problems]
        if self.cases % _TOLD_EVERY == 0:
            said = f"{self.campaign}: {self.cases} cases, {len(self.failures)} failures\n"
            sys.stderr.write(said)

    def _line(self, replay: str, what: str) -> str:
        return (
            f"python -m tests.chaos {self.campaign} --replay {replay}  # {' '.join(what.split())}"
        )

    @property
    def seconds(self) -> float:
        """How long the campaign took so far."""
        return self.spent_s + perf_counter() - self.began_s

    def figures(self) -> Figures:
        """Return the figures so far."""
        return {
            "campaign": self.campaign,
            "cases": self.cases,
            **dict(sorted(self.counts.items())),
            "points": len(+self.points),
            "fewest_at_a_point": min((+self.points).values(), default=0),
            "restart_to_first_complete_read_ms": spread(self.read_ms),
            "seconds": round(self.seconds, 1),
            "seconds_per_case": round(self.seconds / max(self.cases, 1), 3),
            "failures": self.failures,
            "never_came": self.never_came,
            "cases_by_point": dict(sorted((+self.points).items())),
        }


Work: TypeAlias = Callable[[Tally, Iterable[int], str], Awaitable[None]]


def spread(values: Iterable[float]) -> dict[str, float] | None:
    """Return median, 95th percentile and worst of some values."""
    ordered = sorted(values)
    if not ordered:
        return None
    p95 = ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    found = {"median": median(ordered), "p95": p95, "worst": ordered[-1]}
    return {name: round(value, 1) for name, value in found.items()}


# --- campaigns in parts ------------------------------------------------------------------------


def kept(campaign: str, file: Path | None) -> Tally:
    """Return what earlier parts of a campaign came to, by the file that they left."""
    if file is None or not file.exists():
        return Tally(campaign)
    told = json.loads(file.read_text("utf-8"))
    for name in ("counts", "points"):
        told[name] = Counter(told[name])
    return Tally(**told)


def keep(tally: Tally, file: Path) -> None:
    """Write down how far a campaign has come; whole or not at all."""
    told = {one.name: getattr(tally, one.name) for one in fields(tally) if one.name != "began_s"}
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({**told, "spent_s": tally.seconds}), "utf-8")
    partial.replace(file)


def numbers(tally: Tally, first: int, count: int, file: Path | None) -> Iterator[int]:
    """Yield the numbers of the cases that are still to be run, and keep what they come to."""
    for number in range(max(first, tally.after), first + count):
        yield number
        tally.after = number + 1
        if file is not None and tally.after % _KEPT_EVERY == 0:
            keep(tally, file)
    if file is not None:
        keep(tally, file)


def add_campaign(subparsers: Any, name: str, count: int, what: str, work: Work) -> None:
    """Register a campaign of so many cases, to be run from any case on, or one case again.

    ``work`` runs the cases of these numbers, or the one that a failure named.
    """
    parser = subparsers.add_parser(name, help=what, description=what)
    parser.add_argument("--count", type=int, default=count, help="cases to run")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--replay", default="", metavar="CASE", help="run one case again")
    parser.add_argument("--progress", type=Path, metavar="FILE", help="go on from it, keep it")

    def run(arguments: argparse.Namespace) -> Figures:
        # What is kept among the results is a whole campaign.
        arguments.keeps = not arguments.replay and arguments.count >= count
        tally = kept(name, arguments.progress)
        left = numbers(tally, arguments.first, arguments.count, arguments.progress)
        asyncio.run(_finished(work(tally, left, arguments.replay)))
        return tally.figures()

    parser.set_defaults(run=run)


async def _finished(work: Awaitable[None]) -> None:
    await work


def main(add_to: Callable[[Any], None], name: str) -> int:
    """Run a module's campaign by itself; 1 if a case failed."""
    parser = argparse.ArgumentParser()
    add_to(parser.add_subparsers(required=True))
    parsed = parser.parse_args([name, *sys.argv[1:]])
    figures = parsed.run(parsed)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 1 if figures["failures"] else 0
