"""Orders that need only be written: all at once, in one loop without an await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from swimdesk.schwab.lane.connection import Connection, LaneRequest
from swimdesk.schwab.lane.idle import IdleConnections
from swimdesk.schwab.lane.poll import Poll, guarded
from swimdesk.schwab.outcomes import Answer, Fault

OnAnswer = Callable[[Answer], None]


class LaneBurst:
    """Orders with their bytes made and a connection each; fired once, or discarded.

    No retry, no redirect, no connection opened while orders leave: a line whose connection is gone
    takes its account's spare, or is reported as not sent.
    """

    def __init__(
        self,
        requests: Sequence[LaneRequest],
        idle: IdleConnections,
        poll: Poll,
        left: Callable[[], None],
        why_none: Callable[[str], str],
    ) -> None:
        """``left`` is called once, when nothing of the burst is left to be written."""
        self._idle = idle
        self._poll = poll
        self._left: Callable[[], None] | None = left
        self._why_none = why_none
        self._has_left = False
        self._on_answer: OnAnswer | None = None
        self._unreported: list[Answer] = []
        """Answers that have come and were not handed on yet."""
        self._loaded: list[Connection] = []
        self._without: list[LaneRequest] = []
        self._waiting: dict[Connection, None] = {}
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for request in requests:
            connection = idle.take(request.account)
            if connection is None:
                self._without.append(request)
            else:
                connection.load(request, self._done)
                self._loaded.append(connection)

    def leave(self) -> None:
        """Write every order once, in order, without waiting; without effect the second time."""
        if self._has_left:
            return
        self._has_left = True
        loaded, self._loaded = self._loaded, []
        self._poll.look_at_all()
        ended = [connection for connection in loaded if not connection.shoot()]
        self._waiting = dict.fromkeys(loaded)
        unwritten = [answer for one in ended if (answer := self._shoot_spare(one)) is not None]
        self._all_left()
        self._unreported += unwritten
        for request in self._without:
            why = self._why_none(request.account)
            self._unreported.append(
                Answer(request.ref, request.account, fault=Fault.NO_CONNECTION, detail=why)
            )

    async def fire(
        self, on_sent: Callable[[], None], on_answer: OnAnswer, deadline_s: float
    ) -> None:
        """Let the orders leave if they have not, and report each answer once; return when all have.

        ``on_sent`` is called after the last write. Lines without an answer ``deadline_s`` seconds
        later are given up; an error of a callback reaches the loop's exception handler.
        """
        self.leave()
        guarded(on_sent)
        self._on_answer = on_answer
        self._report()
        await self._finish(deadline_s)

    def discard(self) -> None:
        """Let nothing of this leave, ever; without effect once it has left."""
        self._has_left = True
        loaded, self._loaded = self._loaded, []
        for connection in loaded:
            connection.unload()
        self._all_left()

    def _shoot_spare(self, ended: Connection) -> Answer | None:
        """Write an order over the spare of its account instead; return the answer if it cannot."""
        del self._waiting[ended]
        request = ended.unload()
        spare = self._idle.take(request.account)
        if spare is None:
            return Answer(request.ref, request.account, fault=Fault.CONNECTION_ENDED)
        spare.load(request, self._done)
        if spare.shoot():
            self._waiting[spare] = None
            return None
        spare.unload()
        return Answer(request.ref, request.account, fault=Fault.CONNECTION_ENDED)

    def _all_left(self) -> None:
        left, self._left = self._left, None
        if left is not None:
            left()

    def _done(self, connection: Connection, answer: Answer) -> None:
        self._idle.keep(answer.account, connection)
        del self._waiting[connection]
        self._unreported.append(answer)
        # What it means is worked out when all that have come are read: they have their moments.
        self._poll.afterwards(self._report)

    def _report(self) -> None:
        """Hand on what has come; an error there must not lose the other lines."""
        if self._on_answer is None:
            return
        answers, self._unreported = self._unreported, []
        for answer in answers:
            guarded(self._on_answer, answer)
        if not self._waiting and not self._unreported:
            self._end()

    async def _finish(self, deadline_s: float) -> None:
        """Wait until every line was reported, the deadline's silent ones included."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(deadline_s, self._give_up, Fault.DEADLINE)
        try:
            await self._finished
        finally:
            timer.cancel()
            self._give_up(Fault.ABANDONED)

    def _give_up(self, fault: Fault) -> None:
        for connection in list(self._waiting):
            connection.give_up(fault)

    def _end(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)
