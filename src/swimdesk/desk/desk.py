"""The desk in this process: one object behind every front end."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from swimdesk import __version__
from swimdesk.desk.book import Book
from swimdesk.desk.broadcaster import Broadcaster, Launch
from swimdesk.desk.bus import Bus
from swimdesk.desk.guard import Guard
from swimdesk.desk.hours import EASTERN, market_day
from swimdesk.desk.launching import lines_of_plan, waves_of
from swimdesk.desk.planner import Planner
from swimdesk.desk.ports import (
    Broker,
    Clock,
    GuardRecord,
    GuardState,
    HaltSentinel,
    Ids,
    Journal,
    MarketData,
    PreparedOrder,
    TokenSource,
)
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.reconciler import Horizons
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.desk.showing import account_view, balance_view, chain_view, order_view, position_view
from swimdesk.desk.supervisor import Supervisor
from swimdesk.desk.tracker import Tracker
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import Halted, Resumed
from swimdesk.domain.orders import UNRESOLVED, Doubt, LineState
from swimdesk.domain.plan import Plan, digest
from swimdesk.domain.risk import RiskLimits
from swimdesk.errors import (
    BrokerError,
    InputError,
    OrderDenied,
    PlanExpired,
    StoreError,
    UnknownReference,
    UnknownSymbol,
)
from swimdesk.telemetry.logs import get_log
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    GuardView,
    LoginView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    StatusView,
    TaskView,
)
from swimdesk.views.present import broadcast_view, plan_view
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

log = get_log(__name__)

PLANS_KEPT = 64
"""Plans whose rendered orders stay in memory; the rest is rendered again when sent."""

NOW = timedelta(0)


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
    limits: RiskLimits = RiskLimits()
    plan_life_s: int = 60
    horizons: Horizons = Horizons()


class Desk:
    """The facade in process. Start it, use it, close it; all methods run on one loop."""

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self._clock = outside.clock
        self._journal = outside.journal
        self.book = Book()
        self.bus = Bus()
        self.supervisor = Supervisor()
        self._recorder = Recorder(outside.journal, self.book, self.bus, outside.clock)
        self._reader = HoldingsReader(outside.broker, self.book, self._recorder, outside.clock)
        self._guard = Guard(outside.journal, outside.sentinel, outside.clock)
        self._planner = Planner(
            outside.broker,
            outside.market,
            self._reader,
            outside.clock,
            outside.ids,
            settings.limits,
            settings.plan_life_s,
        )
        self._broadcaster = Broadcaster(outside.broker, self._recorder, self._guard, outside.clock)
        self._tracker = Tracker(
            outside.broker, self.book, self._recorder, outside.clock, settings.horizons
        )
        self._plans: OrderedDict[str, tuple[Plan, Mapping[str, PreparedOrder]]] = OrderedDict()
        self._submitting = asyncio.Lock()

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what was left over and begin to follow it; never sends anything."""
        await self._guard.load()
        for broadcast in await self._journal.unfinished():
            self._recorder.opened(broadcast)
            await self._recorder.update(broadcast.id, _left_over)
        self.supervisor.loop("tracker", self._tracker.run)
        self._tracker.wake()

    async def close(self) -> None:
        """Finish what is in flight and stop; everything else is in the journal."""
        await self.supervisor.close()

    # --- asking ------------------------------------------------------------------------------

    async def status(self) -> StatusView:
        """Tell the health of the home on one screen."""
        snapshot = self.book.snapshot
        newest = await self._journal.history(1)
        return StatusView(
            version=__version__,
            mode=self._settings.mode,
            home=str(self._settings.home),
            owner=os.getpid(),
            guard=_guard_view(self._guard.record),
            accounts=len(snapshot.accounts) or None,
            open_broadcasts=sum(not b.is_settled for b in snapshot.broadcasts.values()),
            in_doubt_lines=sum(
                line.state is LineState.IN_DOUBT
                for b in snapshot.broadcasts.values()
                for line in b.lines
            ),
            newest_broadcast=newest[0].id if newest else None,
            logins=tuple(
                LoginView(h.login, h.state, h.access_expires, h.refresh_expires, h.detail)
                for h in self._outside.tokens.health()
            ),
            tasks=tuple(
                TaskView(t.name, t.state, t.restarts, t.detail) for t in self.supervisor.health
            ),
            alarms=snapshot.alarms,
        )

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        chosen = await self._read(scope)
        return tuple(account_view(account) for account in chosen)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        chosen = await self._read(scope)
        balances = self.book.snapshot.balances
        return tuple(balance_view(account, balances[account.alias]) for account in chosen)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        chosen = await self._read(scope)
        held = self.book.snapshot.positions
        return tuple(
            position_view(account, position)
            for account in chosen
            for position in held.get(account.alias, ())
        )

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders, ours and others', newest first."""
        chosen = {account.alias: account for account in await self._choose(scope)}
        today = market_day(self._clock.now())
        since = datetime.combine(today, time.min, EASTERN).astimezone(UTC)
        read = await self._outside.broker.orders(list(chosen), since)
        missing = sorted(set(chosen) - read.accounts)
        if missing or not read.complete:
            raise BrokerError(
                f"The order lists of {', '.join(missing) or 'some accounts'} could not be read"
                " completely, so nothing is shown; try again."
            )
        ours = {
            (line.account, line.order_id): broadcast.id
            for broadcast in self.book.snapshot.broadcasts.values()
            for line in broadcast.lines
        }
        newest_first = sorted(read.orders, key=lambda order: order.entered, reverse=True)
        return tuple(
            order_view(chosen[o.account], o, ours.get((o.account, o.order_id)))
            for o in newest_first
        )

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        found = await self._outside.market.quotes(symbols)
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            raise UnknownSymbol(f"The broker does not know {', '.join(missing)}.")
        return tuple(
            QuoteView(q.symbol, q.description, q.bid, q.ask, q.last, q.mark, q.as_of)
            for q in (found[symbol] for symbol in symbols)
        )

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        market = self._outside.market
        expiries = await market.expiries(symbol)
        days = sorted({one.day.isoformat() for one in expiries})
        day = expiry or days[0]
        if day not in days:
            raise UnknownSymbol(
                f"{symbol} has no expiration {day}; listed are {', '.join(days[:12])}."
            )
        chosen = next(one.day for one in expiries if one.day.isoformat() == day)
        contracts, quotes = await asyncio.gather(
            market.chain(symbol, chosen, strikes), market.quotes([symbol])
        )
        return chain_view(symbol, day, days, quotes.get(symbol), contracts)

    # --- planning and sending ----------------------------------------------------------------

    async def preview(self, request: PlanRequest) -> PlanView:
        """Plan a ticket: allocate, check, price; sends nothing."""
        if request.scope.is_empty:
            raise InputError("Say which accounts: --all, --group NAME or --account ALIAS.")
        accounts = await self._choose(request.scope)
        warm = asyncio.gather(*self._ready(accounts), return_exceptions=True)
        try:
            result = await self._planner.plan(request, accounts, self.book.snapshot)
        finally:
            await warm
        self._plans[result.plan.id] = (result.plan, result.prepared)
        while len(self._plans) > PLANS_KEPT:
            self._plans.popitem(last=False)
        if request.save:
            await self._journal.save_plan(result.plan)
        return plan_view(result.plan, saved=request.save)

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Send a plan; returns once every intent is written down and the burst is under way."""
        t0_ns = self._clock.monotonic_ns()
        async with self._submitting:
            return await self._submit(request, t0_ns)

    async def _submit(self, request: SubmitRequest, t0_ns: int) -> BroadcastView:
        earlier = await self._earlier(request)
        if earlier is not None:
            return broadcast_view(earlier)
        self._check_may_send()
        plan, orders = await self._take_plan(request)
        await asyncio.gather(
            *self._ready([self.book.snapshot.accounts[line.account] for line in plan.sendable]),
            return_exceptions=True,
        )
        seed = self._clock.monotonic_ns() & 0xFFFF_FFFF
        lines = lines_of_plan(plan, self._outside.ids)
        waves = waves_of(lines, orders, request.waves, seed)
        broadcast = Broadcast(
            id=request.broadcast,
            order=plan.order,
            mode=self._settings.mode,
            created=self._clock.now(),
            lines=_first_wave_sending(lines, waves[0].orders),
            key=request.key,
            agent=request.agent,
            plan_digest=plan.digest,
            seed=seed,
        )
        await self._recorder.open(broadcast)
        broadcast = replace(broadcast, journal_ns=self._clock.monotonic_ns() - t0_ns)
        self._recorder.opened(broadcast)
        launch = Launch(broadcast, waves, t0_ns, stop_on_refuse=request.on_refuse == "stop")
        self.supervisor.job(f"broadcast {broadcast.id}", self._launch(launch))
        # The burst goes first; the answer to whoever asked can wait one turn of the loop.
        await asyncio.sleep(0)
        return broadcast_view(self.book.snapshot.broadcasts[broadcast.id])

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until the broadcast is settled or the time is over; answers are always awaited."""
        with self.bus.subscribe() as events:
            found = await self._find(broadcast)
            try:
                async with asyncio.timeout(wait_s):
                    while not self._current(found).is_settled:
                        await events.get()
            except TimeoutError:
                while any(x.state is LineState.SENDING for x in self._current(found).lines):
                    await events.get()
            return broadcast_view(self._current(found))

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show one broadcast by its id or a unique ending of it."""
        return broadcast_view(self._current(await self._find(broadcast)))

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
        self._recorder.publish(Halted(reason))
        return _guard_view(record)

    async def resume(self) -> GuardView:
        """Allow sending again."""
        if self._recorder.store_failed:
            raise StoreError(
                "Results could not be written to the database; free disk space and restart the"
                " desk before sending again. Restarting sends nothing."
            )
        record = await self._guard.resume()
        self._recorder.publish(Resumed())
        return _guard_view(record)

    # --- inside ------------------------------------------------------------------------------

    def _check_may_send(self) -> None:
        self._guard.check()
        if self._recorder.store_failed:
            raise StoreError(
                "Results of an earlier broadcast could not be written, so nothing more is sent;"
                " free disk space and restart the desk. Its orders are at the broker."
            )

    async def _earlier(self, request: SubmitRequest) -> Broadcast | None:
        """Return the broadcast that this request (repeated) or its key already made."""
        known = self.book.snapshot.broadcasts.get(request.broadcast)
        if known is None:
            known = await self._journal.broadcast(request.broadcast)
        if known is None and request.key is not None:
            known = await self._journal.broadcast_by_key(request.key)
        return known and self._current(known)

    async def _take_plan(self, request: SubmitRequest) -> tuple[Plan, Mapping[str, PreparedOrder]]:
        """Return a live plan with its rendered orders and make sure it is used only once."""
        kept = self._plans.get(request.plan)
        saved = await self._journal.load_plan(request.plan)
        plan = kept[0] if kept else saved
        if plan is None:
            raise PlanExpired(f"There is no plan {request.plan} to send; preview the order again.")
        if self._clock.now() >= plan.expires:
            raise PlanExpired(
                f"The plan expired at {plan.expires:%H:%M:%S} UTC; preview the order again."
            )
        if not plan.sendable:
            raise OrderDenied(_why_nothing(plan))
        if request.on_deny == "stop" and len(plan.sendable) < len(plan.lines):
            raise OrderDenied(f"--on-deny stop: {_why_nothing(plan)}")
        await self._choose(Scope(accounts=tuple(line.account for line in plan.sendable)))
        orders = kept[1] if kept else self._planner.render(plan.sendable)
        self._check_digest(plan, orders)
        if saved is not None and not await self._journal.spend_plan(plan.id):
            raise PlanExpired(f"The plan {plan.id} was sent already.")
        self._plans.pop(plan.id, None)
        return plan, orders

    def _check_digest(self, plan: Plan, orders: Mapping[str, PreparedOrder]) -> None:
        """What was shown is what leaves: the bodies must hash to the digest of the plan."""
        lines = [replace(x, body_hash=orders[x.account].body_hash) for x in plan.sendable]
        if digest(lines) != plan.digest:
            raise PlanExpired("The orders no longer match the plan; preview the order again.")

    async def _launch(self, launch: Launch) -> None:
        await self._broadcaster.send(launch)
        self._tracker.wake()
        if self._recorder.store_failed:
            await self._halt_for_store()

    async def _halt_for_store(self) -> None:
        reason = "results could not be written to the database"
        try:
            await self.halt(reason)
        except StoreError as e:
            # The sentinel file is in place by now; that is what counts.
            log.error("desk.halt_not_written", error=e.detail)

    def _ready(self, accounts: Sequence[Account]) -> list[asyncio.Task[None]]:
        logins: dict[str, list[str]] = {}
        for account in accounts:
            logins.setdefault(account.login, []).append(account.alias)
        return [
            asyncio.ensure_future(self._outside.broker.ready(aliases))
            for aliases in logins.values()
        ]

    async def _choose(self, scope: Scope) -> tuple[Account, ...]:
        accounts = await self._reader.discover()
        if scope.everyone or scope.is_empty:
            return accounts
        aliases = {account.alias for account in accounts}
        groups = {group for account in accounts for group in account.groups}
        unknown = [a for a in scope.accounts if a not in aliases]
        unknown += [g for g in scope.groups if g not in groups]
        if unknown:
            raise UnknownReference(
                f"{', '.join(unknown)}: no such account or group. Groups:"
                f" {', '.join(sorted(groups)) or 'none'}; `swimdesk accounts` lists the accounts."
            )
        return tuple(
            a for a in accounts if a.alias in scope.accounts or a.groups & set(scope.groups)
        )

    async def _read(self, scope: Scope) -> tuple[Account, ...]:
        """Read holdings of the chosen accounts now; an account that cannot be read is an error."""
        chosen = await self._choose(scope)
        answer = await self._reader.holdings(chosen, NOW)
        for alias, error in answer.failed.items():
            raise type(error)(f"{alias}: {error.detail}")
        known = self.book.snapshot.accounts
        return tuple(known[account.alias] for account in chosen)

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


def _left_over(broadcast: Broadcast) -> list[Change]:
    """Judge what a stop left behind: what may have left is in doubt, the rest was not sent."""
    changes = []
    for line in broadcast.lines:
        if line.state is LineState.SENDING:
            reason = "the desk stopped before the broker's answer came"
            moved = line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason=reason)
            changes.append(Change(moved))
        elif line.state is LineState.PLANNED:
            reason = "the desk stopped before this order left"
            changes.append(Change(line.moved(LineState.NOT_SENT, reason=reason)))
    return changes


def _first_wave_sending(lines: Sequence[Line], first: Sequence[PreparedOrder]) -> tuple[Line, ...]:
    leaving = {order.ref for order in first}
    return tuple(line.moved(LineState.SENDING) if line.ref in leaving else line for line in lines)


def _why_nothing(plan: Plan) -> str:
    """Say in one sentence what kept accounts out, most frequent reason first."""
    reasons: dict[str, list[str]] = {}
    for line in plan.lines:
        for one in line.denials:
            reasons.setdefault(one.code, []).append(f"{line.account} {one.detail}")
        if line.reason:
            reasons.setdefault("SKIPPED", []).append(f"{line.account} {line.reason}")
    ranked = sorted(reasons.items(), key=lambda item: -len(item[1]))
    shown = "; ".join(
        f"{code} in {len(texts)} account{'s' if len(texts) > 1 else ''} ({texts[0]})"
        for code, texts in ranked[:3]
    )
    return f"{len(plan.lines) - len(plan.sendable)} of {len(plan.lines)} accounts kept out: {shown}"


def _guard_view(record: GuardRecord) -> GuardView:
    is_halted = record.state is GuardState.HALTED
    return GuardView(record.state.value, record.reason, record.since if is_halted else None)


__all__ = ["UNRESOLVED", "Desk", "DeskSettings", "Outside"]
