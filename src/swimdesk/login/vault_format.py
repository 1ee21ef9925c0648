"""The form of the encrypted file: Argon2id over a passphrase, AES-256-GCM over all items."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swimdesk.errors import VaultError
from swimdesk.telemetry.redaction import Secret

MAX_BYTES: Final = 4 << 20
"""More than this is not read."""

_FORMAT: Final = "swimdesk vault"
_VERSION: Final = 1
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16

# RFC 9106, second recommended choice.
_COST: Final = {"iterations": 3, "lanes": 4, "memory_kib": 65_536}
_COST_BOUNDS: Final = {"iterations": (1, 64), "lanes": (1, 16), "memory_kib": (8_192, 1 << 20)}
"""What a file may ask for: one that was tampered with must not eat the machine."""


class DamagedError(ValueError):
    """Say what in the file is not as it was written."""


class NewerError(ValueError):
    """Say that a newer program wrote the file."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What makes a key of a passphrase: salt and cost."""

    salt: bytes
    iterations: int
    lanes: int
    memory_kib: int

    def key_of(self, passphrase: Secret) -> bytes:
        """Return the key; a fifth of a second."""
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
        """Return the part of the file that is not sealed, but bound to what is."""
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
class Sealed:
    """The file as it is on disk."""

    lock: Lock
    nonce: bytes
    sealed: bytes


def new_lock() -> Lock:
    """Return a lock with a salt of its own, at the cost of today."""
    return Lock(os.urandom(_SALT_BYTES), **_COST)


def sealed(lock: Lock, key: bytes, items: dict[str, str]) -> Sealed:
    """Seal the items under the key that the lock made."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return Sealed(lock, nonce, AESGCM(key).encrypt(nonce, _bytes(items), _bytes(lock.header())))


def unsealed(found: Sealed, key: bytes) -> dict[str, str] | None:
    """Return the items; None where the key is another one."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        clear = AESGCM(key).decrypt(found.nonce, found.sealed, _bytes(found.lock.header()))
    except InvalidTag:
        return None
    items: dict[str, str] = json.loads(clear)
    return items


def fitting(path: Path, data: bytes) -> bytes:
    """Return the file's content if it can be read again; VaultError."""
    if len(data) >= MAX_BYTES:
        raise VaultError(
            f"{path} would grow beyond {MAX_BYTES >> 20} MiB, which is more than is read of it;"
            " it was left as it was"
        )
    return data


def document(found: Sealed) -> bytes:
    """Return the content of the file."""
    body = {**found.lock.header(), "nonce": _text(found.nonce), "sealed": _text(found.sealed)}
    return json.dumps({**body, "checksum": _checksum(body)}, indent=1).encode() + b"\n"


def parsed(data: bytes) -> Sealed:
    """Read the file; DamagedError says what is wrong, NewerError that it is of another time."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise DamagedError("it is not whole") from None
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise DamagedError("it is no vault of swimdesk")
    # First of all: how a newer one makes the checksum is not known here.
    version = body.get("version")
    if isinstance(version, int) and version > _VERSION:
        raise NewerError
    if body.pop("checksum", None) != _checksum(body):
        raise DamagedError("its checksum does not match")
    if (version, body.get("kdf")) != (_VERSION, "argon2id"):
        raise DamagedError("its version or kdf is none that there is")
    for name, (least, most) in _COST_BOUNDS.items():
        if not isinstance(body.get(name), int) or not least <= body[name] <= most:
            raise DamagedError(f"its {name} is out of bounds")
    salt, nonce = _raw(body, "salt"), _raw(body, "nonce")
    if (len(salt), len(nonce)) != (_SALT_BYTES, _NONCE_BYTES):
        raise DamagedError("its salt or nonce is of another length")
    lock = Lock(salt, body["iterations"], body["lanes"], body["memory_kib"])
    return Sealed(lock, nonce, _raw(body, "sealed"))


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
        raise DamagedError(f"its {name} is not readable") from None
