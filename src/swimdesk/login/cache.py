"""Access tokens in a cache that others may reach: sealed, bound to their login, never needed.

What the cache does not have, or gives back other than it was put there, is a miss and counted.
Refresh tokens are never kept there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from swimdesk.desk.ports import TokenCacheUse
from swimdesk.errors import StoreError, VaultError
from swimdesk.login.vault import CACHE_KEY, Vault
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

PURPOSE: Final = "swimdesk access token 1"
"""What a sealed value is for; the number rises when its form changes."""
MARGIN_S: Final = 60.0
"""So much earlier than its token a value is forgotten."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_EXPIRY_BYTES: Final = 8

_KINDS: Final = tuple(one.name for one in fields(TokenCacheUse))

_log = get_log(__name__)


class ByteCache(Protocol):
    """Keeps bytes for a while; never raises, and may forget anything at any time."""

    async def get(self, key: str) -> bytes | None:
        """Return what was kept under the key; None if there is nothing any more."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep the value for that many seconds at most."""
        ...


class SealedTokens:
    """Keeps access tokens in a cache, readable only with the key that is in the vault.

    ``brokerage`` tells one broker, and paper from live, from another; ``now`` is UTC-aware.
    """

    def __init__(
        self, cache: ByteCache, key: Secret, brokerage: str, now: Callable[[], datetime]
    ) -> None:
        self._counts: Counter[str] = Counter()
        self._cache = cache
        raw = base64.b64decode(key.reveal())
        self._aead = AESGCM(_derived(raw, "seal"))
        self._name_key = _derived(raw, "name")
        self._brokerage = brokerage
        self._now = now

    async def get(self, login: str) -> tuple[Secret, datetime] | None:
        """Return a token and its end (UTC) if one is at hand; never raises."""
        value = await self._cache.get(self._name(login))
        if value is None:
            self._counts["absent"] += 1
            return None
        opened = self._opened(login, value)
        if opened is None:
            self._counts["refused"] += 1
            _log.warning("token_cache.value_refused", login=login)
            return None
        token, expires = opened
        if expires <= self._now():
            self._counts["ended"] += 1
            return None
        self._counts["hits"] += 1
        return token, expires

    async def put(self, login: str, token: Secret, expires: datetime) -> None:
        """Keep a token until a minute before its end (UTC); never raises."""
        ttl_s = (expires - self._now()).total_seconds() - MARGIN_S
        if ttl_s >= 1:
            # Cut off, for the cache rounds up.
            value = self._sealed(login, token, expires)
            await self._cache.set(self._name(login), value, ttl_s=int(ttl_s))

    def use(self) -> TokenCacheUse:
        """Tell how often it was asked since the start, and what came of it."""
        return TokenCacheUse(**{kind: self._counts[kind] for kind in _KINDS})

    def _name(self, login: str) -> str:
        # Under the key: nobody without it can tell whose token this is, and homes with keys of
        # their own do not take turns in overwriting each other's.
        text = f"{self._brokerage}\n{login}".encode()
        return hmac.new(self._name_key, text, hashlib.sha256).hexdigest()

    def _sealed(self, login: str, token: Secret, expires: datetime) -> bytes:
        ends = int(expires.timestamp() * 1000).to_bytes(_EXPIRY_BYTES, "big")
        nonce = os.urandom(_NONCE_BYTES)
        clear = token.reveal().encode()
        return ends + nonce + self._aead.encrypt(nonce, clear, self._bound_to(login, ends))

    def _opened(self, login: str, value: bytes) -> tuple[Secret, datetime] | None:
        ends, rest = value[:_EXPIRY_BYTES], value[_EXPIRY_BYTES:]
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            clear = self._aead.decrypt(nonce, sealed, self._bound_to(login, ends))
        except (InvalidTag, ValueError):
            # The latter for what is too short to be anything.
            return None
        expires = datetime.fromtimestamp(int.from_bytes(ends, "big") / 1000, UTC)
        return Secret(clear.decode()), expires

    def _bound_to(self, login: str, ends: bytes) -> bytes:
        """Return what a sealed token is for and cannot be used beyond."""
        return json.dumps([PURPOSE, self._brokerage, login, ends.hex()]).encode()


def cache_key_of(vault: Vault) -> Secret | None:
    """Return the key from the vault, made with its first use; None where it cannot be kept.

    May block, as the vault does.
    """
    try:
        kept = vault.get(CACHE_KEY)
        if kept is None or not _is_key(kept):
            vault.put(CACHE_KEY, Secret(base64.b64encode(os.urandom(_KEY_BYTES)).decode("ascii")))
            # Read again: another process may have made one at the same moment.
            kept = vault.get(CACHE_KEY)
    except (VaultError, StoreError) as error:
        _log.warning("token_cache.without_key", reason=error.detail)
        return None
    return kept


def _is_key(kept: Secret) -> bool:
    try:
        return len(base64.b64decode(kept.reveal(), validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _derived(key: bytes, use: str) -> bytes:
    return hmac.new(key, use.encode(), hashlib.sha256).digest()
