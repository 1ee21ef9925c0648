"""One world: a brokerage, a home on a disk, and a desk that is started and killed in between."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from swimdesk.control.ownership import HomeLock
from swimdesk.desk.assembly import DeskSettings, Outside
from swimdesk.desk.desk import Desk
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import TokenSource
from swimdesk.domain.accounts import Account
from swimdesk.domain.risk import RiskLimits
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.lane.lane import Lane
from swimdesk.schwab.timeouts import Timeouts
from swimdesk.sim.core import SimBroker
from swimdesk.sim.faults import FaultPlan
from swimdesk.sim.settings import SimSettings
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from tests.chaos.faults import fired
from tests.chaos.findings import Hand
from tests.chaos.life import Life, MortalRunner
from tests.chaos.line import WireDialer, WirePoll
from tests.chaos.timing import BrokerClock, DeskClock
from tests.chaos.tokens import WireTokens, token_request
from tests.chaos.trace import Trace
from tests.chaos.wire import CALM, NotingLedger, ReadTransport, Wire
from tests.fakes.builders import roomy_limits
from tests.fakes.desk import MemorySentinel

API = "https://broker.test"
ANSWER_DEADLINE_S = 3.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world is, and how long its desk waits before it believes anything."""

    accounts: int
    logins: int
    bind_s: float = 8.0
    absent_s: float = 16.0


class WorldIds:
    """Identifiers that count up over all lives of a world."""

    def __init__(self) -> None:
        self._last = 0

    def mint(self) -> str:
        """Return the next identifier."""
        self._last += 1
        return f"01CHAOS{self._last:08d}"

    def mint_many(self, count: int) -> list[str]:
        """Return the next identifiers."""
        return [self.mint() for _ in range(count)]


@dataclass(slots=True)
class Process:
    """A desk that runs, with what belongs to its process."""

    life: Life
    desk: Desk
    broker: SchwabBroker
    database: Database
    lock: HomeLock
    runner: MortalRunner


class Disk:
    """The disk of the home; an honest one keeps what was committed."""

    def after_death(self, database: Path) -> None:
        """Do what the disk does when a process has died: nothing."""


@dataclass(slots=True)
class CrashPoint:
    """The call of the journal at which a process dies."""

    at: int | None = None
    after: bool = False


