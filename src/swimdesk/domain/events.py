"""What happened, as frozen facts in the past tense; the book is a projection of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.positions import Position


@dataclass(frozen=True, slots=True)
class BroadcastOpened:
    """A broadcast was written down; its orders are about to leave."""

    broadcast: Broadcast


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """Lines of a broadcast moved, after the move was written down."""

    broadcast_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AccountsDiscovered:
    """The accounts that our logins can see were read."""

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class HoldingsRead:
    """Balances and positions of some accounts were read completely."""

    balances: Mapping[str, Balances]
    positions: Mapping[str, tuple[Position, ...]]


@dataclass(frozen=True, slots=True)
class Halted:
    """The kill switch was thrown."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reduced:
    """Only what closes may leave from now on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """Trading was allowed again."""


@dataclass(frozen=True, slots=True)
class LoginChanged:
    """A sign-in of a login began or ended."""

    login: str


@dataclass(frozen=True, slots=True)
class Alarmed:
    """Something contradicts what was reported before; a person must look."""

    text: str


Event: TypeAlias = (
    BroadcastOpened
    | LinesChanged
    | AccountsDiscovered
    | HoldingsRead
    | Halted
    | Reduced
    | Resumed
    | LoginChanged
    | Alarmed
)
