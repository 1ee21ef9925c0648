"""The bench tried on itself: bugs are planted in the product, and each must be seen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.chaos.planted import BUGS
from tests.chaos.runner import run_seed

MOST = 100
"""So many seeds are played with a bug at most."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """How a planted bug was found."""

    bug: str
    seeds: int
    """How many were played until then, that one included."""
    seed: int | None
    """The one that showed it; None if none did."""
    finding: str


def hunt(bug: str, first: int = 0, most: int = MOST) -> Hunt:
    """Play seeds with a bug planted until one shows it."""
    for count, seed in enumerate(range(first, first + most), start=1):
        with BUGS[bug]():
            findings = run_seed(seed).findings
        if findings:
            return Hunt(bug, count, seed, str(findings[0]))
    return Hunt(bug, most, None, "never seen")


def figures_of(hunts: Iterable[Hunt]) -> dict[str, Any]:
    """Return the figures of the campaign."""
    found = list(hunts)
    missed = [
        f"python -m tests.chaos bugs {one.bug}  # not seen" for one in found if one.seed is None
    ]
    return {
        "campaign": "bugs",
        "bugs": len(found),
        "caught": len(found) - len(missed),
        "most_seeds": max(one.seeds for one in found),
        "failures": missed,
        "hunts": [
            {"bug": one.bug, "seeds": one.seeds, "seed": one.seed, "finding": one.finding}
            for one in found
        ],
    }


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Plant the bugs one by one, and say after how many seeds each was seen."""
    hunts = []
    for bug in arguments.bug or BUGS:
        found = hunt(bug, arguments.first, arguments.most)
        told = "not seen" if found.seed is None else f"seed {found.seed}: {found.finding}"
        sys.stderr.write(f"{bug:26} {found.seeds:4} seeds  {told}\n")
        hunts.append(found)
    return figures_of(hunts)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    parser = subparsers.add_parser("bugs", help="bugs planted in the product, one by one")
    parser.add_argument("bug", nargs="*", choices=[*BUGS, []], metavar="BUG", help="only these")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="where to begin")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help="seeds for each")
    parser.set_defaults(run=run)
