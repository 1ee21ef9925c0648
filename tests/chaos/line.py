"""The order lane's sockets, without a kernel: the product's lane over connections of the wire."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from itertools import count
from typing import cast

from aiohappyeyeballs import AddrInfoType

from swimdesk.desk.ports import Clock
from swimdesk.schwab.lane.connection import Connection, LaneRequest, OnDone
from swimdesk.schwab.lane.dialing import Dialer
from swimdesk.schwab.lane.poll import Poll, Watched, tell
from swimdesk.schwab.lane.secrecy import Clear
from swimdesk.schwab.network import NoConnection
from swimdesk.sim.messages import SimResponse, Transport
from tests.chaos.life import Life
from tests.chaos.timing import now_s
from tests.chaos.wire import Shot, Wire, parsed, whole

_ORDER = re.compile(rb"(?:POST|PUT) /trader/v1/accounts/([^/ ]+)/orders(?:/(\d+))? ")
_ADDRESS: AddrInfoType = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))


class WirePoll(Poll):
    """Serves connections that have no descriptors of the kernel."""

    def __init__(self) -> None:
        self._watched: dict[int, Watched] = {}
        self._is_looking = False
        self._later = {}
        self._ready: dict[int, None] = {}
        self._writing: dict[int, None] = {}
        self._is_closed = False

    def ready(self, number: int) -> None:
        """Serve a connection in the loop's next turn."""
        self._ready[number] = None
        asyncio.get_running_loop().call_soon(self._serve)

    def watch(self, one: Watched) -> None:
        """Serve a connection from here on."""
        if self._is_closed:
            raise ConnectionAbortedError("the lane is closed")
        self._watched[one.file_number] = one

    def watch_writes(self, one: Watched) -> None:
        """Let the rest of a request be written a moment later."""
        self._writing[one.file_number] = None
        asyncio.get_running_loop().call_later(0.01, self.ready, one.file_number)

    def watch_reads(self, one: Watched) -> None:
        """Tell no more of room to write."""
        self._writing.pop(one.file_number, None)

    def forget(self, one: Watched) -> None:
        """Serve a connection no more."""
        del self._watched[one.file_number]
        self._writing.pop(one.file_number, None)

    def look(self) -> int:
        """Serve whoever has something; return how many."""
        found = list(self._ready)
        self._ready.clear()
        for number in found:
            one = self._watched.get(number)
            if one is None:
                continue
            try:
                if number in self._writing:
                    one.on_writable()
                else:
                    one.on_readable()
            except Exception as error:  # noqa: BLE001 - as the product's own does
                tell(error)
                one.on_abandoned()
        return len(found)

    def close(self) -> None:
        """Serve nobody any more; who still waits is told so."""
        self._is_closed = True
        for one in list(self._watched.values()):
            one.on_abandoned()


class WireSocket:
    """One connection of the order lane: what is written arrives later, what is said comes back."""

    def __init__(self, number: int, wire: Wire, poll: WirePoll, life: Life) -> None:
        self._number = number
        self._wire = wire
        self._poll = poll
        self._life = life
        self._come: list[bytes | OSError] = []
        self._is_open = True
        self._is_broken = wire.strikes("ended")
        self._half: bytes | None = None
        self._waiting: Shot | None = None
        """The order whose answer is awaited."""
        self.ref = ""
        """Of whom the next request is."""
        self.account = ""

    def fileno(self) -> int:
        """Return a number of its own."""
        return self._number

    def send(self, data: bytes) -> int:
        """Take a request; part of it, nothing of it, or all."""
        if not self._is_open or not self._life.is_alive or self._is_broken:
            raise BrokenPipeError
        if self._half is not None:
            raise ConnectionResetError
        if not data:
            return 0
        shot = self._shot(data)
        if shot is not None:
            self._wire.trace.note("shot", self.ref, self.account)
            self._wire.before_shot(shot)
            self._wire.shots.append(shot)
            if self._wire.strikes("cut_write"):
                self._half = data[: len(data) // 2]
                return len(self._half)
        self._waiting = shot
        loop = asyncio.get_running_loop()
        loop.call_later(self._wire.way_s(), self._arrive, data, shot)
        return len(data)

    def recv(self, _most: int) -> bytes:
        """Return what came next; an error of the connection is raised."""
        if not self._come:
            raise BlockingIOError
        come = self._come.pop(0)
        if self._come:
            self._poll.ready(self._number)
        if isinstance(come, OSError):
            raise come
        return come

    def close(self) -> None:
        """End the connection; what was written arrives all the same."""
        if self._is_open and self._waiting is not None and self._life.is_alive:
            self._wire.given_up(self._waiting)
        self._is_open = False

    def _shot(self, data: bytes) -> Shot | None:
        found = _ORDER.match(data)
        if found is None:
            return None
        replaces = found[2].decode() if found[2] else None
        return Shot(
            self.ref, self.account, found[1].decode(), replaces, now_s(), life=self._life.number
        )

    def _arrive(self, data: bytes, shot: Shot | None) -> None:
        response = self._wire.answer(parsed(data), shot)
        if response.transport is Transport.HANG:
            return
        delay_s = self._wire.way_s() + response.extra_delay_ms / 1000
        asyncio.get_running_loop().call_later(delay_s, self._answered, response, shot)

    def _answered(self, response: SimResponse, shot: Shot | None) -> None:
        if not self._is_open or not self._life.is_alive:
            return
        self._waiting = None
        data = whole(response)
        if response.transport is Transport.RESET:
            self._come.append(ConnectionResetError())
        elif response.transport is Transport.CUT:
            self._come += [data[: len(data) // 2], b""]
        else:
            if shot is not None:
                location = response.headers.get("Location", "")
                shot.named = location.rpartition("/")[2] or None
                if location.endswith(f"/{shot.hash}/orders/{shot.order_id}"):
                    shot.answered_s = now_s()
            cut = len(data) // 3 if self._wire.strikes("split") else 0
            self._come += [part for part in (data[:cut], data[cut:]) if part]
        self._poll.ready(self._number)


class WireConnection(Connection):
    """The product's connection, which also tells its socket whose request it carries."""

    __slots__ = ("_line",)

    def __init__(self, line: WireSocket, poll: WirePoll, clock: Clock) -> None:
        self._line = line
        super().__init__(cast("socket.socket", line), Clear(), poll, clock)

    def load(self, request: LaneRequest, on_done: OnDone) -> None:
        """Make the bytes of a request."""
        self._line.ref, self._line.account = request.ref, request.account
        super().load(request, on_done)


class WireDialer(Dialer):
    """Opens connections of the wire."""

    def __init__(self, wire: Wire, poll: WirePoll, clock: Clock, life: Life) -> None:
        self._wire = wire
        self._lines = poll
        self._clock = clock
        self._life = life
        self._numbers = count(3)

    async def addresses(self) -> Sequence[AddrInfoType]:
        """Know where the brokerage is."""
        return [_ADDRESS]

    async def open(self, addresses: Sequence[AddrInfoType]) -> Connection:
        """Open one connection; NoConnection."""
        await asyncio.sleep(self._wire.way_s())
        if self._wire.strikes("no_dial"):
            raise NoConnection("nothing listens there")
        line = WireSocket(next(self._numbers), self._wire, self._lines, self._life)
        return WireConnection(line, self._lines, self._clock)
