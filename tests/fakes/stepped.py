"""A server on loopback that a test steps by hand: single records, raw bytes, ends, full buffers."""

from __future__ import annotations

import array
import asyncio
import fcntl
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from tests.fakes.misbehaving import Ending

_MOST_BYTES: Final = 1 << 20
_BACKLOG: Final = 1024
_SIOCOUTQNSD: Final = 0x894B
"""Asks Linux how much of what was written waits here; on loopback the rest has arrived."""


class Peer:
    """The server's end of one connection; it reads nothing unless it is told to."""

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if tls is not None:
            self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._received = b""
        self.tickets = b""
        """Session tickets that were made and not sent."""

    async def greet(self, along: bytes, *, keeps_tickets: bool) -> None:
        """Shake hands; ``along`` is said in the same write as the end of it."""
        if self._tls is None:
            return
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await loop.sock_sendall(self._sock, self._outgoing.read())
                self._incoming.write(await loop.sock_recv(self._sock, _MOST_BYTES))
        if keeps_tickets:
            self.tickets = self._outgoing.read()
        if along:
            self._tls.write(along)
        await self.write(self._outgoing.read())
        # A request may have come along with the last of the handshake.
        self._take(b"")

    def seal(self, plain: bytes) -> bytes:
        """Return the bytes that say this; the next ones count on them."""
        if self._tls is None:
            return plain
        self._tls.write(plain)
        return self._outgoing.read()

    async def say(self, plain: bytes) -> None:
        """Say something, and return when it is at the other side's kernel."""
        await self.write(self.seal(plain))

    def say_at_once(self, plain: bytes) -> None:
        """Say something before anybody else has a turn."""
        self._sock.sendall(self.seal(plain))

    async def farewell(self) -> None:
        """Send close_notify and no FIN."""
        assert self._tls is not None
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        await self.write(self._outgoing.read())

    async def write(self, raw: bytes) -> None:
        """Send bytes as they are, and return when they are at the other side's kernel."""
        await asyncio.get_running_loop().sock_sendall(self._sock, raw)
        await self._delivered()

    async def end(self, ending: Ending) -> None:
        """End the connection, and return when the other side's kernel knows."""
        if ending is Ending.CLOSE and self._tls is not None:
            await self.farewell()
        if ending is Ending.RESET:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._sock.close()
            return
        self._sock.shutdown(socket.SHUT_WR)
        await self._delivered()

    async def request(self) -> bytes:
        """Return the next whole request; ConnectionResetError where none comes."""
        while True:
            head, found, body = self._received.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            wanted = int(length[1]) if length else 0
            if found and len(body) >= wanted:
                size = len(head) + 4 + wanted
                whole, self._received = self._received[:size], self._received[size:]
                return whole
            await self.read()

    async def read(self) -> None:
        """Take bytes in; ConnectionResetError at the end of the connection."""
        data = await asyncio.get_running_loop().sock_recv(self._sock, _MOST_BYTES)
        if not data:
            raise ConnectionResetError
        self._take(data)

    async def is_left(self) -> None:
        """Return when the other side has ended the connection."""
        with suppress(ConnectionResetError):
            while True:
                await self.read()

    def read_some(self) -> int:
        """Take in what is here at this moment; return how many bytes that were."""
        with suppress(OSError):
            data = self._sock.recv(_MOST_BYTES)
            self._take(data)
            return len(data)
        return 0

    @property
    def heard(self) -> bytes:
        """What the other side has said so far, without the requests that were taken."""
        while self.read_some():
            pass
        return self._received

    def close(self) -> None:
        """Forget the connection."""
        self._sock.close()

    def _take(self, data: bytes) -> None:
        if self._tls is None:
            self._received += data
            return
        self._incoming.write(data)
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while plain := self._tls.read(_MOST_BYTES):
                self._received += plain

    async def _delivered(self) -> None:
        unsent = array.array("i", [1])
        while unsent[0]:
            await asyncio.sleep(0)
            fcntl.ioctl(self._sock.fileno(), _SIOCOUTQNSD, unsent)


class SteppedServer:
    """Accepts and shakes hands by itself; everything else is for the test to do."""

    def __init__(
        self, tls: ssl.SSLContext | None, buffer_bytes: int | None, along: bytes, tickets_kept: bool
    ) -> None:
        self._tls = tls
        self._buffer_bytes = buffer_bytes
        self._along = along
        self._tickets_kept = tickets_kept
        self._greeted: asyncio.Queue[Peer] = asyncio.Queue()
        self._listener: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self.peers: list[Peer] = []
        self.port = 0
        self.came = asyncio.Event()
        """Set by every connection."""
        self.answers = asyncio.Event()
        """Cleared: who connects from here on waits for the handshake."""
        self.answers.set()

    def start(self) -> None:
        """Take connections, after a stop on the same port again."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=_BACKLOG)
        listener.setblocking(False)
        if self._buffer_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer_bytes)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._serving = asyncio.create_task(self._serve(listener))

    async def stop(self) -> None:
        """Refuse connections; those that are open stay."""
        if self._serving is not None and self._listener is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
            self._listener.close()

    async def peer(self) -> Peer:
        """Return the next connection, in the order they came."""
        return await self._greeted.get()

    async def _serve(self, listener: socket.socket) -> None:
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(listener)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, self._tls)
            self.peers.append(peer)
            self.came.set()
            await self.answers.wait()
            with suppress(OSError):
                await peer.greet(self._along, keeps_tickets=self._tickets_kept)
                self._greeted.put_nowait(peer)


@asynccontextmanager
async def stepped(
    tls: ssl.SSLContext | None = None,
    *,
    buffer_bytes: int | None = None,
    along: bytes = b"",
    keeps_tickets: bool = False,
) -> AsyncIterator[SteppedServer]:
    """Serve on a free port of 127.0.0.1; ``along`` is said together with the handshake's end."""
    server = SteppedServer(tls, buffer_bytes, along, keeps_tickets)
    server.start()
    try:
        yield server
    finally:
        await server.stop()
        for peer in server.peers:
            peer.close()
