"""Connections that wait for an order, by account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from swimdesk.desk.ports import Clock
from swimdesk.schwab.lane.connection import Connection

IDLE_LIMIT_S: Final = 75.0
"""Idle connections older than this are replaced: firewalls drop them silently.

Longer than a plan lives, so that its confirmation finds what its preview has opened.
"""
KEPT: Final = 2
"""So many connections of an account are kept: one for its next order and a spare."""


class IdleConnections:
    """What is open and carries nothing; who takes a connection owns it until it is kept again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle: dict[str, list[Connection]] = {}

    def __iter__(self) -> Iterator[Connection]:
        return (connection for kept in self._idle.values() for connection in kept)

    def take(self, account: str) -> Connection | None:
        """Take a usable connection out; the newest first, a spare may be near its limit."""
        kept = self._idle.get(account, ())
        while kept:
            connection = kept.pop()
            if connection.is_usable:
                return connection
        return None

    def take_spare(self, account: str) -> Connection | None:
        """Take a fresh connection out if one is left for the account's next order."""
        kept = self._idle.get(account, [])
        kept[:] = [one for one in kept if one.is_usable]
        spare = kept.pop(0) if len(kept) > 1 else None
        if spare is not None and spare.idle_since_ns < self._oldest_ns():
            spare.close()
            return None
        return spare

    def keep(self, account: str, connection: Connection) -> None:
        """Put a connection in; one that is of no more use is ended instead."""
        if not connection.is_usable:
            return
        kept = self._idle.get(account)
        if not kept:
            self._idle[account] = [connection]
            return
        kept[:] = [one for one in kept if one.is_usable]
        if len(kept) < KEPT:
            kept.append(connection)
        else:
            connection.close()

    def fresh(self, account: str, limit_s: float = IDLE_LIMIT_S) -> int:
        """Count the usable connections that have idled for less than this."""
        oldest_ns = self._oldest_ns(limit_s)
        return sum(
            one.is_usable and one.idle_since_ns >= oldest_ns for one in self._idle.get(account, ())
        )

    def end_stale(self, account: str, limit_s: float = IDLE_LIMIT_S) -> None:
        """End what has idled for longer than this."""
        oldest_ns = self._oldest_ns(limit_s)
        kept = self._idle.pop(account, [])
        fresh = [one for one in kept if one.is_usable and one.idle_since_ns >= oldest_ns]
        if fresh:
            self._idle[account] = fresh
        for one in kept:
            if one not in fresh:
                one.close()

    def _oldest_ns(self, limit_s: float = IDLE_LIMIT_S) -> int:
        return self._clock.monotonic_ns() - int(limit_s * 1e9)

    def close(self) -> None:
        """End all in order."""
        idle: Iterable[Connection] = list(self)
        self._idle.clear()
        for connection in idle:
            connection.close()
