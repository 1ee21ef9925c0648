"""Another order in the place of one that works: what was asked for, and what came before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Standing(StrEnum):
    """What is known of a replacement that is not the line's order (yet)."""

    ASKED = "asked"
    """It may be at the broker, or come there: both orders count."""
    REFUSED = "refused"
    """The broker answered with a plain no."""
    NOT_SEEN = "not_seen"
    """No answer came, and reads went on showing the old order alone at work."""
    REJECTED = "rejected"
    """It was taken and ended without taking the old order's place."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The latest order that was to take the place of a line's order.

    ``ref`` is the id of its command, ``asked`` when it was written down; ``quantity`` are units.
    ``order_id`` came in the answer, and nobody has looked at that order yet.
    """

    ref: str
    price: Decimal
    quantity: int
    fingerprint: str
    body_hash: str
    asked: datetime
    standing: Standing = Standing.ASKED
    taken: bool = False
    order_id: str | None = None
    reason: str | None = None
    """Why it did not come to be, once that is known."""
    asked_ns: int | None = None
    """The monotonic time of ``asked``; None where it was not written down."""


@dataclass(frozen=True, slots=True)
class EarlierOrder:
    """An order of a line that is no longer its order; what it filled counts for the line.

    ``heir`` are the units of the order that took its place, None where it took nobody's.
    """

    order_id: str
    filled: int = 0
    average: Decimal | None = None
    heir: int | None = None


def average_of(parts: Iterable[tuple[int, Decimal | None]]) -> Decimal | None:
    """Return the average price over (units, average); None while any price is not known."""
    known = [(filled, average) for filled, average in parts if filled]
    prices = [average for _, average in known if average is not None]
    if not known or len(prices) < len(known):
        return None
    if len(known) == 1:
        return prices[0]
    values = (units * price for (units, _), price in zip(known, prices, strict=True))
    return sum(values, Decimal(0)) / sum(units for units, _ in known)
