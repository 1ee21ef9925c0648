"""Deltas and the chance of a gain from the quotes alone; for the eye, never for money.

Volatilities are implied from mid prices with neither interest nor dividends, days are counted to
the close of the expiry: good to a hundredth or two of delta, and marked with ``~`` where shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from itertools import pairwise
from math import log, sqrt
from typing import Final

from swimdesk.console.formats import EASTERN
from swimdesk.console.ticket.market import Look
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.orders import Leg, Ticket
from swimdesk.domain.payoff import contracts_of, series_of
from swimdesk.domain.pricing import greeks, implied_volatility, normal_cdf

_CLOSE: Final = time(16, 0)
_SECONDS_PER_YEAR: Final = 365 * 86_400


def leg_delta(ticket: Ticket, leg: Leg, look: Look, now: datetime) -> float | None:
    """Return the delta of one contract of a leg held long; None where quotes do not tell it."""
    contract = leg.instrument
    if not isinstance(contract, OptionContract):
        return None
    volatility = _volatility(ticket, contract, look, now)
    spot = look.spot(ticket)
    if volatility is None or spot is None:
        return None
    years = _years(contract, now)
    return greeks(contract.right, float(spot), float(contract.strike), years, volatility, 0.0).delta


def chance(
    ticket: Ticket, gains: Sequence[tuple[Decimal, Decimal | None]], look: Look, now: datetime
) -> float | None:
    """Return the probability to end inside one of these spans of the underlying's price.

    None where not every leg has a volatility, or where the legs end on different days.
    """
    contracts = contracts_of(ticket.legs)
    spot = look.spot(ticket)
    if spot is None or spot <= 0 or len({series_of(one) for one in contracts}) != 1:
        return None
    smile = []
    for contract in contracts:
        volatility = _volatility(ticket, contract, look, now)
        if volatility is None:
            return None
        smile.append((float(contract.strike), volatility))
    smile.sort()
    years = _years(contracts[0], now)

    def below(price: Decimal) -> float:
        if price <= 0:
            return 0.0
        volatility = _interpolated(smile, float(price))
        spread = volatility * sqrt(years)
        return normal_cdf((log(float(price) / float(spot)) + 0.5 * spread**2) / spread)

    total = sum((1.0 if high is None else below(high)) - below(low) for low, high in gains)
    return min(max(total, 0.0), 1.0)


def _years(contract: OptionContract, now: datetime) -> float:
    end = datetime.combine(contract.expiry, _CLOSE, tzinfo=EASTERN)
    return (end - now).total_seconds() / _SECONDS_PER_YEAR


def _volatility(
    ticket: Ticket, contract: OptionContract, look: Look, now: datetime
) -> float | None:
    quote, spot = look.quotes.get(contract.symbol), look.spot(ticket)
    if quote is None or spot is None or quote.bid is None or quote.ask is None:
        return None
    mid, years = float(quote.bid + quote.ask) / 2, _years(contract, now)
    return implied_volatility(contract.right, mid, float(spot), float(contract.strike), years, 0.0)


def _interpolated(smile: Sequence[tuple[float, float]], strike: float) -> float:
    """Return the volatility between two strikes; beyond the last one it stays what it is there."""
    for (low, at_low), (high, at_high) in pairwise(smile):
        if low <= strike <= high and high > low:
            return at_low + (at_high - at_low) * (strike - low) / (high - low)
    return smile[0][1] if strike < smile[0][0] else smile[-1][1]
