"""Where the socket of a home is: in its run folder, or in a short folder noted there."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from swimdesk.control.ownership import run_folder
from swimdesk.errors import StoreError

SOCKET_FILE = "desk.sock"
NOTE_FILE = "socket-path"

LONGEST_PATH = 107
"""Bytes; the kernel's 108 (sun_path) less the closing zero."""

_TEMPORARY = Path("/tmp")  # noqa: S108 - the folder below is ours, 0700, and checked


def find_socket(home: Path) -> Path:
    """Return where the owner of a home listens, if there is one."""
    try:
        return Path((home / "run" / NOTE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return home / "run" / SOCKET_FILE
    except (OSError, ValueError) as error:
        raise StoreError(f"{home / 'run' / NOTE_FILE} cannot be read: {error}.") from error


def bind_socket(home: Path, environ: Mapping[str, str] = os.environ) -> tuple[socket.socket, Path]:
    """Make the socket of a home whose lock the caller holds, in place of one left by a dead owner.

    The socket is 0600 in a folder 0700. StoreError where that is impossible.
    """
    try:
        path = _choose_path(home, environ)
        path.unlink(missing_ok=True)
        return _bind(path), path
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"The home {home} cannot have a socket: {reason}.") from error


def _choose_path(home: Path, environ: Mapping[str, str]) -> Path:
    folder = run_folder(home)
    note = folder / NOTE_FILE
    path = folder / SOCKET_FILE
    if _fits(path):
        note.unlink(missing_ok=True)
        return path
    path = _short_folder(home, environ) / SOCKET_FILE
    partial = note.with_name(f"{NOTE_FILE}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(str(path))
    partial.replace(note)
    return path


def _short_folder(home: Path, environ: Mapping[str, str]) -> Path:
    """Make the folder whose name stands for the home, in the first place that is short enough."""
    name = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:16]
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or "/")
    base = _TEMPORARY / f"swimdesk-{os.getuid()}"
    is_ours = runtime.is_dir() and runtime.stat().st_uid == os.getuid()
    if runtime.name and is_ours and _fits(runtime / "swimdesk" / name / SOCKET_FILE):
        base = runtime / "swimdesk"
    for folder in (base, base / name):
        folder.mkdir(mode=0o700, exist_ok=True)
        _check_private(folder)
    return base / name


def _check_private(folder: Path) -> None:
    """Refuse a folder that somebody else put there, or may write to."""
    found = folder.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077 == 0
    if not is_private or found.st_uid != os.getuid():
        raise StoreError(
            f"{folder} is not a private folder of this user, so no socket is made in it."
            " Remove it, or use a shorter home."
        )


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Before bind, not after: there is no moment at which others could connect.
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_PATH
