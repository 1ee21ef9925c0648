"""A server on loopback that answers orders as a test says: wrongly, partly, late or not at all."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

ORDER_ID = "1005000000001"


class Ending(StrEnum):
    """What the server does with the connection after it has said what it says."""

    KEEP = "keep"
    CLOSE = "close"
    """An orderly end: close_notify where TLS is spoken, then FIN."""
    CUT = "cut"
    """FIN alone."""
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Script:
    """What the server does with one request; ``byte_by_byte`` sends one byte a loop turn."""

    says: bytes = b""
    ending: Ending = Ending.KEEP
    byte_by_byte: bool = False
    reads_request: bool = True


@dataclass(slots=True)
class Seen:
    """What reached the server."""

    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


def response(
    status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, reason: str = "X"
) -> bytes:
    """Return a well-formed answer with its length."""
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def location(account_hash: str, order_id: str = ORDER_ID) -> str:
    """Return the broker's Location of an order."""
    return f"https://broker.test/trader/v1/accounts/{account_hash}/orders/{order_id}"


def accepted(account_hash: str) -> Script:
    """Return what a healthy broker does."""
    return Script(response(201, headers={"Location": location(account_hash)}))


class _Protocol(asyncio.Protocol):
    def __init__(self, server: MisbehavingServer) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no asyncio class.
        self._transport = cast("asyncio.Transport", transport)
        self._server.seen.connections += 1
        self._server.open_transports.add(self._transport)
        if self._server.at_connection is not Ending.KEEP:
            self._end(self._server.at_connection)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        account = re.search(rb"/accounts/([^/ ]+)/", head)
        script = self._server.script(account[1].decode() if account else "")
        if not script.reads_request:
            self._end(script.ending)
            return
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if found and len(body) >= int(length[1] if length else 0):
            self._server.seen.requests.append(self._received)
            self._received = b""
            self._server.arrived.set()
            self._act(script)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open_transports.discard(self._transport)
        if not self._server.open_transports:
            self._server.everybody_left.set()

    def _act(self, script: Script) -> None:
        if script.byte_by_byte and len(script.says) > 1:
            self._transport.write(script.says[:1])
            rest = Script(script.says[1:], script.ending, byte_by_byte=True)
            asyncio.get_running_loop().call_soon(self._act, rest)
            return
        if script.says:
            self._transport.write(script.says)
        self._end(script.ending)

    def _end(self, ending: Ending) -> None:
        if ending is Ending.CLOSE:
            self._transport.close()
        elif ending is Ending.CUT:
            self._transport.abort()
        elif ending is Ending.RESET:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()


class MisbehavingServer:
    """A server with a script per account hash; accounts without one are served as a broker does."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.scripts: dict[str, Script] = {}
        self.at_connection = Ending.KEEP
        self.arrived = asyncio.Event()
        self.everybody_left = asyncio.Event()
        self.open_transports: set[asyncio.Transport] = set()
        self.port = 0

    def script(self, account_hash: str) -> Script:
        """Return what to do with a request for this account."""
        return self.scripts.get(account_hash) or accepted(account_hash)

    def end_connections(self) -> None:
        """End every connection in order, as a server does with idle ones."""
        for transport in list(self.open_transports):
            transport.close()


@asynccontextmanager
async def misbehaving(tls: ssl.SSLContext | None = None) -> AsyncIterator[MisbehavingServer]:
    """Serve on a free port of 127.0.0.1 while the block runs."""
    fake = MisbehavingServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Protocol(fake), "127.0.0.1", 0, ssl=tls, backlog=1024
    )
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for transport in list(fake.open_transports):
            transport.abort()
        await server.wait_closed()


def unused_port() -> int:
    """Return a port of 127.0.0.1 where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port
