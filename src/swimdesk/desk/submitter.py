"""From a submitted plan to a broadcast under way: each plan once, each key once, or not at all."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from swimdesk.desk.book import Book
from swimdesk.desk.broadcaster import Broadcaster, Launch
from swimdesk.desk.calm import Calm
from swimdesk.desk.guard import Guard
from swimdesk.desk.handover import Handover
from swimdesk.desk.launching import (
    CANARY,
    check_policy,
    lines_of_plan,
    prepared_waves,
    waves_of,
)
from swimdesk.desk.pace import NEVER_LEFT, Pace
from swimdesk.desk.planner import Planner, PlanResult
from swimdesk.desk.ports import Broker, Burst, Clock, Ids, Journal, Prepared, PreparedOrder
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.supervisor import Supervisor
from swimdesk.desk.turns import pass_turn
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import Halted
from swimdesk.domain.plan import Plan, digest_of
from swimdesk.domain.risk import BroadcastFacts, RiskLimits, pace
from swimdesk.domain.sizing import Remainder
from swimdesk.errors import (
    GuardError,
    InputError,
    InvariantBroken,
    OrderDenied,
    PlanExpired,
    StoreError,
)
from swimdesk.telemetry.logs import get_log
from swimdesk.views.requests import SubmitRequest

log = get_log(__name__)

PLANS_KEPT = 64
"""Plans whose rendered orders stay in memory; the rest is rendered again when sent."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the submitter works with."""

    broker: Broker
    journal: Journal
    book: Book
    recorder: Recorder
    guard: Guard
    planner: Planner
    broadcaster: Broadcaster
    supervisor: Supervisor
    clock: Clock
    ids: Ids
    calm: Calm
    pace: Pace
    handover: Handover
    limits: RiskLimits


@dataclass(frozen=True, slots=True)
class _Kept:
    """A plan in memory; ``saved`` ones are in the journal too and may be spent by others."""

    result: PlanResult
    saved: bool


_PRICE = re.compile(r"@\S+")

PLAN_MARGIN = timedelta(seconds=1)
"""A broadcast so little older than a plan may not have been known to it."""


