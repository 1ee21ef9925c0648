"""The desk in this process: one object behind every front end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from swimdesk import __version__
from swimdesk.desk.assembly import DeskSettings, Outside, assemble
from swimdesk.desk.board import Board
from swimdesk.desk.bus import Subscription
from swimdesk.desk.canceler import line_in
from swimdesk.desk.choosing import choose
from swimdesk.desk.foreign import morning_of
from swimdesk.desk.horizon import Horizon
from swimdesk.desk.leftovers import left_over
from swimdesk.desk.monitors.accounts import AccountMonitor
from swimdesk.desk.monitors.halt_file import HaltFileMonitor
from swimdesk.desk.monitors.logins import LoginMonitor
from swimdesk.desk.needed import counts_since
from swimdesk.desk.reading import together
from swimdesk.desk.showing import guard_view, token_cache_view
from swimdesk.desk.submitter import make_ready
from swimdesk.desk.targets import is_being_replaced, is_over, on_lines
from swimdesk.desk.together import both
from swimdesk.desk.tracker import LOOK_BACK
from swimdesk.desk.trails import trail_view
from swimdesk.desk.turns import current_turn
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.commands import Command
from swimdesk.domain.events import Halted, Reduced, Resumed
from swimdesk.domain.orders import OPEN, TERMINAL, UNRESOLVED, LineState
from swimdesk.domain.risk import limits_hash
from swimdesk.domain.sizing import Remainder
from swimdesk.errors import (
    InputError,
    StoreError,
    UnknownReference,
)
from swimdesk.telemetry.logs import get_log
from swimdesk.views.closing import FlattenView, UndoView
from swimdesk.views.comparing import ForeignView, ReconcileView
from swimdesk.views.holding import HoldingsView
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BoardView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    FairnessView,
    GuardView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    ReadingView,
    StatusView,
    TaskView,
)
from swimdesk.views.present import broadcast_view, plan_view
from swimdesk.views.requests import (
    FlattenRequest,
    PlanRequest,
    ResolveRequest,
    Scope,
    SubmitRequest,
    UndoRequest,
)
from swimdesk.views.signing import (
    BeginSignIn,
    FailSignIn,
    FinishSignIn,
    LoginView,
    SignInStart,
)
from swimdesk.views.trail import TrailView

log = get_log(__name__)

LONGEST_SENDING_S = 600.0
"""Nobody is kept waiting longer than this for waves to leave."""


class Desk:
    """The facade in process. Start it, use it, close it; all methods run on one loop."""

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self._clock = outside.clock
        self._journal = outside.journal
        self._engine = engine = assemble(outside, settings)
        self.book = engine.book
        self.bus = engine.bus
        self.supervisor = engine.supervisor
        self.recorder = engine.recorder
        self._newest: str | None = None
        self._board = Board(self.book, self.bus, outside.clock, engine.calm, self._status)

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what was left over and begin to follow it; never sends anything."""
        await self._engine.guard.load()
        newest = await self._journal.history(1)
        self._newest = newest[0].id if newest else None
        await self._engine.pace.load()
        await self._engine.abilities.load()
        await self._engine.sign_ins.load()
        self._engine.doubts.load(await self._journal.unresolved_since())
        oldest = self._clock.now()
        for broadcast in await self._journal.unfinished():
            self.recorder.opened(broadcast)
            await self.recorder.update(broadcast.id, left_over)
            # What rests and is known by its id is no reason to load the weeks since then.
            searched = counts_since(self.recorder.current(broadcast.id))
            oldest = min(oldest, searched or oldest)
        await self._load_recent(min(self._clock.now() - self._engine.window, oldest - LOOK_BACK))
        await self._engine.tracker.load()
        self.supervisor.loop("tracker", self._engine.tracker.run)
        self._engine.tracker.wake()

    def stay(self) -> None:
        """Keep tokens, connections, balances and positions fresh, as a desk that stays does."""
        logins = LoginMonitor(self._outside.tokens, self.recorder.alarm)
        horizon = Horizon(self._outside.tokens, self.recorder, self._clock)
        accounts = AccountMonitor(
            self._engine.reader, self._engine.scrutiny.holding_watch, self._engine.calm
        )
        halt_file = HaltFileMonitor(self._engine.guard, self.recorder)
        self.supervisor.loop("logins", logins.run)
        self.supervisor.loop("horizon", horizon.run)
        self.supervisor.loop("connections", self._outside.broker.keep_warm)
        self.supervisor.loop("accounts", accounts.run)
        self.supervisor.loop("halt file", halt_file.run)

    async def _load_recent(self, since: datetime) -> None:
        """Know what earlier processes sent, for the duplicate check and the search for orders."""
        recent = await self._journal.since(since)
        # What was taken for absent today may still come, and is read for.
        absent = await self._journal.absent_since(morning_of(self._clock.now()))
        for broadcast in (*recent, *absent):
            if broadcast.id not in self.book.snapshot.broadcasts:
                self.recorder.opened(broadcast)

    async def close(self) -> None:
        """Finish what is in flight and stop; everything else is in the journal."""
        self._engine.broadcaster.stop()
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
            guard=guard_view(self._engine.guard.record),
            accounts=len(snapshot.accounts) or None,
            open_lines=sum(states[state] for state in OPEN),
            in_doubt_lines=sum(states[state] for state in UNRESOLVED),
            doubts=self._engine.doubts.views(
                snapshot.broadcasts.values(), self._engine.tracker.search
            ),
            reading=self._reading(),
            newest_broadcast=newest,
            logins=self._engine.sign_ins.views(),
            token_cache=token_cache_view(self._outside.token_cache),
            tasks=tuple(
                TaskView(t.name, t.state, t.restarts, t.detail) for t in self.supervisor.health
            ),
            alarms=snapshot.alarms,
            limits=limits_hash(self._settings.limits),
        )

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        return await self._engine.inquiries.accounts(scope)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        return await self._engine.inquiries.balances(scope)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        return await self._engine.inquiries.positions(scope)

    async def holdings(self, scope: Scope) -> HoldingsView:
        """Read what the accounts are, can spend and hold, going by what cannot be read."""
        return await self._engine.inquiries.holdings(scope)

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders (Eastern) and those of ours that are still open, newest first."""
        return await self._engine.inquiries.orders(scope)

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        return await self._engine.inquiries.quotes(symbols)

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        return await self._engine.inquiries.chain(symbol, expiry, strikes)

    def _reading(self) -> ReadingView:
        state = together((self._engine.tracker.state, self._engine.reader.state))
        read = [balances.as_of for balances in self.book.snapshot.balances.values()]
        return ReadingView(min(read, default=None), state.failing_since, state.detail)

    # --- planning and sending ----------------------------------------------------------------

    async def warm(self, scope: Scope) -> int:
        """Get tokens and connections ready for orders that may come; return of how many."""
        accounts = await self._choose(scope)
        await make_ready(self._outside.broker, accounts)
        return len(accounts)

    async def preview(self, request: PlanRequest) -> PlanView:
        """Plan a ticket: allocate, check, price; sends nothing."""
        accounts = await self._chosen(request.scope)
        rotates = request.remainder == Remainder.ROTATE
        turn = await current_turn(self._journal) if rotates else 0
        result, _ = await both(
            self._engine.planner.plan(request, accounts, self.book, turn),
            self._before_sending(accounts),
        )
        saved = request.save and bool(result.plan.sendable)
        if saved:
            await self._journal.save_plan(result.plan)
        self._engine.submitter.keep(result, saved=saved)
        return plan_view(result.plan, saved=saved)

    async def _before_sending(self, accounts: Sequence[Account]) -> None:
        """Make connections ready and learn which orders are at the broker already."""
        await both(
            make_ready(self._outside.broker, accounts),
            self._engine.tracker.look([account.alias for account in accounts]),
        )

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Send a plan; returns once every intent is written down and the burst is under way."""
        t0_ns = self._clock.monotonic_ns()
        # Committed and under way together, or not at all, whoever stops waiting for it.
        work = self._engine.submitter.submit(request, t0_ns)
        broadcast = await self.supervisor.finish(f"submit {request.broadcast}", work)
        return broadcast_view(self._current(broadcast))

    async def cancel(self, reference: str) -> BroadcastView:
        """Cancel what is open of a broadcast or of one line; allowed while halted."""
        found, account = await self._find_lines(reference)
        # What was asked of the broker is answered and written down, whoever stops waiting.
        work = self._engine.canceler.cancel(self._current(found), account)
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
        work = self._engine.canceler.cancel_lines(targets)
        commands = await self.supervisor.finish("cancel all", work)
        touched = {broadcast.id: broadcast for broadcast, _ in targets}
        return tuple([await self._show(b, on_lines(b, commands)) for b in touched.values()])

    async def replace(
        self, reference: str, price: Decimal, overrides: tuple[str, ...] = ()
    ) -> BroadcastView:
        """Replace what works of a broadcast or of one line by the same at another price."""
        found, account = await self._find_lines(reference)
        # What was asked of the broker is answered and written down, whoever stops waiting.
        work = self._engine.replacer.replace(self._current(found), account, price, overrides)
        commands = await self.supervisor.finish(f"replace {reference}", work)
        return await self._show(found, commands)

    async def resolve(self, request: ResolveRequest) -> BroadcastView:
        """Settle a line in doubt as the operator says, unless a read made now contradicts it."""
        found, account = await self._find_lines(request.reference)
        if account is None:
            raise InputError(f"Name one line: {found.id}/ALIAS.")
        work = self._engine.scrutiny.resolver.resolve(self._current(found), account, request)
        await self.supervisor.finish(f"resolve {request.reference}", work)
        return await self._show(found)

    async def foreign(self, scope: Scope) -> tuple[ForeignView, ...]:
        """Read the open and today's orders that nobody here sent, newest first."""
        return await self._engine.scrutiny.foreigners.listed(scope)

    async def adopt(self, account: str, order_id: str, reason: str) -> BroadcastView:
        """Take an open order that nobody here sent for ours; sends nothing."""
        work = self._engine.scrutiny.foreigners.adopt(account, order_id, reason)
        return await self._show(await self.supervisor.finish(f"adopt {order_id}", work))

    async def ignore(self, account: str, order_id: str, reason: str) -> ForeignView:
        """Tell an order that nobody here sent as a difference no more."""
        work = self._engine.scrutiny.foreigners.ignore(account, order_id, reason)
        return await self.supervisor.finish(f"ignore {order_id}", work)

    async def reconcile(self, scope: Scope) -> ReconcileView:
        """Compare orders and positions of these accounts (all) with the broker's, completely."""
        return await self._engine.scrutiny.comparer.reconcile(scope)

    async def flatten_plan(self, scope: Scope, price: str) -> FlattenView:
        """Show what would be canceled and closed to leave accounts empty; sends nothing."""
        accounts = await self._chosen(scope)
        work = self._engine.flattener.plan(accounts, price)
        return (await both(work, self._before_sending(accounts)))[0]

    async def flatten(self, request: FlattenRequest) -> FlattenView:
        """Cancel our open orders in the accounts of a plan, then close what they hold by then."""
        # What was begun is carried on to its end, whoever stops waiting.
        work = self._engine.flattener.carry_out(request)
        return await self.supervisor.finish(f"flatten {request.plan}", work)

    async def undo_plan(self, reference: str, price: str) -> UndoView:
        """Show what would be canceled and reversed to take a broadcast back; sends nothing."""
        found, account = await self._find_lines(reference)
        known = await self._engine.reader.discover()
        touched = {line.account for line in found.lines if account in (None, line.account)}
        accounts = [one for one in known if one.alias in touched]
        work = self._engine.undoer.plan(self._current(found), account, known, price)
        return (await both(work, self._before_sending(accounts)))[0]

    async def undo(self, request: UndoRequest) -> UndoView:
        """Cancel what works of a plan's broadcast, then close what it has opened by then."""
        work = self._engine.undoer.carry_out(request)
        return await self.supervisor.finish(f"undo {request.plan}", work)

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

    async def trail(self, reference: str) -> TrailView:
        """Show how the line ``B/ALIAS`` came to be what it is."""
        found, account = await self._find_lines(reference)
        if account is None:
            raise InputError(f"Say which line of {found.id}: B/ALIAS.")
        line = line_in(self._current(found), account)
        return trail_view(found, line, await self._journal.steps(line))

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        return await self._engine.inquiries.broadcasts(limit)

    async def fairness(self, limit: int) -> tuple[FairnessView, ...]:
        """Tell by account how early it was served over the newest broadcasts."""
        return await self._engine.inquiries.fairness(limit)

    # --- signing in --------------------------------------------------------------------------

    async def logins(self) -> tuple[LoginView, ...]:
        """Tell how every login stands: until when, and what a person is to do."""
        return self._engine.sign_ins.views()

    async def begin_sign_in(self, request: BeginSignIn) -> SignInStart:
        """Begin a sign-in of a login; the caller opens what it gives in a browser."""
        return await self._engine.sign_ins.begin(request)

    async def finish_sign_in(self, request: FinishSignIn) -> LoginView:
        """Trade what came back for a new grant, at a moment in which no order is on its way."""
        # A code is good once: it is traded to the end, whoever stops waiting.
        work = self._engine.sign_ins.finish(request)
        return await self.supervisor.finish(f"sign-in {request.attempt}", work)

    async def fail_sign_in(self, request: FailSignIn) -> LoginView:
        """End a sign-in that came to nothing. A wrong password is not typed again."""
        return await self._engine.sign_ins.fail(request)

    # --- the kill switch ---------------------------------------------------------------------

    async def halt(self, reason: str) -> GuardView:
        """Stop all new sending, across restarts."""
        record = await self._engine.guard.halt(reason)
        self.recorder.publish(Halted(reason))
        return guard_view(record)

    async def reduce(self, reason: str) -> GuardView:
        """Let only orders leave that close what is held, across restarts."""
        self._check_store()
        record = await self._engine.guard.reduce(reason)
        self.recorder.publish(Reduced(reason))
        return guard_view(record)

    async def resume(self) -> GuardView:
        """Allow sending again."""
        self._check_store()
        record = await self._engine.guard.resume()
        self.recorder.publish(Resumed())
        return guard_view(record)

    def _check_store(self) -> None:
        if self.recorder.store_failed:
            raise StoreError(
                "Results could not be written to the database; free disk space and restart the"
                " desk before sending again. Restarting sends nothing."
            )

    # --- inside ------------------------------------------------------------------------------

    async def _chosen(self, scope: Scope) -> tuple[Account, ...]:
        """Return accounts that somebody has named; InputError for none."""
        if scope.is_empty:
            raise InputError("Say which accounts: --all, --group NAME, --account ALIAS or --where.")
        accounts = await self._choose(scope)
        if not accounts:
            raise InputError(f"No account meets --where {scope.where}.")
        return accounts

    async def _choose(self, scope: Scope) -> tuple[Account, ...]:
        return await choose(self._engine.reader, scope)

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
