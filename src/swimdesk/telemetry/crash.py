"""Write down a bug of ours for the people who will mend it."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from swimdesk.telemetry.redaction import redact


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
