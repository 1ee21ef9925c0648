"""The product's whole path: a real desk, journal and broker, whose orders go to the responder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol, cast

from swimdesk.bench.condor import Condor
from swimdesk.bench.responding import Place, Seen
from swimdesk.bench.shots import ANSWERS_S, Shot
from swimdesk.bench.site import Site, Tokens, hash_of, numbers_by_login
from swimdesk.bootstrap import HomePaths, SystemClock, Ulids
from swimdesk.bootstrap.running import open_journal
from swimdesk.desk.assembly import DeskSettings, Outside
from swimdesk.desk.bus import Subscription
from swimdesk.desk.desk import Desk
from swimdesk.desk.ports import Broker, Journal, LineOrder
from swimdesk.desk.submitter import make_ready
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.events import BroadcastOpened, LinesChanged
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import LineState
from swimdesk.domain.risk import RiskLimits
from swimdesk.errors import InvariantBroken
from swimdesk.schwab.client import SchwabBroker
from swimdesk.store.sentinel import FileSentinel
from swimdesk.views.models import PlanView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

SETTLE_S: Final = 120.0
EVERY_ACCOUNT: Final = Scope(everyone=True)
_WIDE: Final = Decimal(10) ** 12
_ALL_OF_IT: Final = Decimal(1)

LIMITS: Final = RiskLimits(
    max_notional_per_order=_WIDE,
    max_notional_share=_ALL_OF_IT,
    ceiling_notional_share=_ALL_OF_IT,
    max_notional_per_broadcast=_WIDE,
    max_position_share=_ALL_OF_IT,
    collar_option=_ALL_OF_IT,
    duplicate_window_s=0,
    duplicate_warn_s=0,
    broadcast_repeat_window_s=0,
    broadcasts_per_minute=10_000,
    broadcasts_per_day=100_000,
)
"""What a bench that sends all day asks for: every check runs, none finds anything."""


class Sender(Protocol):
    """Who plans and confirms: the desk itself, or the console before it."""

    async def plan(self, order: str) -> PlanView:
        """Plan an order over all accounts."""
        ...

    async def send(self, plan: PlanView) -> None:
        """Send a plan; it may return once the burst is under way."""
        ...


class Direct:
    """Asks the desk, as a command does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def plan(self, order: str) -> PlanView:
        """Plan an order over all accounts."""
        return await self._desk.preview(PlanRequest(order, EVERY_ACCOUNT))

    async def send(self, plan: PlanView) -> None:
        """Send a plan."""
        await self._desk.submit(SubmitRequest(plan.plan, Ulids().mint()))


class Timed:
    """A journal that notes how long its last commit of a broadcast took; else as it was."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.commit_ns = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Write a broadcast down."""
        clock = SystemClock()
        began_ns = clock.monotonic_ns()
        await self._journal.open_broadcast(broadcast)
        self.commit_ns = clock.monotonic_ns() - began_ns


class Product:
    """Sends as an operator does: a plan, a confirm, and every order followed to its end."""

    def __init__(
        self, desk: Desk, broker: Broker, site: Site, condor: Condor, journal: Timed
    ) -> None:
        self.desk = desk
        self._journal = journal
        self.sender: Sender = Direct(desk)
        self._broker = broker
        self.accounts = frozenset(
            hash_of(number) for numbers in site.numbers.values() for number in numbers
        )
        self._site = site
        self._condor = condor
        self._turn = 0
        self._plan: PlanView | None = None
        self._order = condor.text(0)
        self._broadcast = ""

    def body(self) -> bytes:
        """Return what the broker is sent for the order of this turn."""
        line = LineOrder("", "", parse(self._order))
        return self._broker.prepare([line]).orders[0].body

    async def warm(self) -> None:
        """Connect every account, as a preview does."""
        await make_ready(self._broker, tuple(self.desk.book.snapshot.accounts.values()))

    async def prepare(self) -> None:
        """Make the plan of the next broadcast; its connections are warm afterwards."""
        self._turn += 1
        self._order = self._condor.text(self._turn)
        plan = await self.sender.plan(self._order)
        denied = [line for line in plan.lines if line.verdict != "send"]
        if denied:
            raise InvariantBroken(f"the bench's own order was denied: {denied[0]}")
        self._plan = plan

    async def fire(self) -> Shot:
        """Send the plan and return once every outcome is in the journal."""
        if self._plan is None:
            raise TypeError("there is no plan to fire")
        self._site.hold()
        clock = SystemClock()
        with self.desk.bus.subscribe(bound=len(self.accounts) + 64) as events:
            confirmed_ns = clock.monotonic_ns()
            await self.sender.send(self._plan)
            async with asyncio.timeout(ANSWERS_S):
                await self._answers(events)
            written_ns = clock.monotonic_ns()
        return self._shot(confirmed_ns, written_ns)

    async def settle(self, seen: Sequence[Seen]) -> None:
        """Let every order fill, so that nothing is followed when the next burst leaves."""
        self._site.fill(self.body(), seen)
        view = await self.desk.follow(self._broadcast, SETTLE_S)
        if view.counts["filled"] != len(self.accounts):
            raise InvariantBroken(f"the orders of the bench did not end: {view.counts}")

    async def _answers(self, events: Subscription) -> None:
        """Wait until every line has its outcome, at the cost of one look at each."""
        left = len(self.accounts)
        while left:
            event = await events.get()
            if isinstance(event, BroadcastOpened):
                self._broadcast = event.broadcast.id
            elif isinstance(event, LinesChanged) and event.broadcast_id == self._broadcast:
                left -= sum(line.state is not LineState.SENDING for line in event.lines)

    def _shot(self, confirmed_ns: int, written_ns: int) -> Shot:
        broadcast = self.desk.recorder.current(self._broadcast)
        acked_ns = [line.acked_ns for line in broadcast.lines if line.acked_ns is not None]
        accepted = sum(line.accepted for line in broadcast.lines)
        if accepted != len(self.accounts) or broadcast.journal_ns is None:
            raise InvariantBroken(f"{accepted} of {len(self.accounts)} orders were accepted")
        return Shot(
            confirmed_ns,
            confirmed_ns + broadcast.journal_ns,
            confirmed_ns + max(acked_ns),
            written_ns,
            self._journal.commit_ns,
        )


@asynccontextmanager
async def product(place: Place, home: Path, accounts: int) -> AsyncIterator[Product]:
    """Open a desk of that many accounts in a fresh home, its accounts read, nothing warm yet."""
    clock = SystemClock()
    condor = Condor(clock.now().date())
    numbers = numbers_by_login(accounts)
    site, tokens = Site(numbers, condor, clock), Tokens(numbers)
    paths = HomePaths(home)
    paths.make()
    sentinel = FileSentinel(paths.halt_file)
    async with AsyncExitStack() as stack:
        journal = Timed(await open_journal(stack, paths, "paper", clock, sentinel))
        broker = SchwabBroker(
            api_url=place.api_url,
            ssl_context=place.trust(),
            tokens=tokens,
            logins=tuple(numbers),
            accounts=(),
            clock=clock,
            transport=site.transport(),
        )
        stack.push_async_callback(broker.aclose)
        memory = cast("Journal", journal)
        outside = Outside(broker, broker, memory, tokens, sentinel, clock, Ulids())
        desk = Desk(outside, DeskSettings("paper", home, LIMITS))
        stack.push_async_callback(desk.close)
        await desk.start()
        await desk.balances(EVERY_ACCOUNT)
        yield Product(desk, broker, site, condor, journal)
