"""Private files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says where the disk, or our share of it, is full."""


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file by one rename, so that a crash leaves the old or the new one, whole; 0600.

    OSError, and the old file kept, where that fails.
    """
    # mkstemp makes the file 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames and removals in a folder durable."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Say in a few words why a file could not be read or written."""
    return (error.strerror or "it fails") if isinstance(error, OSError) else "it is not UTF-8 text"
