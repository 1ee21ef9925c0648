"""A journal in memory that keeps every promise of the port but durability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from swimdesk.desk.ports import BroadcastSize, BroadcastSummary, GuardRecord, GuardState
from swimdesk.domain.broadcast import Broadcast, Line, counts
from swimdesk.domain.commands import Command
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import TRANSITIONS, LineState
from swimdesk.domain.plan import Plan
from swimdesk.errors import InputError, InvariantBroken, ModeMismatch, UnknownReference

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryJournal:
    """``ports.Journal`` for tests; ``failure`` is raised by every write while it is set."""

    def __init__(self, mode: str = "paper") -> None:
        self.mode = mode
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
        self._guard = GuardRecord(GuardState.ACTIVE, "", EPOCH)

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
        self.broadcasts[broadcast.id] = broadcast
        self.writes.append("open_broadcast")

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
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
        self.broadcasts[broadcast_id] = changed
        for ref, execution in fills:
            key = (accounts[ref], *execution.key)
            self._executions.setdefault(key, (broadcast_id, ref, execution))
        self.writes.append("record")

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
        rows = sorted(self.broadcasts.values(), key=lambda b: (b.created, b.id), reverse=True)
        return tuple(BroadcastSize(b.created, b.notional) for b in rows[:limit])

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Return the broadcasts that have a line short of its end."""
        rows = [b for b in self.broadcasts.values() if not b.is_settled]
        return tuple(sorted(rows, key=lambda b: (b.created, b.id)))

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Return the newest broadcasts first."""
        rows = sorted(self.broadcasts.values(), key=lambda b: (b.created, b.id), reverse=True)
        return tuple(
            BroadcastSummary(b.id, b.key, b.order, b.mode, b.created, counts(b.lines), b.state)
            for b in rows[:limit]
        )

    async def orders_since(self, since: datetime) -> Mapping[tuple[str, str], str]:
        """Return which orders are ours since then."""
        return {
            (line.account, order_id): b.id
            for b in self.broadcasts.values()
            for line in b.lines
            for order_id in line.order_ids
            if b.created >= since and line.order_id is not None
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

    async def spend_plan(self, plan_id: str) -> bool:
        """Mark a kept plan as used."""
        self._check_failure()
        if plan_id in self._spent or plan_id not in self._plans:
            return False
        self._spent.add(plan_id)
        self.writes.append("spend_plan")
        return True

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

    def _check_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _check_orders(self, lines: Iterable[Line], others: Iterable[Broadcast]) -> None:
        bound = {(line.account, line.order_id) for b in others for line in b.lines}
        for line in lines:
            if line.order_id is not None and (line.account, line.order_id) in bound:
                raise InvariantBroken(f"order {line.order_id} belongs to another line already")


def _line_of(broadcast: Broadcast | None, ref: str) -> Line:
    for line in broadcast.lines if broadcast else ():
        if line.ref == ref:
            return line
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
