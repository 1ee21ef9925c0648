"""What campaigns came to: one document each under docs/chaos, and the page made from them."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.chaos.page import page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "chaos"
PAGE = ROOT / "docs" / "chaos.md"


def stamp() -> dict[str, str]:
    """Return when, of which commit and where something was run."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "python": platform.python_version(),
    }


@cache
def _commit() -> str:
    """Return the commit at which this program was started, with a plus where files differ."""
    commit = _git("rev-parse", "--short=10", "HEAD") or "unknown"
    return f"{commit}+" if _git("status", "--porcelain", "--", "src", "tests") else commit


def _git(*arguments: str) -> str:
    said = subprocess.run(
        ["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    return said.stdout.strip()


def read(campaign: str) -> dict[str, Any] | None:
    """Return what was kept of a campaign; None if nothing was."""
    file = FOLDER / f"{campaign}.json"
    if not file.exists():
        return None
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document


def keep(figures: Mapping[str, Any]) -> None:
    """Write a campaign's figures with when and of what they are, and make the page anew."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{figures['campaign']}.json"
    partial = file.with_suffix(".partial")
    partial.write_text(f"{json.dumps({**figures, **stamp()}, indent=1)}\n", "utf-8")
    partial.replace(file)
    write_page()


def everything() -> dict[str, dict[str, Any]]:
    """Return all that was kept, by campaign."""
    return {
        file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))
    }


def write_page() -> None:
    """Make the page from what is kept."""
    PAGE.write_text(page(everything()), "utf-8")
