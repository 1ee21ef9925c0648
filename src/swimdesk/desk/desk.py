"""The desk in this process: one object behind every front end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from swimdesk import __version__
from swimdesk.desk.abilities import Abilities
from swimdesk.desk.board import Board
from swimdesk.desk.book import KEPT_FOR, Book
from swimdesk.desk.broadcaster import Broadcaster
from swimdesk.desk.bus import Bus, Subscription
from swimdesk.desk.calm import Calm
from swimdesk.desk.canceler import Canceler, line_in
from swimdesk.desk.choosing import choose
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.guard import Guard
from swimdesk.desk.inquiries import Inquiries
from swimdesk.desk.leftovers import left_over
from swimdesk.desk.monitors.accounts import AccountMonitor
from swimdesk.desk.monitors.logins import LoginMonitor
from swimdesk.desk.pace import Pace
from swimdesk.desk.planner import Planner
from swimdesk.desk.ports import (
    Broker,
    Clock,
    HaltSentinel,
    Ids,
    Journal,
    MarketData,
    TokenSource,
)
from swimdesk.desk.reading import HoldingsReader, together
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.replacer import Replacer
from swimdesk.desk.replanning import Replanner
from swimdesk.desk.showing import guard_view
from swimdesk.desk.submitter import Parts, Submitter, make_ready
from swimdesk.desk.supervisor import Supervisor
from swimdesk.desk.targets import is_being_replaced, is_over, on_lines
from swimdesk.desk.together import both
from swimdesk.desk.tracker import Tracker
from swimdesk.desk.turns import current_turn
from swimdesk.desk.underway import Underway
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.commands import Command
from swimdesk.domain.events import Halted, Resumed
from swimdesk.domain.orders import OPEN, TERMINAL, UNRESOLVED, LineState
from swimdesk.domain.risk import RiskLimits, limits_hash
from swimdesk.domain.sizing import Remainder
from swimdesk.errors import (
    InputError,
    StoreError,
    UnknownReference,
)
from swimdesk.telemetry.logs import get_log
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BoardView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    GuardView,
    LoginView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    ReadingView,
    StatusView,
    TaskView,
)
from swimdesk.views.present import broadcast_view, plan_view
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

log = get_log(__name__)

LONGEST_SENDING_S = 600.0
"""Nobody is kept waiting longer than this for waves to leave."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything the desk stands on, chosen by the composition root."""

    broker: Broker
    market: MarketData
    journal: Journal
    tokens: TokenSource
    sentinel: HaltSentinel
    clock: Clock
    ids: Ids


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What the configuration decides about the desk itself."""

    mode: str
    home: Path
    limits: RiskLimits = field(default_factory=RiskLimits)
    plan_life_s: int = 60
    horizons: Horizons = field(default_factory=Horizons)


class Desk:
    """The facade in process. Start it, use it, close it; all methods run on one loop."""

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self._clock = outside.clock
        self._journal = outside.journal
        self._window = _looked_back(settings.limits)
        self.book = Book(max(KEPT_FOR, self._window))
        self.bus = Bus()
        self.supervisor = Supervisor()
        self._calm = Calm()
        self._abilities = Abilities(outside.journal, outside.clock)
        self.recorder = Recorder(
            outside.journal, self.book, self.bus, outside.clock, after=self._abilities.take
        )
        self._pace = Pace(outside.journal, self.book, outside.clock, settings.limits)
        self._reader = HoldingsReader(outside.broker, self.book, self.recorder, outside.clock)
        self._board = Board(self.book, self.bus, outside.clock, self._calm, self._status)
        self._newest: str | None = None
        self._inquiries = self._new_inquiries()
        self._guard = Guard(outside.journal, outside.sentinel, outside.clock)
        self._planner = self._new_planner()
        self._broadcaster = Broadcaster(outside.broker, self.recorder, self._guard, outside.clock)
        self._tracker = Tracker(
            outside.broker,
            self.book,
            self.recorder,
            outside.clock,
            settings.horizons,
            self._reader.discover,
            self._calm,
        )
        underway = Underway()
        self._canceler = self._make_canceler(underway)
        self._replacer = Replacer(
            self._parts(),
            Replanner(self._planner, self._reader),
            underway,
            self._reader.discover,
            watch=self._tracker.watch,
        )
        self._submitter = Submitter(
            self._parts(),
            settings.mode,
            discover=self._reader.discover,
            answered=self._tracker.wake,
        )

    def _make_canceler(self, underway: Underway) -> Canceler:
        outside = self._outside
        return Canceler(
            outside.broker,
            outside.journal,
            self.book,
            self.recorder,
            outside.clock,
            outside.ids,
            underway,
            watch=self._tracker.watch,
        )

    def _new_inquiries(self) -> Inquiries:
        return Inquiries(
            self._outside.broker,
            self._outside.market,
            self._journal,
            self.book,
            self._reader,
            self._clock,
            self._abilities,
        )

    def _new_planner(self) -> Planner:
        return Planner(
            self._outside.broker,
            self._outside.market,
            self._reader,
            self._clock,
            self._outside.ids,
            self._settings.limits,
            self._settings.plan_life_s,
            self._pace,
            self._abilities,
        )

    def _parts(self) -> Parts:
        return Parts(
            broker=self._outside.broker,
            journal=self._journal,
            book=self.book,
            recorder=self.recorder,
            guard=self._guard,
            planner=self._planner,
            broadcaster=self._broadcaster,
            supervisor=self.supervisor,
            clock=self._clock,
            ids=self._outside.ids,
            calm=self._calm,
            pace=self._pace,
            limits=self._settings.limits,
        )

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what was left over and begin to follow it; never sends anything."""
        await self._guard.load()
        newest = await self._journal.history(1)
        self._newest = newest[0].id if newest else None
        await self._pace.load()
        await self._abilities.load()
        for broadcast in await self._journal.unfinished():
            self.recorder.opened(broadcast)
            await self.recorder.update(broadcast.id, left_over)
        await self._load_recent()
        self.supervisor.loop("tracker", self._tracker.run)
        self._tracker.wake()

    def stay(self) -> None:
        """Keep tokens, balances and positions fresh from now on, as a desk that stays does."""
        logins = LoginMonitor(self._outside.tokens, self.recorder.alarm)
        accounts = AccountMonitor(self._reader, self._calm)
        self.supervisor.loop("logins", logins.run)
        self.supervisor.loop("accounts", accounts.run)

    async def _load_recent(self) -> None:
        """Know what was sent moments ago by an earlier process, for the duplicate check."""
        known = self.book.snapshot.broadcasts
        for recent in await self._journal.since(self._clock.now() - self._window):
            if recent.id not in known:
                self.recorder.opened(recent)

    async def close(self) -> None:
        """Finish what is in flight and stop; everything else is in the journal."""
        self._broadcaster.stop()
        await self.supervisor.close()

    # --- asking ------------------------------------------------------------------------------

    async def status(self) -> StatusView:
        """Tell the health of the home on one screen."""
        return self._status()

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait for what is newer than the token of an earlier answer (empty: tell everything)."""
        return await self._board.watch(since, wait_s)

    def _status(self) -> StatusView:
        snapshot = self.book.snapshot
        newest = max(snapshot.broadcasts, default=self._newest)
        states = Counter(x.state for b in snapshot.broadcasts.values() for x in b.lines)
        return StatusView(
            version=__version__,
            mode=self._settings.mode,
            home=str(self._settings.home),
            owner=os.getpid(),
            guard=guard_view(self._guard.record),
            accounts=len(snapshot.accounts) or None,
            open_lines=sum(states[state] for state in OPEN),
            in_doubt_lines=sum(states[state] for state in UNRESOLVED),
            reading=self._reading(),
            newest_broadcast=newest,
            logins=tuple(
                LoginView(h.login, h.state, h.access_expires, h.refresh_expires, h.detail)
                for h in self._outside.tokens.health()
            ),
            tasks=tuple(
                TaskView(t.name, t.state, t.restarts, t.detail) for t in self.supervisor.health
            ),
            alarms=snapshot.alarms,
            limits=limits_hash(self._settings.limits),
        )

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        return await self._inquiries.accounts(scope)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        return await self._inquiries.balances(scope)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        return await self._inquiries.positions(scope)

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders (Eastern) and those of ours that are still open, newest first."""
        return await self._inquiries.orders(scope)

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        return await self._inquiries.quotes(symbols)

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        return await self._inquiries.chain(symbol, expiry, strikes)

    def _reading(self) -> ReadingView:
        state = together((self._tracker.state, self._reader.state))
        read = [balances.as_of for balances in self.book.snapshot.balances.values()]
        return ReadingView(min(read, default=None), state.failing_since, state.detail)

    # --- planning and sending ----------------------------------------------------------------

    async def preview(self, request: PlanRequest) -> PlanView:
        """Plan a ticket: allocate, check, price; sends nothing."""
        if request.scope.is_empty:
            raise InputError("Say which accounts: --all, --group NAME, --account ALIAS or --where.")
        accounts = await self._choose(request.scope)
        if not accounts:
            raise InputError(f"No account meets --where {request.scope.where}.")
        rotates = request.remainder == Remainder.ROTATE
        turn = await current_turn(self._journal) if rotates else 0
        result, _ = await both(
            self._planner.plan(request, accounts, self.book, turn),
            make_ready(self._outside.broker, accounts),
        )
        saved = request.save and bool(result.plan.sendable)
        if saved:
            await self._journal.save_plan(result.plan)
        self._submitter.keep(result, saved=saved)
        return plan_view(result.plan, saved=saved)

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Send a plan; returns once every intent is written down and the burst is under way."""
        t0_ns = self._clock.monotonic_ns()
        # Committed and under way together, or not at all, whoever stops waiting for it.
        work = self._submitter.submit(request, t0_ns)
        broadcast = await self.supervisor.finish(f"submit {request.broadcast}", work)
        return broadcast_view(self._current(broadcast))

    async def cancel(self, reference: str) -> BroadcastView:
        """Cancel what is open of a broadcast or of one line; allowed while halted."""
        found, account = await self._find_lines(reference)
        # What was asked of the broker is answered and written down, whoever stops waiting.
        work = self._canceler.cancel(self._current(found), account)
        commands = await self.supervisor.finish(f"cancel {reference}", work)
        return await self._show(found, commands)

    async def cancel_all(self) -> tuple[BroadcastView, ...]:
        """Cancel every order of ours that may still trade; allowed while halted."""
        targets = [
            (broadcast, line)
            for broadcast in self.book.snapshot.broadcasts.values()
            for line in broadcast.lines
            if line.state not in TERMINAL
        ]
        work = self._canceler.cancel_lines(targets)
        commands = await self.supervisor.finish("cancel all", work)
        touched = {broadcast.id: broadcast for broadcast, _ in targets}
        return tuple([await self._show(b, on_lines(b, commands)) for b in touched.values()])

    async def replace(
        self, reference: str, price: Decimal, overrides: tuple[str, ...] = ()
    ) -> BroadcastView:
        """Replace what works of a broadcast or of one line by the same at another price."""
        found, account = await self._find_lines(reference)
        # What was asked of the broker is answered and written down, whoever stops waiting.
        work = self._replacer.replace(self._current(found), account, price, overrides)
        commands = await self.supervisor.finish(f"replace {reference}", work)
        return await self._show(found, commands)

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until it is known which orders work, or the time is over."""
        with self.bus.subscribe() as events:
            found, account = await self._find_lines(broadcast)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    while is_being_replaced(self._current(found), account):
                        await events.get()
            return await self._show(found)

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until the broadcast (or a line) is settled or the time is over.

        Answers to what was sent are always awaited.
        """
        with self.bus.subscribe() as events:
            found, account = await self._find_lines(broadcast)
            try:
                async with asyncio.timeout(wait_s):
                    while not is_over(self._current(found), account):
                        await events.get()
            except TimeoutError:
                await self._answers_of(found, events)
            return await self._show(found)

    async def _answers_of(self, broadcast: Broadcast, events: Subscription) -> None:
        """Wait until every line has left and been answered; the lane's deadline bounds each."""
        leaving = {LineState.PLANNED, LineState.SENDING}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SENDING_S):
                while leaving & {line.state for line in self._current(broadcast).lines}:
                    await events.get()

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show one broadcast by its id or a unique ending of it."""
        return await self._show(await self._find(broadcast))

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        return tuple(
            BroadcastRow(
                broadcast=row.id,
                key=row.key,
                order=row.order,
                mode=row.mode,
                state=row.state,
                created=row.created,
                counts=dict(row.counts),
            )
            for row in await self._journal.history(limit)
        )

    # --- the kill switch ---------------------------------------------------------------------

    async def halt(self, reason: str) -> GuardView:
        """Stop all new sending, across restarts."""
        record = await self._guard.halt(reason)
        self.recorder.publish(Halted(reason))
        return guard_view(record)

    async def resume(self) -> GuardView:
        """Allow sending again."""
        if self.recorder.store_failed:
            raise StoreError(
                "Results could not be written to the database; free disk space and restart the"
                " desk before sending again. Restarting sends nothing."
            )
        record = await self._guard.resume()
        self.recorder.publish(Resumed())
        return guard_view(record)

    # --- inside ------------------------------------------------------------------------------

    async def _choose(self, scope: Scope) -> tuple[Account, ...]:
        return await choose(self._reader, scope)

    async def _show(self, broadcast: Broadcast, latest: Sequence[Command] = ()) -> BroadcastView:
        """Show a broadcast with its commands, of which ``latest`` are known better than written.

        A store that cannot be read hides commands, and nothing else.
        """
        written: Sequence[Command] = ()
        try:
            written = await self._journal.commands(broadcast.id)
        except StoreError as e:
            log.warning("desk.commands_not_read", broadcast=broadcast.id, error=e.detail)
        commands = {command.id: command for command in (*written, *latest)}
        return broadcast_view(self._current(broadcast), commands.values())

    async def _find_lines(self, reference: str) -> tuple[Broadcast, str | None]:
        """Return a broadcast and the account that ``B/ALIAS`` names; UnknownReference."""
        id_, slash, account = reference.partition("/")
        found = await self._find(id_)
        return found, line_in(found, account).account if slash else None

    async def _find(self, reference: str) -> Broadcast:
        found = self.book.snapshot.broadcasts.get(reference)
        found = found or await self._journal.broadcast(reference)
        if found is None:
            raise UnknownReference(
                f"There is no broadcast {reference}; `swimdesk broadcasts` lists them."
            )
        return found

    def _current(self, broadcast: Broadcast) -> Broadcast:
        return self.book.snapshot.broadcasts.get(broadcast.id, broadcast)


def _looked_back(limits: RiskLimits) -> timedelta:
    """Return how far back the checks of a plan look for orders that were alike."""
    return timedelta(
        seconds=max(
            limits.duplicate_window_s, limits.duplicate_warn_s, limits.broadcast_repeat_window_s
        )
    )
