"""One warm connection of the order lane: carries one order at a time and never opens again."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from swimdesk.desk.ports import Clock
from swimdesk.schwab.answers import AnswerReader, MalformedAnswer, Response, whole_answer
from swimdesk.schwab.lane.poll import Poll
from swimdesk.schwab.lane.secrecy import MOST_BYTES, Secrecy, SecrecyBroken
from swimdesk.schwab.outcomes import Answer, Fault


@dataclass(frozen=True, slots=True)
class LaneRequest:
    """One order ready for the wire: the whole request, headers included."""

    ref: str
    account: str
    wire: bytes = field(repr=False)


OnDone = Callable[["Connection", Answer], None]
"""Takes what became of an order; it must not raise."""


@dataclass(slots=True)
class _Exchange:
    """An order that is loaded, or was written and waits for its answer."""

    request: LaneRequest
    on_done: OnDone
    unsent: bytes
    """What has not left yet; all of it while the order is only loaded."""
    reader: AnswerReader | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None


class Connection:
    """A connection to the broker; ``is_usable`` until it ends or carries anything unexpected."""

    __slots__ = (
        "_exchange", "_now_ns", "_poll", "_secrecy", "_socket", "file_number", "idle_since_ns",
        "is_usable",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, secrecy: Secrecy, poll: Poll, clock: Clock) -> None:
        self._socket = sock
        self._secrecy = secrecy
        self._poll = poll
        self._now_ns = clock.monotonic_ns
        self._exchange: _Exchange | None = None
        self.is_usable = True
        self.idle_since_ns = clock.monotonic_ns()
        self.file_number = sock.fileno()
        """The socket's descriptor; -1 once it is closed."""
        poll.watch(self)

    def load(self, request: LaneRequest, on_done: OnDone) -> None:
        """Make the bytes of an order, so that one write is all that is left to do.

        ``on_done`` is called once, with what became of the order, after it was shot.
        """
        try:
            record = self._secrecy.seal(request.wire)
        except SecrecyBroken:
            # Who shoots finds the connection gone.
            record = b""
            self.drop()
        self._exchange = _Exchange(request, on_done, record)

    def shoot(self) -> bool:
        """Write the loaded order; False where not one byte of it left, for the connection ended."""
        exchange = self._exchange
        assert exchange is not None  # noqa: S101 - shot once, after it was loaded
        record = exchange.unsent
        try:
            # Looked at here and not before: what has ended by now takes nothing.
            sent = self._socket.send(record) if self.is_usable else -1
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = -1
        exchange.sent_ns = self._now_ns()
        if sent == len(record):
            exchange.unsent = b""
            return True
        return self._shot_in_part(exchange, sent)

    def unload(self) -> LaneRequest:
        """Take back an order of which nothing has left; the connection ends with it."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None  # noqa: S101 - callers have loaded it
        # The next record would count on this one.
        self.drop()
        return exchange.request

    def give_up(self, fault: Fault, detail: str = "") -> None:
        """End the connection and stop waiting for an answer.

        An order that is only loaded stays where it is: who shoots finds the connection gone.
        """
        self.drop()
        self._finish(None, fault, detail)

    def drop(self) -> None:
        """End the connection at once."""
        self.is_usable = False
        if self.file_number >= 0:
            self._poll.forget(self)
            self._socket.close()
            self.file_number = -1

    def close(self) -> None:
        """End an idle connection in order."""
        if self.is_usable:
            # Whoever does not take it has gone already.
            with contextlib.suppress(OSError):
                self._socket.send(self._secrecy.farewell())
        self.drop()

    def on_writable(self) -> None:
        """Write what the kernel had no room for."""
        exchange = self._exchange
        if exchange is None:
            self._poll.watch_reads(self)
            return
        try:
            exchange.unsent = exchange.unsent[self._socket.send(exchange.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            # Nobody can tell what the broker makes of a part.
            self.give_up(Fault.WRITE_FAILED)
            return
        if not exchange.unsent:
            exchange.sent_ns = self._now_ns()
            self._poll.watch_reads(self)

    def on_abandoned(self) -> None:
        """Give up what is on its way: the lane is closed."""
        self.give_up(Fault.ABANDONED)

    def on_readable(self) -> None:
        """Read what came; bytes that nobody asked for end the connection."""
        exchange = self._exchange
        try:
            data = self._socket.recv(MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.give_up(Fault.RESET)
            return
        if not data:
            self._ended()
            return
        came_ns = self._now_ns()
        try:
            plain = self._secrecy.open(data)
        except SecrecyBroken as error:
            self.give_up(Fault.MALFORMED, str(error))
            return
        if plain:
            self._take(exchange, plain, came_ns)
        if self._secrecy.has_ended:
            self._ended()

    def _shot_in_part(self, exchange: _Exchange, sent: int) -> bool:
        if sent < 0:
            return False
        exchange.unsent = exchange.unsent[sent:]
        self._poll.watch_writes(self)
        return True

    def _take(self, exchange: _Exchange | None, plain: bytes, came_ns: int) -> None:
        if exchange is None or exchange.sent_ns is None:
            self.drop()
            return
        if exchange.first_byte_ns is None:
            exchange.first_byte_ns = came_ns
        if exchange.unsent:
            self.give_up(Fault.MALFORMED, "an answer came before the order was complete")
            return
        reader = exchange.reader
        if reader is None:
            response = whole_answer(plain)
            if response is not None:
                self._finish(response)
                return
            reader = exchange.reader = AnswerReader()
        try:
            response = reader.feed(plain)
        except MalformedAnswer as error:
            self.give_up(Fault.MALFORMED, str(error))
            return
        if response is not None:
            if not response.keep_alive or reader.has_leftover:
                self.drop()
            self._finish(response)

    def _ended(self) -> None:
        """Take the end of the connection: the end of an answer without a length, else a cut."""
        self.drop()
        reader = self._exchange.reader if self._exchange is not None else None
        if reader is None or not self._secrecy.is_end_proven:
            self._finish(None, Fault.END_OF_STREAM)
            return
        try:
            self._finish(reader.end())
        except MalformedAnswer as error:
            self._finish(None, Fault.END_OF_STREAM, str(error))

    def _finish(
        self, response: Response | None, fault: Fault | None = None, detail: str = ""
    ) -> None:
        """Report the answer, if one is awaited; the connection knows its fate before that."""
        exchange = self._exchange
        if exchange is None or exchange.sent_ns is None:
            return
        self._exchange = None
        self.idle_since_ns = now_ns = self._now_ns()
        request, reader = exchange.request, exchange.reader
        answer = Answer(
            request.ref,
            request.account,
            response,
            fault,
            detail,
            (reader.status or None) if reader is not None else None,
            # Of a part nobody can say when it had left.
            None if exchange.unsent else exchange.sent_ns,
            exchange.first_byte_ns,
            now_ns if response is not None else None,
        )
        exchange.on_done(self, answer)
