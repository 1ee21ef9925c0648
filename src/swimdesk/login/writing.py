"""Private files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import tempfile
from pathlib import Path
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says where the disk, or our share of it, is full."""

_ENDING = "?" * 8
"""What mkstemp adds to a name."""


class NotDurable(OSError):
    """Tell that the new file is in place, but may be the old one again after a loss of power."""


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file by one rename, so that a crash leaves the old or the new one, whole; 0600.

    OSError, and the old file kept, where that fails; NotDurable once the new one is in place.
    """
    sweep(path)
    descriptor, name = _own_file(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # While it is still held: nobody sweeps it away.
            Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise NotDurable(error.errno, error.strerror) from None


def _own_file(path: Path) -> tuple[int, str]:
    """Make a 0600 file beside that one, and hold it for as long as it is open."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with contextlib.suppress(OSError):
            # Where files cannot be held, nobody takes one for left behind either.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        # Swept away by another writer before it was held.
        os.close(descriptor)


def sweep(path: Path) -> None:
    """Remove what killed writers of that file left beside it: it may be a secret in plain text.

    What a living one writes is held by it, and stays.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.{_ENDING}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(left, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()
            finally:
                os.close(descriptor)


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


def unconfirmed(what: str, error: NotDurable) -> str:
    """Say how a file stands that is in place, and that nobody knows whether it stays."""
    return (
        f"{what} was written, but the disk does not confirm it ({reason_of(error)}): look after"
        " the disk, and write it again"
    )
