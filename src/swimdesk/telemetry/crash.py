"""Write down a bug of ours for the people who will mend it."""

from __future__ import annotations

import os
import platform
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from swimdesk.telemetry.redaction import redact

if TYPE_CHECKING:
    # Known to type checkers alone.
    from sys import UnraisableHookArgs


def tell_uncaught_redacted() -> None:
    """Let what nobody catches be told on stderr without secrets, of threads and finalizers too."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _tell("Uncaught", error)


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        name = told.thread.name if told.thread is not None else "that is gone"
        _tell(f"Uncaught in the thread {name}", told.exc_value)


def _unraisable(told: UnraisableHookArgs) -> None:
    if told.exc_value is not None:
        # The object by its kind only: how it shows itself is not ours to know.
        what = getattr(told.object, "__qualname__", type(told.object).__qualname__)
        _tell(f"{told.err_msg or 'Ignored in'} {what}", told.exc_value)


def _tell(where: str, error: BaseException) -> None:
    report = traceback.TracebackException.from_exception(error, capture_locals=False)
    if sys.stderr is not None:
        sys.stderr.write(redact(f"{where}:\n{''.join(report.format())}"))


def write_crash_report(folder: Path, error: BaseException, *, now: datetime | None = None) -> Path:
    """Write the redacted traceback, without local variables, to a new 0600 file and return it."""
    when = (now or datetime.now(UTC)).astimezone(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, descriptor = _new_file(folder, f"crash-{when:%Y%m%dT%H%M%SZ}")
    report = traceback.TracebackException.from_exception(error, capture_locals=False)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"time: {when.isoformat()}\n")
        file.write(f"python: {platform.python_version()} on {sys.platform}\n\n")
        file.write(redact("".join(report.format())))
    return path


def _new_file(folder: Path, stem: str) -> tuple[Path, int]:
    """Create a file that did not exist, adding a number where two crashes share a second."""
    number = 0
    while True:
        path = folder / (f"{stem}-{number}.txt" if number else f"{stem}.txt")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            number += 1
