"""Compare what stands on the screen with what is known to be right, as text and as a picture."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from tests.console.stage import Stage

FOLDER = Path(__file__).parent / "snapshots"
RENEW = "CONSOLE_PICTURES"
"""Set to ``renew``, this variable writes the pictures anew; look at each before it lands."""

_TERMINAL_ID = re.compile(r"terminal-[0-9]+-")


def compare(stage: Stage, name: str) -> None:
    """Fail with the lines that differ, unless the screen is as the kept picture shows it."""
    size = stage.console.size
    path = FOLDER / f"{name}-{size.width}x{size.height}"
    text, picture = f"{stage.text()}\n", _picture(stage)
    if os.environ.get(RENEW) == "renew":
        FOLDER.mkdir(exist_ok=True)
        path.with_suffix(".txt").write_text(text, "utf-8")
        path.with_suffix(".svg").write_text(picture, "utf-8")
        return
    known = path.with_suffix(".txt").read_text("utf-8")
    difference = "\n".join(
        difflib.unified_diff(known.splitlines(), text.splitlines(), "kept", "shown", lineterm="")
    )
    assert text == known, f"{path.name} looks different:\n{difference}"
    assert picture == path.with_suffix(".svg").read_text("utf-8"), (
        f"{path.name} has the same text in other colours; compare {path.with_suffix('.svg')}"
    )


def _picture(stage: Stage) -> str:
    """Return the screen as SVG, with names that do not depend on what else was drawn."""
    return _TERMINAL_ID.sub("terminal-", stage.console.export_screenshot(simplify=True))
