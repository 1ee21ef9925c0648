"""Files and folders that only their owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from swimdesk.errors import ConfigError


def private_folder(path: Path) -> Path:
    """Make a folder (and its parents) where missing, close it to others, and return it.

    ConfigError for a folder that everybody may write into: it is shared, and not ours to close.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & stat.S_IWOTH:
        raise ConfigError(f"{path} is a folder that everybody may write into; name another one")
    path.chmod(0o700)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner may read; a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    fresh.replace(path)
