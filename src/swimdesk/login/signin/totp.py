"""Codes of an authenticator from its seed, each used at most once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pyotp

from swimdesk.errors import SignInFailed
from swimdesk.login.writing import write_whole
from swimdesk.telemetry.redaction import Secret

LEAST_LEFT_S: Final = 5.0
"""A code that ends sooner is not begun with: it takes a while to type."""


class Codes:
    """The codes of one login's seed: base32 or an ``otpauth://`` address.

    A broker takes a code once, so the window of the last one is kept in ``used``, over restarts;
    the number of a window is no secret.
    """

    def __init__(
        self,
        login: str,
        seed: Secret,
        used: Path,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._login = login
        self._totp = _read(login, seed)
        self._used = used
        self._now = now
        self._sleep = sleep

    async def next(self) -> Secret:
        """Return a code that was not given out before, waiting for its window; SignInFailed."""
        last = await asyncio.to_thread(self._last_used)
        while True:
            window, left_s = self._window()
            if window > last and left_s >= LEAST_LEFT_S:
                break
            if window < last - 1:
                raise SignInFailed(
                    f"login {self._login}: the clock of this machine was set back, and the codes of"
                    " an authenticator follow it; set it right"
                )
            await self._sleep(left_s)
        await asyncio.to_thread(write_whole, self._used, str(window).encode())
        return Secret(self._totp.generate_otp(window))

    def _window(self) -> tuple[int, float]:
        """Return the number of the window that is open now, and for how long it still is."""
        now_s = self._now().timestamp()
        window = int(now_s // self._totp.interval)
        return window, (window + 1) * self._totp.interval - now_s

    def _last_used(self) -> int:
        try:
            return int(self._used.read_text("ascii"))
        except (OSError, ValueError):
            return -1


class _Totp(pyotp.TOTP):
    """Codes of the seeds that are handed out in fact: 80 bits are still common."""

    min_secret_length_bits = 80


_DIGESTS: Final = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def _read(login: str, seed: Secret) -> pyotp.TOTP:
    text = seed.reveal().strip()
    try:
        return _at_address(text) if "://" in text else _Totp("".join(text.split()).upper())
    except (ValueError, KeyError):
        pass
    # Not chained: what the library says may hold the seed.
    raise SignInFailed(
        f"login {login}: the item login/{login}/totp of the vault is no seed of an authenticator;"
        " expected base32, such as `JBSW Y3DP EHPK 3PXP`, or an otpauth://totp/ address"
    )


def _at_address(text: str) -> pyotp.TOTP:
    """Read an ``otpauth://totp/`` address; ValueError, KeyError."""
    parts = urlsplit(text)
    if (parts.scheme, parts.netloc) != ("otpauth", "totp"):
        raise ValueError("another kind of address")
    said = dict(parse_qsl(parts.query))
    return _Totp(
        said["secret"].upper(),
        digits=int(said.get("digits", "6")),
        interval=int(said.get("period", "30")),
        digest=_DIGESTS[said.get("algorithm", "SHA1").upper()],
    )
