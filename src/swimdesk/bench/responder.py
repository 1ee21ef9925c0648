"""A fast order host: notes when each order arrived and answers it a fixed time after that.

A process of its own, ``python -m swimdesk.bench.responder CERTIFICATE KEY LATENCY_MS``. The first
line on stdout says where it listens; each line on stdin is answered by the orders that were
answered since the last one; the end of stdin ends it.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import ssl
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from swimdesk.bench.orderwire import NOTHING, asked, taken
from swimdesk.bench.stamps import STAMP_ROOM, arrived_ns, ask_for_stamps, can_stamp

_READ: Final = 16384
_BACKLOG: Final = 4096
_IDLE_MS: Final = 1000
_STDIN: Final = 0

Arrival: TypeAlias = tuple[str, int, int, int]
"""Account, when its order arrived, when the answer left (monotonic ns), and the order's id."""


@dataclass(slots=True, eq=False)
class Client:
    """One connection with its TLS, which is done in memory so that reads stay ours."""

    socket: socket.socket
    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    buffer: bytearray = field(default_factory=bytearray)
    is_ready: bool = False


class Due(NamedTuple):
    """An answer that waits for its time, sealed already."""

    at_ns: int
    client: Client
    sealed: bytes
    account: str
    arrived_ns: int
    order_id: int


class Responder:
    """Listen on loopback and serve every connection from one loop."""

    def __init__(self, context: ssl.SSLContext, latency_ns: int) -> None:
        self._context = context
        self._latency_ns = latency_ns
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._listener.setblocking(False)
        self.stamps = can_stamp()
        self._selector = selectors.DefaultSelector()
        self._is_over = False
        self._due: deque[Due] = deque()
        self._arrivals: list[Arrival] = []
        self._orders = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def run(self) -> None:
        """Serve until stdin ends."""
        self._watch(self._listener, self._accept)
        self._watch(_STDIN, self._command)
        while not self._is_over:
            for key, _ in self._selector.select(self._wait_s()):
                key.data()
                self._send_due()
            self._send_due()

    def _watch(self, source: socket.socket | int, react: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, react)

    def _wait_s(self) -> float:
        """Return how long to sleep: whole ms as epoll counts them, the last one is spun away.

        A virtual machine wakes late, by up to a millisecond; the answers would be late by as much.
        """
        if not self._due:
            return _IDLE_MS / 1000
        left_ms = (self._due[0].at_ns - time.monotonic_ns()) // 1_000_000
        return min(max(left_ms - 1, 0), _IDLE_MS) / 1000

    def _command(self) -> None:
        """Tell of the orders since the last time; the end of stdin is the end of all."""
        self._is_over = not os.read(_STDIN, 4096)
        arrivals, self._arrivals = self._arrivals, []
        if not self._is_over:
            print(json.dumps(arrivals), flush=True)  # noqa: T201 - the answer to the parent

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:
                return
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.stamps:
                ask_for_stamps(accepted)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
            client = Client(accepted, tls, incoming, outgoing)
            self._watch(accepted, partial(self._serve, client))

    def _serve(self, client: Client) -> None:
        try:
            data, stamps, _, _ = client.socket.recvmsg(_READ, STAMP_ROOM)
            if not data:
                return self._drop(client)
            client.incoming.write(data)
            if not client.is_ready and not _has_shaken_hands(client):
                return None
            if not _decrypt(client):
                return self._drop(client)
        except BlockingIOError:
            return None
        except (OSError, ssl.SSLError):
            return self._drop(client)
        self.read(client, arrived_ns(stamps))
        return None

    def read(self, client: Client, arrived_ns: int) -> None:
        """Take every whole request that has come over a connection."""
        for one in asked(client.buffer):
            if one.account is None:
                self.answer(client, NOTHING, arrived_ns)
            else:
                order_id = self.count()
                self.answer(client, taken(one.account, order_id), arrived_ns, one.account, order_id)

    def count(self) -> int:
        """Return the id of the next order."""
        self._orders += 1
        return self._orders

    def answer(
        self,
        client: Client,
        plain: bytes,
        arrived_ns: int,
        account: bytes = b"",
        order_id: int = 0,
    ) -> None:
        """Let an answer leave when it is due: an order's after the latency, others at once.

        It is sealed here, so that only a send is left to do; what is sealed leaves in that order.
        """
        client.tls.write(plain)
        at_ns = arrived_ns + self._latency_ns if order_id else arrived_ns
        sealed = client.outgoing.read()
        self._due.append(Due(at_ns, client, sealed, account.decode(), arrived_ns, order_id))

    def _send_due(self) -> None:
        while self._due and self._due[0].at_ns <= time.monotonic_ns():
            due = self._due.popleft()
            # A client that has left is not told; its order arrived all the same.
            with suppress(OSError):
                due.client.socket.send(due.sealed)
            left_ns = time.monotonic_ns()
            if due.order_id:
                self._arrivals.append((due.account, due.arrived_ns, left_ns, due.order_id))

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.socket)
        client.socket.close()


def _has_shaken_hands(client: Client) -> bool:
    try:
        client.tls.do_handshake()
        client.is_ready = True
    except ssl.SSLWantReadError:
        pass
    if client.outgoing.pending:
        client.socket.send(client.outgoing.read())
    return client.is_ready


def _decrypt(client: Client) -> bool:
    """Read all that came; False when the client has ended its TLS."""
    try:
        while data := client.tls.read(_READ):
            client.buffer += data
    except ssl.SSLWantReadError:
        return True
    return False


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context without session tickets: they would be a write that nobody asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.num_tickets = 0
    return context


def main(certificate: str, key: str, latency_ms: str) -> None:
    """Serve as the command line says."""
    serve(Responder(server_context(certificate, key), int(float(latency_ms) * 1_000_000)))


def serve(responder: Responder) -> None:
    """Tell the parent where a responder listens, and run it."""
    clock = "kernel" if responder.stamps else "process"
    print(json.dumps({"port": responder.port, "clock": clock}), flush=True)  # noqa: T201
    responder.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
