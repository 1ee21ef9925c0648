"""A desk at its ports over a real file, and a plain model of the brokerage, for a state machine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

from swimdesk.desk.assembly import DeskSettings, Outside
from swimdesk.desk.desk import Desk
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import (
    ENDED,
    BrokerOrder,
    BrokerOrderState,
    OrdersRead,
    Outcome,
    PreparedOrder,
)
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from tests.chaos.life import Life, MortalRunner, task_of_life
from tests.chaos.runner import in_memory
from tests.chaos.timing import now_s
from tests.chaos.world import WorldIds
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import roomy_limits, some_accounts
from tests.fakes.desk import MemorySentinel, NoTokens
from tests.fakes.virtual import START, VirtualClock, VirtualLoop

T = TypeVar("T")

ACCOUNTS = some_accounts(3, per_login=2)
HORIZONS = Horizons(timedelta(seconds=8), timedelta(seconds=16))


@dataclass(slots=True)
class PlainBroker(FakeBroker):
    """The broker at the port, which also knows which order came of which request."""

    made: dict[str, str] = field(default_factory=dict)
    """By order id the ref of the request that made it."""
    replaces: dict[str, str] = field(default_factory=dict)
    """By the id of an order that was to take another's place the id of that one."""
    on_the_way: list[PreparedOrder] = field(default_factory=list)
    """Requests that were lost, and may arrive yet."""
    shows_half: bool = False
    covered: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    """The complete reads: when each was begun, and of which accounts."""
    at_first_byte: Callable[[PreparedOrder], None] = field(default=lambda _: None)

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """List what there is, or half of it."""
        began_s = now_s()
        read = await FakeBroker.orders(self, accounts, since)
        if self.shows_half:
            return replace(read, orders=read.orders[::2], complete=False)
        self.covered.append((began_s, read.accounts))
        return read

    def arrive(self, pick: int) -> None:
        """Let a request arrive that was lost."""
        self._accept(self.on_the_way.pop(pick % len(self.on_the_way)), Act.REST)

    def place_by_hand(self, account: str, fingerprint: str, tag: str) -> str:
        """Put an order of somebody else into the books that looks like one of ours."""
        mine = next(one for one in self.ledger if one.fingerprint == fingerprint)
        order_id = str(1005000000001 + len(self.ledger))
        entered = self.clock.now().replace(microsecond=0)
        self.ledger.append(
            BrokerOrder(
                account, order_id, BrokerOrderState.WORKING, "WORKING", entered, fingerprint,
                mine.quantity, Decimal(0), tag=tag, legs=mine.legs, ticket=mine.ticket,
            )
        )  # fmt: skip
        return order_id

    def end(self, order_id: str, state: BrokerOrderState) -> None:
        """Let an order end without more fills."""
        self._move(order_id, state)

    def may_fill(self, order_id: str) -> int:
        """Return the units that may still fill, of an order that has its place."""
        order, old = self.order_of(order_id), self.replaces.get(order_id)
        is_waiting = old is not None and self.order_of(old).state is not BrokerOrderState.REPLACED
        return 0 if order.state in ENDED or is_waiting else int(order.quantity - order.filled)

    def copy(self, clock: VirtualClock) -> PlainBroker:
        """Return another broker with the same books."""
        twin = PlainBroker(
            clock,
            self.accounts,
            ledger=[*self.ledger],
            made=dict(self.made),
            replaces=dict(self.replaces),
        )
        twin._tickets.update(self._tickets)
        return twin

    def _take(self, order: PreparedOrder, sent_ns: int) -> Outcome | None:
        self.at_first_byte(order)
        is_lost = self.acts.get(order.account) is Act.LOSE
        if order.replaces is None and is_lost:
            self.on_the_way.append(order)
        return FakeBroker._take(self, order, sent_ns)

    def _accept(self, order: PreparedOrder, act: Act) -> str:
        order_id = FakeBroker._accept(self, order, act)
        self.made[order_id] = order.ref
        if order.replaces is not None:
            self.replaces[order_id] = order.replaces
        return order_id


class Home:
    """The file of a desk, the desk on it, and a loop on virtual time."""

    def __init__(self, start: datetime = START, broker: PlainBroker | None = None) -> None:
        self.folder = Path(mkdtemp(prefix="machine-", dir=in_memory()))
        self.file = self.folder / "desk.db"
        self.loop = VirtualLoop()
        self.loop.set_task_factory(task_of_life)
        self.loop.set_exception_handler(lambda _, what: self.errors.append(str(what)))
        self.errors: list[str] = []
        self.clock = VirtualClock(start)
        self.broker = broker.copy(self.clock) if broker else PlainBroker(self.clock, ACCOUNTS)
        self.sentinel = MemorySentinel()
        self.ids = WorldIds()
        self.life = Life(0)
        self._desk: Desk | None = None
        self._database: Database | None = None

    @property
    def desk(self) -> Desk:
        """The desk that runs."""
        assert self._desk is not None
        return self._desk

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something, and let happen what happens meanwhile."""
        return self.loop.run_until_complete(work)

    def ask(self, work: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
        """Ask the desk for something, within its process."""

        async def asked() -> T:
            return await self.life.run(work(self.desk))

        return self.run(asked())

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.run(asyncio.sleep(seconds))

    def start(self) -> None:
        """Start a desk on the file."""
        self.run(self._start())

    async def _start(self) -> None:
        if not self.file.exists():
            shutil.copy(_empty(), self.file)
        self.life = Life(self.life.number + 1)
        database = Database.open(self.file, "paper", self.clock.now(), reserve_bytes=4096)
        database.read(lambda c: c.execute("PRAGMA synchronous=OFF").fetchall())
        journal = SqliteJournal(database, self.clock, MortalRunner(self.life), lambda _: None)
        outside = Outside(
            self.broker, self.broker, journal, NoTokens(), self.sentinel, self.clock, self.ids
        )
        settings = DeskSettings(
            "paper", self.folder, roomy_limits(duplicate_window_s=1), horizons=HORIZONS
        )
        self._database, self._desk = database, Desk(outside, settings)
        await self.life.run(self._desk.start())

    def kill(self) -> None:
        """End the desk as a kill does."""
        self.run(self.life.drop())
        if self._database is not None:
            self._database.close()
        self._database = None

    def close(self) -> None:
        """Let go of everything."""
        self.kill()
        self.loop.close()
        shutil.rmtree(self.folder)


@cache
def _empty() -> Path:
    """Return a file of today's schema with nothing in it."""
    file = Path(mkdtemp(prefix="machine-", dir=in_memory())) / "desk.db"
    Database.open(file, "paper", START, reserve_bytes=4096).close()
    return file
