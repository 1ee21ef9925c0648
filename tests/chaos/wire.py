"""The wire between desk and brokerage: bytes go there and back in virtual time, or get lost.

Everything above a socket is the product's own: connections, bursts, the reader of answers, httpx.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from urllib.parse import parse_qsl, urlsplit

import httpx

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.clock import SimClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.faults import Operation
from swimdesk.sim.ledger import Arrival, Ledger
from swimdesk.sim.messages import SimRequest, SimResponse, Transport
from swimdesk.sim.protocol import header_lines
from tests.chaos.life import Life
from tests.chaos.trace import Trace, short


class NotingLedger(Ledger):
    """The brokerage's ledger, which also tells which arrival a request has just made."""

    def __init__(self, accounts: list[SimAccount], clock: SimClock) -> None:
        super().__init__(accounts, clock)
        self._latest: Arrival | None = None

    def note(self, account: SimAccount, operation: Operation, fault: str | None) -> Arrival:
        """Write an arrival down."""
        self._latest = super().note(account, operation, fault)
        return self._latest

    def taken(self) -> Arrival | None:
        """Return the arrival that was noted since the last time."""
        latest, self._latest = self._latest, None
        return latest


@dataclass(slots=True)
class Shot:
    """One request for an order that left the desk, and what the brokerage made of it."""

    ref: str
    account: str
    """Its alias."""
    hash: str
    """What the brokerage calls the account."""
    replaces: str | None
    at_s: float
    arrival: Arrival | None = None
    life: int = 0
    """Which process sent it."""
    named: str | None = None
    """The order that the answer named."""
    answered_s: float | None = None
    """When a whole answer that names its order reached that process."""

    @property
    def order_id(self) -> str | None:
        """The order that came of it, if one has."""
        made = self.arrival.order_id if self.arrival is not None else None
        return None if made is None else str(made)


@dataclass(frozen=True, slots=True)
class Weather:
    """What the wire does wrong, each with its probability for one request."""

    slow: float = 0.0
    """The answer takes longer than anybody waits."""
    ended: float = 0.0
    """The connection has ended before the request."""
    cut_write: float = 0.0
    """Half of the request is written, and then the connection breaks."""
    no_dial: float = 0.0
    """No connection comes about."""
    split: float = 0.0
    """The answer comes in two pieces."""


CALM = Weather()


class Wire:
    """Carries requests to the brokerage and answers back, whoever lives."""

    def __init__(
        self, broker: SimBroker, ledger: NotingLedger, random: Random, trace: Trace
    ) -> None:
        self._broker = broker
        self._ledger = ledger
        self._random = random
        self.trace = trace
        self.weather = CALM
        self.hang_s = 20.0
        self.shots: list[Shot] = []
        self.happened: Counter[str] = Counter()
        self.before_shot: Callable[[Shot], None] = lambda _: None
        """Called with every order request in the moment in which its first byte leaves."""
        self.given_up: Callable[[Shot], None] = lambda _: None
        """Called with every order request whose answer is awaited no longer."""

    def strikes(self, name: str) -> bool:
        """Tell whether this trouble happens now, and count it."""
        probability = float(getattr(self.weather, name))
        if not probability or self._random.random() >= probability:
            return False
        self.happened[name] += 1
        return True

    def way_s(self) -> float:
        """Draw how long one way takes."""
        return 0.004 + 0.03 * self._random.random()

    def answer(self, request: SimRequest, shot: Shot | None = None) -> SimResponse:
        """Let the brokerage answer a request that has arrived."""
        self._ledger.taken()
        response = self._broker.handle(request)
        if shot is not None:
            shot.arrival = self._ledger.taken()
        if self.strikes("slow"):
            response = replace(response, extra_delay_ms=1000.0 * self._random.uniform(2.0, 30.0))
        self.trace.note(
            "wire", request.method, request.path, short(request.body), response.status,
            response.transport.value, short(response.body), response.headers.get("Location", "-"),
        )  # fmt: skip
        return response


def request_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> SimRequest:
    """Return a request as the brokerage's core takes it."""
    parts = urlsplit(target)
    return SimRequest(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


def parsed(data: bytes) -> SimRequest:
    """Read one whole request."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return request_of(method, target, headers, body)


def whole(response: SimResponse) -> bytes:
    """Return the bytes of an answer."""
    phrase = HTTPStatus(response.status).phrase.encode("ascii")
    lines = [b"HTTP/1.1 %d %s" % (response.status, phrase)]
    lines += [b"%s: %s" % header for header in header_lines(response)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + response.body


class ReadTransport(httpx.AsyncBaseTransport):
    """What httpx reads over: a connection that is as good as the weather."""

    def __init__(self, wire: Wire, life: Life) -> None:
        self._wire = wire
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request there and its answer back."""
        wire = self._wire
        if wire.strikes("no_dial"):
            raise httpx.ConnectError("refused")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.aread()
        asked = request_of(request.method, str(request.url), headers, body)
        await asyncio.sleep(wire.way_s())
        response = wire.answer(asked)
        limit_s = request.extensions.get("timeout", {}).get("read") or wire.hang_s
        back_s = wire.way_s() + response.extra_delay_ms / 1000
        if response.transport is Transport.HANG or back_s > limit_s:
            await asyncio.sleep(min(limit_s, wire.hang_s))
            raise httpx.ReadTimeout("no answer")
        await asyncio.sleep(back_s)
        if response.transport is Transport.RESET:
            raise httpx.ReadError("connection reset")
        if response.transport is Transport.CUT:
            raise httpx.RemoteProtocolError("the answer ended early")
        lines = [(name.decode(), value.decode("latin-1")) for name, value in header_lines(response)]
        return httpx.Response(
            response.status, headers=lines, stream=httpx.ByteStream(response.body)
        )
