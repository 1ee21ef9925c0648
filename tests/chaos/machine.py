"""The property machine as a campaign: thousands of examples, in parts that are done once."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos import results
from tests.chaos.machine_rules import DeskMachine

EXAMPLES = 50_000
PART = 100
STEPS = 25


def run_part(part: int, examples: int = PART, *, shrinks: bool = False) -> str | None:
    """Run the examples of a part; return what is wrong with the first that fails, if any."""
    machine = seed(part)(type("Part", (DeskMachine,), {}))
    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=False,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=chosen)
    except AssertionError as error:
        return "\n".join([str(error), *getattr(error, "__notes__", ())])
    return None


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the parts that were not run yet, and keep each as soon as it is done."""
    if arguments.replay is not None:
        said = run_part(int(arguments.replay), shrinks=True)
        sys.stdout.write(f"{said or 'nothing is wrong'}\n")
        return {"failures": [said] if said else []}
    kept = None if arguments.only_print else results.read("machine")
    figures = kept or {
        "campaign": "machine", "examples": 0, "steps_each": STEPS, "seconds": 0.0, "failures": [],
    }  # fmt: skip
    while figures["examples"] < arguments.examples:
        part, began_s = figures["examples"] // PART, perf_counter()
        said = run_part(part)
        if said is not None:
            line = f"python -m tests.chaos machine --replay {part}  # {said.splitlines()[0]}"
            figures["failures"].append(line)
            sys.stdout.write(f"{line}\n")
        figures["examples"] += PART
        figures["seconds"] = round(figures["seconds"] + perf_counter() - began_s, 1)
        if not arguments.only_print:
            results.keep(figures)
    return figures


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    parser = subparsers.add_parser("machine", help="the property machine; goes on where it was")
    parser.add_argument("--examples", type=int, default=EXAMPLES, metavar="N", help="in all")
    parser.add_argument("--replay", metavar="PART", help="one part, its failure made small")
    parser.set_defaults(run=run)
