"""A journal in memory that keeps every promise of the port but durability."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from swimdesk.desk.ports import (
    Binding,
    BroadcastSize,
    BroadcastSummary,
    BrokerOrder,
    GuardRecord,
    GuardState,
    KeptRead,
    LineStep,
    OrderKey,
    ReadScope,
    ReadToKeep,
)
from swimdesk.domain.broadcast import Broadcast, Line, counts
from swimdesk.domain.commands import Command
from swimdesk.domain.decisions import Decision, Origin
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import TRANSITIONS, UNRESOLVED, LineState
from swimdesk.domain.plan import Plan
from swimdesk.domain.positions import Baseline
from swimdesk.domain.timing import written_ns
from swimdesk.errors import (
    InputError,
    InvariantBroken,
    ModeMismatch,
    PlanExpired,
    UnknownReference,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryJournal:
    """``ports.Journal`` for tests; ``failure`` is raised by every write while it is set."""

    def __init__(self, mode: str = "paper", now: Callable[[], datetime] = lambda: EPOCH) -> None:
        self.mode = mode
        self.now = now
        self._opened: dict[str, datetime] = {}
        """By ref when the fate of a line became open."""
        self.broadcasts: dict[str, Broadcast] = {}
        self.notes: list[tuple[datetime, str, str]] = []
        self.writes: list[str] = []
        """The names of the writes that were made, in order."""
        self.failure: Exception | None = None
        self._executions: dict[tuple[object, ...], tuple[str, str, Execution]] = {}
        self.commands_kept: dict[str, Command] = {}
        self._plans: dict[str, Plan] = {}
        self.facts: dict[str, str] = {}
        self._spent: set[str] = set()
        self.reads: list[ReadToKeep] = []
        self.history_kept: list[tuple[str, LineStep]] = []
        self.observations: list[BrokerOrder] = []
        self.bindings: dict[tuple[str, str], Binding] = {}
        self._guard = GuardRecord(GuardState.ACTIVE, "", EPOCH)
        self.decided: list[Decision] = []
        self.held: dict[str, Baseline] = {}

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Keep a broadcast unless its id or key is known."""
        self._check_failure()
        if broadcast.mode != self.mode:
            raise ModeMismatch(f"This home is for {self.mode}; nothing was sent.")
        if broadcast.id in self.broadcasts:
            raise InvariantBroken(f"there is a broadcast {broadcast.id} already")
        if broadcast.key is not None and await self.broadcast_by_key(broadcast.key):
            raise InputError(f"The key {broadcast.key} was used; nothing was sent.")
        if len({line.account for line in broadcast.lines}) < len(broadcast.lines):
            raise InvariantBroken("two lines for one account")
        known_refs = {line.ref for b in self.broadcasts.values() for line in b.lines}
        refs = [line.ref for line in broadcast.lines]
        if len({*refs}) < len(refs) or known_refs & {*refs}:
            raise InvariantBroken("a ref is used twice")
        self._check_orders(broadcast.lines, self.broadcasts.values())
        self._use_up(broadcast)
        self.broadcasts[broadcast.id] = broadcast
        self._stamp(broadcast.lines)
        self._keep_steps(broadcast.lines, None)
        self.writes.append("open_broadcast")

    async def adopt(self, broadcast: Broadcast, decision: Decision) -> None:
        """Keep a broadcast of an order that somebody else sent."""
        await self.open_broadcast(broadcast)
        self.decided.append(decision)

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
        *,
        bindings: Sequence[Binding] = (),
        read: int | None = None,
    ) -> None:
        """Keep the lines' new states and their fills, all or none."""
        self._check_failure()
        fills = list(executions)
        if not lines and not fills:
            return
        known = self.broadcasts.get(broadcast_id)
        for line in lines:
            old = _line_of(known, line.ref)
            if (old.account, old.login, old.last4, old.ticket.repriced(line.ticket.price)) != (
                line.account, line.login, line.last4, line.ticket,
            ):  # fmt: skip
                raise InvariantBroken(f"line {line.ref} became another")
            if not _may_come_to(old.state, line.state):
                raise InvariantBroken(f"{line.ref} cannot go back from {old.state} to {line.state}")
        accounts = {ref: _line_of(known, ref).account for ref, _ in fills}
        if known is None:
            raise InvariantBroken(f"there is no broadcast {broadcast_id}")
        changed = known.with_lines(lines)
        if changed.journal_ns is None:
            changed = replace(changed, journal_ns=journal_ns)
        others = [b for b in self.broadcasts.values() if b.id != broadcast_id]
        self._check_orders(changed.lines, others)
        self._check_bindings(bindings)
        self._keep_steps([x for x in lines if _moves(known.line(x.ref), x)], read)
        self.bindings = {(one.account, one.order_id): one for one in bindings} | self.bindings
        self.broadcasts[broadcast_id] = changed
        self._stamp(lines)
        for ref, execution in fills:
            key = (accounts[ref], *execution.key)
            self._executions.setdefault(key, (broadcast_id, ref, execution))
        self.writes.append("record")

    async def decide(
        self,
        decision: Decision,
        broadcast_id: str | None = None,
        lines: Sequence[Line] = (),
        executions: Iterable[tuple[str, Execution]] = (),
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Keep a decision and the lines that it moves."""
        self._check_failure()
        self._check_decision(decision)
        if broadcast_id is not None:
            await self.record(broadcast_id, lines, executions, bindings=bindings)
        self.decided.append(decision)
        self.writes.append("decide")

    async def decisions(self, since: datetime) -> tuple[Decision, ...]:
        """Return the decisions made since then."""
        return tuple(one for one in self.decided if one.at >= since)

    async def absent_since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Return the broadcasts made since then with a line taken for absent."""
        rows = await self.since(moment)
        return tuple(b for b in rows if LineState.ABSENT in {x.state for x in b.lines})

    async def keep_baselines(self, baselines: Sequence[Baseline]) -> None:
        """Keep what accounts held."""
        self._check_failure()
        self.held |= {one.account: one for one in baselines}
        self.writes.append("keep_baselines")

    async def baselines(self) -> tuple[Baseline, ...]:
        """Return what accounts held."""
        return tuple(one for _, one in sorted(self.held.items()))

    def _check_decision(self, decision: Decision) -> None:
        refs = {line.ref for b in self.broadcasts.values() for line in b.lines}
        if decision.ref is not None and decision.ref not in refs:
            raise InvariantBroken("a decision is about no line")

    async def since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Return the broadcasts made since then, oldest first."""
        rows = [b for b in self.broadcasts.values() if b.created >= moment]
        return tuple(sorted(rows, key=lambda b: (b.created, b.id)))

    async def executions(self, broadcast_id: str) -> Mapping[str, tuple[Execution, ...]]:
        """Return the fills by line ref, in time order."""
        rows = [(ref, e) for b, ref, e in self._executions.values() if b == broadcast_id]
        rows.sort(key=lambda row: (row[1].time, row[1].activity_id, row[1].leg_id))
        by_ref: dict[str, tuple[Execution, ...]] = {}
        for ref, execution in rows:
            by_ref[ref] = (*by_ref.get(ref, ()), execution)
        return by_ref

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Keep commands about to be sent."""
        self._check_failure()
        refs = {line.ref for b in self.broadcasts.values() for line in b.lines}
        if not {command.ref for command in commands} <= refs:
            raise InvariantBroken("there is no such line")
        if {command.id for command in commands} & self.commands_kept.keys():
            raise InvariantBroken("a command is written twice")
        self.commands_kept |= {command.id: command for command in commands}
        self.writes.append("begin_commands")

    async def end_commands(self, commands: Sequence[Command]) -> None:
        """Keep what became of commands."""
        self._check_failure()
        for command in commands:
            known = self.commands_kept.get(command.id)
            if known is None or known.outcome is not None:
                raise InvariantBroken(f"there is no command {command.id} without an outcome")
        self.commands_kept |= {command.id: command for command in commands}
        self.writes.append("end_commands")

    async def commands(self, broadcast_id: str) -> tuple[Command, ...]:
        """Return the commands on the lines of a broadcast, oldest first."""
        known = self.broadcasts.get(broadcast_id)
        places = {line.ref: n for n, line in enumerate(known.lines if known else ())}
        rows = [command for command in self.commands_kept.values() if command.ref in places]
        return tuple(sorted(rows, key=lambda one: (one.at, places[one.ref], one.id)))

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Return a broadcast by id or unique ending."""
        if broadcast_id in self.broadcasts or not 4 <= len(broadcast_id) < 26:
            return self.broadcasts.get(broadcast_id)
        ids = [i for i in self.broadcasts if i.upper().endswith(broadcast_id.upper())]
        if len(ids) > 1:
            raise UnknownReference(f"{len(ids)} broadcasts end in {broadcast_id}.")
        return self.broadcasts[ids[0]] if ids else None

    async def broadcast_by_key(self, key: str) -> Broadcast | None:
        """Return the broadcast that used the key."""
        return next((b for b in self.broadcasts.values() if b.key == key), None)

    async def broadcast_of_plan(self, plan_id: str) -> Broadcast | None:
        """Return the broadcast that a plan became."""
        return next((b for b in self.broadcasts.values() if b.plan == plan_id), None)

    async def sizes(self, limit: int) -> tuple[BroadcastSize, ...]:
        """Return the sizes of the newest broadcasts."""
        rows = [b for b in self.broadcasts.values() if b.origin is Origin.OURS]
        rows.sort(key=lambda b: (b.created, b.id), reverse=True)
        return tuple(BroadcastSize(b.created, b.notional) for b in rows[:limit])

    async def last_seed(self) -> int | None:
        """Return the largest seed of any broadcast."""
        return max((b.seed for b in self.broadcasts.values()), default=None)

    async def write_times(self, limit: int) -> tuple[Mapping[str, int], ...]:
        """Return when each account's order was written, of the newest broadcasts."""
        rows = sorted(self.broadcasts.values(), key=lambda b: (b.created, b.id), reverse=True)
        written = (
            {line.account: at for line in b.lines if (at := written_ns(line)) is not None}
            for b in rows[:limit]
        )
        return tuple(filter(None, written))

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Return the broadcasts that have a line short of its end."""
        rows = [b for b in self.broadcasts.values() if not b.is_settled]
        return tuple(sorted(rows, key=lambda b: (b.created, b.id)))

    async def unresolved_since(self) -> Mapping[str, datetime]:
        """Return since when the fate of lines is open."""
        return dict(self._opened)

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Return the newest broadcasts first."""
        rows = sorted(self.broadcasts.values(), key=lambda b: (b.created, b.id), reverse=True)
        return tuple(
            BroadcastSummary(b.id, b.key, b.order, b.mode, b.created, counts(b.lines), b.state)
            for b in rows[:limit]
        )

    async def owners(self, orders: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        """Return which of these orders are, or were, a line's."""
        return {
            (line.account, order_id): b.id
            for b in self.broadcasts.values()
            for line in b.lines
            for order_id in line.order_ids
            if (line.account, order_id) in orders
        }

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan."""
        self._check_failure()
        if plan.id in self._plans:
            raise InvariantBroken(f"there is a plan {plan.id} already")
        self._plans[plan.id] = plan
        self.writes.append("save_plan")

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Return a kept plan that was not used."""
        return None if plan_id in self._spent else self._plans.get(plan_id)

    async def keep_read(self, read: ReadToKeep) -> KeptRead:
        """Keep what a read covered and showed."""
        self._check_failure()
        numbers = tuple(range(len(self.observations), len(self.observations) + len(read.fresh)))
        self.observations += read.fresh
        self.reads.append(read)
        return KeptRead(len(self.reads), numbers)

    async def steps(self, line: Line) -> tuple[LineStep, ...]:
        """Return how a line came to be what it is."""
        return tuple(step for ref, step in self.history_kept if ref == line.ref)

    async def scopes_since(self, moment: datetime) -> tuple[ReadScope, ...]:
        """Return what the reads since then covered."""
        return tuple(read.scope for read in self.reads if read.scope.until >= moment)

    async def guard(self) -> GuardRecord:
        """Return the kill switch."""
        return self._guard

    async def set_guard(self, record: GuardRecord) -> None:
        """Keep the kill switch."""
        self._check_failure()
        self._guard = record
        self.writes.append("set_guard")

    async def fact(self, name: str) -> str | None:
        """Return what was learnt."""
        return self.facts.get(name)

    async def keep_fact(self, name: str, value: str) -> None:
        """Remember what was learnt."""
        self._check_failure()
        self.facts[name] = value

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Keep a note."""
        self._check_failure()
        self.notes.append((at, kind, text))
        self.writes.append("note")

    def _stamp(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if line.state in UNRESOLVED:
                self._opened.setdefault(line.ref, self.now())
            else:
                self._opened.pop(line.ref, None)

    def _keep_steps(self, lines: Iterable[Line], read: int | None) -> None:
        for x in lines:
            kept = self.reads[read - 1].scope if read is not None else None
            step = LineStep(
                EPOCH, x.state, x.doubt, x.order_id, x.filled, x.reason, read,
                kept.began if kept else None, kept.complete if kept else None,
                tuple(o for o in self._shown_by(read) if o.account == x.account),
            )  # fmt: skip
            self.history_kept.append((x.ref, step))

    def _shown_by(self, read: int | None) -> list[BrokerOrder]:
        if read is None:
            return []
        kept = self.reads[read - 1]
        if kept.same_as is not None:
            return self._shown_by(kept.same_as)
        return [*(self.observations[n] for n in kept.shown), *kept.fresh]

    def _use_up(self, broadcast: Broadcast) -> None:
        if broadcast.plan is not None:
            if broadcast.plan in self._spent:
                raise PlanExpired(f"The plan {broadcast.plan} was sent already.")
            self._spent.add(broadcast.plan)

    def _check_bindings(self, bindings: Sequence[Binding]) -> None:
        for one in bindings:
            known = self.bindings.get((one.account, one.order_id))
            if known is not None and known.ref != one.ref:
                raise InvariantBroken(f"order {one.order_id} is bound already")

    def _check_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _check_orders(self, lines: Iterable[Line], others: Iterable[Broadcast]) -> None:
        bound = {(line.account, line.order_id) for b in others for line in b.lines}
        for line in lines:
            if line.order_id is not None and (line.account, line.order_id) in bound:
                raise InvariantBroken(f"order {line.order_id} belongs to another line already")


def _moves(old: Line, new: Line) -> bool:
    return (old.state, old.doubt, old.order_id, old.filled) != (
        new.state, new.doubt, new.order_id, new.filled,
    )  # fmt: skip


def _line_of(broadcast: Broadcast | None, ref: str) -> Line:
    try:
        if broadcast is not None:
            return broadcast.line(ref)
    except KeyError:
        pass
    raise InvariantBroken(f"there is no line {ref}")


def _may_come_to(old: LineState, new: LineState) -> bool:
    seen: set[LineState] = set()
    ahead = {old}
    while ahead:
        if new in ahead:
            return True
        seen |= ahead
        ahead = {after for state in ahead for after in TRANSITIONS[state]} - seen
    return False
