"""The book: what is known now, projected from events into immutable, versioned snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import (
    AccountsDiscovered,
    Alarmed,
    BroadcastOpened,
    Event,
    Halted,
    HoldingsRead,
    LinesChanged,
    LoginChanged,
    Reduced,
    Resumed,
)
from swimdesk.domain.orders import LineState
from swimdesk.domain.positions import Position

SETTLED_KEPT = 64
"""Settled broadcasts that stay in memory; older ones are read from the journal."""

KEPT_FOR = timedelta(minutes=10)
"""No settled broadcast younger than this leaves, however many there are."""

ALARMS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the desk knows at one version; never changes once made."""

    version: int = 0
    accounts: Mapping[str, Account] = field(default_factory=lambda: MappingProxyType({}))
    balances: Mapping[str, Balances] = field(default_factory=lambda: MappingProxyType({}))
    positions: Mapping[str, tuple[Position, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    broadcasts: Mapping[str, Broadcast] = field(default_factory=lambda: MappingProxyType({}))
    halted: str | None = None
    alarms: tuple[str, ...] = ()

    def by_account(self, since: datetime | None = None) -> dict[str, list[tuple[Broadcast, Line]]]:
        """Return the lines of every account over all broadcasts in memory.

        With ``since`` settled broadcasts made earlier are passed over.
        """
        found: dict[str, list[tuple[Broadcast, Line]]] = {}
        for broadcast in self.broadcasts.values():
            if since is not None and broadcast.created < since and broadcast.is_settled:
                continue
            for line in broadcast.lines:
                found.setdefault(line.account, []).append((broadcast, line))
        return found


class Book:
    """Apply events one by one; readers take a snapshot and keep it as long as they like."""

    def __init__(self, kept_for: timedelta = KEPT_FOR) -> None:
        self._snapshot = Snapshot()
        self._kept_for = kept_for

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._snapshot

    def apply(self, event: Event) -> None:
        """Take one fact in."""
        now = self._snapshot
        changed = _project(now, event)
        if isinstance(event, BroadcastOpened):
            kept = _kept(changed.broadcasts, event.broadcast.created - self._kept_for)
            changed = replace(changed, broadcasts=kept)
        self._snapshot = replace(changed, version=now.version + 1)


def _project(now: Snapshot, event: Event) -> Snapshot:
    match event:
        case BroadcastOpened(broadcast):
            return replace(
                now, broadcasts=MappingProxyType({**now.broadcasts, broadcast.id: broadcast})
            )
        case LinesChanged(broadcast_id, lines):
            changed = now.broadcasts[broadcast_id].with_lines(lines)
            return replace(
                now, broadcasts=MappingProxyType({**now.broadcasts, broadcast_id: changed})
            )
        case AccountsDiscovered(accounts):
            return replace(now, accounts=MappingProxyType({a.alias: a for a in accounts}))
        case HoldingsRead(balances, positions):
            return replace(
                now,
                balances=MappingProxyType({**now.balances, **balances}),
                positions=MappingProxyType({**now.positions, **positions}),
            )
        case Halted(reason):
            return replace(now, halted=reason)
        case Reduced() | Resumed():
            return replace(now, halted=None)
        case LoginChanged():
            return now
        case Alarmed(text):
            return replace(now, alarms=(*now.alarms, text)[-ALARMS_KEPT:])


def _kept(broadcasts: Mapping[str, Broadcast], earliest: datetime) -> Mapping[str, Broadcast]:
    """Drop the oldest settled broadcasts beyond the number kept, but none made since then.

    Nor one with a line taken for absent: its order may still come.
    """
    if len(broadcasts) <= SETTLED_KEPT:
        return broadcasts
    old = [
        b
        for b in broadcasts.values()
        if b.created < earliest
        and b.is_settled
        and all(line.state is not LineState.ABSENT for line in b.lines)
    ]
    old.sort(key=lambda broadcast: broadcast.created)
    dropped = {b.id for b in old[: max(len(broadcasts) - SETTLED_KEPT, 0)]}
    return MappingProxyType({id_: b for id_, b in broadcasts.items() if id_ not in dropped})
