"""The desk's memory on disk, and the file that halts when nothing else answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeAlias

from swimdesk.desk.ports.evidence import (
    Binding,
    KeptRead,
    LineStep,
    ReadScope,
    ReadToKeep,
)
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command
from swimdesk.domain.decisions import Decision
from swimdesk.domain.executions import Execution
from swimdesk.domain.plan import Plan
from swimdesk.domain.positions import Baseline

OrderKey: TypeAlias = tuple[str, str]
"""An order of the broker's: the account and its id there."""


class GuardState(StrEnum):
    """What the kill switch allows."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """Only orders may leave that close what is held."""
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
        """Write a broadcast and all its lines in one commit; raise if its id or key exists.

        Its plan is used up by it: PlanExpired if it was before. Orders leave only for the owner of
        the home, while nothing is halted and no order of unknown fate looks the same: HomeHeld,
        TradingHalted, OrderDenied.
        """
        ...

    async def adopt(self, broadcast: Broadcast, decision: Decision) -> None:
        """Write a broadcast of an order that somebody else sent, with the decision, in one commit.

        InvariantBroken, and nothing written, if a line has that order.
        """
        ...

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
        """Write the lines' new states and their fills, each with its line's ref, in one commit.

        Fills known already are left alone; how long the first commit took is written once.
        ``read`` is the number of the read that led to it. InvariantBroken, and nothing written, if
        a line names an order that another line has. Lines that are about to leave are written only
        for the owner of the home, while nothing is halted: HomeHeld, TradingHalted, OrderDenied.
        """
        ...

    async def decide(
        self,
        decision: Decision,
        broadcast_id: str | None = None,
        lines: Sequence[Line] = (),
        executions: Iterable[tuple[str, Execution]] = (),
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Write a decision and, in the same commit, the lines that it moves, as ``record`` does."""
        ...

    async def decisions(self, since: datetime) -> tuple[Decision, ...]:
        """Read the decisions made since then, oldest first."""
        ...

    async def absent_since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Read the broadcasts made since then that have a line taken for absent, oldest first."""
        ...

    async def keep_baselines(self, baselines: Sequence[Baseline]) -> None:
        """Write what accounts held, in place of what was written of them before."""
        ...

    async def baselines(self) -> tuple[Baseline, ...]:
        """Read what accounts held, by account."""
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

    async def last_seed(self) -> int | None:
        """Read the largest seed of any broadcast; None where there is no broadcast."""
        ...

    async def write_times(self, limit: int) -> tuple[Mapping[str, int], ...]:
        """Read of the newest broadcasts, newest first, when each account's order was written.

        Nanoseconds since confirm. Accounts whose order was not written are left out, and
        broadcasts without any other.
        """
        ...

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Read every broadcast with a line that has not reached an end."""
        ...

    async def unresolved_since(self) -> Mapping[str, datetime]:
        """Read by ref since when lines stand that were sent and whose fate is open."""
        ...

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        ...

    async def owners(self, orders: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        """Read which of these orders are, or were, a line's: their broadcasts."""
        ...

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan so that another process of this home can send it."""
        ...

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Read a kept plan; None if it never was or was used."""
        ...

    async def keep_read(self, read: ReadToKeep) -> KeptRead:
        """Write down what a read of order lists covered and showed."""
        ...

    async def steps(self, line: Line) -> tuple[LineStep, ...]:
        """Read how a line came to be what it is, oldest step first."""
        ...

    async def scopes_since(self, moment: datetime) -> tuple[ReadScope, ...]:
        """Read what the reads since then covered, oldest first."""
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
