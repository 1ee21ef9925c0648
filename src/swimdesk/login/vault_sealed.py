"""One encrypted file, for machines reached over SSH: Argon2id over a passphrase, AES-256-GCM.

Why not an existing library: ADR 0010.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from swimdesk.errors import InputError, StoreFull, VaultError
from swimdesk.login.vault import check_item, is_item
from swimdesk.login.vault_format import (
    MAX_BYTES,
    DamagedError,
    Lock,
    NewerError,
    Sealed,
    document,
    fitting,
    new_lock,
    parsed,
    sealed,
    unsealed,
)
from swimdesk.login.writing import (
    FULL,
    NotDurable,
    reason_of,
    sync_folder,
    unconfirmed,
    write_whole,
)
from swimdesk.telemetry.redaction import Secret

LOCK_TIMEOUT_S: Final = 10.0
SHORTEST_PASSPHRASE: Final = 8

_PAUSE_S = 0.02


def type_again() -> str:
    """Say what to do about a wrong passphrase that was typed."""
    return (
        "Give the command again and type it once more; one that is lost cannot be found again"
        " (docs/vault.md)"
    )


class EncryptedFileVault:
    """Keeps all items in one encrypted file, replaced whole with every change.

    ``passphrase`` is called before the first use, with True where the file is still to be made.
    The key then stays in this process. Before it was opened once, a passphrase that was wrong is
    asked for again by ``unlock`` alone; ``if_wrong`` says what to do about it.
    """

    is_read_only = False

    def __init__(
        self,
        path: Path,
        passphrase: Callable[[bool], Secret],
        *,
        if_wrong: Callable[[], str] = type_again,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self.name = f"encrypted file {path}"
        # A link is followed: replacing it would leave what it points to behind, with all its items.
        self._path = Path(os.path.realpath(path))
        self._passphrase = passphrase
        self._if_wrong = if_wrong
        self._wrong: set[Lock] = set()
        self._lock_timeout_s = lock_timeout_s
        self._keys: dict[Lock, bytes] = {}
        self._asking = threading.Lock()
        self._was_there = False
        self._fresh = new_lock()

    def unlock(self) -> None:
        """Ask for the passphrase now, a new one where there is no file yet; VaultError."""
        self._wrong.clear()
        if self._load() is not None:
            self._read()
            return
        with self._changing():
            """Nothing to keep yet but the passphrase."""

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        text = self._read().get(check_item(item))
        return None if text is None else Secret(text)

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret durably; VaultError, StoreFull."""
        name = check_item(item)
        with self._changing() as kept:
            kept[name] = secret.reveal()

    def drop(self, item: str) -> bool:
        """Forget an item; tell whether there was one; VaultError, StoreFull."""
        name = check_item(item)
        if name not in self._read():
            return False
        with self._changing() as kept:
            return kept.pop(name, None) is not None

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        return tuple(sorted(filter(is_item, self._read())))

    def change_passphrase(self, new: Secret) -> int:
        """Seal everything under another passphrase and return how many items there are.

        The file stays as it was until the new one has been read back. InputError where the new
        one is that which it has; VaultError (too short as well), StoreFull.
        """
        _check_length(new)
        if self._load() is None:
            raise VaultError(f"there is no {self._path} yet, so it has no passphrase to change")
        self._ready()
        with self._held():
            current = self._current()
            if current is None:
                raise VaultError(
                    f"another process gave {self._path} a passphrase in the meantime; nothing was"
                    " changed here: try again with that one"
                )
            old, items = current
            if old.key_of(new) == self._keys[old]:
                raise InputError("that is the passphrase it has already; nothing was changed")
            lock = new_lock()
            key = lock.key_of(new)
            self._replace_read_back(sealed(lock, key, items), new, items)
            self._keys = {lock: key}
        return len(items)

    def has_file(self) -> bool:
        """Tell whether there is a file, whatever is in it."""
        return self._path.exists()

    # --- the file

    def _read(self) -> dict[str, str]:
        found = self._load()
        return {} if found is None else self._opened(found)

    def _load(self) -> Sealed | None:
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultError(f"{self._path} cannot be read: {reason_of(error)}") from None
        try:
            return parsed(data)
        except NewerError:
            raise VaultError(
                f"{self._path} cannot be read by this version: a newer swimdesk wrote it. Run that"
                " one; the file was left as it is"
            ) from None
        except DamagedError as error:
            raise VaultError(
                f"{self._path} is damaged ({error}): put it back from a backup, or move it away"
                " and fill a new one with `swimdesk vault set`; it was left as it is"
            ) from None

    def _opened(self, found: Sealed) -> dict[str, str]:
        key = self._key(found.lock)
        items = unsealed(found, key)
        if items is None:
            # The checksum is right, so this is hardly an accident of the disk.
            self._keys.pop(found.lock, None)
            self._wrong.add(found.lock)
            raise self._not_opened()
        self._was_there = True
        return items

    def _not_opened(self) -> VaultError:
        return VaultError(
            f"the passphrase is not that of {self._path} (or somebody changed the file); nothing"
            f" was changed. {self._if_wrong()}"
        )

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """Give what is kept, and keep what has become of it, with nobody else in between."""
        while True:
            self._ready()
            with self._held():
                current = self._current()
                if current is None:
                    continue
                lock, items = current
                yield items
                self._write(document(sealed(lock, self._keys[lock], items)))
                self._was_there = True
                return

    def _ready(self) -> None:
        """Have the passphrase, of a new file where there is none yet.

        Before the file is held: a person takes their time, and a desk that has to save a sign-in
        gives up waiting.
        """
        found = self._load()
        if found is not None:
            self._opened(found)
            return
        self._check_not_gone()
        self._key(self._fresh, is_new=True)

    def _current(self) -> tuple[Lock, dict[str, str]] | None:
        """Return the lock and the items of the file as it is now; whoever asks holds it.

        None where it has got a passphrase since, which is to be had before it is held.
        """
        found = self._load()
        if found is None:
            self._check_not_gone()
            return self._fresh, {}
        return (found.lock, self._opened(found)) if found.lock in self._keys else None

    def _check_not_gone(self) -> None:
        if self._was_there:
            raise VaultError(f"{self._path} has gone while it was in use: put it back")

    def _key(self, lock: Lock, *, is_new: bool = False) -> bytes:
        with self._asking:
            key = self._keys.get(lock)
            if key is None:
                if lock in self._wrong and not self._was_there:
                    raise self._not_opened()
                passphrase = self._passphrase(is_new)
                if is_new:
                    _check_length(passphrase)
                key = self._keys[lock] = lock.key_of(passphrase)
            return key

    def _replace_read_back(self, found: Sealed, passphrase: Secret, items: dict[str, str]) -> None:
        """Write beside the file, read that with a key made anew, and only then replace the file."""
        beside = self._beside
        try:
            write_whole(beside, fitting(self._path, document(found)))
            read = parsed(beside.read_bytes())
            if unsealed(read, read.lock.key_of(passphrase)) != items:
                raise VaultError(
                    f"{beside} gave back something else for what had just been written:"
                    f" {self._path} was left as it was"
                )
            beside.replace(self._path)
        except OSError as error:
            raise self._not_written(error) from None
        except ValueError as error:
            raise VaultError(f"{beside} was not written as it should be ({error})") from None
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        try:
            sync_folder(self._path.parent)
        except OSError as error:
            raise VaultError(
                f"{self._path} has the new passphrase, but the disk does not confirm it"
                f" ({reason_of(error)}): look after the disk, and keep both passphrases until then"
            ) from None

    @property
    def _beside(self) -> Path:
        return self._path.with_name(f"{self._path.name}.new")

    def _sweep(self) -> None:
        """Remove what a killed writer left, which may hold what was dropped or resealed since."""
        for left in (*self._path.parent.glob(f".{self._path.name}.*"), self._beside):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            write_whole(self._path, fitting(self._path, data))
        except NotDurable as error:
            raise VaultError(unconfirmed(str(self._path), error)) from None
        except OSError as error:
            raise self._not_written(error) from None

    def _not_written(self, error: OSError) -> VaultError | StoreFull:
        kind = StoreFull if error.errno in FULL else VaultError
        return kind(f"{self._path} cannot be written: {reason_of(error)}; it was left as it was")

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the file against other processes; VaultError where one holds it for too long."""
        end = time.monotonic() + self._lock_timeout_s
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Beside the file and never removed: the file itself is replaced.
            descriptor = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            kind = StoreFull if error.errno in FULL else VaultError
            raise kind(f"{self._path} cannot be locked: {reason_of(error)}") from None
        try:
            while not _try_lock(descriptor):
                if time.monotonic() > end:
                    raise VaultError(f"another process has been changing {self._path} for too long")
                time.sleep(_PAUSE_S)
            self._sweep()
            yield
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_length(passphrase: Secret) -> None:
    if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
        raise VaultError(
            f"the passphrase needs {SHORTEST_PASSPHRASE} characters or more; several words are best"
        )
