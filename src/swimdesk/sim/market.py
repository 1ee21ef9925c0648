"""The simulated market: seeded prices of underlyings, option quotes by Black-Scholes with skew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import ceil, exp, floor, sqrt

from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.pricing import Greeks
from swimdesk.sim import listings
from swimdesk.sim.clock import SimClock
from swimdesk.sim.listings import Listing, SimExpiry
from swimdesk.sim.series import Series, find_expiry, read_series
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.universe import UNDERLYINGS, Underlying
from swimdesk.sim.walk import Walk

_STEP_SIZE = 1.0 / sqrt(252.0 * 6.5 * 3_600.0)
"""The share of a year's volatility in one second of trading."""
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


_LEAST_SHARES = 1_000_000
_MOST_SHARES = 60_000_000


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
    average_volume: int


@dataclass(frozen=True, slots=True)
class OptionFigures:
    """What an option is worth in theory (dollars a share) and how it answers to its inputs.

    ``intrinsic`` is negative out of the money, as the broker shows it.
    """

    contract: OptionContract
    expiry: SimExpiry
    theoretical: float
    volatility: float
    greeks: Greeks
    underlying_price: float
    intrinsic: float
    days: int
    open_interest: int


class Market:
    """Quotes everything in the universe.

    Prices are a pure function of the seed, the symbol and the seconds since this was made times
    ``speed``, plus shocks: the same seed and the same clock give the same prices. They stand
    still while the stock market is closed.
    """

    def __init__(self, seed: int, clock: SimClock, sessions: Sessions, speed: float = 1.0) -> None:
        self.clock = clock
        self.sessions = sessions
        self._seed = seed
        self._speed = speed
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
        self._days: dict[str, DayFigures | None] = {}
        self._series: dict[str, Series | None] = {}
        self._refresh()

    @property
    def today(self) -> date:
        """The exchanges' calendar day."""
        self._refresh()
        return self._today

    def now(self) -> datetime:
        """Return the exchanges' time (UTC-aware), which is the clock's except in replay."""
        return self.sessions.session_time(self.clock.now())

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
        underlying = listings.underlying_of(OptionContract(root, expiry, Right.CALL, Decimal(1)))
        if underlying is None or find_expiry(self.today, underlying, root, expiry) is None:
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
        reached = underlying.start_price * total
        self._shocks[symbol] = total
        # Exchanges add strikes after a move and never take away those that are held.
        self._ranges[symbol] = (min(low, reached), max(high, reached))
        self._spots.clear()
        self._quotes.clear()
        self._days.clear()
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
        years = series.years(self._now_s)
        return OptionFigures(
            contract=series.contract,
            expiry=series.expiry,
            theoretical=series.value(spot, years),
            volatility=series.volatility(spot, years),
            greeks=series.greeks(spot, years),
            underlying_price=spot,
            intrinsic=series.intrinsic(spot),
            days=(series.expiry.date - self._today).days,
            open_interest=series.instrument_id % 9_000,
        )

    def day(self, symbol: str) -> DayFigures | None:
        """Return the day's figures of a listed symbol, or None.

        Only the last price is drawn; the rest is arranged around it so that it always agrees.
        """
        quote = self.quote(symbol)
        if symbol not in self._days:
            self._days[symbol] = self._draw_day(symbol, quote)
        return self._days[symbol]

    def _draw_day(self, symbol: str, quote: SimQuote | None) -> DayFigures | None:
        if quote is None:
            return None
        number = listings.instrument_id(symbol)
        opened, close = self._beginnings(symbol, number)
        last = float(quote.last)
        reach = abs(last - opened) * 0.25 + opened * 0.001
        top, bottom = max(opened, last), min(opened, last)
        drawn = number % 50_000 + self._step * (number % 97 + 1)
        # Shares change hands by the million, contracts by the thousand.
        usual = _LEAST_SHARES + number % _MOST_SHARES if symbol in UNDERLYINGS else drawn
        return DayFigures(
            open=round(opened, 4),
            high=round(top + reach, 4),
            low=round(max(bottom - reach, 0.0), 4),
            close=round(close, 4),
            year_high=round(top * 1.5, 4),
            year_low=round(bottom * 0.5, 4),
            volume=usual // 3 + drawn if symbol in UNDERLYINGS else drawn,
            average_volume=usual,
        )

    def _beginnings(self, symbol: str, number: int) -> tuple[float, float]:
        """Return the price this day opened at and the close before it."""
        series = self._series_of(symbol)
        if series is None:
            underlying = UNDERLYINGS[symbol]
            change = underlying.volatility * 0.05 * (number % 2001 - 1000) / 1000.0
            return underlying.start_price, underlying.start_price / (1.0 + change)
        years = series.years(self._now_s)
        opening = series.underlying.start_price
        earlier = opening * (1.0 + 0.002 * (number % 7 - 3))
        return series.value(opening, years), series.value(earlier, years + 1.0 / 365.0)

    def _refresh(self) -> None:
        elapsed_s = self.clock.monotonic_s() - self._began_s
        second = floor(elapsed_s * max(self._speed, 1.0))
        if second == self._second:
            return
        self._second = second
        now = self.clock.now()
        standing_s = (now - self.sessions.last_open(now)).total_seconds()
        self._step = floor((elapsed_s - standing_s) * self._speed)
        self._now_s = self.sessions.session_time(now).timestamp()
        self._spots.clear()
        self._quotes.clear()
        self._days.clear()
        today = self.sessions.market_date(now)
        if today != self._today or len(self._series) > _SERIES_LIMIT:
            self._today = today
            self._series.clear()

    def _draw(self, symbol: str) -> SimQuote | None:
        underlying = UNDERLYINGS.get(symbol)
        if underlying is not None:
            return self._draw_underlying(underlying)
        series = self._series_of(symbol)
        if series is None:
            return None
        spot = self._spot(series.underlying)
        bid, ask, last = series.market(spot, series.years(self._now_s))
        return _quote(symbol, bid, ask, last, 2, series.instrument_id + self._step)

    def _draw_underlying(self, underlying: Underlying) -> SimQuote:
        price = self._spot(underlying)
        # Below a dollar stocks trade in hundredths of a cent.
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

    def _spot(self, underlying: Underlying) -> float:
        symbol = underlying.symbol
        price = self._spots.get(symbol)
        if price is None:
            walk = self._walks.get(symbol)
            if walk is None:
                walk = self._walks[symbol] = Walk(self._seed, symbol)
            common = underlying.beta * self._common.displacement(self._step)
            own = sqrt(1.0 - underlying.beta**2) * walk.displacement(self._step)
            move = underlying.volatility * _STEP_SIZE * (common + own)
            price = underlying.start_price * exp(move) * self._shocks.get(symbol, 1.0)
            self._spots[symbol] = price
        return price

    def _range(self, underlying: Underlying) -> tuple[float, float]:
        start = underlying.start_price
        return self._ranges.get(underlying.symbol, (start, start))

    def _series_of(self, symbol: str) -> Series | None:
        if symbol not in self._series:
            series = read_series(symbol, self._today, self.sessions, self._ranges)
            self._series[symbol] = series
        return self._series[symbol]


def _quote(symbol: str, bid: int, ask: int, last: int, places: int, number: int) -> SimQuote:
    """Return the quote of prices given in units of 10^-places dollars."""
    return SimQuote(
        symbol=symbol,
        bid=Decimal(bid).scaleb(-places),
        ask=Decimal(ask).scaleb(-places),
        last=Decimal(last).scaleb(-places),
        mark=Decimal(bid + ask).scaleb(-places) / 2,
        bid_size=number % 89 + 1,
        ask_size=number % 61 + 1,
    )
