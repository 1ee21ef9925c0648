"""The two ways to the broker that are cut: bursts of orders, and requests to cancel."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import httpx

from swimdesk.desk.ports import Burst, LineOrder, Outcome, Prepared
from swimdesk.schwab.canceling import Cancels
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.directory import Directory
from swimdesk.schwab.lane import Lane
from swimdesk.schwab.lane.transport import LaneTransport
from swimdesk.schwab.reads import Reader
from swimdesk.schwab.timeouts import Timeouts
from tests.chaos.cut_answers import Class, expected
from tests.chaos.cut_cases import Case, Method, Where
from tests.chaos.cut_peer import Peer, Plan
from tests.chaos.cut_server import CutServer, all_of
from tests.unit.schwab.site import Site, hash_of
from tests.unit.schwab.support import vertical

LOGIN = "smith"
OLD_ID = "77"
PATIENT = Timeouts(order_s=30.0, cancel_s=30.0)
IMPATIENT = Timeouts(order_s=0.05, cancel_s=1.0)
"""Where nothing but the deadline ends the waiting. An order's begins to run after the cut."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the product says of one request; ``at_cut`` is whether the cut came before that."""

    known: Class
    order_id: str | None = None
    at_cut: bool = True


class Sender(Protocol):
    """Sends one request for each case; ``hashes`` are the accounts', in the same order."""

    hashes: list[str]

    async def send_cut(self) -> list[Known]:
        """Send over connections that are cut."""
        ...

    async def send_next(self) -> list[Known]:
        """Send the same again over whatever connection the accounts have by now."""
        ...

    async def aclose(self) -> None:
        """End all connections."""
        ...


class _Batch:
    """What both ways share: an account for each case, and a broker's site to read them from."""

    def __init__(
        self, server: CutServer, cases: Sequence[Case], context: ssl.SSLContext | None
    ) -> None:
        count = len(cases)
        numbers = tuple(f"1111{number:04}" for number in range(1, count + 1))
        self._server = server
        self._cases = cases
        self._aliases = [f"{LOGIN}-{number}" for number in range(1, count + 1)]
        self._site = Site(numbers={LOGIN: numbers})
        self._url = f"https://127.0.0.1:{server.port}"
        # Without a context the lane speaks plain TCP: for servers that care about single bytes.
        self._context = cast("ssl.SSLContext", context)
        self._waits = expected(cases[0]).waits
        self._timeouts = IMPATIENT if self._waits else PATIENT
        self.hashes = [hash_of(number) for number in numbers]

    def _plan(self, number: int) -> None:
        """Let the next connection be cut as this case says."""
        self._server.plans.append(Plan(self._cases[number], self.hashes[number]))


class OrderSender(_Batch):
    """Orders and replacements, through the whole adapter."""

    def __init__(
        self, server: CutServer, cases: Sequence[Case], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(server, cases, context)
        self._broker = SchwabBroker(
            api_url=self._url,
            ssl_context=self._context,
            tokens=self._site.tokens,
            logins=(LOGIN,),
            accounts=(),
            clock=self._site.clock,
            timeouts=self._timeouts,
            transport=httpx.MockTransport(self._site.handle),
        )

    async def send_cut(self) -> list[Known]:
        """Warm one by one, so that connections and cases go in step, and fire."""
        for number, alias in enumerate(self._aliases):
            self._plan(number)
            await self._broker.ready([alias])
        where = self._cases[0].where
        if where is Where.IDLE:
            await self._cut_before()
        burst = self._broker.load(self._prepared())
        if where is Where.LOADED:
            await self._cut_before()
        burst.leave()
        if self._waits:
            await all_of(peer.at_cut for peer in self._server.planned())
        return await self._fired(burst)

    async def send_next(self) -> list[Known]:
        """Make the accounts ready again and fire."""
        await self._broker.ready(self._aliases)
        burst = self._broker.load(self._prepared())
        wanted = self._server.answered + len(self._cases)
        burst.leave()
        if self._waits:
            await self._server.until_answered(wanted)
        return await self._fired(burst)

    async def aclose(self) -> None:
        """Close the adapter."""
        await self._broker.aclose()

    def _prepared(self) -> Prepared:
        lines = [LineOrder(alias, alias, vertical()) for alias in self._aliases]
        orders = self._broker.prepare(lines).orders
        if self._cases[0].method is Method.PUT:
            orders = tuple(replace(order, replaces=OLD_ID) for order in orders)
        return Prepared(orders)

    async def _fired(self, burst: Burst) -> list[Known]:
        found: dict[str, Outcome] = {}

        def report(outcome: Outcome) -> None:
            if outcome.ref in found:
                raise AssertionError(f"{outcome.ref} was reported twice")
            found[outcome.ref] = outcome

        await burst.fire(lambda: None, report)
        return [
            Known(Class(found[alias].kind.value), found[alias].order_id) for alias in self._aliases
        ]

    async def _cut_before(self) -> None:
        peers = self._server.planned()
        for peer in peers:
            peer.cue.set()
        await all_of(peer.at_cut for peer in peers)


class CancelSender(_Batch):
    """Requests to cancel, over the lane."""

    def __init__(
        self, server: CutServer, cases: Sequence[Case], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(server, cases, context)
        site = self._site
        reads = httpx.MockTransport(site.handle)
        self._reader = Reader(self._url, self._context, site.tokens, site.clock, reads)
        self._directory = Directory(self._reader, (LOGIN,), (), {}, site.clock)
        self._lane = Lane("127.0.0.1", server.port, context, "127.0.0.1", site.clock)
        self._clients = [self._client(times.cancel_s) for times in (self._timeouts, PATIENT)]

    async def send_cut(self) -> list[Known]:
        """Ask for each once the connection of the one before has come; nobody waits for another."""
        client, _ = self._clients
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number, alias in enumerate(self._aliases):
                self._plan(number)
                tasks.append(group.create_task(self._cancel(client, alias, number)))
                await self._server.until_planned()
        return [task.result() for task in tasks]

    async def send_next(self) -> list[Known]:
        """Ask for all at once."""
        _, client = self._clients
        return await asyncio.gather(*(self._cancel(client, alias) for alias in self._aliases))

    async def aclose(self) -> None:
        """Close clients and lane."""
        for client in self._clients:
            await client.aclose()
        await self._reader.aclose()
        await self._lane.close()

    def _client(self, answer_s: float) -> Cancels:
        carrier = LaneTransport(self._lane)
        return Cancels(self._url, carrier, self._site.tokens, self._directory, answer_s)

    async def _cancel(self, client: Cancels, alias: str, number: int | None = None) -> Known:
        outcome = await client.cancel(alias, OLD_ID)
        peer: Peer | None = None if number is None else self._server.planned()[number]
        return Known(Class(outcome.kind.value), at_cut=peer is None or peer.at_cut.is_set())


def sender_of(server: CutServer, cases: Sequence[Case], context: ssl.SSLContext | None) -> Sender:
    """Return what sends the requests of these cases, which are all of one method."""
    way = CancelSender if cases[0].method is Method.DELETE else OrderSender
    return way(server, cases, context)
