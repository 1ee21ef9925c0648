"""The order lane: a warm connection per account, all orders of a wave in one synchronous loop.

No retry, no redirect, no connection opened while orders leave: a line whose connection is gone is
reported as not sent. Measurements behind this design: performance 1-3, 9.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from swimdesk.desk.ports import Clock
from swimdesk.schwab.connection import Connection, LaneRequest
from swimdesk.schwab.network import why_no_connection
from swimdesk.schwab.outcomes import Answer, Fault

IDLE_LIMIT_S: Final = 75.0
"""Idle connections older than this are replaced: firewalls drop them silently.

Longer than a plan lives, so that its confirmation finds what its preview has opened.
"""
CONNECT_TIMEOUT_S: Final = 3.0
HANDSHAKES_AT_ONCE: Final = 24
_SPARES: Final = 2

OnAnswer = Callable[[Answer], None]


class Lane:
    """Orders over warm connections to one broker; ``server_name`` is what its certificate names."""

    def __init__(
        self,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext | None,
        server_name: str,
        clock: Clock,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self._host = host
        self._port = port
        self._ssl_context = ssl_context
        self._server_name = server_name
        self._clock = clock
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[str, list[Connection]] = {}
        self._why_none: dict[str, str] = {}
        self._handshakes = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
        self._opening: dict[str, asyncio.Lock] = {}

    async def warm(self, accounts: Sequence[str]) -> None:
        """See that each account has a fresh connection; who has none is told when it fires."""
        wanted = dict.fromkeys(accounts)
        await self._notice_ended(wanted)
        await asyncio.gather(*(self._warm_one(account) for account in wanted))

    async def fire(
        self,
        requests: Sequence[LaneRequest],
        on_sent: Callable[[], None],
        on_answer: OnAnswer,
        deadline_s: float,
    ) -> None:
        """Write every request once, in order, and report each answer once; return when all have.

        ``on_sent`` is called after the last write. Lines without an answer ``deadline_s`` seconds
        later are given up; an error of a callback reaches the loop's exception handler.
        """
        await self._notice_ended(request.account for request in requests)
        wave = _Wave(on_answer)
        unwritten = [
            answer for request in requests if (answer := self._write(request, wave)) is not None
        ]
        guarded(on_sent)
        for answer in unwritten:
            wave.report(answer)
        await wave.finish(deadline_s)

    async def close(self) -> None:
        """End all idle connections."""
        idle = [connection for kept in self._idle.values() for connection in kept]
        self._idle.clear()
        for connection in idle:
            connection.drop()
        if idle:
            await asyncio.wait([connection.ended for connection in idle], timeout=1.0)

    def _write(self, request: LaneRequest, wave: _Wave) -> Answer | None:
        connection = self._take(request.account)
        if connection is None:
            why = self._why_none.get(request.account, "")
            return Answer(request.ref, request.account, fault=Fault.NO_CONNECTION, detail=why)
        wave.add(connection)

        def on_done(connection: Connection, answer: Answer) -> None:
            self._keep(answer.account, connection)
            wave.remove(connection)
            wave.report(answer)

        answer = connection.send(request, on_done)
        if answer is not None:
            wave.remove(connection)
        return answer

    def _take(self, account: str) -> Connection | None:
        """Take an idle connection out; the newest first, a spare may be near its limit."""
        kept = self._idle.get(account, [])
        ended = None
        while kept:
            connection = kept.pop()
            if connection.is_usable:
                return connection
            ended = connection
        return ended

    def _keep(self, account: str, connection: Connection) -> None:
        kept = self._idle.setdefault(account, [])
        if connection.is_usable and len(kept) < _SPARES:
            kept.append(connection)
        else:
            connection.drop()

    def _has_fresh(self, account: str) -> bool:
        """Drop what has ended or idled too long; tell whether anything is left."""
        oldest_ns = self._clock.monotonic_ns() - int(IDLE_LIMIT_S * 1e9)
        kept = self._idle.pop(account, [])
        fresh = [c for c in kept if c.is_usable and c.idle_since_ns >= oldest_ns]
        for connection in kept:
            if connection not in fresh:
                connection.drop()
        if fresh:
            self._idle[account] = fresh
        return bool(fresh)

    async def _warm_one(self, account: str) -> None:
        """Open what is missing; two callers at once share one connection."""
        async with self._opening.setdefault(account, asyncio.Lock()):
            if not self._has_fresh(account):
                async with self._handshakes:
                    await self._open(account)

    async def _open(self, account: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._clock),
                    self._host,
                    self._port,
                    ssl=self._ssl_context,
                    server_hostname=self._server_name if self._ssl_context else None,
                )
        except OSError as error:  # TLS errors and timeouts are OSErrors too
            self._why_none[account] = why_no_connection(error, self._host)
        else:
            self._why_none.pop(account, None)
            self._keep(account, connection)

    async def _notice_ended(self, accounts: Iterable[str]) -> None:
        """Let the loop see ends of connections that the kernel knows of already."""
        idle = [c for account in accounts for c in self._idle.get(account, ())]
        if _input_waits(idle):
            # One turn to poll the sockets, one for what was read to reach the connections.
            await asyncio.sleep(0)
            await asyncio.sleep(0)


class _Wave:
    """The orders of one burst that wait for their answers."""

    def __init__(self, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._waiting: dict[Connection, None] = {}
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, connection: Connection) -> None:
        self._waiting[connection] = None

    def remove(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)

    def report(self, answer: Answer) -> None:
        """Hand an answer on; an error there must not lose the other lines."""
        guarded(lambda: self._on_answer(answer))
        self._end_if_complete()

    async def finish(self, deadline_s: float) -> None:
        """Wait until every line was reported, the deadline's silent ones included."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(deadline_s, self._give_up, Fault.DEADLINE)
        self._end_if_complete()
        try:
            await self._finished
        finally:
            timer.cancel()
            self._give_up(Fault.ABANDONED)

    def _give_up(self, fault: Fault) -> None:
        for connection in list(self._waiting):
            connection.give_up(fault)

    def _end_if_complete(self) -> None:
        if not self._waiting and not self._finished.done():
            self._finished.set_result(None)


def guarded(callback: Callable[[], None]) -> None:
    """Run a caller's callback; its errors go to the loop's exception handler."""
    try:
        callback()
    except Exception as error:  # noqa: BLE001 - whatever a caller's code does, the wave goes on
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a callback of the order lane failed", "exception": error}
        )


def _input_waits(connections: Sequence[Connection]) -> bool:
    """Tell whether the kernel holds bytes or an end of stream for any idle connection."""
    poll = select.poll()
    for connection in connections:
        if connection.file_number >= 0:
            poll.register(connection.file_number, select.POLLIN)
    return bool(poll.poll(0))
