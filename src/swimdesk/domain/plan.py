"""A plan: the only thing that can be submitted; says per account what would leave and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.broadcast import Denial, Line
from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.orders import Ticket


class Verdict(StrEnum):
    """What the planner decided for one account."""

    SEND = "send"
    DENIED = "denied"
    SKIPPED = "skipped"


class BrokerWord(StrEnum):
    """What the broker's own preview says of an order; only ``accept`` and ``alert`` are a yes."""

    ACCEPT = "accept"
    ALERT = "alert"
    REJECT = "reject"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class BrokerVerdict:
    """The broker's preview of one order, free of control characters; dollars after the order."""

    word: BrokerWord
    texts: tuple[str, ...] = ()
    commission: Decimal | None = None
    available_funds: Decimal | None = None
    """What would be left for options."""
    buying_power: Decimal | None = None
    """What would be left for stock."""


@dataclass(frozen=True, slots=True)
class BrokerCheck:
    """The broker's preview beside what the account has: ``effect`` is after minus before."""

    verdict: BrokerVerdict
    effect: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to be known before an order is sent; it bars nothing."""

    code: str
    detail: str


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
    lifted: tuple[Denial, ...] = ()
    """Denials that the operator lifted."""
    broker: BrokerCheck | None = None
    """What the broker's preview said, where it was asked."""
    cautions: tuple[Caution, ...] = ()


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
    limits: str = ""
    """Which limits it was checked against (``limits_hash``)."""
    overrides: tuple[str, ...] = ()
    """What the operator typed or acknowledged, and what was lifted by it."""
    notional: Decimal | None = None
    """Dollars over all lines that would be sent."""

    @property
    def sendable(self) -> tuple[PlannedLine, ...]:
        """The lines that would leave."""
        return tuple(line for line in self.lines if line.verdict is Verdict.SEND)


def digest(lines: Iterable[PlannedLine | Line], overrides: Iterable[str] = ()) -> str:
    """Return one hash over exactly what would be sent: each account with its body's hash.

    What was overridden for it is part of it; without any, it is the hash of the orders alone.
    """
    return digest_of(((line.account, line.body_hash) for line in lines), overrides)


def digest_of(orders: Iterable[tuple[str, str | None]], overrides: Iterable[str] = ()) -> str:
    """Return the digest of orders given as account and body's hash."""
    parts = sorted(f"{account} {body_hash}" for account, body_hash in orders if body_hash)
    parts += sorted(f"override {text}" for text in overrides)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