class Submitter:
    """Keep plans while they live and turn one into a broadcast, one at a time."""

    def __init__(
        self,
        parts: Parts,
        mode: str,
        discover: Callable[[], Awaitable[object]],
        answered: Callable[[], None],
        known: Callable[[Collection[str]], Mapping[str, tuple[str, ...]]],
    ) -> None:
        """``known`` tells which orders of accounts were seen at the broker before."""
        self._known = known
        self._parts = parts
        self._mode = mode
        self._discover = discover
        self._answered = answered
        self._plans: OrderedDict[str, _Kept] = OrderedDict()
        self._turn = asyncio.Lock()

    def keep(self, result: PlanResult, *, saved: bool) -> None:
        """Hold a plan with its rendered orders so that it can be sent at once."""
        self._plans[result.plan.id] = _Kept(result, saved)
        while len(self._plans) > PLANS_KEPT:
            self._plans.popitem(last=False)

    async def submit(self, request: SubmitRequest, t0_ns: int) -> Broadcast:
        """Write the broadcast down and start its burst; a repeated request gives the first one."""
        # Outside the turn: what waits for a login's new grant holds up nobody else's orders.
        async with self._parts.handover.leaving(await self._logins_of(request.plan)), self._turn:
            earlier = await self._earlier(request)
            if earlier is not None:
                await self._check_same_order(request, earlier)
                return earlier
            check_policy(request.waves)
            try:
                check_may_send(self._parts.guard, self._parts.recorder)
                plan, orders = await self._take_plan(request)
            except GuardError:
                # A repeated request of an earlier process finds its plan used: show its broadcast.
                earlier = await self._written(request.broadcast)
                if earlier is None:
                    raise
                return earlier
            await self._ready([line.account for line in plan.sendable])
            if plan.remainder == Remainder.ROTATE:
                await pass_turn(self._parts.journal)
            return await self._start(request, plan, orders, t0_ns)

    async def _logins_of(self, plan_id: str) -> frozenset[str]:
        """Return the logins whose orders a plan would send; none of a plan that is not there."""
        kept = self._plans.get(plan_id)
        plan = kept.result.plan if kept else await self._parts.journal.load_plan(plan_id)
        return frozenset(line.login for line in plan.sendable) if plan else frozenset()

    async def _start(
        self,
        request: SubmitRequest,
        plan: Plan,
        orders: Mapping[str, PreparedOrder],
        t0_ns: int,
    ) -> Broadcast:
        seed = self._parts.pace.next_seed()
        accounts = waves_of([line.account for line in plan.sendable], request.waves, seed)
        lines = lines_of_plan(plan, self._parts.ids, leaving=accounts[0])
        waves = prepared_waves(accounts, lines, orders)
        broadcast = self._broadcast_of(request, plan, lines, seed, t0_ns)
        self._parts.calm.begin(broadcast.id)
        # Before the commit, not while it runs: both are work for the processor, and the journal's
        # thread and this one would take turns at every record.
        launch = self._launch_of(request, broadcast, waves, t0_ns)
        try:
            await self._parts.recorder.open(broadcast)
        except BaseException as error:
            _let_nothing_leave(launch)
            known = isinstance(error, InvariantBroken)
            earlier = await self._written(broadcast.id) if known else None
            if earlier is None:
                raise
            return earlier
        written = replace(broadcast, journal_ns=self._parts.clock.monotonic_ns() - t0_ns)
        has_started = False
        try:
            # In this very turn: whatever else the loop has to do comes after the orders.
            has_started = self._parts.broadcaster.start(launch)
            self._parts.recorder.opened(written)
            self._parts.pace.opened(written)
        finally:
            # Whatever happened here, answers are awaited, or the lines said to be not sent.
            work = self._launch(launch, has_started=has_started)
            self._parts.supervisor.job(f"broadcast {broadcast.id}", work)
        # What waits for the answers goes first; whoever asked can wait one turn of the loop.
        await asyncio.sleep(0)
        return written

    def _launch_of(
        self,
        request: SubmitRequest,
        broadcast: Broadcast,
        waves: tuple[Prepared, ...],
        t0_ns: int,
    ) -> Launch:
        """Load the first wave; what cannot be loaded is tried again when it is to leave."""
        first: Burst | None = None
        try:
            first = self._parts.broker.load(waves[0])
        except Exception as e:  # a bug there is told by lines that are not sent
            log.error("broadcast.load_failed", broadcast=broadcast.id, exc_info=e)
        return Launch(
            broadcast,
            waves,
            first,
            t0_ns,
            ready=self._ready_wave,
            left=lambda: self._parts.calm.end(broadcast.id),
            answered=self._answered,
            stop_on_refuse=(request.on_refuse or _on_refuse(request.waves)) == "stop",
            is_canary=request.waves == CANARY,
        )

    def _broadcast_of(
        self, request: SubmitRequest, plan: Plan, lines: tuple[Line, ...], seed: int, t0_ns: int
    ) -> Broadcast:
        now, since_t0_ns = self._parts.clock.now(), self._parts.clock.monotonic_ns() - t0_ns
        return Broadcast(
            id=request.broadcast,
            order=plan.order,
            mode=self._mode,
            created=now,
            lines=lines,
            key=request.key,
            agent=request.agent,
            plan_digest=plan.digest,
            seed=seed,
            plan=plan.id,
            limits=plan.limits,
            overrides=plan.overrides,
            notional=plan.notional,
            confirmed=now - timedelta(microseconds=since_t0_ns / 1000),
            confirmed_ns=t0_ns,
            preimage=self._known({line.account for line in lines}),
        )

    async def _earlier(self, request: SubmitRequest) -> Broadcast | None:
        """Return the broadcast that this request (repeated) or its key made already.

        An id that only the journal knows is found by its unique constraint, so that a fresh
        request does not wait for a read.
        """
        known = self._parts.book.snapshot.broadcasts.get(request.broadcast)
        if known is None and request.key is not None:
            known = await self._parts.journal.broadcast_by_key(request.key)
        return known

    async def _written(self, broadcast_id: str) -> Broadcast | None:
        """Return the broadcast of exactly this id; the journal would take an ending as well."""
        known = await self._parts.journal.broadcast(broadcast_id)
        return known if known is not None and known.id == broadcast_id else None

    async def _ready(self, aliases: Sequence[str]) -> None:
        if self._parts.broker.is_ready(aliases):
            return
        accounts = self._parts.book.snapshot.accounts
        await make_ready(self._parts.broker, [accounts[alias] for alias in aliases])

    async def _ready_wave(self, wave: Prepared) -> None:
        await self._ready([order.account for order in wave.orders])

    async def _take_plan(self, request: SubmitRequest) -> tuple[Plan, Mapping[str, PreparedOrder]]:
        """Return a live plan with its rendered orders and make sure it is used only once."""
        kept = self._plans.get(request.plan)
        plan = kept.result.plan if kept else await self._parts.journal.load_plan(request.plan)
        if plan is None:
            raise await self._no_plan(request.plan)
        self._check_plan(plan, request)
        await self._check_accounts(plan)
        tickets = (line.ticket for line in plan.sendable)
        self._parts.guard.check_leaving(tickets, plan.overrides)
        orders = kept.result.prepared if kept else self._parts.planner.render(plan.sendable)
        _check_digest(plan, orders)
        if kept is not None:
            self._check_again(kept.result)
        else:
            self._check_nothing_left_since(plan)
        self._check_pace(plan)
        # The journal uses it up, in the commit that makes the broadcast.
        self._plans.pop(plan.id, None)
        return plan, orders

    async def _check_accounts(self, plan: Plan) -> None:
        """An alias must still mean the account that was planned for."""
        await self._discover()
        accounts = self._parts.book.snapshot.accounts
        for line in plan.sendable:
            account = accounts.get(line.account)
            if account is None or (account.login, account.last4) != (line.login, line.last4):
                raise PlanExpired(
                    f"{line.account} is not the account it was when the plan was made;"
                    " preview the order again."
                )

    def _check_plan(self, plan: Plan, request: SubmitRequest) -> None:
        if self._parts.clock.now() >= plan.expires:
            raise PlanExpired(
                f"The plan expired at {plan.expires:%H:%M:%S} UTC; preview the order again."
            )
        if not plan.sendable:
            raise OrderDenied(_why_not_all(plan))
        if request.on_deny == "stop" and len(plan.sendable) < len(plan.lines):
            raise OrderDenied(f"--on-deny stop: {_why_not_all(plan)}")

    async def _check_same_order(self, request: SubmitRequest, earlier: Broadcast) -> None:
        """A key stands for one order: with another one it is a mistake, not a repetition."""
        if earlier.id == request.broadcast or earlier.plan == request.plan:
            return
        kept = self._plans.get(request.plan)
        plan = kept.result.plan if kept else await self._parts.journal.load_plan(request.plan)
        if plan is not None and _is_another_order(plan, earlier):
            raise InputError(
                f"The key {request.key} was used by broadcast {earlier.id} for another order,"
                f" {earlier.order}; nothing was sent."
            )

    async def _no_plan(self, plan_id: str) -> PlanExpired:
        """Say what became of a plan that cannot be sent."""
        sent = await self._parts.journal.broadcast_of_plan(plan_id)
        if sent is not None:
            return PlanExpired(
                f"The plan {plan_id} was sent already: it became broadcast {sent.id}"
                f" (`swimdesk broadcasts {sent.id}`)."
            )
        return PlanExpired(
            f"There is no plan {plan_id} to send: it was used, was not saved, or never was."
        )

    def _check_pace(self, plan: Plan) -> None:
        """Look again at what a plan cannot know: which broadcasts left since it was made."""
        sums = BroadcastFacts(plan.notional or Decimal(0), 0)
        found = pace(self._parts.pace.beside(sums, plan.sendable), self._parts.limits)
        if found:
            raise OrderDenied("; ".join(f"{one.code}: {one.detail}" for one in found))

    def _check_again(self, result: PlanResult) -> None:
        """Look again at the moment of sending: another plan may have left in between."""
        denied = self._parts.planner.recheck(result, self._parts.book.snapshot)
        if denied is not None:
            found = "; ".join(f"{one.code}: {one.detail}" for one in denied.denials)
            raise OrderDenied(
                f"Since this plan was made something changed in {denied.account}: {found}"
            )

    def _check_nothing_left_since(self, plan: Plan) -> None:
        """A plan of another process carries no quotes to check again with."""
        ours = self._parts.book.snapshot.by_account(since=plan.created - PLAN_MARGIN)
        for line in plan.sendable:
            for broadcast, earlier in ours.get(line.account, ()):
                is_new = broadcast.created >= plan.created - PLAN_MARGIN
                if is_new and earlier.state not in NEVER_LEFT:
                    raise PlanExpired(
                        f"Since this plan was made an order left in {line.account};"
                        " preview the order again."
                    )

    async def _launch(self, launch: Launch, *, has_started: bool) -> None:
        try:
            await self._parts.broadcaster.send(launch, has_started=has_started)
        finally:
            self._parts.calm.end(launch.broadcast.id)
        self._answered()
        if self._parts.recorder.store_failed:
            await self._halt_for_store()

    async def _halt_for_store(self) -> None:
        reason = "results could not be written to the database"
        try:
            await self._parts.guard.halt(reason)
        except StoreError as e:
            # The sentinel file is in place by now; that is what counts.
            log.error("desk.halt_not_written", error=e.detail)
        self._parts.recorder.publish(Halted(reason))


