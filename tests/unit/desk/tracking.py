"""A tracker with its book, journal and broker, without a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.broker import FakeBroker
from tests.fakes.builders import a_line, a_ticket, some_accounts
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, VirtualClock

from swimdesk.desk.book import Book
from swimdesk.desk.bus import Bus
from swimdesk.desk.calm import Calm
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, Discovered, OrdersRead
from swimdesk.desk.readlog import ReadLog
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.tracker import Tracker
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import BroadcastOpened
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import BrokerUnreachable

S, B = LineState, BrokerOrderState
TICKET = a_ticket("BUY +100 AAPL @187.50 LMT")


LISTED = timedelta(days=59)


class Lists(FakeBroker):
    """A broker whose lists reach back so far, and can be broken by login."""

    def __init__(self, accounts: int = 8) -> None:
        super().__init__(VirtualClock(), some_accounts(accounts))
        self.asked: list[tuple[tuple[str, ...], datetime]] = []
        self.unlisted_logins: set[str] = set()
        self.hanging_logins: set[str] = set()
        self.cut_logins: set[str] = set()
        self.broken_logins: dict[str, BaseException] = {}
        self.left_out: set[str] = set()
        """Orders that no list shows."""
        self.asked_for: list[str] = []
        """Orders that were read by their ids."""
        self.unreadable: set[str] = set()
        self.hanging: set[str] = set()
        """Orders that cannot be read by their ids, and those of which no answer comes."""

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """List as scripted: not at all, cut, or whole."""
        self.asked.append((tuple(accounts), since))
        began = self.clock.now()
        read = await super().orders(accounts, max(since, began - LISTED))
        shown = tuple(order for order in read.orders if order.order_id not in self.left_out)
        read = replace(read, orders=shown)
        logins = {account.login for account in self.accounts if account.alias in accounts}
        if logins & self.hanging_logins:
            await asyncio.sleep(3600)
        if logins & self.unlisted_logins:
            raise BrokerUnreachable("no answer")
        for login in logins & self.broken_logins.keys():
            raise self.broken_logins[login]
        if logins & self.cut_logins:
            return replace(read, until=began, orders=read.orders[:-1], complete=False)
        return replace(read, until=began)

    async def order(self, account: str, order_id: str) -> BrokerOrder | None:
        """Find one order."""
        self.asked_for.append(order_id)
        if order_id in self.hanging:
            await asyncio.sleep(3600)
        if order_id in self.unreadable:
            raise BrokerUnreachable("no answer")
        return await super().order(account, order_id)


async def nothing_new() -> Discovered:
    """Discover no accounts that are not known."""
    return Discovered(())


class Room:
    """A tracker with its book, journal and broker; use inside ``run_virtual``."""

    def __init__(
        self, *broadcasts: Broadcast, accounts: int = 8, journal: MemoryJournal | None = None
    ) -> None:
        self.broker = Lists(accounts)
        self.book, self.journal = Book(), journal or MemoryJournal()
        self.recorder = Recorder(self.journal, self.book, Bus(), self.broker.clock)
        self.reads = ReadLog(self.journal, self.broker.clock)
        self.tracker = Tracker(
            self.broker,
            self.book,
            self.recorder,
            self.broker.clock,
            Horizons(),
            discover=nothing_new,
            calm=Calm(),
            reads=self.reads,
        )
        for broadcast in broadcasts:
            self.journal.broadcasts[broadcast.id] = broadcast
            self.book.apply(BroadcastOpened(broadcast))

    def line(self, ref: str) -> Line:
        """Return a line as the book has it."""
        return next(
            x for b in self.book.snapshot.broadcasts.values() for x in b.lines if x.ref == ref
        )

    async def rounds(self, count: int, *, every_s: float = 0.0) -> None:
        """Read so many times."""
        for _ in range(count):
            await self.tracker.round()
            await asyncio.sleep(every_s)


def a_row(
    account: str = "A-01",
    order_id: str = "77",
    state: BrokerOrderState = B.WORKING,
    *,
    look: str = "look",
    filled: int = 0,
    tag: str | None = "TA_desk",
) -> BrokerOrder:
    """Build an order of the ledger."""
    return BrokerOrder(
        account, order_id, state, state.upper(), START, look, Decimal(100), Decimal(filled),
        tag=tag,
    )  # fmt: skip


def line_in(state: LineState, account: str = "A-01", **changes: object) -> Line:
    """Build a line of the login that the fake accounts have."""
    login = {x.alias: x.login for x in some_accounts(8)}[account]
    line = replace(a_line(account, state, ticket=TICKET), login=login)
    if state is S.IN_DOUBT:
        line = replace(line, doubt=Doubt.UNKNOWN)
    return replace(line, **changes)  # type: ignore[arg-type]
