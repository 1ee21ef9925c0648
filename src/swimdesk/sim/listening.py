"""Uvicorn as the brokerage uses it: one loopback port, TLS, a stop that leaves nobody behind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from swimdesk.errors import InputError
from swimdesk.sim.protocol import protocol_counting
from swimdesk.sim.traffic import Traffic

KEEP_ALIVE_S: Final = 3600
STOP_GRACE_S: Final = 1.0


class LoopbackServer(uvicorn.Server):
    """Serve one application; signals are left to the program.

    ``release`` is called when the server stops: it ends what the application waits for.
    """

    def __init__(
        self,
        app: ASGIApp,
        tls: ssl.SSLContext,
        *,
        traffic: Traffic,
        release: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol_counting(traffic),
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                ssl_context_factory=lambda _config, _default: tls,
            )
        )
        self.ready = asyncio.Event()
        self._traffic = traffic
        self._release = release

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signal handlers alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections and say so by the event ``ready``."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers under way leave, then end every connection."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        self._release()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=STOP_GRACE_S)
        # Not close(): over TLS that waits for the peer, and an idle client never answers.
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        async with asyncio.timeout(STOP_GRACE_S):
            await self._traffic.nobody_connected.wait()


def listen(port: int = 0) -> socket.socket:
    """Bind a loopback port (0: any free one), so that its number is known before serving."""
    # Asyncio lets small writes leave at once only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise InputError(f"port {port} on 127.0.0.1 cannot be used: {error.strerror}") from error
    return listener
