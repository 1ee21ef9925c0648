"""What flatten and undo show: what would be canceled and closed, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from swimdesk.views.comparing import ForeignView
from swimdesk.views.models import DenialView


@dataclass(frozen=True, slots=True)
class TakenBackView:
    """An open order of ours that is canceled before anything is closed.

    ``state`` is that of its line now; ``outcome`` what the broker said to the request, null while
    nothing is known of it or nothing was asked.
    """

    account: str
    last4: str
    broadcast: str
    order: str
    state: str
    filled: int
    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PartView:
    """One holding of an account and the order that closes it.

    ``state`` of a plan: close (would be sent), denied (our checks say no), kept_back (nothing is
    sent, the reason says why). Once carried out it is the state of the order's line: filled means
    that the holding is closed. ``quantity`` counts the units to be closed, ``cost`` is dollars at
    the natural price, fees apart; negative: received. ``in_doubt``: nobody knows what became of an
    order on it, of this one or of the one it is kept back for.
    """

    account: str
    last4: str
    holding: str
    quantity: int
    order: str | None
    state: str
    reason: str | None
    denials: tuple[DenialView, ...]
    cost: Decimal | None
    broadcast: str | None
    filled: int
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class FlattenView:
    """What flattening accounts cancels and closes; ``plan`` is good for one `flatten`.

    ``accounts`` is the number to be typed: those in which something is to be done. ``orders``
    counts the closing orders, ``cost`` adds them up at the natural price; null where a leg has
    none. ``broadcasts`` are those that were sent, none before it is carried out. ``others``, told
    with a plan, are orders of others that work in the accounts and are not canceled; null where
    they could not be read.
    """

    plan: str
    price: str
    created: datetime
    expires: datetime
    carried_out: bool
    accounts: int
    orders: int
    cost: Decimal | None
    cancels: tuple[TakenBackView, ...]
    parts: tuple[PartView, ...]
    broadcasts: tuple[str, ...]
    others: tuple[ForeignView, ...] | None


@dataclass(frozen=True, slots=True)
class UndoView:
    """What undoing a broadcast cancels and reverses; ``plan`` is good for one `undo`.

    ``undoes`` is the broadcast. ``accounts`` counts those in which something is to be done,
    ``orders`` the reversing orders, ``cost`` adds them up at the natural price; null where a leg
    has none. ``broadcasts`` are those that were sent, none before it is carried out.
    """

    plan: str
    undoes: str
    price: str
    created: datetime
    expires: datetime
    carried_out: bool
    accounts: int
    orders: int
    cost: Decimal | None
    cancels: tuple[TakenBackView, ...]
    parts: tuple[PartView, ...]
    broadcasts: tuple[str, ...]
