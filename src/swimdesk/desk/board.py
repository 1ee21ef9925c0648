"""What changed since a front end last looked: the feed behind every live screen."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from swimdesk.desk.book import Book, Snapshot
from swimdesk.desk.bus import Bus
from swimdesk.desk.calm import Calm
from swimdesk.desk.ports import Clock
from swimdesk.desk.showing import account_view, balance_view, position_view
from swimdesk.domain.broadcast import Broadcast
from swimdesk.views.models import AccountView, BoardView, BroadcastView, HoldingView, StatusView
from swimdesk.views.present import broadcast_view

REMEMBERED: Final = 16
"""So many snapshots that were handed out are kept; whoever comes with an older one gets all."""

NOTHING: Final = Snapshot(version=-1)

T = TypeVar("T")


class Board:
    """Tell what is new by comparing two immutable snapshots; costs the desk nothing in between."""

    def __init__(
        self, book: Book, bus: Bus, clock: Clock, calm: Calm, status: Callable[[], StatusView]
    ) -> None:
        self._book = book
        self._bus = bus
        self._calm = calm
        self._status = status
        # Versions begin anew with every process; a token of an earlier one must not fit.
        self._life = f"{clock.monotonic_ns():x}"
        self._handed: OrderedDict[str, Snapshot] = OrderedDict()

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait until something is newer than ``since`` or the time is over; tell all that is."""
        with self._bus.subscribe(bound=1) as events:
            if self._token(self._book.snapshot) == since:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await events.get()
        # Whoever watches also paints: not while orders leave.
        await self._calm.wait()
        return self._news(since)

    def _news(self, since: str) -> BoardView:
        now = self._book.snapshot
        before = self._handed.get(since)
        token = self._token(now)
        self._handed[token] = now
        self._handed.move_to_end(token)
        while len(self._handed) > REMEMBERED:
            self._handed.popitem(last=False)
        return BoardView(
            token=token,
            whole=before is None,
            status=self._status(),
            accounts=_accounts(before or NOTHING, now),
            holdings=_holdings(before or NOTHING, now),
            broadcasts=tuple(
                _news_of(old, new)
                for old, new in _changed((before or NOTHING).broadcasts, now.broadcasts)
            ),
        )

    def _token(self, snapshot: Snapshot) -> str:
        return f"{self._life}-{snapshot.version}"


def _changed(before: Mapping[str, T], now: Mapping[str, T]) -> list[tuple[T | None, T]]:
    """Return what is another object than before, each with what stood there."""
    if before is now:
        return []
    return [(old, new) for key, new in now.items() if (old := before.get(key)) is not new]


def _accounts(before: Snapshot, now: Snapshot) -> tuple[AccountView, ...]:
    """Return every account where any is new or changed: their order is part of the news."""
    if before.accounts is now.accounts or dict(before.accounts) == dict(now.accounts):
        return ()
    return tuple(account_view(account) for account in now.accounts.values())


def _holdings(before: Snapshot, now: Snapshot) -> tuple[HoldingView, ...]:
    changed = [
        alias
        for alias, balances in now.balances.items()
        if alias in now.accounts
        and (
            before.balances.get(alias) is not balances
            or before.positions.get(alias) is not now.positions.get(alias)
        )
    ]
    return tuple(
        HoldingView(
            balances=balance_view(now.accounts[alias], now.balances[alias]),
            positions=tuple(
                position_view(now.accounts[alias], position)
                for position in now.positions.get(alias, ())
            ),
        )
        for alias in changed
    )


def _news_of(before: Broadcast | None, now: Broadcast) -> BroadcastView:
    """Tell only the lines that moved, but count over all of them."""
    if before is None:
        return broadcast_view(now)
    known = set(map(id, before.lines))
    return broadcast_view(now, only=[line for line in now.lines if id(line) not in known])
