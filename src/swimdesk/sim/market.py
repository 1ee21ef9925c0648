"""The simulated market: seeded prices of underlyings, option quotes by Black-Scholes with skew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, exp, floor, log, sqrt, tanh

from swimdesk.domain import pricing
from swimdesk.domain.instruments import OptionContract, Right, option_tick
from swimdesk.sim import listings
from swimdesk.sim.clock import SimClock
from swimdesk.sim.listings import Listing, SimExpiry
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.universe import UNDERLYINGS, Underlying
from swimdesk.sim.walk import Walk

RATE = 0.04
_SECONDS_PER_YEAR = 365.0 * 86_400.0
_TRADED_SECONDS_PER_YEAR = 252.0 * 6.5 * 3_600.0
_STEP_SIZE = 1.0 / sqrt(_TRADED_SECONDS_PER_YEAR)
_SHORTEST_SKEW_YEARS = 1.0 / 365.0
_SMILE = 0.03
_SERIES_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class SimQuote:
    """A two-sided market on the class's ticks; an index has bid, ask and last the same."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    mark: Decimal
    bid_size: int
    ask_size: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The trading day so far (dollars), with the close before it and the range of a year."""

    open: float
    high: float
    low: float
    close: float
    year_high: float
    year_low: float
    volume: int


@dataclass(frozen=True, slots=True)
class OptionFigures:
    """What an option is worth in theory (dollars a share) and how it answers to its inputs."""

    contract: OptionContract
    expiry: SimExpiry
    theoretical: float
    volatility: float
    greeks: pricing.Greeks
    underlying_price: float
    intrinsic: float
    days: int
    open_interest: int


@dataclass(frozen=True, slots=True)
class _Series:
    """A listed option with what its quote needs, prepared once a day."""

    underlying: Underlying
    contract: OptionContract
    expiry: SimExpiry
    strike: float
    settles_at_s: float
    low_tick: int
    high_tick: int
    instrument_id: int


class Market:
    """Quotes everything in the universe.

    Prices are a pure function of the seed, the symbol and the seconds since this was made times
    ``speed``, plus shocks: the same seed and the same clock give the same prices. They stand
    still while the stock market is closed.
    """

    def __init__(self, seed: int, clock: SimClock, sessions: Sessions, speed: float = 1.0) -> None:
        self.clock = clock
        self.sessions = sessions
        self._speed = speed
        self._seed = seed
        self._began_s = clock.monotonic_s()
        self._common = Walk(seed, "")
        self._walks: dict[str, Walk] = {}
        self._shocks: dict[str, float] = {}
        self._ranges: dict[str, tuple[float, float]] = {}
        self._second = -1
        self._step = 0
        self._now_s = 0.0
        self._today = date.min
        self._spots: dict[str, float] = {}
        self._quotes: dict[str, SimQuote | None] = {}
        self._series: dict[str, _Series | None] = {}
        self._refresh()

    @property
    def today(self) -> date:
        """The exchanges' calendar day."""
        self._refresh()
        return self._today

    def quote(self, symbol: str) -> SimQuote | None:
        """Return the market of a stock, fund, index or option symbol; None for an unlisted one."""
        self._refresh()
        if symbol not in self._quotes:
            self._quotes[symbol] = self._draw(symbol)
        return self._quotes[symbol]

    def describe(self, symbol: str) -> Listing | None:
        """Return how the broker names a symbol, also an expired option; None for an unknown."""
        return listings.describe(symbol)

    def expiries(self, underlying: str) -> tuple[SimExpiry, ...]:
        """Return the listed expiries of a quote symbol, soonest first; empty without options."""
        return listings.expiries_on(self.today, underlying) if underlying in UNDERLYINGS else ()

    def strikes(self, root: str, expiry: date) -> tuple[Decimal, ...]:
        """Return the strikes listed under an option root for a day; empty for an unlisted day."""
        probe = OptionContract(root, expiry, Right.CALL, Decimal(1))
        underlying = listings.underlying_of(probe)
        if underlying is None or self._expiry_of(underlying, probe) is None:
            return ()
        days = (expiry - self._today).days
        return listings.strikes_of(underlying, days, *self._range(underlying))

    def shock(self, symbol: str, factor: float) -> None:
        """Multiply an underlying's price at once; KeyError for an unknown symbol."""
        if factor <= 0.0:
            raise ValueError(f"a price can be multiplied by a positive factor, not {factor}")
        underlying = UNDERLYINGS[symbol]
        low, high = self._range(underlying)
        total = self._shocks.get(symbol, 1.0) * factor
        self._shocks[symbol] = total
        reached = underlying.start_price * total
        # Exchanges add strikes after a move and never take away those that are held.
        self._ranges[symbol] = (min(low, reached), max(high, reached))
        self._spots.clear()
        self._quotes.clear()
        self._series.clear()

    def spot(self, symbol: str) -> float:
        """Return an underlying's unrounded price; KeyError for an unknown symbol."""
        self._refresh()
        return self._spot(UNDERLYINGS[symbol])

    def figures(self, symbol: str) -> OptionFigures | None:
        """Return theory and greeks of a listed option, or None."""
        self._refresh()
        series = self._series_of(symbol)
        if series is None:
            return None
        spot = self._spot(series.underlying)
        years = self._years(series)
        volatility = implied_volatility(series.underlying, spot, series.strike, years)
        gain = spot - series.strike
        return OptionFigures(
            contract=series.contract,
            expiry=series.expiry,
            theoretical=self._theoretical(series, spot, years),
            volatility=volatility,
            greeks=pricing.greeks(
                series.contract.right, spot, series.strike, years, volatility, RATE
            ),
            underlying_price=spot,
            intrinsic=gain if series.contract.right is Right.CALL else -gain,
            days=(series.expiry.date - self._today).days,
            open_interest=series.instrument_id % 9_000,
        )

    def day(self, symbol: str) -> DayFigures | None:
        """Return the day's figures of a listed symbol, or None."""
        quote = self.quote(symbol)
        if quote is None:
            return None
        last = float(quote.last)
        number = listings.instrument_id(symbol)
        close, opened, busy = self._yesterday(symbol, number)
        reached = abs(last - opened) * 0.25 + opened * 0.001
        return DayFigures(
            open=round(opened, 4),
            high=round(max(opened, last) + reached, 4),
            low=round(max(min(opened, last) - reached, 0.0), 4),
            close=round(close, 4),
            year_high=round(max(opened, last) * 1.28, 4),
            year_low=round(min(opened, last) * 0.71, 4),
            volume=busy + self._step * (number % 97 + 1),
        )

    def _yesterday(self, symbol: str, number: int) -> tuple[float, float, int]:
        """Return the close before, this day's opening price, and a typical volume by now."""
        underlying = UNDERLYINGS.get(symbol)
        if underlying is not None:
            change = underlying.volatility * 0.05 * (number % 2001 - 1000) / 1000.0
            busy = 1_000_000 + number % 50_000_000
            return underlying.start_price / (1.0 + change), underlying.start_price, busy
        series = self._series[symbol]
        assert series is not None  # noqa: S101 - quoted just before, so it is listed
        opening = series.underlying.start_price
        earlier = opening * (1.0 - 0.002 * (number % 7 - 3))
        years = self._years(series) + _SHORTEST_SKEW_YEARS
        return (
            self._theoretical(series, earlier, years),
            self._theoretical(series, opening, years),
            number % 4_000,
        )

    def _refresh(self) -> None:
        elapsed_s = self.clock.monotonic_s() - self._began_s
        second = int(elapsed_s * max(self._speed, 1.0))
        if second == self._second:
            return
        self._second = second
        now = self.clock.now()
        standing_s = (now - self.sessions.last_open(now)).total_seconds()
        self._step = floor((elapsed_s - standing_s) * self._speed)
        self._now_s = self.sessions.session_time(now).timestamp()
        self._spots.clear()
        self._quotes.clear()
        today = self.sessions.market_date(now)
        if today != self._today or len(self._series) > _SERIES_LIMIT:
            self._today = today
            self._series.clear()

    def _draw(self, symbol: str) -> SimQuote | None:
        underlying = UNDERLYINGS.get(symbol)
        if underlying is not None:
            return self._draw_underlying(underlying)
        series = self._series_of(symbol)
        return None if series is None else self._draw_option(symbol, series)

    def _draw_underlying(self, underlying: Underlying) -> SimQuote:
        price = self._spot(underlying)
        places = 2 if price >= 1.0 else 4
        units = price * 10**places
        if underlying.is_index:
            bid = ask = last = round(units)
        else:
            half = underlying.spread * 10**places / 2.0
            bid = max(floor(units - half), 1)
            ask = max(ceil(units + half), bid + 1)
            last = min(max(round(units), bid), ask)
        number = listings.instrument_id(underlying.symbol) + self._step
        return _quote(underlying.symbol, bid, ask, last, places, number)

    def _draw_option(self, symbol: str, series: _Series) -> SimQuote:
        spot = self._spot(series.underlying)
        cents = 100.0 * self._theoretical(series, spot, self._years(series))
        tick = series.low_tick if cents < 300.0 else series.high_tick
        # Deep in the money the width stops growing: there a market maker only carries the hedge.
        width_base = min(cents, 5.0 * spot)
        half = tick / 4.0 + series.underlying.option_spread * width_base / 2.0
        bid = _down(max(cents - half, 0.0), series)
        ask = _up(cents + half, series)
        if ask <= bid:
            ask = bid + (series.low_tick if bid < 300 else series.high_tick)
        last = min(max(_down(cents, series), bid, series.low_tick), ask)
        return _quote(symbol, bid, ask, last, 2, series.instrument_id + self._step)

    def _spot(self, underlying: Underlying) -> float:
        symbol = underlying.symbol
        price = self._spots.get(symbol)
        if price is None:
            walk = self._walks.get(symbol)
            if walk is None:
                walk = self._walks[symbol] = Walk(self._seed, symbol)
            beta = underlying.beta
            common = beta * self._common.displacement(self._step)
            own = sqrt(1.0 - beta * beta) * walk.displacement(self._step)
            move = underlying.volatility * _STEP_SIZE * (common + own)
            price = underlying.start_price * exp(move) * self._shocks.get(symbol, 1.0)
            self._spots[symbol] = price
        return price

    def _range(self, underlying: Underlying) -> tuple[float, float]:
        start = underlying.start_price
        return self._ranges.get(underlying.symbol, (start, start))

    def _years(self, series: _Series) -> float:
        return max(series.settles_at_s - self._now_s, 0.0) / _SECONDS_PER_YEAR

    def _theoretical(self, series: _Series, spot: float, years: float) -> float:
        right = series.contract.right
        volatility = implied_volatility(series.underlying, spot, series.strike, years)
        value = pricing.price(right, spot, series.strike, years, volatility, RATE)
        if series.underlying.is_index:
            return value
        # Stock options can be exercised at any time, so they are never below parity.
        gain = spot - series.strike if right is Right.CALL else series.strike - spot
        return max(value, gain)

    def _series_of(self, symbol: str) -> _Series | None:
        if symbol not in self._series:
            self._series[symbol] = self._read_series(symbol)
        return self._series[symbol]

    def _read_series(self, symbol: str) -> _Series | None:
        contract = listings.read_contract(symbol)
        underlying = None if contract is None else listings.underlying_of(contract)
        if contract is None or underlying is None:
            return None
        expiry = self._expiry_of(underlying, contract)
        days = (contract.expiry - self._today).days
        if expiry is None or not listings.is_listed_strike(
            underlying, contract.strike, days, *self._range(underlying)
        ):
            return None
        low_tick, high_tick = (
            int(100 * option_tick(contract.root, price, penny_pilot=underlying.penny_pilot))
            for price in (Decimal(1), Decimal(5))
        )
        settles_at = self.sessions.expiry_instant(expiry.date, expiry.settlement)
        return _Series(
            underlying=underlying,
            contract=contract,
            expiry=expiry,
            strike=float(contract.strike),
            settles_at_s=settles_at.timestamp(),
            low_tick=low_tick,
            high_tick=high_tick,
            instrument_id=listings.instrument_id(symbol),
        )

    def _expiry_of(self, underlying: Underlying, contract: OptionContract) -> SimExpiry | None:
        for expiry in listings.expiries_on(self.today, underlying.symbol):
            if expiry.date == contract.expiry and expiry.root == contract.root:
                return expiry
        return None


def implied_volatility(underlying: Underlying, spot: float, strike: float, years: float) -> float:
    """Return the volatility at which a strike trades: skewed downwards, a little smile, bounded."""
    deviation = underlying.volatility * sqrt(max(years, _SHORTEST_SKEW_YEARS))
    distance = 2.0 * tanh(log(strike / spot) / (2.0 * deviation))
    return underlying.volatility * (1.0 - underlying.skew * distance + _SMILE * distance**2)


def _quote(symbol: str, bid: int, ask: int, last: int, places: int, number: int) -> SimQuote:
    middle = Decimal(bid + ask)
    mark = middle.scaleb(-places) / 2
    return SimQuote(
        symbol=symbol,
        bid=Decimal(bid).scaleb(-places),
        ask=Decimal(ask).scaleb(-places),
        last=Decimal(last).scaleb(-places),
        mark=mark,
        bid_size=number % 89 + 1,
        ask_size=number % 61 + 1,
    )


def _down(cents: float, series: _Series) -> int:
    tick = series.low_tick if cents < 300.0 else series.high_tick
    return floor(cents / tick) * tick


def _up(cents: float, series: _Series) -> int:
    tick = series.low_tick if cents < 300.0 else series.high_tick
    return ceil(cents / tick) * tick
