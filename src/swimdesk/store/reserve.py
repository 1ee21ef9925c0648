"""Disk space set aside, so that the results of sent orders can be written when the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 8 * 1024 * 1024
"""Room for the results of thousands of lines."""


class Reserve:
    """A file of real blocks beside the database, given up when nothing else is left."""

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self.is_held = False

    def hold(self) -> None:
        """Set the space aside; OSError when the disk cannot give it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
        except OSError:
            # A part of a reserve helps nobody and takes what is left.
            self._path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        self.is_held = True

    def give_up(self) -> None:
        """Return the space to the disk."""
        self.is_held = False
        self._path.unlink(missing_ok=True)
