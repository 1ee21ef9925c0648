"""Files that the operator asks the console to write, for his eyes only."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from swimdesk.errors import StoreError


def export(home: Path, name: str, text: str, now: datetime) -> Path:
    """Write a new 0600 file below the home and return it; StoreError if that cannot be done."""
    folder = home / "exports"
    path = folder / f"{name}-{now:%Y%m%dT%H%M%S%f}Z.csv"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise StoreError(f"{path} could not be written ({error.strerror or error}).") from None
    return path
