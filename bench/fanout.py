"""The burst of orders beside the raw floor, and docs/benchmarks.md made from what was found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import variants
from bench.fanout_page import page
from swimdesk.bench.views import FanoutView
from swimdesk.views.codec import from_json

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
RUNS = (
    # Short bursts spread most: they are repeated more often.
    ("--accounts=45", "--repeats=100", "--console"),
    ("--accounts=200,1000,5000", "--repeats=30"),
)


def measure(arguments: Sequence[str]) -> FanoutView:
    """Run the command as a user would, in a fresh process, and read its document."""
    command = [sys.executable, "-m", "swimdesk", "bench", "fanout", *arguments, "--json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return from_json(FanoutView, json.loads(result.stdout))


def report() -> str:
    """Measure every size, write the page, and show it."""
    text = page([measure(arguments) for arguments in RUNS], variants.report())
    PAGE.write_text(text, "utf-8")
    return text
