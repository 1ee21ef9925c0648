"""What may leave while the desk is reducing: orders that close what is held, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.orders import Effect, Ticket
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.limits import RiskLimits


def reducing(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny all but what closes; what is about to be closed is not closed a second time."""
    if not facts.is_reducing:
        return None
    ticket = facts.ticket
    if ticket.effect is not Effect.CLOSE:
        return denial(DenialCode.REDUCING, "only orders that close may leave, and this one opens")
    for leg in ticket.legs:
        held = facts.holdings.get(leg.instrument.symbol, Decimal(0))
        free = max(-leg.side.sign * held, Decimal(0))
        if leg.ratio * ticket.quantity > free:
            return denial(
                DenialCode.REDUCING,
                f"closes {leg.ratio * ticket.quantity} {leg.instrument.symbol}, free to close"
                f" {free:f}",
            )
    return None


def only_closes(tickets: Iterable[Ticket], overrides: Iterable[str]) -> bool:
    """Tell whether orders that were checked close and do nothing else, whatever was overridden."""
    codes = {text.partition("=")[0] for text in overrides}
    is_within = DenialCode.SELL_MORE_THAN_HELD.value not in codes
    return is_within and all(ticket.effect is Effect.CLOSE for ticket in tickets)
