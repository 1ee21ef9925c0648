"""All checks of a line, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import Callable

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.risk import accounts, prices, reducing, sessions, sizes
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.limits import RiskLimits

Check = Callable[[LineFacts, RiskLimits], Denial | None]

CHECKS: tuple[Check, ...] = (
    reducing.reducing,
    sessions.session,
    sessions.session_mismatch,
    sessions.expired,
    prices.halted,
    sizes.size,
    sizes.notional,
    sizes.market_notional,
    sizes.position_share,
    prices.tick,
    prices.sign,
    prices.freshness,
    prices.collar,
    prices.far,
    prices.extended_collar,
    prices.extended_spread,
    prices.market_spread,
    accounts.closing_only,
    accounts.cash_account,
    accounts.option_level,
    accounts.buying_power,
    accounts.learned,
    accounts.token_short,
    sessions.outlives_the_day,
)
"""All checks of a line in the order they are reported; duplicates come last."""


def check_line(facts: LineFacts, limits: RiskLimits) -> tuple[Denial, ...]:
    """Run every check over one line, in order, and return all denials."""
    found = (check(facts, limits) for check in CHECKS)
    return (*(one for one in found if one is not None), *facts.duplicates)
