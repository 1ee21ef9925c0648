"""Other ways of sending the same orders, beside the floor: ``python -m bench.variants [N ...]``.

- ``h2``: the orders of a login as streams of one HTTP/2 connection, one write per login.
- ``bare``: a connection per account, written through the TLS socket itself.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import uvloop

from bench import h2
from swimdesk.bench.figures import CONTROL, FLOOR, Repetition, candidate, ratio, why_void
from swimdesk.bench.floor import Count, floor, requests
from swimdesk.bench.machine import make_room_for
from swimdesk.bench.responding import Host, Place, Seen, responder
from swimdesk.bench.shots import ANSWERS_S, Candidate, Shot
from swimdesk.bench.site import HASH_LENGTH, numbers_by_login
from swimdesk.bench.turns import turn

WAYS = (FLOOR, CONTROL, "bare", "h2")
SIZES, REPEATS, LATENCY_MS = (45, 200, 1000), 30, 20.0
BODY = b'{"orderType":"NET_CREDIT","session":"NORMAL","price":"1.60"}'.ljust(633)
"""As long as the body of an iron condor."""
TOKEN = "t" * 80
READ = 16384


class Variant:
    """What the variants share: nothing is followed, and a count ends the waiting."""

    def __init__(self, names: Sequence[str]) -> None:
        self.accounts = frozenset(names)
        self.count: Count | None = None

    async def prepare(self) -> None:
        """Do what may be done before the confirm."""

    def write(self) -> None:
        """Write every order."""
        raise NotImplementedError

    async def fire(self) -> Shot:
        """Send all orders and return once every answer was handled."""
        self.count = count = Count(len(self.accounts))
        started_ns = time.monotonic_ns()
        self.write()
        async with asyncio.timeout(ANSWERS_S):
            handled_ns = await count.handled_ns
        return Shot(started_ns, started_ns, handled_ns)

    async def settle(self, seen: Sequence[Seen]) -> None:
        """Do nothing: nobody follows these orders."""


class H2Connection(asyncio.Protocol):
    """One login's connection, with its accounts' headers."""

    def __init__(self, headers: Sequence[bytes]) -> None:
        self.headers = headers
        self.variant: H2 | None = None
        self.ready = asyncio.get_running_loop().create_future()
        self._next_stream = 1
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self.transport.write(h2.PREFACE + h2.hello())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for one in h2.frames(self._buffer):
            if one.kind == h2.SETTINGS and not one.flags & h2.ACK:
                self.transport.write(h2.frame(h2.SETTINGS, h2.ACK, 0))
                self.ready.set_result(None)
            elif one.kind == h2.HEADERS and self.variant and self.variant.count:
                is_taken = one.payload.startswith(h2.TAKEN_STATUS)
                self.variant.count.take(b"HTTP/1.1 201\r\n\r\n" if is_taken else one.payload)

    def wire(self) -> bytes:
        """Return the frames of the next burst."""
        first, self._next_stream = self._next_stream, self._next_stream + 2 * len(self.headers)
        return b"".join(
            h2.order(first + 2 * place, headers, BODY) for place, headers in enumerate(self.headers)
        )


class H2(Variant):
    """A connection per login, a stream per account."""

    def __init__(self, names: Sequence[str], connections: Sequence[H2Connection]) -> None:
        super().__init__(names)
        self._connections = connections
        self._wires: list[bytes] = []
        for one in connections:
            one.variant = self

    async def prepare(self) -> None:
        """Make the frames: their numbers change with every burst."""
        self._wires = [one.wire() for one in self._connections]

    def write(self) -> None:
        """Write once per login."""
        for connection, wire in zip(self._connections, self._wires, strict=True):
            connection.transport.write(wire)


class Bare(Variant):
    """Writes through the TLS sockets themselves."""

    def __init__(
        self, names: Sequence[str], sockets: Sequence[ssl.SSLSocket], raw: Sequence[bytes]
    ) -> None:
        super().__init__(names)
        self._sends = [(one.send, wire) for one, wire in zip(sockets, raw, strict=True)]
        for one in sockets:
            asyncio.get_running_loop().add_reader(one.fileno(), self._read, one)

    def write(self) -> None:
        """Write every order."""
        for send, wire in self._sends:
            send(wire)

    def _read(self, one: ssl.SSLSocket) -> None:
        try:
            data = one.recv(READ)
        except ssl.SSLWantReadError:
            return
        if self.count is not None:
            self.count.take(data)


@asynccontextmanager
async def over_h2(place: Place, accounts: int) -> AsyncIterator[H2]:
    """Open a connection per login until the block ends."""
    trust = place.trust()
    trust.set_alpn_protocols(["h2"])
    by_login = [
        [f"h2{number.zfill(HASH_LENGTH - 2)}" for number in numbers]
        for numbers in numbers_by_login(accounts).values()
    ]
    loop, connections = asyncio.get_running_loop(), []
    for names in by_login:
        headers = [h2_headers(place.port, name) for name in names]
        _, one = await loop.create_connection(
            lambda headers=headers: H2Connection(headers),  # type: ignore[misc]
            "127.0.0.1",
            place.port,
            ssl=trust,
            server_hostname="127.0.0.1",
        )
        await one.ready
        connections.append(one)
    try:
        yield H2([name for names in by_login for name in names], connections)
    finally:
        for one in connections:
            one.transport.abort()


def h2_headers(port: int, name: str) -> bytes:
    """Return what stands above every order of an account."""
    return h2.literals(
        {
            ":method": "POST",
            ":scheme": "https",
            ":path": f"/trader/v1/accounts/{name}/orders",
            ":authority": f"127.0.0.1:{port}",
            "authorization": f"Bearer {TOKEN}",
            "accept": "application/json",
            "content-type": "application/json",
            "content-length": f"{len(BODY)}",
        }
    )


@asynccontextmanager
async def bare(place: Place, names: Sequence[str]) -> AsyncIterator[Bare]:
    """Open a connection per account until the block ends."""
    trust = place.trust()
    sockets = [await asyncio.to_thread(_connected, trust, place.port) for _ in names]
    loop = asyncio.get_running_loop()
    try:
        yield Bare(names, sockets, requests(place.port, names, BODY))
    finally:
        for one in sockets:
            loop.remove_reader(one.fileno())
            one.close()


def _connected(trust: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one = trust.wrap_socket(plain, server_hostname="127.0.0.1")
    one.setblocking(False)
    return one


async def measure(accounts: int, repeats: int) -> list[Repetition]:
    """Let every variant fire so many times, in turns of an order of chance."""
    make_room_for(accounts)
    latency_ns = int(LATENCY_MS * 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            responder(Path(folder), LATENCY_MS, "bench.h2_responder") as host,
            AsyncExitStack() as stack,
        ):
            candidates = await _warm(stack, host, accounts)
            await turn(host, candidates, latency_ns)  # a rehearsal
            return [(await turn(host, candidates, latency_ns))[0] for _ in range(repeats)]


async def _warm(stack: AsyncExitStack, host: Host, accounts: int) -> Mapping[str, Candidate]:
    def names(who: str) -> list[str]:
        return [f"{who}{place:0{HASH_LENGTH - len(who)}}" for place in range(accounts)]

    enter = stack.enter_async_context
    return {
        FLOOR: await enter(floor(host.place, names(FLOOR), BODY)),
        CONTROL: await enter(floor(host.place, names(CONTROL), BODY)),
        "bare": await enter(bare(host.place, names("bare"))),
        "h2": await enter(over_h2(host.place, accounts)),
    }


def _lines(accounts: int, repetitions: Sequence[Repetition]) -> Iterator[str]:
    yield f"variants: {accounts} accounts, medians of {len(repetitions)} repetitions in turns"
    for who in sorted(repetitions[0], key=WAYS.index):
        own, ratios = candidate(repetitions, who, accounts), ratio(repetitions, who)
        yield (
            f"  {who:<8} skew {own.skew_ms.p50:8.2f}  last {own.last_ms.p50:8.2f}"
            f"  overhead {own.overhead_ms.p50:8.2f} ms  cpu {own.cpu_us_per_order:5.1f} us/order"
            f"  to the floor {ratios.skew:.2f} / {ratios.last:.2f} / {ratios.overhead:.2f}"
        )
    void = why_void(ratio(repetitions, CONTROL))
    if void is not None:
        yield f"  void: {void}"


def report(sizes: Sequence[int] = SIZES, repeats: int = REPEATS) -> str:
    """Show every variant beside the floor, at every size."""
    return "\n".join(
        line
        for accounts in sizes
        for line in _lines(accounts, uvloop.run(measure(accounts, repeats)))
    )


if __name__ == "__main__":
    print(report([int(size) for size in sys.argv[1:]] or SIZES))