def _let_nothing_leave(launch: Launch) -> None:
    """End a launch whose intents were not written down."""
    if launch.first is not None:
        launch.first.discard()
    launch.left()


def check_may_send(guard: Guard, recorder: Recorder) -> None:
    """Raise TradingHalted or StoreError if no order may leave at all."""
    guard.check()
    if recorder.store_failed:
        raise StoreError(
            "Results of an earlier broadcast could not be written, so nothing more is sent;"
            " free disk space and restart the desk. Its orders are at the broker."
        )


async def make_ready(broker: Broker, accounts: Sequence[Account]) -> None:
    """Get every login ready for a burst; one that is not shows in its own lines, not here."""
    logins: dict[str, list[str]] = {}
    for account in accounts:
        logins.setdefault(account.login, []).append(account.alias)
    results = await asyncio.gather(
        *(broker.ready(aliases) for aliases in logins.values()), return_exceptions=True
    )
    for login, result in zip(logins, results, strict=True):
        if isinstance(result, Exception):
            log.warning("login.not_ready", login=login, error=str(result))


def _on_refuse(waves: str) -> str:
    """Return what a refusal does where nobody said: a canary is sent to be heeded."""
    return "stop" if waves == CANARY else "skip"


def _check_digest(plan: Plan, orders: Mapping[str, PreparedOrder]) -> None:
    """What was shown is what leaves: the bodies must hash to the digest of the plan."""
    hashes = [(line.account, orders[line.account].body_hash) for line in plan.sendable]
    if digest_of(hashes, plan.overrides) != plan.digest:
        raise PlanExpired("The orders no longer match the plan; preview the order again.")


def _is_another_order(plan: Plan, earlier: Broadcast) -> bool:
    """Tell whether a plan is of another order text; what ``@mid`` comes to may differ."""
    if plan.price_from is None:
        return plan.order != earlier.order
    return _PRICE.sub("@", plan.order) != _PRICE.sub("@", earlier.order)


def _why_not_all(plan: Plan) -> str:
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
