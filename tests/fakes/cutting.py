"""A relay on loopback that lets through so many of a server's bytes and then cuts the connection.

It sees the bytes of TLS only, so its cuts fall anywhere within a record.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.fakes.misbehaving import Ending

_MOST_BYTES = 1 << 16


class Link:
    """One connection through the relay."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client = client
        self._server = server
        self.passed = 0
        """How many bytes of the server were let through."""
        self.limit: int | None = None
        """So many bytes of the server are let through, then the connection is cut."""

    async def run(self, ending: Ending) -> None:
        """Relay until one side ends or the limit is reached."""
        async with asyncio.TaskGroup() as group:
            forth = group.create_task(self._forth())
            await self._back()
            self._cut(ending)
            forth.cancel()

    def close(self) -> None:
        """End both sides."""
        self._client.close()
        self._server.close()

    async def _forth(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await loop.sock_recv(self._client, _MOST_BYTES):
                await loop.sock_sendall(self._server, data)
            self._server.shutdown(socket.SHUT_WR)

    async def _back(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await loop.sock_recv(self._server, _MOST_BYTES):
                room = len(data) if self.limit is None else self.limit - self.passed
                await loop.sock_sendall(self._client, data[:room])
                self.passed += len(data[:room])
                if room <= len(data) and self.limit is not None:
                    return

    def _cut(self, ending: Ending) -> None:
        if ending is Ending.RESET:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()


class CuttingRelay:
    """Takes connections for one server; ``links`` are in the order they came."""

    def __init__(self, port: int, ending: Ending) -> None:
        self._server_port = port
        self._ending = ending
        self.port = 0
        self.limit: int | None = None
        """The limit of links that are yet to come."""
        self.links: list[Link] = []

    async def serve(self, listener: socket.socket) -> None:
        """Relay until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                client, _ = await loop.sock_accept(listener)
                server = socket.socket()
                server.setblocking(False)
                for sock in (client, server):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link = Link(client, server)
                link.limit = self.limit
                self.links.append(link)
                await loop.sock_connect(server, ("127.0.0.1", self._server_port))
                group.create_task(link.run(self._ending))


@asynccontextmanager
async def cutting(port: int, ending: Ending) -> AsyncIterator[CuttingRelay]:
    """Relay between a free port of 127.0.0.1 and the server's while the block runs."""
    relay = CuttingRelay(port, ending)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        relay.port = listener.getsockname()[1]
        serving = asyncio.create_task(relay.serve(listener))
        try:
            yield relay
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            for link in relay.links:
                link.close()
