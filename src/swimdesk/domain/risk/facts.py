"""What the checks of one line may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.broadcast import Denial
from swimdesk.domain.margin import Cost
from swimdesk.domain.orders import Ticket
from swimdesk.domain.risk.learning import Learned


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """What the quotes of a ticket's legs come to; nets are cash received per unit."""

    net_mid: Decimal | None = None
    """At the middle of every market; None where a leg has no bid and ask."""
    net_natural: Decimal | None = None
    """At the touch, where a market order would trade."""
    net_close: Decimal | None = None
    """At the last prices of the regular session; None where a leg has none."""
    age_s: int = 0
    """Of the oldest leg."""
    unsound: str = ""
    """Which quotes are delayed or not normal; empty when none is."""
    halted: str = ""
    """What is not trading now; empty when all is."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything the checks may know about one account's line; the ticket is sized."""

    account: Account
    ticket: Ticket
    balances: Balances
    holdings: Mapping[str, Decimal]
    """Signed quantity per symbol once our own working orders are through; what covers a call."""
    cost: Cost
    reserved: Decimal = Decimal(0)
    """Dollars that our own live orders hold which the broker's balances may not show yet."""
    in_underlying: Decimal = Decimal(0)
    """Dollars of the account that are in the ticket's underlying now."""
    balances_age_s: int = 0
    penny_pilot: bool = False
    quotes: QuoteFacts = field(default_factory=QuoteFacts)
    session: str = ""
    """Empty when the market is open for this ticket, else why it is not."""
    expired: str = ""
    """Empty while every contract still trades, else which one does not."""
    token: str = ""
    """Empty while the login's token lasts long enough, or may do so again, else why it does not."""
    learned: Learned | None = None
    """What the broker's rejects have taught about the account."""
    is_reducing: bool = False
    """Whether only orders may leave that close what is held."""
    duplicates: tuple[Denial, ...] = ()
