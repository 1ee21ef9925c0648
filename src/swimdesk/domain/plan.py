"""A plan: the only thing that can be submitted; says per account what would leave and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.orders import Ticket


class Verdict(StrEnum):
    """What the planner decided for one account."""

    SEND = "send"
    DENIED = "denied"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One account's part of a plan; the money figures are dollars for this account."""

    account: str
    login: str
    last4: str
    ticket: Ticket
    verdict: Verdict
    quantity: int
    reason: str | None = None
    denials: tuple[Denial, ...] = ()
    requirement: Decimal | None = None
    """Buying power the broker holds against the order, its premium and fees included."""
    max_loss: Decimal | None = None
    buying_power: Decimal | None = None
    body_hash: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Ticket, allocation, denials and digest; ``expires`` is when it may no longer be sent."""

    id: str
    order: str
    ticket: Ticket
    created: datetime
    expires: datetime
    lines: tuple[PlannedLine, ...]
    digest: str
    sizing: str = "text"
    remainder: str | None = None
    notices: tuple[str, ...] = ()
    net: NetMarket | None = None
    """What the ticket was quoted at; None where a leg has no market."""
    price_from: str | None = None
    """What the price was worked out from, as it was typed; None where it was a number."""

    @property
    def sendable(self) -> tuple[PlannedLine, ...]:
        """The lines that would leave."""
        return tuple(line for line in self.lines if line.verdict is Verdict.SEND)


def digest(lines: Iterable[PlannedLine]) -> str:
    """Return one hash over exactly what would be sent: each account with its body's hash."""
    parts = sorted(f"{line.account} {line.body_hash}" for line in lines if line.body_hash)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
