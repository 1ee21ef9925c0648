"""How much one order may be: shares, contracts, dollars, and its part of the account."""

from __future__ import annotations

from decimal import Decimal

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.orders import Effect, OrderType
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.limits import RiskLimits

SIZE_CEILING = 5
"""So many times its limit the size of an order may be typed to."""


def size(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny more shares or contracts than an order may have."""
    ticket = facts.ticket
    shares = ticket.shares
    most, found = limits.max_shares_per_order, shares.ratio * ticket.quantity if shares else 0
    code, text = DenialCode.SIZE_SHARES, f"{found} shares"
    options = [leg.ratio for leg in ticket.legs if leg is not shares]
    if found <= most and options:
        most, found = limits.max_contracts_per_order, max(options) * ticket.quantity
        code, text = DenialCode.SIZE_CONTRACTS, f"{found} contracts in a leg"
    if found <= most:
        return None
    return denial(code, f"{text}, limit {most} per order", found, most * SIZE_CEILING)


def notional(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny more dollars than an order may move."""
    most = _most_dollars(facts, limits)
    if facts.cost.notional <= most:
        return None
    return denial(
        DenialCode.NOTIONAL_ORDER,
        f"${facts.cost.notional:,.2f}, limit ${most:,.2f} per order",
        facts.cost.notional,
        _ceiling(facts, limits),
    )


def market_notional(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny a market order of more than half the dollars that a limit order may move."""
    most = _most_dollars(facts, limits) / 2
    if facts.ticket.order_type is not OrderType.MARKET or facts.cost.notional <= most:
        return None
    return denial(
        DenialCode.MARKET_NOTIONAL,
        f"${facts.cost.notional:,.2f} at market, limit ${most:,.2f}",
        facts.cost.notional,
        _ceiling(facts, limits),
    )


def position_share(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny an opening order that puts too much of the account into one underlying."""
    if facts.ticket.effect is Effect.CLOSE:
        return None
    after = facts.in_underlying + facts.cost.notional
    most = _worth(facts) * limits.max_position_share
    if after <= most:
        return None
    return denial(
        DenialCode.POSITION_SHARE,
        f"${after:,.2f} in {facts.ticket.underlying} with this order, limit ${most:,.2f}"
        f" ({limits.max_position_share:.0%} of the account)",
        after,
    )


def _worth(facts: LineFacts) -> Decimal:
    return max(facts.balances.liquidation_value, Decimal(0))


def _most_dollars(facts: LineFacts, limits: RiskLimits) -> Decimal:
    if facts.ticket.effect is Effect.CLOSE:
        # Getting out must not depend on how little is left.
        return limits.max_notional_per_order
    return min(limits.max_notional_per_order, _worth(facts) * limits.max_notional_share)


def _ceiling(facts: LineFacts, limits: RiskLimits) -> Decimal | None:
    if facts.ticket.effect is Effect.CLOSE:
        return None
    return _worth(facts) * limits.ceiling_notional_share
