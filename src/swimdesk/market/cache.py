"""Where short-lived data is kept: in this process, or in a memcached that several desks share.

A cache is only ever a shortcut. What it does not have, cannot reach or does not understand is
absent, and is read again from where it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import math
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from swimdesk.desk.ports import Clock
from swimdesk.errors import ConfigError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

MAX_ENTRIES: Final = 512
TIMEOUT_S: Final = 0.05
"""Plenty for a memcached on this machine, and not felt where it hangs."""
PAUSE_NS: Final = 5_000_000_000
"""How long a memcached that failed is left alone."""
TIMES_LONGER: Final = 5
"""So many timeouts one use may take in all: connecting, its answers, and some more."""
KEY_VERSION: Final = 1
"""To be raised when values change their form, so that two releases do not read each other's."""

_NONE: Final = (b"NULL", b"", None)


class Cache(Protocol):
    """Keeps bytes for a while; never raises, and may forget anything at any time."""

    async def get(self, key: str) -> bytes | None:
        """Return what was kept under the key; None if there is nothing any more."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep the value for that many seconds at most."""
        ...


class MemoryCache:
    """Keeps the values used last, in this process."""

    def __init__(self, clock: Clock, max_entries: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._entries: OrderedDict[str, tuple[bytes, int]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """Return what was kept under the key; None if its time is over or it had to make room."""
        value, ends_ns = self._entries.get(key, (None, 0))
        if value is None:
            return None
        if self._clock.monotonic_ns() >= ends_ns:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep the value for that many seconds, in the place of the one unused for longest."""
        self._entries[key] = (value, self._clock.monotonic_ns() + int(ttl_s * 1e9))
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class MemcachedCache:
    """Keeps values in a memcached on this machine; whatever goes wrong with it means absent.

    ``address`` is ``unix:/run/…`` or ``127.0.0.1:11211``, anything else is a ConfigError. Values
    are shared with the desks of the same ``namespace`` and no others. ``timeout_s`` bounds the
    connecting and each wait for bytes; one use takes no longer than five of them.
    """

    def __init__(
        self, address: str, namespace: str, clock: Clock, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._server = server_of(address)
        self._timeout_s = timeout_s
        self._namespace = namespace
        self._clock = clock
        self._client: Any = None  # the library has no types
        self._using = threading.Lock()
        self._pause_until_ns: int | None = None
        self._since_s: float | None = None

    async def get(self, key: str) -> bytes | None:
        """Return what memcached has under the key; None also while it cannot be used."""
        value = await self._ask(lambda client: client.get(self._name(key)))
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Give the value to memcached for that many seconds, rounded up; forget it if it fails."""
        name, expire_s = self._name(key), max(1, math.ceil(ttl_s))
        # With an answer: an error that nobody reads would be taken for the next answer.
        await self._ask(lambda client: client.set(name, value, expire=expire_s, noreply=False))

    async def aclose(self) -> None:
        """Close the connection."""
        await asyncio.to_thread(self._drop)

    def _name(self, key: str) -> str:
        # Hashed: names may be listed by whoever reaches memcached, and take no spaces.
        text = f"{KEY_VERSION}\n{self._namespace}\n{key}"
        return f"swimdesk:{hashlib.sha256(text.encode()).hexdigest()}"

    async def _ask(self, use: Callable[[Any], object]) -> object:
        now_ns = self._clock.monotonic_ns()
        if self._is_paused(now_ns):
            return None
        work = asyncio.get_running_loop().run_in_executor(None, self._use, use, now_ns)
        while not work.done():
            await asyncio.wait({work}, timeout=self._timeout_s)
            self._break_off()
        return work.result()

    def _is_paused(self, now_ns: int) -> bool:
        return self._pause_until_ns is not None and now_ns < self._pause_until_ns

    def _use(self, use: Callable[[Any], object], now_ns: int) -> object:
        with self._using:
            # Asked again: those who waited here while another failed must not wait as long.
            if self._is_paused(now_ns):
                return None
            try:
                self._since_s = time.monotonic()
                if self._client is None:
                    self._client = _client_of(self._server, self._timeout_s)
                    _refuse_open_house(self._client.stats("settings"))
                answer = use(self._client)
            except Exception as error:  # noqa: BLE001 - no failure of a shortcut is one of ours
                self._fail(error, now_ns)
                return None
            finally:
                self._since_s = None
            if self._pause_until_ns is not None:
                log.info("cache.usable_again")
                self._pause_until_ns = None
            return answer

    def _break_off(self) -> None:
        """End a use that takes too long: an answer may come byte by byte, each in time."""
        since_s, client = self._since_s, self._client
        if since_s is None or time.monotonic() - since_s < TIMES_LONGER * self._timeout_s:
            return
        wire = client.sock if client is not None else None
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _fail(self, error: Exception, now_ns: int) -> None:
        if self._pause_until_ns is None:
            log.warning("cache.unusable", reason=f"{type(error).__name__}: {error}")
        self._pause_until_ns = now_ns + PAUSE_NS
        self._disconnect()

    def _drop(self) -> None:
        with self._using:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def server_of(address: str) -> str | tuple[str, int]:
    """Return the socket's path or host and port of a memcached on this machine; ConfigError."""
    if address.startswith("unix:/"):
        return address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    try:
        is_here = ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        is_here = False
    if is_here and port.isascii() and port.isdigit() and 0 < int(port) < 65_536:
        return host, int(port)
    raise ConfigError(
        f"[cache] memcached is {address!r}; expected a memcached on this machine:"
        ' "unix:/run/…" (the path of its socket) or "127.0.0.1:11211", or "" for none'
    )


def _client_of(server: str | tuple[str, int], timeout_s: float) -> Any:  # noqa: ANN401 - as above
    # Deferred: few desks have a memcached.
    from pymemcache.client.base import Client  # type: ignore[import-untyped]

    return Client(server, connect_timeout=timeout_s, timeout=timeout_s, no_delay=True)


def _refuse_open_house(settings: Mapping[bytes, object]) -> None:
    """Raise if others than this user, or than this machine, can write what we would read."""
    if settings.get(b"domain_socket") not in _NONE:
        mask = settings.get(b"umask")
        if not isinstance(mask, int) or mask & 0o007:
            raise PermissionError("every user may write to it; start memcached with -a 0700")
        return
    inter = settings.get(b"inter")
    hosts = inter.decode("ascii").split(",") if isinstance(inter, bytes) else [""]
    if not all(_is_loopback(host) for host in hosts):
        raise PermissionError("other machines reach it; start memcached with -l 127.0.0.1")


def _is_loopback(listed: str) -> bool:
    # The port may stand behind a name or an IPv4 address.
    host = listed.split(":")[0] if listed.count(":") == 1 else listed
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
