"""European option values in floats: Black-Scholes-Merton price, greeks, implied volatility.

For display and for drawing a market only; money that is owed is never computed here. Rates and
yields are continuously compounded fractions per year (0.05 is 5 %), volatility is a fraction per
square root of a year (0.20 is 20 %), ``years`` is the time to expiry in years of 365 days.
Formulas: Hull, Options, Futures, and Other Derivatives, chapters 15, 17 and 19.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, log, pi, sqrt

from swimdesk.domain.instruments import Right

DAYS_PER_YEAR = 365.0
_LOWEST_VOLATILITY = 1e-4
_HIGHEST_VOLATILITY = 10.0
_SOLVER_STEPS = 100


@dataclass(frozen=True, slots=True)
class Greeks:
    """How the value of one option on one share answers to its inputs.

    ``delta`` and ``gamma`` per 1.00 of the underlying, ``theta`` per calendar day, ``vega`` per
    volatility point (one percentage point), ``rho`` per percentage point of the rate.
    """

    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal variable is at most ``x``."""
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


def normal_density(x: float) -> float:
    """Return the density of the standard normal distribution at ``x``."""
    return exp(-0.5 * x * x) / sqrt(2.0 * pi)


def price(
    right: Right,
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> float:
    """Return the value of an option on one share; at expiry or without volatility, its floor."""
    if _is_certain(years, volatility):
        return value_floor(right, spot, strike, years, rate, dividend_yield)
    d1, d2 = _d1_d2(spot, strike, years, volatility, rate, dividend_yield)
    discounted_spot = spot * exp(-dividend_yield * years)
    discounted_strike = strike * exp(-rate * years)
    if right is Right.CALL:
        return discounted_spot * normal_cdf(d1) - discounted_strike * normal_cdf(d2)
    return discounted_strike * normal_cdf(-d2) - discounted_spot * normal_cdf(-d1)


def value_floor(
    right: Right,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> float:
    """Return the least value no-arbitrage allows: the discounted intrinsic value, or zero."""
    remaining = max(years, 0.0)
    forward_gain = spot * exp(-dividend_yield * remaining) - strike * exp(-rate * remaining)
    return max(forward_gain if right is Right.CALL else -forward_gain, 0.0)


def greeks(
    right: Right,
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> Greeks:
    """Return the sensitivities of an option; at expiry only delta (0, 1 or -1) remains."""
    if _is_certain(years, volatility):
        in_the_money = value_floor(right, spot, strike, years, rate, dividend_yield) > 0.0
        sign = 1.0 if right is Right.CALL else -1.0
        return Greeks(delta=sign * in_the_money, gamma=0.0, theta=0.0, vega=0.0, rho=0.0)
    d1, d2 = _d1_d2(spot, strike, years, volatility, rate, dividend_yield)
    sign = 1.0 if right is Right.CALL else -1.0
    spot_discount = exp(-dividend_yield * years)
    density = spot_discount * normal_density(d1)
    spot_part = sign * spot * spot_discount * normal_cdf(sign * d1)
    strike_part = sign * strike * exp(-rate * years) * normal_cdf(sign * d2)
    decay = -spot * density * volatility / (2.0 * sqrt(years))
    return Greeks(
        delta=sign * spot_discount * normal_cdf(sign * d1),
        gamma=density / (spot * volatility * sqrt(years)),
        theta=(decay - rate * strike_part + dividend_yield * spot_part) / DAYS_PER_YEAR,
        vega=spot * density * sqrt(years) / 100.0,
        rho=years * strike_part / 100.0,
    )


def implied_volatility(
    right: Right,
    option_price: float,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> float | None:
    """Return the volatility that explains the price, or None where none does.

    None at expiry, and for a price at or outside the no-arbitrage bounds: at the floor every small
    volatility gives the same price, so there is nothing to imply.
    """
    if years <= 0.0 or spot <= 0.0 or strike <= 0.0:
        return None
    low, high = _LOWEST_VOLATILITY, _HIGHEST_VOLATILITY

    def excess(volatility: float) -> float:
        value = price(right, spot, strike, years, volatility, rate, dividend_yield)
        return value - option_price

    if excess(low) >= 0.0 or excess(high) <= 0.0:
        return None
    guess = _first_guess(spot, strike, years, rate, dividend_yield)
    for _ in range(_SOLVER_STEPS):
        error = excess(guess)
        low, high = (low, guess) if error > 0.0 else (guess, high)
        slope = greeks(right, spot, strike, years, guess, rate, dividend_yield).vega * 100.0
        step = guess - error / slope if slope > 0.0 else low
        # Newton diverges in the wings, where vega vanishes; the bracket still holds the root.
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - guess) < 1e-12 * guess:
            return following
        guess = following
    return guess


def _first_guess(
    spot: float, strike: float, years: float, rate: float, dividend_yield: float
) -> float:
    """Return the volatility of steepest price, from where Newton converges (Manaster-Koehler)."""
    moneyness = log(spot / strike) + (rate - dividend_yield) * years
    return min(max(sqrt(2.0 * abs(moneyness) / years), 0.05), 5.0)


def _is_certain(years: float, volatility: float) -> bool:
    return years <= 0.0 or volatility <= 0.0


def _d1_d2(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float,
) -> tuple[float, float]:
    spread = volatility * sqrt(years)
    drift = (rate - dividend_yield + 0.5 * volatility * volatility) * years
    d1 = (log(spot / strike) + drift) / spread
    return d1, d1 - spread
