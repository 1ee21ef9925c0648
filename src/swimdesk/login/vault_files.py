"""Files below ``secrets/`` of a home, for homes of a simulated brokerage."""

from __future__ import annotations

import os
from pathlib import Path

from swimdesk.errors import StoreFull, VaultError
from swimdesk.login.vault import check_item, is_item
from swimdesk.login.writing import (
    FULL,
    NotDurable,
    reason_of,
    sweep,
    sync_folder,
    unconfirmed,
    write_whole,
)
from swimdesk.telemetry.redaction import Secret

_MAX_BYTES = 65_536


class FilesVault:
    """Keeps each item in a file of its own, 0600, in plain text: of play money only."""

    is_read_only = False

    def __init__(self, home: Path) -> None:
        self._folder = home / "secrets"
        self.name = f"files below {self._folder}"

    def unlock(self) -> None:
        """Do nothing: there is no lock."""

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        path = self._folder / check_item(item)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise VaultError(f"{path} is open to other users: run `chmod 600 {path}`")
                return Secret(file.read(_MAX_BYTES).decode("utf-8").strip("\r\n"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(f"{path} cannot be read: {reason_of(error)}") from None

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret durably; VaultError, StoreFull."""
        path = self._folder / check_item(item)
        try:
            # One after the other: parents that mkdir makes by itself are open to others.
            for depth in range(item.count("/"), -1, -1):
                path.parents[depth].mkdir(mode=0o700, exist_ok=True)
            write_whole(path, secret.reveal().encode())
        except NotDurable as error:
            raise VaultError(unconfirmed(str(path), error)) from None
        except OSError as error:
            kind = StoreFull if error.errno in FULL else VaultError
            raise kind(f"{path} cannot be written: {reason_of(error)}") from None

    def drop(self, item: str) -> bool:
        """Forget an item; tell whether there was one; VaultError."""
        path = self._folder / check_item(item)
        try:
            sweep(path)
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise VaultError(f"{path} cannot be removed: {reason_of(error)}") from None
        return True

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        files = (path for path in self._folder.rglob("*") if path.is_file())
        names = (path.relative_to(self._folder).as_posix() for path in files)
        return tuple(sorted(name for name in names if is_item(name)))
