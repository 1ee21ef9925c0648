"""Run a campaign: ``python -m tests.chaos CAMPAIGN ...``; its figures go to docs/chaos."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Any

from tests.chaos import results

MODULES = (
    "seeds",
    "bugs",
    "machine",
    "cuts",
    "kills",
    "full",
    "dual",
    "clock",
    "corrupt",
)
"""Each has ``add_to(subparsers)``, which sets ``run``: from arguments to figures."""


def parser() -> argparse.ArgumentParser:
    """Return the command line with every campaign that there is."""
    found = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    found.add_argument("--only-print", action="store_true", help="keep docs/chaos as it is")
    subparsers = found.add_subparsers(required=True, metavar="CAMPAIGN")
    for name in MODULES:
        import_module(f"tests.chaos.{name}").add_to(subparsers)
    page = subparsers.add_parser("page", help="make docs/chaos.md anew from docs/chaos")
    page.set_defaults(run=write_page, keeps=False)
    return found


def write_page(_: argparse.Namespace) -> dict[str, Any]:
    """Make the page of what is kept."""
    results.write_page()
    return {"page": str(results.PAGE)}


def is_kept(arguments: argparse.Namespace) -> bool:
    """Tell whether the figures are those of a campaign, not of a case or a sample of it."""
    is_part = getattr(arguments, "replay", None) or getattr(arguments, "sample", None)
    return not (is_part or arguments.only_print) and getattr(arguments, "keeps", True)


def failed(figures: dict[str, Any]) -> bool:
    """Tell whether anything went wrong."""
    return bool(figures.get("failures") or figures.get("mismatches"))


def main() -> int:
    """Run a campaign, keep and print what it came to; 1 where anything went wrong."""
    arguments = parser().parse_args()
    figures = arguments.run(arguments)
    if is_kept(arguments):
        results.keep(figures)
    sys.stdout.write(f"{json.dumps(figures, indent=1)}\n")
    return int(failed(figures))


if __name__ == "__main__":
    sys.exit(main())
