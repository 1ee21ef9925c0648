"""Who owns a home: an OS lock that dies with its process, and a note of who holds it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from swimdesk.errors import StoreError

LOCK_FILE = "owner.lock"


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that took the lock last, and when; it lives only while the lock is held."""

    pid: int
    since: datetime


class HomeLock:
    """The right to be the owner of a home; given back when released or when the process dies."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it; StoreError where the home cannot hold a lock at all."""
        if self.is_held:
            return True
        try:
            folder = run_folder(self._home)
            descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(self._home, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise _unusable(self._home, error) from error
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._descriptor is not None:
            # The file stays: removing it would let two processes hold two locks of one name.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> HomeLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def last_owner(home: Path) -> Owner | None:
    """Read who took the lock of a home last; None after an orderly end or before the first."""
    path = home / "run" / LOCK_FILE
    try:
        pid = int(path.read_text(encoding="ascii"))
        taken = path.stat().st_mtime
    except (OSError, ValueError):
        return None
    return Owner(pid, datetime.fromtimestamp(taken, UTC))


def run_folder(home: Path) -> Path:
    """Return the folder of lock and socket, made and kept 0700."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _unusable(home: Path, error: OSError) -> StoreError:
    reason = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror
    return StoreError(f"The home {home} cannot be locked: {reason}.")
