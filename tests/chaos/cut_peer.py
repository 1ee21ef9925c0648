"""One connection of the broker that cuts: by its plan once, well from then on."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.chaos.cut_answers import expected, kind_of, pieces, size_on
from tests.chaos.cut_cases import BEFORE, Case, Ending, Where, Wire
from tests.chaos.cut_tls import MOST_BYTES, NoVeil, Veil
from tests.fakes.misbehaving import location, response

WITH_A_RESET = socket.SO_LINGER, struct.pack("ii", 1, 0)
TURNS = 3
"""So many turns of the loop, and whoever shares it has read what was sent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one connection, and which account is known to come over it."""

    case: Case
    account_hash: str


@dataclass(slots=True)
class Inbox:
    """The requests of one connection, put together from their bytes."""

    buffer: bytes = b""
    whole: list[bytes] = field(default_factory=list)

    def take(self, plain: bytes) -> None:
        """Take what has come in."""
        self.buffer += plain
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            size = int(length[1]) if length else 0
            if not found or len(rest) < size:
                return
            self.whole.append(self.buffer[: len(head) + 4 + size])
            self.buffer = rest[size:]


class Peer:
    """One connection; it goes by its plan once, and serves as a broker does from then on."""

    def __init__(
        self,
        sock: socket.socket,
        veil: Veil,
        plan: Plan | None,
        on_answered: Callable[[], Awaitable[None]],
    ) -> None:
        self._sock = sock
        self._veil = veil
        self._on_answered = on_answered
        self.plan = plan
        self.inbox = Inbox()
        self.read_bytes = 0
        """How many bytes of the wire came after the greeting."""
        self.greeted_bytes = 0
        """How many bytes of the wire the greeting took from here."""
        self.cue = asyncio.Event()
        """Set where the end is to come before the order."""
        self.at_cut = asyncio.Event()
        """Set when all that was planned has been done."""
        self.has_ended = asyncio.Event()
        """Set when the client has ended it, or it was reset from here."""

    async def serve(self) -> None:
        """Go by the plan until the connection ends."""
        try:
            with suppress(ConnectionError):
                if await self._greet() and await self._go_by_plan():
                    await self._serve_well()
                await self._drain()
        finally:
            self.at_cut.set()
            self.has_ended.set()
            self._sock.close()

    def begun(self) -> list[str]:
        """Name by their account's hash the requests that began to arrive; ? where none can tell."""
        hashes = [hash_in(request) for request in self.inbox.whole]
        if self.plan is not None and self.read_bytes and not hashes:
            return [self.plan.account_hash]
        return [*hashes, "?"] if self.inbox.buffer else hashes

    # --- the plan ----------------------------------------------------------------------------

    async def _go_by_plan(self) -> bool:
        """Do what is planned; return whether the connection is good for more requests."""
        if self.plan is None:
            return True
        case = self.plan.case
        answer = b"" if case.where in BEFORE or not case.says else self._answer()
        if case.where in BEFORE:
            await self.cue.wait()
        elif case.where is Where.RESPONSE:
            await self._read_request()
            await self._say(answer)
        else:
            await self._until_readable()
            await self._read_bytes(case.offset)
            if case.where is Where.EARLY:
                await self._send(self._sealed(answer))
        await self._end(case.ending)
        if case.ending not in {Ending.SPLIT, Ending.STALL} or expected(case).waits:
            return False
        if not self.inbox.whole:
            await self._read_request()
        return True

    def _answer(self) -> bytes:
        assert self.plan is not None
        return kind_of(self.plan.case).make(self.plan.account_hash)

    async def _say(self, answer: bytes) -> None:
        assert self.plan is not None
        case = self.plan.case
        if case.wire is Wire.RECORDS:
            for piece in cut_at(case.offset, pieces(answer)):
                await self._send(self._veil.seal(piece))
            return
        wire = self._sealed(answer)
        await self._send(wire[: case.offset])
        if case.ending is Ending.SPLIT:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            await self._send(wire[case.offset :])

    def _sealed(self, answer: bytes) -> bytes:
        sealed = b"".join(self._veil.seal(piece) for piece in pieces(answer))
        wire = Wire.PLAIN if isinstance(self._veil, NoVeil) else Wire.TLS
        assert len(sealed) == size_on(wire, answer)
        return sealed

    async def _end(self, ending: Ending) -> None:
        if ending is Ending.RST:
            self._sock.setsockopt(socket.SOL_SOCKET, *WITH_A_RESET)
            # What is still to be read dies with it.
            raise ConnectionResetError
        if ending is Ending.BYE:
            await self._send(self._veil.farewell())
        if ending in {Ending.FIN, Ending.BYE}:
            self._sock.shutdown(socket.SHUT_WR)
        self.at_cut.set()

    # --- bytes -------------------------------------------------------------------------------

    async def _greet(self) -> bool:
        """Shake hands; False where that was cut."""
        cut = self.plan.case if self.plan and self.plan.case.where is Where.HANDSHAKE else None
        is_over = isinstance(self._veil, NoVeil)
        while not is_over:
            says, is_over = self._veil.greet(await self._recv_record())
            room = len(says) if cut is None else cut.offset - self.greeted_bytes
            await self._send(says[:room])
            # What follows the client's last word are tickets.
            self.greeted_bytes += 0 if is_over else len(says)
            if cut is not None and room <= len(says):
                await self._end(cut.ending)
                return False
        return True

    async def _until_readable(self) -> None:
        """Wait until something has come, and leave it there."""
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._sock, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._sock)

    async def _read_bytes(self, count: int) -> None:
        while self.read_bytes < count:
            self._take(await self._recv(count - self.read_bytes))

    async def _read_request(self) -> None:
        wanted = len(self.inbox.whole) + 1
        while len(self.inbox.whole) < wanted:
            self._take(await self._recv(MOST_BYTES))

    def _take(self, data: bytes) -> None:
        self.read_bytes += len(data)
        self.inbox.take(self._veil.open(data))

    async def _recv(self, most: int) -> bytes:
        data = await asyncio.get_running_loop().sock_recv(self._sock, most)
        if not data:
            raise ConnectionResetError
        return data

    async def _recv_record(self) -> bytes:
        """Read one record of TLS and nothing of what comes behind it."""
        record = b""
        while (missing := _record_size(record) - len(record)) > 0:
            record += await self._recv(missing)
        return record

    async def _send(self, data: bytes) -> None:
        if data:
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def _serve_well(self) -> None:
        while True:
            await self._read_request()
            account_hash = hash_in(self.inbox.whole[-1])
            is_cancel = self.inbox.whole[-1].startswith(b"DELETE")
            headers = {} if is_cancel else {"Location": location(account_hash)}
            await self._send(self._veil.seal(response(200 if is_cancel else 201, headers=headers)))
            await self._on_answered()

    async def _drain(self) -> None:
        """Read on without a word: an order that came again would show."""
        while True:
            self._take(await self._recv(MOST_BYTES))


def hash_in(request: bytes) -> str:
    """Return the account's hash in the path of a request."""
    return request.split(b"/")[4].decode()


def cut_at(offset: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give parts until so many bytes are given."""
    for part in parts:
        if offset > 0:
            yield part[:offset]
        offset -= len(part)


def _record_size(record: bytes) -> int:
    return 5 + int.from_bytes(record[3:5], "big") if len(record) >= 5 else 5
