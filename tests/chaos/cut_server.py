"""A broker on loopback that cuts each connection as planned, and counts what began to arrive."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tests.chaos.cut_peer import TURNS, Peer, Plan
from tests.chaos.cut_tls import NoVeil, TlsVeil, Veil


class CutServer:
    """Takes connections; the next one goes by the next plan."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self.port = 0
        self.plans: deque[Plan] = deque()
        self.peers: list[Peer] = []
        self.answered = 0
        """How many requests were served well."""
        self._changed = asyncio.Condition()

    async def accept(self, listener: socket.socket) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                sock, _ = await loop.sock_accept(listener)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                veil: Veil = TlsVeil(self._tls) if self._tls else NoVeil()
                plan = self.plans.popleft() if self.plans else None
                peer = Peer(sock, veil, plan, self._note_answered)
                self.peers.append(peer)
                group.create_task(peer.serve())
                await self._tell()

    async def until_planned(self) -> None:
        """Wait until every plan has its connection."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.plans)

    async def until_answered(self, requests: int) -> None:
        """Wait until so many were served well, and their answers can have been read."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.answered >= requests)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _note_answered(self) -> None:
        self.answered += 1
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def planned(self) -> list[Peer]:
        """Return the connections with a plan, in the order of their plans."""
        return [peer for peer in self.peers if peer.plan is not None]

    def begun(self) -> Counter[str]:
        """Count by account's hash the requests that began to arrive, over whatever connection."""
        return Counter(account_hash for peer in self.peers for account_hash in peer.begun())


async def all_of(events: Iterable[asyncio.Event]) -> None:
    """Wait for every event."""
    for event in events:
        await event.wait()


@asynccontextmanager
async def cut_server(tls: ssl.SSLContext | None) -> AsyncIterator[CutServer]:
    """Serve on a free port of 127.0.0.1 while the block runs."""
    server = CutServer(tls)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setblocking(False)
        server.port = listener.getsockname()[1]
        serving = asyncio.create_task(server.accept(listener))
        try:
            yield server
        finally:
            serving.cancel()
            (ended,) = await asyncio.gather(serving, return_exceptions=True)
            if isinstance(ended, Exception):
                raise ended
