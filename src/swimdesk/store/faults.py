"""What SQLite and the file system say, as errors of ours: what happened, what of it, what to do."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swimdesk.errors import StoreCorrupt, StoreError, StoreFull

NOTHING_SENT = "nothing was changed and nothing was sent"
"""What a failure means before anything was attempted."""

RESTORE = (
    "Restore a backup of it; without one, put the file aside and start anew: `swimdesk reconcile`"
    " then lists what works at the broker."
)
"""What to do about a file that cannot be trusted."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """How one kind of failure is told; ``{path}`` is the database's."""

    kind: type[StoreError]
    what: str
    advice: str


_FULL = _Fault(
    StoreFull, "There is no room left to write {path}", "Free some disk space, then try again."
)
_DAMAGED = _Fault(StoreCorrupt, "{path} is damaged", RESTORE)
_FOREIGN = _Fault(
    StoreCorrupt,
    "{path} is not a database of this program",
    f"{RESTORE} Or name another home.",
)
_LOCKED = _Fault(
    StoreError,
    "{path} is locked by another program",
    "End that program (a database browser?), then try again.",
)
_READ_ONLY = _Fault(
    StoreError, "{path} cannot be written", "Give this user the right to write it and its folder."
)
_NOT_OPENED = _Fault(
    StoreError,
    "{path} cannot be opened",
    "Check that its folder exists and that this user may use it.",
)
_DISK = _Fault(
    StoreError, "The disk failed under {path}", "Check the disk, then start the program again."
)
_OTHER = _Fault(
    StoreError, "{path} cannot be used", "Start the program again; if it stays so, run doctor."
)

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _NOT_OPENED,
    sqlite3.SQLITE_IOERR: _DISK,
}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BY_ERRNO = dict.fromkeys(_NO_ROOM, _FULL) | {
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _DISK,
}


def store_error(path: Path, error: sqlite3.Error | OSError, meaning: str) -> StoreError:
    """Put a failure into words; ``meaning`` is what it leaves done or undone."""
    fault = _fault_of(path, error)
    reason = error.strerror if isinstance(error, OSError) else error
    found = f" ({reason})" if fault in (_OTHER, _DISK, _NOT_OPENED) else ""
    return fault.kind(f"{fault.what.format(path=path)}{found}; {meaning}. {fault.advice}")


@contextmanager
def told(path: Path, meaning: str) -> Iterator[None]:
    """Raise what SQLite or the file system says inside as a StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error, meaning) from error
    except UnicodeDecodeError as error:
        # SQLite quotes what it cannot read, and Python cannot read the quotation.
        what = _DAMAGED.what.format(path=path)
        raise StoreCorrupt(f"{what}; {meaning}. {_DAMAGED.advice}") from error


def is_fatal(error: sqlite3.Error) -> bool:
    """Tell whether the connection must not be used again: after a failed fsync nothing is sure."""
    return _primary(error) in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _fault_of(path: Path, error: sqlite3.Error | OSError) -> _Fault:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, _NOT_OPENED)
    fault = _BY_SQLITE_CODE.get(_primary(error), _OTHER)
    return _FULL if fault is _DISK and _is_out_of_room(path) else fault


def _primary(error: sqlite3.Error) -> int:
    """Return SQLite's primary code without the extension in the upper bits."""
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _is_out_of_room(path: Path) -> bool:
    """Find out why a write failed: SQLite calls quotas and file size limits an I/O error."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit != resource.RLIM_INFINITY and _largest(path) + 64 * 1024 >= limit:
        return True
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            os.posix_fallocate(probe.fileno(), 0, 64 * 1024)
    except OSError as error:
        return error.errno in _NO_ROOM
    return False


def _largest(path: Path) -> int:
    """Return the size of the larger of the database and its log."""
    files = (path, path.with_name(path.name + "-wal"))
    return max((file.stat().st_size for file in files if file.exists()), default=0)
