"""The simulated brokerage served over HTTPS on loopback: latency, broken connections, counts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Final, Protocol
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from swimdesk.sim.encoding import encoded
from swimdesk.sim.latency import Latency, Pauses
from swimdesk.sim.listening import LoopbackServer, listen
from swimdesk.sim.messages import SimRequest, SimResponse, Transport
from swimdesk.sim.protocol import CONNECTION, first_half, header_lines, reset
from swimdesk.sim.traffic import Traffic

CONTROL_PATH: Final = "/control/"
LONGEST_TICK_S: Final = 1.0
SHORTEST_TICK_S: Final = 0.001


class Controller(Protocol):
    """What is behind the control endpoint."""

    async def answer(self, request: SimRequest) -> SimResponse:
        """Return the answer to a request."""
        ...


class Core(Protocol):
    """The brokerage behind the server."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Return the answer to a request, at once."""
        ...

    def advance(self) -> None:
        """Carry out what is due by the clock."""
        ...

    def next_due_s(self) -> float | None:
        """Return in how many seconds something is due; None while nothing is."""
        ...


class SimServer:
    """Serve a brokerage over HTTPS; every request waits its own latency, none waits for another."""

    def __init__(
        self,
        core: Core,
        tls: ssl.SSLContext,
        *,
        latency: Latency,
        traffic: Traffic | None = None,
        control: Controller | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.traffic = Traffic() if traffic is None else traffic
        self._core = core
        self._latency = latency
        self._control = control
        self._listener = listen() if listener is None else listener
        self._server = LoopbackServer(self, tls, traffic=self.traffic, release=self._release)
        self._pauses = Pauses()
        self._hanging: set[asyncio.Transport] = set()
        self._due_sooner = asyncio.Event()
        self._next_tick_at_s = 0.0
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> tuple[tuple[str, int], ...]:
        """Begin to serve; return the bound addresses once connections are accepted."""
        address: tuple[str, int] = self._listener.getsockname()[:2]
        serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        self._tasks = (serving, asyncio.create_task(self._tick()))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self.stop()
        return (address,)

    async def watch(self) -> None:
        """Wait until the server ends by itself, which it only does by raising."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Let answers under way leave, end every connection; raise what went wrong meanwhile."""
        serving, ticking = self._tasks
        self._server.should_exit = True
        ticking.cancel()
        await asyncio.wait(self._tasks)
        serving.result()
        if not ticking.cancelled():
            ticking.result()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request."""
        request = await _read(scope, receive)
        if request is None:
            return
        if self._control is not None and request.path.startswith(CONTROL_PATH):
            await _send(await self._control.answer(request), send)
            return
        connection = scope["extensions"][CONNECTION]
        self.traffic.request_began(connection["number"], request.method, request.path)
        try:
            response = await encoded(self._answer(request), request.headers)
            await self._pauses.pause(self._latency.draw_ms() + response.extra_delay_ms)
            await self._deliver(response, connection["transport"], receive, send)
        finally:
            self.traffic.request_ended()

    def _answer(self, request: SimRequest) -> SimResponse:
        try:
            response = self._core.handle(request)
        except BaseException:
            # Raised on for uvicorn to answer 500 and log; counted, so that nobody takes
            # a bug of the simulator for a fault that was asked for.
            self.traffic.failures += 1
            raise
        self.traffic.statuses[response.status] += 1
        due_s = self._core.next_due_s()
        if due_s is not None and _now_s() + due_s < self._next_tick_at_s:
            self._due_sooner.set()
        return response

    async def _deliver(
        self, response: SimResponse, transport: asyncio.Transport, receive: Receive, send: Send
    ) -> None:
        match response.transport:
            case Transport.DELIVER:
                await _send(response, send)
                return
            case Transport.RESET:
                reset(transport)
            case Transport.HANG:
                self._hanging.add(transport)
            case Transport.CUT:
                transport.write(first_half(response))
                transport.close()
        # Returning before the connection is gone would make uvicorn answer 500 on it.
        await _until_disconnected(receive)
        self._hanging.discard(transport)

    def _release(self) -> None:
        self._pauses.release()
        for transport in self._hanging:
            transport.abort()

    async def _tick(self) -> None:
        while True:
            self._due_sooner.clear()
            due_s = self._core.next_due_s()
            wait_s = LONGEST_TICK_S if due_s is None else min(due_s, LONGEST_TICK_S)
            wait_s = max(wait_s, SHORTEST_TICK_S)
            self._next_tick_at_s = _now_s() + wait_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._due_sooner.wait()
            self._core.advance()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _read(scope: Scope, receive: Receive) -> SimRequest | None:
    body = bytearray()
    more_body = True
    while more_body:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        more_body = message["more_body"]
    return SimRequest(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        body=bytes(body),
    )


async def _send(response: SimResponse, send: Send) -> None:
    headers = header_lines(response)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
