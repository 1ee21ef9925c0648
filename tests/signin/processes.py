"""Which processes of this machine have a word on their command line or in their environment."""

from __future__ import annotations

import os
from pathlib import Path


def command_lines(word: str) -> list[str]:
    """Return the command lines with this word, but for this process's own."""
    return [line for line in _each("cmdline") if word in line]


def environments(word: str) -> list[str]:
    """Return the environments with this word, but for this process's own."""
    return [line for line in _each("environ") if word in line]


def _each(file: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / file).read_bytes()
            except OSError:
                continue
            found.append(text.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
