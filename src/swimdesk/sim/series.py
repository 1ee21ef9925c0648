"""One listed option: what it is worth at an underlying's price, and on which ticks it trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, floor, log, sqrt, tanh

from swimdesk.domain import pricing
from swimdesk.domain.instruments import OptionContract, Right, option_tick
from swimdesk.sim import listings
from swimdesk.sim.listings import SimExpiry
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.universe import Underlying

RATE = 0.04
"""The rate of interest the simulated market prices with, a fraction per year."""

_SECONDS_PER_YEAR = 365.0 * 86_400.0
_SHORTEST_SKEW_YEARS = 1.0 / 365.0
_SMILE = 0.03
_TICK_CHANGES_AT_CENTS = 300


@dataclass(frozen=True, slots=True)
class Series:
    """A listed option with what its quotes need; ticks in cents below and from 3.00."""

    underlying: Underlying
    contract: OptionContract
    expiry: SimExpiry
    strike: float
    settles_at_s: float
    low_tick: int
    high_tick: int
    instrument_id: int

    def years(self, now_s: float) -> float:
        """Return the time to settlement in years, zero after it."""
        return max(self.settles_at_s - now_s, 0.0) / _SECONDS_PER_YEAR

    def volatility(self, spot: float, years: float) -> float:
        """Return the volatility this strike trades at."""
        return implied_volatility(self.underlying, spot, self.strike, years)

    def value(self, spot: float, years: float) -> float:
        """Return the theoretical value in dollars a share."""
        volatility = self.volatility(spot, years)
        value = pricing.price(self.contract.right, spot, self.strike, years, volatility, RATE)
        # Stock options can be exercised at any time, so they are never below parity.
        return value if self.underlying.is_index else max(value, self.intrinsic(spot))

    def greeks(self, spot: float, years: float) -> pricing.Greeks:
        """Return the sensitivities at that price and time."""
        volatility = self.volatility(spot, years)
        return pricing.greeks(self.contract.right, spot, self.strike, years, volatility, RATE)

    def intrinsic(self, spot: float) -> float:
        """Return what exercise would gain, negative out of the money (as the broker shows it)."""
        return spot - self.strike if self.contract.right is Right.CALL else self.strike - spot

    def market(self, spot: float, years: float) -> tuple[int, int, int]:
        """Return bid, ask and last in cents: on the ticks, bid from zero, ask above bid."""
        cents = 100.0 * self.value(spot, years)
        # Deep in the money the width stops growing: there a market maker only carries the hedge.
        width = self.underlying.option_spread * min(cents, 5.0 * spot)
        half = self._tick(cents) / 4.0 + width / 2.0
        bid = self._down(max(cents - half, 0.0))
        ask = self._up(cents + half)
        if ask <= bid:
            ask = bid + self._tick(bid)
        last = min(max(self._down(cents), bid, self.low_tick), ask)
        return bid, ask, last

    def _tick(self, cents: float) -> int:
        return self.low_tick if cents < _TICK_CHANGES_AT_CENTS else self.high_tick

    def _down(self, cents: float) -> int:
        tick = self._tick(cents)
        return floor(cents / tick) * tick

    def _up(self, cents: float) -> int:
        tick = self._tick(cents)
        return ceil(cents / tick) * tick


def implied_volatility(underlying: Underlying, spot: float, strike: float, years: float) -> float:
    """Return the volatility at which a strike trades: skewed downwards, a little smile, bounded."""
    deviation = underlying.volatility * sqrt(max(years, _SHORTEST_SKEW_YEARS))
    distance = 2.0 * tanh(log(strike / spot) / (2.0 * deviation))
    return underlying.volatility * (1.0 - underlying.skew * distance + _SMILE * distance**2)


def find_expiry(today: date, underlying: Underlying, root: str, day: date) -> SimExpiry | None:
    """Return the expiry listed today under that root for that day, or None."""
    for expiry in listings.expiries_on(today, underlying.symbol):
        if expiry.date == day and expiry.root == root:
            return expiry
    return None


def read_series(
    symbol: str, today: date, sessions: Sessions, ranges: dict[str, tuple[float, float]]
) -> Series | None:
    """Return the series of an option symbol, or None where it is not listed today.

    ``ranges`` holds, by underlying, the lowest and highest reference price of its strikes, where
    that is not its start price.
    """
    contract = listings.read_contract(symbol)
    underlying = None if contract is None else listings.underlying_of(contract)
    if contract is None or underlying is None:
        return None
    expiry = find_expiry(today, underlying, contract.root, contract.expiry)
    low, high = ranges.get(underlying.symbol, (underlying.start_price, underlying.start_price))
    days = (contract.expiry - today).days
    if expiry is None or not listings.is_listed_strike(
        underlying, contract.strike, days, low, high
    ):
        return None
    low_tick, high_tick = (
        int(100 * option_tick(contract.root, price, penny_pilot=underlying.penny_pilot))
        for price in (Decimal(1), Decimal(5))
    )
    return Series(
        underlying=underlying,
        contract=contract,
        expiry=expiry,
        strike=float(contract.strike),
        settles_at_s=sessions.expiry_instant(expiry.date, expiry.settlement).timestamp(),
        low_tick=low_tick,
        high_tick=high_tick,
        instrument_id=listings.instrument_id(symbol),
    )
