"""One encrypted file, for machines reached over SSH: Argon2id over a passphrase, AES-256-GCM.

Why not an existing library: ADR 0010.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swimdesk.errors import StoreFull, VaultError
from swimdesk.login.vault import check_item, is_item
from swimdesk.login.writing import FULL, reason_of, write_whole
from swimdesk.telemetry.redaction import Secret

LOCK_TIMEOUT_S: Final = 10.0
SHORTEST_PASSPHRASE: Final = 8

_FORMAT: Final = "swimdesk vault"
_VERSION: Final = 1
_PAUSE_S = 0.02
_MAX_BYTES: Final = 4 << 20
_NONCE_BYTES: Final = 12

# RFC 9106, second recommended choice; a fifth of a second, once per process.
_COST: Final = {"iterations": 3, "lanes": 4, "memory_kib": 65_536}
_COST_BOUNDS: Final = {"iterations": (1, 64), "lanes": (1, 16), "memory_kib": (8_192, 1 << 20)}
"""What a file may ask for: one that was tampered with must not eat the machine."""


class _DamagedError(ValueError):
    """Say what in the file is not as it was written."""


@dataclass(frozen=True, slots=True)
class _Lock:
    """What makes a key of a passphrase: salt and cost."""

    salt: bytes
    iterations: int
    lanes: int
    memory_kib: int

    def key_of(self, passphrase: Secret) -> bytes:
        # Deferred: a command that needs no vault does not load the library.
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        # The same characters may arrive composed or not, by keyboard and terminal.
        text = unicodedata.normalize("NFC", passphrase.reveal())
        kdf = Argon2id(
            salt=self.salt,
            length=32,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive(text.encode())

    def header(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "kdf": "argon2id",
            "salt": _text(self.salt),
            "iterations": self.iterations,
            "lanes": self.lanes,
            "memory_kib": self.memory_kib,
        }


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The file as it is on disk."""

    lock: _Lock
    nonce: bytes
    sealed: bytes


class EncryptedFileVault:
    """Keeps all items in one encrypted file, replaced whole with every change.

    ``passphrase`` is called before the first use, with True where the file is still to be made.
    The key then stays in this process.
    """

    is_read_only = False

    def __init__(
        self,
        path: Path,
        passphrase: Callable[[bool], Secret],
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self.name = f"encrypted file {path}"
        self._path = path
        self._passphrase = passphrase
        self._lock_timeout_s = lock_timeout_s
        self._keys: dict[_Lock, bytes] = {}
        self._asking = threading.Lock()

    def unlock(self) -> None:
        """Ask for the passphrase now, a new one where there is no file yet; VaultError."""
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

    # --- the file

    def _read(self) -> dict[str, str]:
        found = self._load()
        return {} if found is None else self._opened(found)

    def _load(self) -> _Sealed | None:
        try:
            with self._path.open("rb") as file:
                data = file.read(_MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultError(f"{self._path} cannot be read: {reason_of(error)}") from None
        try:
            return _parsed(data)
        except _DamagedError as error:
            raise VaultError(
                f"{self._path} is damaged ({error}): put it back from a backup, or move it away"
                " and fill a new one with `swimdesk vault set`; it was left as it is"
            ) from None

    def _opened(self, found: _Sealed) -> dict[str, str]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key(found.lock)
        try:
            clear = AESGCM(key).decrypt(found.nonce, found.sealed, _bytes(found.lock.header()))
        except InvalidTag:
            # The checksum is right, so this is hardly an accident of the disk.
            self._keys.pop(found.lock, None)
            raise VaultError(
                f"the passphrase is not that of {self._path} (or somebody changed the file);"
                " nothing was changed"
            ) from None
        items: dict[str, str] = json.loads(clear)
        return items

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """Give what is kept, and keep what has become of it, with nobody else in between."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with self._held():
            found = self._load()
            if found is None and self._keys:
                raise VaultError(f"{self._path} has gone while it was in use: put it back")
            lock = found.lock if found else _Lock(os.urandom(16), **_COST)
            items = self._opened(found) if found else {}
            key = self._key(lock, is_new=found is None)
            yield items
            nonce = os.urandom(_NONCE_BYTES)
            sealed = AESGCM(key).encrypt(nonce, _bytes(items), _bytes(lock.header()))
            self._write(_document(_Sealed(lock, nonce, sealed)))

    def _key(self, lock: _Lock, *, is_new: bool = False) -> bytes:
        with self._asking:
            key = self._keys.get(lock)
            if key is None:
                passphrase = self._passphrase(is_new)
                if is_new and len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
                    raise VaultError(
                        f"the passphrase needs {SHORTEST_PASSPHRASE} characters or more;"
                        " several words are best"
                    )
                key = self._keys[lock] = lock.key_of(passphrase)
            return key

    def _write(self, data: bytes) -> None:
        try:
            write_whole(self._path, data)
        except OSError as error:
            kind = StoreFull if error.errno in FULL else VaultError
            raise kind(
                f"{self._path} cannot be written: {reason_of(error)}; it was left as it was"
            ) from None

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
            yield
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _document(found: _Sealed) -> bytes:
    body = {**found.lock.header(), "nonce": _text(found.nonce), "sealed": _text(found.sealed)}
    return json.dumps({**body, "checksum": _checksum(body)}, indent=1).encode() + b"\n"


def _parsed(data: bytes) -> _Sealed:
    """Read the file; _DamagedError says what is wrong."""
    try:
        body = json.loads(data)
    except ValueError:
        raise _DamagedError("it is not whole") from None
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise _DamagedError("it is no vault of swimdesk")
    if body.pop("checksum", None) != _checksum(body):
        raise _DamagedError("its checksum does not match")
    if (body.get("version"), body.get("kdf")) != (_VERSION, "argon2id"):
        raise _DamagedError("a newer swimdesk wrote it")
    for name, (least, most) in _COST_BOUNDS.items():
        if not isinstance(body.get(name), int) or not least <= body[name] <= most:
            raise _DamagedError(f"its {name} is out of bounds")
    lock = _Lock(_raw(body, "salt"), body["iterations"], body["lanes"], body["memory_kib"])
    return _Sealed(lock, _raw(body, "nonce"), _raw(body, "sealed"))


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(_bytes(body)).hexdigest()


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _raw(body: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(str(body.get(name)), validate=True)
    except ValueError:
        raise _DamagedError(f"its {name} is not readable") from None
