"""The byte-cut sweep: connections cut at every byte of request and answer (reliability, V6).

Real sockets, the real lane and adapter; what is known afterwards is judged by table 2.1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests.chaos.cut_cases import Case, case_of
from tests.chaos.cut_runs import Mismatch, batches, run_batch
from tests.chaos.cut_sweep import every_case, sample, sizes
from tests.integration.lanes import Tls, authority_in

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass(slots=True)
class Sweep:
    """What a sweep came to."""

    cases: list[Case]
    mismatches: list[Mismatch] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Return the figures of the campaign."""
        by_kind = Counter(f"{case.where} {case.wire} {case.method}" for case in self.cases)
        by_ending = Counter(str(case.ending) for case in self.cases)
        return {
            "campaign": "cuts",
            "runs": len(self.cases),
            "by_kind": dict(sorted(by_kind.items())),
            "by_ending": dict(sorted(by_ending.items())),
            "mismatches": len(self.mismatches),
            "seconds": round(self.seconds, 1),
        }


async def sweep(cases: Sequence[Case], tls: Tls) -> Sweep:
    """Run cases, many at once."""
    result, begun = Sweep(list(cases)), time.monotonic()
    for batch in batches(cases):
        result.mismatches += await run_batch(batch, tls)
    result.seconds = time.monotonic() - begun
    return result


async def sampled(count: int | None, seed: int, tls: Tls) -> Sweep:
    """Run a seeded sample of so many cuts, or all there are."""
    of = await sizes(tls)
    cases = list(every_case(of))
    return await sweep(cases if count is None else sample(cases, of, count, seed), tls)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the campaign as the command line says; print each mismatch, return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        tls = authority_in(Path(folder))
        if arguments.replay:
            work = sweep([case_of(text) for text in arguments.replay.split(",")], tls)
        else:
            work = sampled(arguments.sample, arguments.seed, tls)
        with asyncio.Runner(loop_factory=LOOPS[arguments.loop]) as runner:
            result = runner.run(work)
    for mismatch in result.mismatches:
        sys.stderr.write(f"{mismatch} --loop {arguments.loop}\n")
    figures = result.figures()
    if arguments.json:
        sys.stdout.write(f"{json.dumps(figures)}\n")
    return figures


def add_to(subparsers: Any) -> None:  # argparse does not say what it takes in public
    """Add the command to the campaigns."""
    parser = subparsers.add_parser("cuts", help="connections cut at every byte")
    _options(parser)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", type=int, metavar="N", help="run so many, not all")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the sample")
    parser.add_argument("--replay", metavar="CASE[,CASE...]", help="run these cuts alone")
    parser.add_argument("--loop", choices=tuple(LOOPS), default="uvloop", help="default: uvloop")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run)


def main() -> int:
    """Run the campaign by itself; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.cuts", description=__doc__)
    _options(parser)
    arguments = parser.parse_args()
    figures = run(arguments)
    if not arguments.json:
        sys.stdout.write(f"{json.dumps(figures, indent=2)}\n")
    return int(figures["mismatches"] > 0)


if __name__ == "__main__":
    sys.exit(main())
