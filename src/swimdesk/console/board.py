"""What the console knows of the desk, put together from its news; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from swimdesk.views.models import (
    AccountView,
    BoardView,
    BroadcastView,
    HoldingView,
    LineView,
    StatusView,
)

SETTLED: Final = "settled"
"""The state of a broadcast whose lines have all ended."""

BROADCASTS_KEPT: Final = 200
"""So many broadcasts stay on the board; older ones are in the history."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a round of news touched: aliases, and accounts per broadcast."""

    whole: bool = False
    accounts: bool = False
    holdings: frozenset[str] = frozenset()
    lines: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    def __or__(self, later: Changes) -> Changes:
        """Join with later changes."""
        lines = {
            key: self.lines.get(key, frozenset()) | later.lines.get(key, frozenset())
            for key in (*self.lines, *later.lines)
        }
        return Changes(
            self.whole or later.whole,
            self.accounts or later.accounts,
            self.holdings | later.holdings,
            MappingProxyType(lines),
        )


EVERYTHING: Final = Changes(whole=True, accounts=True)


class Board:
    """The latest known of everything; ``apply`` takes news and tells what they touched."""

    def __init__(self) -> None:
        self.token = ""
        self.status: StatusView | None = None
        self.accounts: Mapping[str, AccountView] = {}
        self.holdings: dict[str, HoldingView] = {}
        self.broadcasts: dict[str, BroadcastView] = {}
        """By id, newest first."""

    def apply(self, news: BoardView) -> Changes:
        """Take news in."""
        if news.whole:
            # A desk that started anew may have dropped settled broadcasts: they stay shown.
            self.accounts, self.holdings = {}, {}
        self.token = news.token
        self.status = news.status
        if news.accounts:
            self.accounts = {view.account: view for view in news.accounts}
        for holding in news.holdings:
            self.holdings[holding.balances.account] = holding
        lines = {view.broadcast: self._merge(view) for view in news.broadcasts}
        self._sort()
        return Changes(
            whole=news.whole,
            accounts=bool(news.accounts),
            holdings=frozenset(holding.balances.account for holding in news.holdings),
            lines=MappingProxyType(lines),
        )

    def answered(self, view: BroadcastView) -> Changes:
        """Take in what an answer to a command brought, which the news may have overtaken.

        Of a broadcast that is known and not over, only the commands are new: the news bring every
        change of its lines, and none of them twice.
        """
        known = self.broadcasts.get(view.broadcast)
        if known is not None and view.state != SETTLED:
            view = replace(known, commands=view.commands or known.commands)
        return self.put(view)

    def put(self, view: BroadcastView) -> Changes:
        """Take in a broadcast as it is now."""
        touched = self._merge(view)
        self._sort()
        return Changes(lines=MappingProxyType({view.broadcast: touched}))

    def _merge(self, view: BroadcastView) -> frozenset[str]:
        known = self.broadcasts.get(view.broadcast)
        touched = frozenset(line.account for line in view.lines)
        if known is not None:
            fresh: dict[str, LineView] = {line.account: line for line in known.lines}
            fresh |= {line.account: line for line in view.lines}
            commands = view.commands or known.commands
            view = replace(view, lines=tuple(fresh.values()), commands=commands)
        self.broadcasts[view.broadcast] = view
        return touched

    def _sort(self) -> None:
        ids = sorted(self.broadcasts, reverse=True)[:BROADCASTS_KEPT]
        if list(self.broadcasts) != ids:
            self.broadcasts = {key: self.broadcasts[key] for key in ids}
