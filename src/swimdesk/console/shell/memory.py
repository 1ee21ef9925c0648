"""What the console remembers from one sitting to the next: lines entered, the theme."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

LINES_KEPT: Final = 500
HISTORY: Final = "console-history"
STATE: Final = "console.json"
_MOST_BYTES: Final = 1_000_000


class Memory:
    """Two small files in the home, for the operator's eyes only; without a home nothing is kept.

    A file that cannot be read or written costs its convenience and nothing else.
    """

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._writing = threading.Lock()

    def lines(self) -> list[str]:
        """Return the lines entered before, the newest last."""
        text = self._read(HISTORY)
        return [line for line in text.split("\n") if line and line.isprintable()][-LINES_KEPT:]

    def keep_lines(self, lines: Sequence[str]) -> None:
        """Remember the newest of these lines."""
        self._write(HISTORY, "".join(f"{line}\n" for line in lines[-LINES_KEPT:]))

    def theme(self) -> str:
        """Return the name of the theme chosen last; empty when none was."""
        try:
            state = json.loads(self._read(STATE) or "{}")
        except ValueError:
            return ""
        return str(state.get("theme", "")) if isinstance(state, dict) else ""

    def keep_theme(self, name: str) -> None:
        """Remember a theme."""
        self._write(STATE, json.dumps({"theme": name}) + "\n")

    def _read(self, name: str) -> str:
        if self._home is None:
            return ""
        try:
            with (self._home / name).open("rb") as file:
                return file.read(_MOST_BYTES).decode("utf-8", errors="ignore")
        except OSError:
            return ""

    def _write(self, name: str, text: str) -> None:
        if self._home is None:
            return
        path = self._home / name
        fresh = path.with_name(f"{name}.new")
        with self._writing, contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            fresh.replace(path)
