"""The desk's memory on disk, and the file that halts when nothing else answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command
from swimdesk.domain.executions import Execution
from swimdesk.domain.plan import Plan


class GuardState(StrEnum):
    """What the kill switch allows."""

    ACTIVE = "active"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class GuardRecord:
    """The kill switch as written down."""

    state: GuardState
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class BroadcastSummary:
    """One row of the history."""

    id: str
    key: str | None
    order: str
    mode: str
    created: datetime
    counts: Mapping[str, int]
    state: str


@dataclass(frozen=True, slots=True)
class BroadcastSize:
    """When a broadcast was made, and its dollars over all accounts where they are known."""

    created: datetime
    notional: Decimal | None


class Journal(Protocol):
    """The desk's memory on disk; every call is durable when it returns, StoreError if not."""

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Write a broadcast and all its lines in one commit; raise if its id or key exists."""
        ...

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
    ) -> None:
        """Write the lines' new states and their fills, each with its line's ref, in one commit.

        Fills known already are left alone; how long the first commit took is written once.
        InvariantBroken, and nothing written, if a line names an order that another line has.
        """
        ...

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Write commands before any is sent, in one commit; all of them or StoreError."""
        ...

    async def end_commands(self, commands: Sequence[Command]) -> None:
        """Write what became of commands, once each; InvariantBroken if it was written already."""
        ...

    async def commands(self, broadcast_id: str) -> tuple[Command, ...]:
        """Read the commands on the lines of a broadcast, oldest first."""
        ...

    async def since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Read the broadcasts made since then, oldest first."""
        ...

    async def executions(self, broadcast_id: str) -> Mapping[str, tuple[Execution, ...]]:
        """Read the fills of a broadcast by line ref."""
        ...

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Read one broadcast with its lines; an id may be shortened to a unique ending."""
        ...

    async def broadcast_by_key(self, key: str) -> Broadcast | None:
        """Read the broadcast that used this idempotency key."""
        ...

    async def broadcast_of_plan(self, plan_id: str) -> Broadcast | None:
        """Read the broadcast that a plan became."""
        ...

    async def sizes(self, limit: int) -> tuple[BroadcastSize, ...]:
        """Read when the newest broadcasts were made and how large they were, newest first."""
        ...

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Read every broadcast with a line that has not reached an end."""
        ...

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        ...

    async def orders_since(self, since: datetime) -> Mapping[tuple[str, str], str]:
        """Read which orders are ours in broadcasts since then: (account, order id) to broadcast."""
        ...

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan so that another process of this home can send it."""
        ...

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Read a kept plan; None if it never was or was used."""
        ...

    async def spend_plan(self, plan_id: str) -> bool:
        """Mark a kept plan as used; False if it was used before."""
        ...

    async def guard(self) -> GuardRecord:
        """Read the kill switch."""
        ...

    async def set_guard(self, record: GuardRecord) -> None:
        """Write the kill switch."""
        ...

    async def fact(self, name: str) -> str | None:
        """Return what was learnt under a name; None if nothing was."""
        ...

    async def keep_fact(self, name: str, value: str) -> None:
        """Remember something learnt under a name."""
        ...

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Append a line to the log of alarms and operator decisions."""
        ...


class HaltSentinel(Protocol):
    """A file whose presence halts trading even when nothing else answers."""

    def reason(self) -> str | None:
        """Return why trading is halted; None when it is not."""
        ...

    def since(self) -> datetime | None:
        """Return when the file was put there; None when it is not."""
        ...

    def raise_(self, reason: str) -> None:
        """Put the file there."""
        ...

    def clear(self) -> None:
        """Take the file away."""
        ...
