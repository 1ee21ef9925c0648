"""What happened in a world, as one digest: two runs of a seed are the same or they are not."""

from __future__ import annotations

import asyncio
from hashlib import blake2b


class Trace:
    """Takes in every request, answer, step and transition with its time."""

    def __init__(self, *, keeps: bool = False) -> None:
        """``keeps`` remembers the lines, to be shown to a person."""
        self._hash = blake2b(digest_size=8)
        self._keeps = keeps
        self.lines: list[str] = []

    def note(self, kind: str, *parts: object) -> None:
        """Add one happening at the present virtual time."""
        text = f"{asyncio.get_running_loop().time():.6f} {kind} {' '.join(map(str, parts))}"
        self._hash.update(text.encode())
        self._hash.update(b"\n")
        if self._keeps:
            self.lines.append(text)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits of everything so far."""
        return self._hash.hexdigest()


def short(body: bytes) -> str:
    """Return a few digits that stand for a body."""
    return blake2b(body, digest_size=4).hexdigest() if body else "-"
