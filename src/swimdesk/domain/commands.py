"""Commands on orders that are at the broker already, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class CommandKind(StrEnum):
    """What an order at the broker can be told."""

    CANCEL = "cancel"
    REPLACE = "replace"


class CommandOutcome(StrEnum):
    """What is known of a command; none of these tells what became of the order, reads do."""

    TAKEN = "taken"
    """The broker took the request; the order may still fill."""
    REFUSED = "refused"
    """The broker said no, which proves nothing about the order."""
    UNKNOWN = "unknown"
    """The request may or may not have reached the broker."""
    NOT_SENT = "not_sent"
    """Nothing was sent; the order, if there is one, is as it was."""
    ENDED = "ended"
    """The line had reached its end before, so nothing was sent."""
    DENIED = "denied"
    """Our own checks said no, so nothing was sent."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command on one line; without an outcome it was written down and nothing else is known.

    ``order_id`` is the order that it was aimed at, None where nothing could be sent. ``price`` is
    what a replacement asks, ``new_order_id`` the order that the broker's answer named.
    """

    id: str
    ref: str
    account: str
    kind: CommandKind
    at: datetime
    order_id: str | None = None
    outcome: CommandOutcome | None = None
    answered: datetime | None = None
    reason: str | None = None
    price: Decimal | None = None
    new_order_id: str | None = None
