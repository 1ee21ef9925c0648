"""The desk's journal over SQLite: durable when a call returns, told in one sentence when not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from swimdesk.desk.ports import (
    Binding,
    BroadcastSize,
    BroadcastSummary,
    Clock,
    GuardRecord,
    KeptRead,
    LineStep,
    OrderKey,
    ReadScope,
    ReadToKeep,
)
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command
from swimdesk.domain.decisions import Decision
from swimdesk.domain.executions import Execution
from swimdesk.domain.plan import Plan
from swimdesk.domain.positions import Baseline
from swimdesk.errors import StoreFull
from swimdesk.store import commands as command_rows
from swimdesk.store import decisions as decision_rows
from swimdesk.store import evidence, journal
from swimdesk.store.database import Database
from swimdesk.store.writer import Runner

T = TypeVar("T")

_NOT_OPENED = "the broadcast was not written down and nothing was sent"
_NOT_KEPT = "the plan was not kept and nothing was sent"
_NO_STATES = "what became of sent orders was not written down and has to be read again"
_NO_READ = "what the broker's lists showed was not written down"
_NO_GUARD = "the kill switch was not written down"
_NO_COMMAND = "the command was not written down and was not sent"
_NO_OUTCOME = "what became of a command was not written down"
_NO_DECISION = "the decision was not written down and changes nothing"
_NO_BASELINE = "what the accounts hold was not written down"
_NO_NOTE = "a note was not written down"


class SqliteJournal:
    """``ports.Journal`` over one database.

    ``on_full`` is called in the loop when a full disk was met while results of sent orders were
    written: the reserve is spent then, and the desk must halt.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        runner: Runner,
        on_full: Callable[[StoreFull], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._runner = runner
        self._on_full = on_full

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Write a broadcast and all its lines in one commit; InputError if its key is used."""
        now, epoch = self._clock.now(), self._database.epoch
        await self._write(lambda c: journal.open_broadcast(c, broadcast, now, epoch), _NOT_OPENED)

    async def adopt(self, broadcast: Broadcast, decision: Decision) -> None:
        """Write a broadcast of an order that somebody else sent, with the decision."""
        now, epoch = self._clock.now(), self._database.epoch
        await self._write(
            lambda c: journal.open_broadcast(c, broadcast, now, epoch, decision), _NO_DECISION
        )

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
        """Write the lines' new states and their fills in one commit."""
        now, lines, fills = self._clock.now(), tuple(lines), tuple(executions)
        epoch = self._database.epoch
        await self._write_result(
            lambda c: journal.record(
                c, broadcast_id, lines, fills, now, epoch, journal_ns, bindings, read
            ),
            _NO_STATES,
        )

    async def keep_read(self, read: ReadToKeep) -> KeptRead:
        """Write down what a read of order lists covered and showed."""
        now = self._clock.now()
        # The reserve of a full disk is for results: what a list showed can be read again.
        return await self._write(lambda c: evidence.keep_read(c, read, now), _NO_READ)

    async def steps(self, line: Line) -> tuple[LineStep, ...]:
        """Read how a line came to be what it is, oldest step first."""
        return await self._read(lambda c: evidence.steps_of(c, line))

    async def scopes_since(self, moment: datetime) -> tuple[ReadScope, ...]:
        """Read what the reads since then covered, oldest first."""
        return await self._read(lambda c: evidence.scopes_since(c, moment))

    async def decide(
        self,
        decision: Decision,
        broadcast_id: str | None = None,
        lines: Sequence[Line] = (),
        executions: Iterable[tuple[str, Execution]] = (),
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Write a decision and, in the same commit, the lines that it moves."""
        now, lines, fills = self._clock.now(), tuple(lines), tuple(executions)
        epoch = self._database.epoch

        def write(connection: sqlite3.Connection) -> None:
            if broadcast_id is None:
                decision_rows.decide(connection, decision)
            else:
                journal.record(
                    connection,
                    broadcast_id,
                    lines,
                    fills,
                    now,
                    epoch,
                    bindings=bindings,
                    decision=decision,
                )

        await self._write_result(write, _NO_DECISION)

    async def decisions(self, since: datetime) -> tuple[Decision, ...]:
        """Read the decisions made since then, oldest first."""
        return await self._read(lambda c: decision_rows.since(c, since))

    async def absent_since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Read the broadcasts made since then that have a line taken for absent, oldest first."""
        return await self._read(lambda c: journal.absent_since(c, moment))

    async def keep_baselines(self, baselines: Sequence[Baseline]) -> None:
        """Write what accounts held, in place of what was written of them before."""
        written = tuple(baselines)
        await self._write_result(lambda c: decision_rows.keep_baselines(c, written), _NO_BASELINE)

    async def baselines(self) -> tuple[Baseline, ...]:
        """Read what accounts held, by account."""
        return await self._read(decision_rows.baselines)

    async def since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Read the broadcasts made since then, oldest first."""
        return await self._read(lambda c: journal.since(c, moment))

    async def executions(self, broadcast_id: str) -> Mapping[str, tuple[Execution, ...]]:
        """Read the fills of a broadcast by line ref; lines without fills are left out."""
        return await self._read(lambda c: journal.executions(c, broadcast_id))

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Write commands before any of them is sent; a full disk gives its reserve for them."""
        written = tuple(commands)
        await self._write_result(lambda c: command_rows.begin(c, written), _NO_COMMAND)

    async def end_commands(self, commands: Sequence[Command]) -> None:
        """Write what became of commands, once for each."""
        written = tuple(commands)
        await self._write_result(lambda c: command_rows.end(c, written), _NO_OUTCOME)

    async def commands(self, broadcast_id: str) -> tuple[Command, ...]:
        """Read the commands on the lines of a broadcast, oldest first."""
        return await self._read(lambda c: command_rows.of_broadcast(c, broadcast_id))

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Read one broadcast by its id or a unique ending of it (4 characters or more)."""
        return await self._read(lambda c: journal.broadcast(c, broadcast_id))

    async def broadcast_by_key(self, key: str) -> Broadcast | None:
        """Read the broadcast that used this idempotency key."""
        return await self._read(lambda c: journal.broadcast_by_key(c, key))

    async def broadcast_of_plan(self, plan_id: str) -> Broadcast | None:
        """Read the broadcast that a plan became."""
        return await self._read(lambda c: journal.broadcast_of_plan(c, plan_id))

    async def sizes(self, limit: int) -> tuple[BroadcastSize, ...]:
        """Read when the newest broadcasts were made and how large they were, newest first."""
        return await self._read(lambda c: journal.sizes(c, limit))

    async def last_seed(self) -> int | None:
        """Read the largest seed of any broadcast; None where there is no broadcast."""
        return await self._read(journal.last_seed)

    async def write_times(self, limit: int) -> tuple[Mapping[str, int], ...]:
        """Read of the newest broadcasts, newest first, when each account's order was written."""
        return await self._read(lambda c: journal.write_times(c, limit))

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Read every broadcast with a line that has not reached an end, oldest first."""
        return await self._read(journal.unfinished)

    async def unresolved_since(self) -> Mapping[str, datetime]:
        """Read by ref since when lines stand whose fate is open."""
        return await self._read(journal.unresolved_since)

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        return await self._read(lambda c: journal.history(c, limit))

    async def owners(self, orders: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        """Read which of these orders are, or were, a line's: their broadcasts."""
        wanted = frozenset(orders)
        return await self._read(lambda c: journal.owners(c, wanted))

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan so that another process of this home can send it."""
        await self._write(lambda c: journal.save_plan(c, plan), _NOT_KEPT)

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Read a kept plan; None if it never was or was used."""
        return await self._read(lambda c: journal.load_plan(c, plan_id))

    async def guard(self) -> GuardRecord:
        """Read the kill switch."""
        return await self._read(journal.guard)

    async def set_guard(self, record: GuardRecord) -> None:
        """Write the kill switch."""
        await self._write_result(lambda c: journal.set_guard(c, record), _NO_GUARD)

    async def fact(self, name: str) -> str | None:
        """Return what was learnt under a name; None if nothing was."""
        return await self._read(lambda c: journal.fact(c, name))

    async def keep_fact(self, name: str, value: str) -> None:
        """Remember something learnt under a name."""
        await self._write_result(lambda c: journal.keep_fact(c, name, value), _NO_NOTE)

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Append a line to the log of alarms and operator decisions."""
        await self._write_result(lambda c: journal.note(c, at, kind, text), _NO_NOTE)

    async def close(self) -> None:
        """Finish every write that was begun, then close the file."""
        await self._runner.close()
        self._database.close()

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._runner.run(lambda: self._database.read(work))

    async def _write(self, work: Callable[[sqlite3.Connection], T], meaning: str) -> T:
        # Never tidied after: what is written here is about to be sent.
        return await self._runner.run(lambda: self._database.write(work, meaning))

    async def _write_result(self, work: Callable[[sqlite3.Connection], T], meaning: str) -> T:
        loop = asyncio.get_running_loop()

        def tell(full: StoreFull) -> None:
            loop.call_soon_threadsafe(self._on_full, full)

        return await self._runner.run(
            lambda: self._database.write_result(work, meaning, tell), self._database.tidy
        )