class World:
    """Everything that one seed needs; use it inside a virtual loop."""

    def __init__(self, seed: int, size: Size, home: Path, trace: Trace) -> None:
        self.seed = seed
        self.size = size
        self.home = home
        self.trace = trace
        self.disk = Disk()
        self.ids = WorldIds()
        self.clock = DeskClock()
        self.sentinel = MemorySentinel()
        self.happened: Counter[str] = Counter()
        self.faults_struck: Counter[str] = Counter()
        self.by_hand: dict[str, Hand] = {}
        """Orders that somebody else placed, by id."""
        self.processes: list[Process] = []
        self.crashes: list[str] = []
        """Errors that nobody expected."""
        self.broker_clock = clock = BrokerClock()
        settings = SimSettings(size.accounts, size.logins, seed, base_url=API)
        self.broker = SimBroker(settings, clock)
        ledger = NotingLedger(self.broker.accounts, clock)
        self.broker.ledger = ledger
        self.wire = Wire(self.broker, ledger, Random(f"{seed}:wire"), trace)
        self.accounts = tuple(
            Account(f"A-{one.index + 1:02d}", one.login, one.last4) for one in self.broker.accounts
        )
        self._lives = 0

    @property
    def database(self) -> Path:
        """The journal's file."""
        return self.home / "desk.db"

    @property
    def process(self) -> Process | None:
        """The newest process that lives."""
        living = [one for one in self.processes if one.life.is_alive]
        return living[-1] if living else None

    # --- processes ---------------------------------------------------------------------------

    async def start(self, crash: CrashPoint = CrashPoint()) -> bool:  # noqa: B008 - never changed
        """Start a desk on the home; False where another process has it."""
        for dead in [one for one in self.processes if not one.life.is_alive]:
            await self.kill(dead)
        lock = HomeLock(self.home)
        if not lock.try_acquire():
            return False
        self._lives += 1
        life = Life(self._lives)
        self.trace.note("start", life.number)
        database = Database.open(self.database, "paper", self.clock.now(), reserve_bytes=4096)
        database.read(lambda c: c.execute("PRAGMA synchronous=OFF").fetchall())
        runner = MortalRunner(life, crash.at, after=crash.after)
        journal = SqliteJournal(database, self.clock, runner, lambda _: None)
        tokens = self.token_source(life)
        broker = self._broker(life, tokens)
        outside = Outside(broker, broker, journal, tokens, self.sentinel, self.clock, self.ids)
        limits = _limits()
        horizons = Horizons(
            timedelta(seconds=self.size.bind_s), timedelta(seconds=self.size.absent_s)
        )
        desk = Desk(outside, DeskSettings("paper", self.home, limits, horizons=horizons))
        process = Process(life, desk, broker, database, lock, runner)
        self.processes.append(process)
        try:
            await life.run(desk.start())
        except asyncio.CancelledError:
            if life.is_alive:
                raise
        return True

    def token_source(self, life: Life) -> TokenSource:
        """Return where a process has its access tokens from."""
        return WireTokens(self.broker, self.wire)

    def _broker(self, life: Life, tokens: TokenSource) -> SchwabBroker:
        broker = SchwabBroker(
            api_url=API,
            ssl_context=_no_trust(),
            tokens=tokens,
            logins=tuple(login.name for login in self.broker.logins),
            accounts=self.accounts,
            clock=self.clock,
            timeouts=Timeouts(order_s=ANSWER_DEADLINE_S),
        )
        # Only what has a socket is another one; whoever uses it is the product's own.
        _over_wire(broker._lane, self.wire, life, self.clock)
        broker._reader._transport = ReadTransport(self.wire, life)
        return broker

    async def kill(self, process: Process) -> None:
        """End a process as a kill does: no task finishes anything, the file stays as it is."""
        self.happened["crash"] += process.runner.has_crashed
        self.trace.note("kill", process.life.number)
        await process.life.drop()
        process.database.close()
        process.lock.release()
        self.processes.remove(process)
        self.disk.after_death(self.database)

    async def close(self, process: Process) -> None:
        """End a process in order."""
        await process.life.run(process.desk.close())
        await process.life.run(process.broker.aclose())
        await process.life.drop()
        process.database.close()
        process.lock.release()
        self.processes.remove(process)

    # --- the brokerage -----------------------------------------------------------------------

    def calm_down(self) -> None:
        """Let nothing go wrong any more."""
        self.note_faults()
        self.broker.faults.replace(FaultPlan())
        self.wire.weather = CALM

    def crashed(self, what: Mapping[str, Any]) -> None:
        """Take in what the loop could tell nobody else."""
        error = what.get("exception")
        if not isinstance(error, asyncio.CancelledError):
            self.crashes.append(f"{what['message']}: {error!r}")

    def hand_token(self, login: str) -> str:
        """Return a token for somebody who places orders by hand."""
        request = token_request(self.broker, login)
        return str(json.loads(self.broker.handle(request).body)["access_token"])

    def note_faults(self) -> None:
        """Count what has struck so far under the plan in force."""
        self.faults_struck += fired(self.broker.faults.report())
        self.faults_struck += self.wire.happened
        self.wire.happened.clear()

    def trouble(self, plan: FaultPlan) -> None:
        """Put a fault plan in force."""
        self.broker.faults.replace(plan)


def _limits() -> RiskLimits:
    """Return limits that let nearly everything leave: what is sent is to be followed."""
    most = Decimal(100_000_000)
    return roomy_limits(
        duplicate_window_s=1,
        quote_max_age_s=3600,
        balances_max_age_s=3600,
        max_notional_per_order=most,
        max_notional_per_broadcast=most,
    )


@cache
def _no_trust() -> ssl.SSLContext:
    # Nothing is ever spoken over it, and reading the machine's roots takes long.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _over_wire(lane: Lane, wire: Wire, life: Life, clock: DeskClock) -> None:
    poll = WirePoll()
    lane._poll.close()
    lane._poll = poll
    lane._dialer = WireDialer(wire, poll, clock, life)
