"""The file whose presence halts trading, whoever put it there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from swimdesk.errors import StoreError

_NO_REASON = "halted by a file without a reason"


class FileSentinel:
    """``ports.HaltSentinel`` at a path, usually ``run/HALT`` of the home."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def reason(self) -> str | None:
        """Return what the file says; a file that cannot be read halts as well."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError:
            return _NO_REASON
        return text.strip() or _NO_REASON

    def since(self) -> datetime | None:
        """Return when the file was written; None where there is none to ask."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return None

    def raise_(self, reason: str) -> None:
        """Put the file there, on disk when this returns; StoreError if that is impossible."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._write(reason)
            except OSError:
                # A full disk often has room for a name: the presence halts, the reason explains.
                self._path.touch(mode=0o600)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be written ({error.strerror}); trading is not halted by it. "
                "Stop the program instead."
            ) from error

    def clear(self) -> None:
        """Take the file away; StoreError if that is impossible."""
        try:
            self._path.unlink(missing_ok=True)
            if self._path.parent.exists():
                _sync_folder(self._path.parent)
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be removed ({error.strerror}); trading stays halted."
            ) from error

    def _write(self, reason: str) -> None:
        partial = self._path.with_name(self._path.name + ".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(reason + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
