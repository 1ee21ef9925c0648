"""The owner's side of the socket: uvicorn for as long as the desk lives, peers checked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from swimdesk.control.app import DeskApp
from swimdesk.control.sockets import bind_socket
from swimdesk.desk.facade import DeskFacade
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

GRACE_S: Final = 5.0
ABORT_S: Final = 1.0
KEEP_ALIVE_S: Final = 3600
BACKLOG: Final = 512
_PEER = struct.Struct("3i")  # pid, uid, gid: struct ucred of Linux


def is_own_user(uid: int) -> bool:
    """Whether that is the user who runs this process."""
    return uid == os.getuid()


@asynccontextmanager
async def serve(
    desk: DeskFacade,
    home: Path,
    *,
    linger_s: float = 0.0,
    grace_s: float = GRACE_S,
    trusts: Callable[[int], bool] = is_own_user,
) -> AsyncIterator[None]:
    """Answer other processes of a home whose lock the caller holds, while inside.

    On leaving, whoever is attached is served for up to ``linger_s`` more; then nobody is let in,
    calls in flight may finish within ``grace_s``, and the socket is removed.
    """
    listener, path = bind_socket(home)
    try:
        server = _Server(desk, trusts)
        await server.open(listener)
        try:
            yield
        finally:
            await server.close(linger_s, grace_s)
    finally:
        listener.close()
        path.unlink(missing_ok=True)


class _Callers:
    """Who is connected: an event that is set while nobody is; and whether more are let in."""

    def __init__(self, trusts: Callable[[int], bool]) -> None:
        self.trusts = trusts
        self.are_welcome = True
        self.nobody = asyncio.Event()
        self.nobody.set()


class _PeerChecked(H11Protocol):
    """HTTP for callers of our own user; any other is cut before its first byte is read."""

    def __init__(self, callers: _Callers, **settings: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**settings)
        self._callers = callers

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._callers.nobody.clear()
        pid, uid, _ = _peer(transport)
        if not self._callers.trusts(uid):
            log.warning("control.refused", uid=uid, pid=pid)
            transport.abort()
        elif not self._callers.are_welcome:
            # Accepted in the loop's last turn before the listener was closed.
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.connections:
            self._callers.nobody.set()


def _peer(transport: asyncio.Transport) -> tuple[int, int, int]:
    connection: socket.socket = transport.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, gid = _PEER.unpack(raw)
    return pid, uid, gid


class _Server:
    """Uvicorn without its own main loop: the desk's loop and the desk's signals are used."""

    def __init__(self, desk: DeskFacade, trusts: Callable[[int], bool]) -> None:
        self._app = DeskApp(desk)
        self._callers = _Callers(trusts)
        config = uvicorn.Config(
            self._app.asgi,
            http=_PeerChecked,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        config.load()
        self._uvicorn = uvicorn.Server(config)

    async def open(self, listener: socket.socket) -> None:
        """Let callers in."""
        protocol = partial(
            _PeerChecked,
            self._callers,
            config=self._uvicorn.config,
            server_state=self._uvicorn.server_state,
            app_state={},
        )
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_unix_server(protocol, sock=listener, backlog=BACKLOG)

    async def close(self, linger_s: float, grace_s: float) -> None:
        """Serve who is attached a while longer, let calls in flight finish, then cut."""
        try:
            await _within(linger_s, self._callers.nobody.wait())
        finally:
            self._callers.are_welcome = False
            self._listening.close()
        for connection in tuple(self._uvicorn.server_state.connections):
            connection.shutdown()
        self._app.end_within(grace_s)
        try:
            await _within(grace_s + ABORT_S, self._quiet())
        finally:
            await self._cut()

    async def _cut(self) -> None:
        if connections := tuple(self._uvicorn.server_state.connections):
            log.warning("control.cut", connections=len(connections))
            for connection in connections:
                connection.transport.abort()
        await _within(ABORT_S, self._quiet())

    async def _quiet(self) -> None:
        if tasks := set(self._uvicorn.server_state.tasks):
            await asyncio.wait(tasks)
        await self._callers.nobody.wait()


async def _within(limit_s: float, happening: Awaitable[object]) -> None:
    """Wait for it, but no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await happening
