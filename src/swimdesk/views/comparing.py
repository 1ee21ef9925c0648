"""The views of a comparison with the broker: orders of others, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ForeignView:
    """An order that nobody here sent; ``origin`` is foreign or ignored, ``note`` says why.

    ``order`` is its text, null where it is no ticket of this program: then it cannot be adopted.
    ``has_our_mark``: it carries the mark of this program's application key. ``may_be`` are the
    lines (``B/ALIAS``) without a known order that it looks like.
    """

    account: str
    last4: str
    order_id: str
    status: str
    entered: datetime
    description: str
    quantity: Decimal
    filled: Decimal
    is_open: bool
    order: str | None
    origin: str
    has_our_mark: bool
    may_be: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """Something in which this program and the broker differ, or of which one of them knows nothing.

    ``expected`` is what this program has, ``found`` what the broker shows.
    """

    kind: str
    account: str
    last4: str
    broadcast: str | None
    order_id: str | None
    symbol: str | None
    expected: str | None
    found: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class UnreadView:
    """An account, or what it has (``what``), about which nothing can be said, and why.

    ``account`` is null where it is not known which accounts the login has.
    """

    account: str | None
    login: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReconcileView:
    """One complete comparison; ``verdict`` is no_difference, differences, in_doubt or unread.

    ``accounts``, ``orders`` and ``lines`` count what was compared; what is in ``unread`` was not.
    """

    at: datetime
    verdict: str
    accounts: int
    orders: int
    lines: int
    differences: tuple[DifferenceView, ...]
    unread: tuple[UnreadView, ...]
