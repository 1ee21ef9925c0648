"""The desk's journal over SQLite: durable when a call returns, told in one sentence when not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from swimdesk.desk.ports import BroadcastSize, BroadcastSummary, Clock, GuardRecord
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command
from swimdesk.domain.executions import Execution
from swimdesk.domain.plan import Plan
from swimdesk.errors import StoreFull
from swimdesk.store import commands as command_rows
from swimdesk.store import journal
from swimdesk.store.database import Database
from swimdesk.store.writer import Runner

T = TypeVar("T")

_NOT_OPENED = "the broadcast was not written down and nothing was sent"
_NOT_KEPT = "the plan was not kept and nothing was sent"
_NOT_SPENT = "the plan was not used and nothing was sent"
_NO_STATES = "what became of sent orders was not written down and has to be read again"
_NO_GUARD = "the kill switch was not written down"
_NO_COMMAND = "the command was not written down and was not sent"
_NO_OUTCOME = "what became of a command was not written down"
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
        now = self._clock.now()
        await self._write(lambda c: journal.open_broadcast(c, broadcast, now), _NOT_OPENED)

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
    ) -> None:
        """Write the lines' new states and their fills in one commit."""
        now, lines, fills = self._clock.now(), tuple(lines), tuple(executions)
        await self._write_result(
            lambda c: journal.record(c, broadcast_id, lines, fills, now, journal_ns), _NO_STATES
        )

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

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Read every broadcast with a line that has not reached an end, oldest first."""
        return await self._read(journal.unfinished)

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        return await self._read(lambda c: journal.history(c, limit))

    async def orders_since(self, since: datetime) -> Mapping[tuple[str, str], str]:
        """Read which orders are ours since then: account and order id to broadcast."""
        return await self._read(lambda c: journal.orders_since(c, since))

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan so that another process of this home can send it."""
        await self._write(lambda c: journal.save_plan(c, plan), _NOT_KEPT)

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Read a kept plan; None if it never was or was used."""
        return await self._read(lambda c: journal.load_plan(c, plan_id))

    async def spend_plan(self, plan_id: str) -> bool:
        """Mark a kept plan as used; False if it was used before or never kept."""
        now = self._clock.now()
        return await self._write(lambda c: journal.spend_plan(c, plan_id, now), _NOT_SPENT)

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
