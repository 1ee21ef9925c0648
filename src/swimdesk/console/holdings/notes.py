"""What is worth a look about an account, as letters; none where all is well. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.formats import EASTERN, age
from swimdesk.console.shell.standing import STALE
from swimdesk.console.widgets.cells import Role
from swimdesk.domain.orders import OPEN, LineState
from swimdesk.views.horizon import VERY_SOON
from swimdesk.views.models import HoldingView
from swimdesk.views.signing import LoginView

LOW_POWER: Final = Decimal("0.10")
"""Option buying power below this part of the net liquidation value is low."""

_REFUSALS: Final = frozenset({LineState.REJECTED, LineState.REFUSED})
_WORKING: Final = OPEN | {LineState.SENDING}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know: a letter for a cell, words for a line."""

    letter: str
    text: str
    role: Role

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look; orders that work are no trouble."""
        return self.role is not Role.ACCENT


LEGEND: Final = (
    ("?", "doubt"),
    ("R", "reject"),
    ("N", "unread"),
    ("B", "low bp"),
    ("S", "stale"),
    ("L", "lesson"),
    ("t", "token"),
    ("w", "working"),
)
"""The letters, the most urgent first."""


class Notes:
    """The notes of all accounts at one moment."""

    def __init__(self, board: Board, now: datetime) -> None:
        self._board = board
        self._now = now
        self._doubts: dict[str, int] = {}
        self._refusals: dict[str, str] = {}
        self._working: dict[str, int] = {}
        self._count_lines()
        status = board.status
        self._tokens = _bad_tokens(status.logins if status else (), now)

    def of(self, alias: str) -> tuple[Note, ...]:
        """Return the notes of an account, the most urgent first."""
        return tuple(self._of(alias))

    def _of(self, alias: str) -> Iterable[Note]:
        if count := self._doubts.get(alias):
            yield Note("?", f"{count} in doubt", Role.DOUBT)
        if alias in self._refusals:
            yield Note("R", self._refusals[alias], Role.DANGER)
        holding = self._board.holdings.get(alias)
        if holding is None:
            yield Note("N", "never read", Role.DANGER)
        else:
            yield from _money_notes(holding, self._now)
        account = self._board.accounts[alias]
        if account.learned is not None:
            yield Note("L", f"learned {account.learned.lack}", Role.WARN)
        if account.login in self._tokens:
            yield Note("t", self._tokens[account.login], Role.WARN)
        if count := self._working.get(alias):
            yield Note("w", f"{count} working", Role.ACCENT)

    def _count_lines(self) -> None:
        today = self._now.astimezone(EASTERN).date()
        # Newest first: the newest refusal of an account is the one that is told.
        for broadcast in self._board.broadcasts.values():
            is_today = broadcast.created.astimezone(EASTERN).date() == today
            for line in broadcast.lines:
                if line.state == LineState.IN_DOUBT:
                    self._doubts[line.account] = self._doubts.get(line.account, 0) + 1
                elif line.state in _WORKING:
                    self._working[line.account] = self._working.get(line.account, 0) + 1
                elif is_today and line.state in _REFUSALS:
                    told = f"{line.state}: {line.reason or 'no reason given'}"
                    self._refusals.setdefault(line.account, told)


def _money_notes(holding: HoldingView, now: datetime) -> Iterable[Note]:
    balances = holding.balances
    if balances.option_buying_power < balances.liquidation_value * LOW_POWER:
        yield Note("B", "low buying power", Role.WARN)
    span = now - balances.as_of
    if span > STALE:
        yield Note("S", f"read {age(span)} ago", Role.WARN)


def _bad_tokens(logins: Iterable[LoginView], now: datetime) -> Mapping[str, str]:
    found = {}
    for one in logins:
        if one.state in ("sign_in_needed", "no_token"):
            found[one.login] = "sign in needed"
        elif one.refresh_expires is not None and one.refresh_expires - now < VERY_SOON:
            found[one.login] = f"token ends in {age(one.refresh_expires - now)}"
    return found
