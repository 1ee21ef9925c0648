"""Open connections to the broker: address, TCP, TLS with a verified certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType

from swimdesk.desk.ports import Clock
from swimdesk.schwab.lane.connection import Connection
from swimdesk.schwab.lane.poll import Poll
from swimdesk.schwab.lane.secrecy import MOST_BYTES, Clear, Secrecy, SecrecyBroken, Tls
from swimdesk.schwab.network import NoConnection, why_no_connection

HAPPY_EYEBALLS_DELAY_S = 0.25


@dataclass(frozen=True, slots=True)
class Target:
    """Where the broker is; ``server_name`` is what its certificate names. No context: no TLS."""

    host: str
    port: int
    ssl_context: ssl.SSLContext | None
    server_name: str
    connect_timeout_s: float


class Dialer:
    """Open connections to one broker; addresses are looked up once for many of them."""

    def __init__(self, target: Target, poll: Poll, clock: Clock) -> None:
        self._target = target
        self._poll = poll
        self._clock = clock

    async def addresses(self) -> Sequence[AddrInfoType]:
        """Look the broker's addresses up; NoConnection."""
        target = self._target
        try:
            async with asyncio.timeout(target.connect_timeout_s):
                found = await asyncio.get_running_loop().getaddrinfo(
                    target.host, target.port, type=socket.SOCK_STREAM
                )
        except OSError as error:
            raise NoConnection(why_no_connection(error, target.host)) from None
        return [(*entry[:4], entry[4]) for entry in found]

    async def open(self, addresses: Sequence[AddrInfoType]) -> Connection:
        """Open one connection to the first of these addresses that takes it; NoConnection."""
        try:
            async with asyncio.timeout(self._target.connect_timeout_s):
                return await self._open(addresses)
        except (OSError, SecrecyBroken) as error:  # TLS errors and timeouts are OSErrors too
            raise NoConnection(why_no_connection(error, self._target.host)) from None

    async def _open(self, addresses: Sequence[AddrInfoType]) -> Connection:
        sock = await aiohappyeyeballs.start_connection(
            list(addresses), happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S
        )
        try:
            # One write is one order: nothing is to be gained by waiting for more.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secrecy = self._secrecy()
            await _greet(sock, secrecy)
            return Connection(sock, secrecy, self._poll, self._clock)
        except BaseException:
            sock.close()
            raise

    def _secrecy(self) -> Secrecy:
        context = self._target.ssl_context
        return Clear() if context is None else Tls(context, self._target.server_name)


async def _greet(sock: socket.socket, secrecy: Secrecy) -> None:
    loop = asyncio.get_running_loop()
    answer, is_over = secrecy.greet(b"")
    while True:
        if answer:
            await loop.sock_sendall(sock, answer)
        if is_over:
            break
        data = await loop.sock_recv(sock, MOST_BYTES)
        if not data:
            raise ConnectionResetError("the connection ended during the handshake")
        answer, is_over = secrecy.greet(data)
    # What came along with the greeting would pass for the answer to the first order.
    if secrecy.open(b"") or secrecy.has_ended:
        raise ConnectionAbortedError("the other side spoke before it was asked")
