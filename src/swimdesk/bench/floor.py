"""The yardstick: uvloop protocols over TLS, bytes made before, one loop of writes, no journal."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

from swimdesk.bench.responding import Place, Seen
from swimdesk.bench.shots import ANSWERS_S, Shot
from swimdesk.errors import InvariantBroken

HANDSHAKES_AT_ONCE: Final = 24
_TOKEN: Final = "t" * 80


def requests(port: int, names: Sequence[str], body: bytes) -> list[bytes]:
    """Return an order's whole request per account, as long as the product's are."""
    return [
        (
            f"POST /trader/v1/accounts/{name}/orders HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {_TOKEN}\r\n"
            "Accept: application/json\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body
        for name in names
    ]


class Count:
    """Counts the answers of a burst down; the last one, or one that is none, ends the waiting."""

    def __init__(self, answers: int) -> None:
        self._left = answers
        self.handled_ns: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def take(self, data: bytes) -> None:
        """Take an answer."""
        if not (data.startswith(b"HTTP/1.1 201") and data.endswith(b"\r\n\r\n")):
            if not self.handled_ns.done():
                self.handled_ns.set_exception(InvariantBroken("the floor got another answer"))
            return
        self._left -= 1
        if self._left == 0 and not self.handled_ns.done():
            self.handled_ns.set_result(time.monotonic_ns())


class _Connection(asyncio.Protocol):
    """One account's connection; its answers go to the count of the burst under way."""

    transport: asyncio.WriteTransport
    count: Count

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no asyncio class.
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self.count.take(data)


class Floor:
    """Sends the same orders as raw as this process can."""

    def __init__(
        self, connections: Sequence[_Connection], names: Sequence[str], raw: Sequence[bytes]
    ) -> None:
        self.accounts = frozenset(names)
        self._connections = connections
        self._raw = raw

    async def prepare(self) -> None:
        """Do nothing: the bytes have been made long ago."""

    async def fire(self) -> Shot:
        """Send all orders and return once every answer was handled."""
        count = Count(len(self._raw))
        for connection in self._connections:
            connection.count = count
        writes = [one.transport.write for one in self._connections]
        started_ns = time.monotonic_ns()
        for write, raw in zip(writes, self._raw, strict=True):
            write(raw)
        async with asyncio.timeout(ANSWERS_S):
            handled_ns = await count.handled_ns
        return Shot(started_ns, started_ns, handled_ns)

    async def settle(self, seen: Sequence[Seen]) -> None:
        """Do nothing: nobody follows these orders."""


@asynccontextmanager
async def floor(place: Place, names: Sequence[str], body: bytes) -> AsyncIterator[Floor]:
    """Open a warm connection per account until the block ends."""
    trust = place.trust()
    at_once = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
    connections = await asyncio.gather(*(_open(place.port, trust, at_once) for _ in names))
    try:
        yield Floor(connections, names, requests(place.port, names, body))
    finally:
        for connection in connections:
            connection.transport.abort()


async def _open(port: int, trust: ssl.SSLContext, at_once: asyncio.Semaphore) -> _Connection:
    async with at_once:
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, "127.0.0.1", port, ssl=trust, server_hostname="127.0.0.1"
        )
    return connection
