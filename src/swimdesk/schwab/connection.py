"""One warm connection of the order lane: carries one order at a time and never opens again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from swimdesk.desk.ports import Clock
from swimdesk.schwab.answers import AnswerReader, MalformedAnswer, Response
from swimdesk.schwab.outcomes import Answer, Fault


@dataclass(frozen=True, slots=True)
class LaneRequest:
    """One order ready for the wire: the whole request, headers included."""

    ref: str
    account: str
    wire: bytes = field(repr=False)


OnDone = Callable[["Connection", Answer], None]


@dataclass(slots=True)
class _Exchange:
    """An order that was written and waits for its answer."""

    request: LaneRequest
    on_done: OnDone
    reader: AnswerReader
    sent_ns: int
    first_byte_ns: int | None = None


class Connection(asyncio.Protocol):
    """A connection to the broker; ``is_usable`` until it ends or carries anything unexpected."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._exchange: _Exchange | None = None
        self.is_usable = False
        self.idle_since_ns = clock.monotonic_ns()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def file_number(self) -> int:
        """The socket's descriptor; -1 once it is closed."""
        sock = self._transport.get_extra_info("socket") if self._transport else None
        return sock.fileno() if sock is not None else -1

    def send(self, request: LaneRequest, on_done: OnDone) -> Answer | None:
        """Write one order; ``on_done`` is called once with its answer, unless one is returned.

        An answer that is returned at once says that the order could not be written.
        """
        if not self.is_usable or self._transport is None or self._transport.is_closing():
            self.drop()
            return Answer(request.ref, request.account, fault=Fault.CONNECTION_ENDED)
        exchange = _Exchange(request, on_done, AnswerReader(), self._clock.monotonic_ns())
        self._exchange = exchange
        try:
            self._transport.write(request.wire)
        except (OSError, RuntimeError):
            # Nobody can tell how much of it is in the kernel.
            answer = self._take_answer(fault=Fault.WRITE_FAILED)
            self.drop()
            return answer
        exchange.sent_ns = self._clock.monotonic_ns()
        return None

    def give_up(self, fault: Fault) -> None:
        """Stop waiting for an answer and end the connection; without an order, only end it."""
        self._finish(fault=fault, reusable=False)
        self.drop()

    def drop(self) -> None:
        """End the connection at once."""
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; small writes leave at once."""
        # uvloop's transports are of no asyncio class.
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_usable = True

    def data_received(self, data: bytes) -> None:
        """Read the answer; bytes that nobody asked for end the connection."""
        exchange = self._exchange
        if exchange is None:
            self.drop()
            return
        if exchange.first_byte_ns is None:
            exchange.first_byte_ns = self._clock.monotonic_ns()
        try:
            response = exchange.reader.feed(data)
        except MalformedAnswer as error:
            self._finish(fault=Fault.MALFORMED, detail=str(error), reusable=False)
            self.drop()
            return
        if response is None:
            return
        reusable = response.keep_alive and not exchange.reader.has_leftover
        self._finish(response=response, reusable=reusable)
        if not reusable:
            self.drop()

    def eof_received(self) -> None:
        """Take the end of the stream: the end of an answer without a length, else a cut."""
        self.is_usable = False
        if self._exchange is None:
            return
        try:
            response = self._exchange.reader.end()
        except MalformedAnswer as error:
            self._finish(fault=Fault.END_OF_STREAM, detail=str(error), reusable=False)
        else:
            self._finish(response=response, reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection, whoever ended it."""
        fault = Fault.END_OF_STREAM if exc is None else Fault.RESET
        self._finish(fault=fault, reusable=False)
        if not self.ended.done():
            self.ended.set_result(None)

    def _finish(
        self,
        *,
        reusable: bool,
        response: Response | None = None,
        fault: Fault | None = None,
        detail: str = "",
    ) -> None:
        """Report the answer, if one is awaited; the connection must know its fate before that."""
        self.is_usable = self.is_usable and reusable
        if self._exchange is not None:
            on_done = self._exchange.on_done
            on_done(self, self._take_answer(response=response, fault=fault, detail=detail))

    def _take_answer(
        self, *, response: Response | None = None, fault: Fault | None = None, detail: str = ""
    ) -> Answer:
        """Close the exchange and return what it came to; the connection is idle from here on."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None  # noqa: S101 - callers have looked
        self.idle_since_ns = now_ns = self._clock.monotonic_ns()
        return Answer(
            exchange.request.ref,
            exchange.request.account,
            response,
            fault,
            detail,
            exchange.reader.status or None,
            exchange.sent_ns,
            exchange.first_byte_ns,
            now_ns if response is not None else None,
        )
