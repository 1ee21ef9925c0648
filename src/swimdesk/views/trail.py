"""How a line came to be what it is, step by step, and what each step rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SeenView:
    """An order of the line's account as a read showed it.

    ``alike``: it looks like what was sent, and was not there before.
    """

    order_id: str
    status: str
    filled: str
    entered: datetime
    alike: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a line: what it became, why, and the read of order lists that showed it.

    ``read``, ``began`` and ``complete`` are null where no read led to it: an answer did, or a stop.
    """

    at: datetime
    state: str
    doubt: str | None
    order_id: str | None
    filled: int
    reason: str | None
    read: int | None
    began: datetime | None
    complete: bool | None
    shown: tuple[SeenView, ...]


@dataclass(frozen=True, slots=True)
class TrailView:
    """A line of a broadcast with everything that is written down of how it came to be so."""

    broadcast: str
    account: str
    last4: str
    order: str
    state: str
    doubt: str | None
    steps: tuple[StepView, ...]
