"""What a broker's rejects teach about an account: that it may not trade something at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from swimdesk.domain.orders import Effect, Ticket
from swimdesk.domain.risk.levels import level_needed


class Lack(StrEnum):
    """What an account is not allowed."""

    OPTION_LEVEL = "option_level"
    OPENING = "opening"
    TRADING = "trading"


_SAID = (
    (r"not approved for (this|the) level|options? (approval )?level", Lack.OPTION_LEVEL),
    (r"not (approved|authorized|eligible) (for|to trade) option", Lack.OPTION_LEVEL),
    (r"clos(ing|e)[- ]only|only clos(e|ing)|restricted to closing", Lack.OPENING),
    (r"no trades are currently allowed|account is restricted|not enabled for", Lack.TRADING),
)
"""Texts of rejects that are about the account, not about this order (schwab-api 7)."""


@dataclass(frozen=True, slots=True)
class Learned:
    """One lesson about an account; ``level`` is what the order needed, for option levels."""

    lack: Lack
    text: str
    order: str
    """The order that was rejected, in the order language."""
    broadcast: str
    at: datetime
    level: int = 0
    order_id: str | None = None

    def forbids(self, ticket: Ticket) -> bool:
        """Tell whether a ticket with its effect resolved may well meet the same no."""
        if self.lack is Lack.TRADING:
            return True
        if ticket.effect is Effect.CLOSE:
            return False
        if self.lack is Lack.OPENING:
            return True
        return not ticket.is_equity and level_needed(ticket, covered=False) >= self.level

    @property
    def sentence(self) -> str:
        """What to tell whoever is about to try again."""
        named = f"order {self.order_id} " if self.order_id else ""
        return f"on {self.at:%Y-%m-%d} the broker rejected {named}({self.order}): {self.text}"


def lack_in(text: str | None) -> Lack | None:
    """Return what a reject says the account may not do; None for one about the order itself."""
    if not text:
        return None
    return next((lack for said, lack in _SAID if re.search(said, text, re.IGNORECASE)), None)
