"""The simulated market: what it lists, how it moves, what its quotes promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.instruments import OptionContract, Right, Settlement, option_tick
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.listings import expiries_on, instrument_id
from swimdesk.sim.market import Market, SimQuote
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.universe import UNDERLYINGS, AssetType, ExpiryPlan
from swimdesk.sim.walk import Walk

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
WITH_OPTIONS = [s for s, u in UNDERLYINGS.items() if u.expiries is not ExpiryPlan.NONE]


def a_market(
    seed: int = 7, mode: str = "open", start: datetime = MONDAY, speed: float = 1.0
) -> tuple[Market, ManualClock]:
    """Return a market and the clock that moves it."""
    clock = ManualClock(start)
    return Market(seed, clock, Sessions.parse(mode, clock), speed), clock


def known(market: Market, symbol: str) -> SimQuote:
    """Return the quote of a symbol that must be listed."""
    quote = market.quote(symbol)
    assert quote is not None, symbol
    return quote


def option(root: str, expiry: date, right: Right, strike: str) -> str:
    """Return an option's symbol."""
    return OptionContract(root, expiry, right, Decimal(strike)).symbol


def test_universe_has_stocks_funds_and_indices_of_all_price_ranges() -> None:
    kinds = {underlying.asset_type for underlying in UNDERLYINGS.values()}
    prices = [u.start_price for u in UNDERLYINGS.values() if not u.is_index]

    assert len(UNDERLYINGS) >= 24
    assert kinds == {AssetType.EQUITY, AssetType.COLLECTIVE_INVESTMENT, AssetType.INDEX}
    assert min(prices) < 1.0
    assert any(5.0 < price < 7.0 for price in prices)
    assert {"SPY", "QQQ", "IWM", "DIA", "GLD", "TLT", "$SPX", "$NDX", "$RUT", "$VIX"} <= set(
        UNDERLYINGS
    )


def test_first_quotes_are_the_start_prices() -> None:
    market, _ = a_market()

    assert known(market, "$SPX").last == Decimal("6000.00")
    assert known(market, "SPY").mark == Decimal("600.00")


def test_same_seed_and_same_clock_give_the_same_prices() -> None:
    first, first_clock = a_market()
    second, second_clock = a_market()
    first_clock.advance(5_000)
    for _ in range(50):
        second_clock.advance(100)
        second.quote("AAPL")
    symbols = [*UNDERLYINGS, option("SPXW", date(2026, 12, 11), Right.PUT, "5900")]

    assert [first.quote(s) for s in symbols] == [second.quote(s) for s in symbols]


def test_another_seed_gives_other_prices() -> None:
    first, first_clock = a_market(seed=1)
    second, second_clock = a_market(seed=2)
    first_clock.advance(3_600)
    second_clock.advance(3_600)

    assert known(first, "$SPX") != known(second, "$SPX")


def test_prices_move_within_a_minute_and_stay_near_their_start() -> None:
    market, clock = a_market()
    seen = set()
    for _ in range(60):
        clock.advance(1)
        seen.add(known(market, "$SPX").last)
    clock.advance(30 * 86_400)

    assert len(seen) > 30
    assert abs(known(market, "$SPX").last - 6000) < 300


def test_speed_runs_through_prices_faster() -> None:
    slow, slow_clock = a_market(speed=1.0)
    fast, fast_clock = a_market(speed=60.0)
    slow_clock.advance(600)
    fast_clock.advance(10)

    assert known(fast, "TSLA") == known(slow, "TSLA")


def test_fund_and_index_of_the_same_basket_move_together() -> None:
    market, clock = a_market()
    clock.advance(7_200)

    moved = market.spot("$SPX") / 6000.0
    assert moved != 1.0
    assert market.spot("SPY") / 600.0 == pytest.approx(moved, rel=1e-9)


@given(st.integers(-(10**9), 10**9), st.integers(0, 2**64))
def test_walk_is_bounded_and_steps_are_small(step: int, seed: int) -> None:
    walk = Walk(seed, "ABCD")
    here, following = walk.displacement(step), walk.displacement(step + 1)

    assert abs(here) < 2.0 * 282.0  # twice the sum of the roots of the periods
    assert abs(following - here) < 12.0


def test_prices_stand_still_while_the_market_is_closed() -> None:
    market, clock = a_market(mode="real", start=datetime(2026, 11, 23, 20, 59, tzinfo=UTC))
    at_start = known(market, "$SPX")
    clock.advance(60)
    at_close = known(market, "$SPX")
    clock.advance(3_600)

    assert at_close.last != at_start.last
    assert known(market, "$SPX") == at_close


def test_shock_moves_price_options_and_strikes_at_once() -> None:
    market, _ = a_market()
    expiry = date(2026, 12, 11)
    call = option("SPXW", expiry, Right.CALL, "6200")
    before, strikes = known(market, call), market.strikes("SPXW", expiry)

    market.shock("$SPX", 1.25)
    market.shock("$SPX", 0.8)
    market.shock("$SPX", 1.1)

    assert known(market, "$SPX").last == Decimal("6600.00")
    assert known(market, call).bid > before.ask + 300
    assert set(strikes) < set(market.strikes("SPXW", expiry))
    assert max(market.strikes("SPXW", expiry)) > 9000


@pytest.mark.parametrize("factor", [0.0, -1.0])
def test_shock_to_nothing_is_refused(factor: float) -> None:
    market, _ = a_market()
    with pytest.raises(ValueError, match="positive"):
        market.shock("SPY", factor)


@pytest.mark.parametrize("symbol", WITH_OPTIONS)
def test_option_quotes_are_on_their_ticks_and_never_crossed(symbol: str) -> None:
    market, clock = a_market()
    penny = UNDERLYINGS[symbol].penny_pilot
    for expiry in market.expiries(symbol)[::4]:
        clock.advance(977)
        for strike in market.strikes(expiry.root, expiry.date)[::6]:
            for right in Right:
                contract = OptionContract(expiry.root, expiry.date, right, strike)
                quote = known(market, contract.symbol)
                assert 0 <= quote.bid < quote.ask
                assert quote.bid <= quote.last <= quote.ask
                assert quote.mark == (quote.bid + quote.ask) / 2
                for price in (quote.bid, quote.ask, quote.last):
                    assert price % option_tick(expiry.root, price, penny_pilot=penny) == 0


@pytest.mark.parametrize("symbol", [s for s, u in UNDERLYINGS.items() if not u.is_index])
def test_stock_quotes_are_on_their_ticks_and_never_crossed(symbol: str) -> None:
    market, clock = a_market()
    for _ in range(20):
        clock.advance(311)
        quote = known(market, symbol)
        tick = Decimal("0.01") if quote.bid >= 1 else Decimal("0.0001")
        assert 0 < quote.bid < quote.ask
        assert quote.bid <= quote.last <= quote.ask
        assert quote.bid % tick == quote.ask % tick == 0


def test_index_has_one_price() -> None:
    market, clock = a_market()
    clock.advance(100)
    quote = known(market, "$VIX")

    assert quote.bid == quote.ask == quote.last == quote.mark


@pytest.mark.parametrize(("root", "symbol"), [("SPXW", "$SPX"), ("SPY", "SPY"), ("TSLA", "TSLA")])
@pytest.mark.parametrize("expiry", [date(2026, 11, 27), date(2026, 12, 18), date(2027, 6, 17)])
def test_theory_rises_along_the_strikes_without_arbitrage(
    root: str, symbol: str, expiry: date
) -> None:
    market, _ = a_market()
    strikes = market.strikes(root, expiry)
    assert len(strikes) > 20
    for right, sign in ((Right.CALL, -1.0), (Right.PUT, 1.0)):
        curve = [
            (float(strike), theoretical(market, root, expiry, right, strike)) for strike in strikes
        ]
        slopes = [(b - a) / (k2 - k1) for (k1, a), (k2, b) in pairwise(curve)]
        # A vertical is worth between nothing and its width, a butterfly at least nothing.
        assert all(-1e-9 <= sign * slope <= 1.0 + 1e-9 for slope in slopes), symbol
        assert all(later >= earlier - 1e-6 for earlier, later in pairwise(slopes)), symbol


def theoretical(market: Market, root: str, expiry: date, right: Right, strike: Decimal) -> float:
    """Return the theoretical value of a listed option."""
    figures = market.figures(OptionContract(root, expiry, right, strike).symbol)
    assert figures is not None
    return figures.theoretical


def test_low_strikes_carry_more_volatility_than_high_ones() -> None:
    market, _ = a_market()
    low, middle, high = (
        market.figures(option("SPXW", date(2026, 12, 11), Right.PUT, strike))
        for strike in ("5600", "6000", "6400")
    )

    assert low is not None
    assert middle is not None
    assert high is not None
    assert low.volatility > middle.volatility > high.volatility
    assert middle.volatility == pytest.approx(0.12, abs=0.002)


def test_stock_options_are_never_below_parity_and_index_options_may_be() -> None:
    market, _ = a_market()
    stock = market.figures(option("TLT", date(2027, 11, 19), Right.PUT, "115"))
    index = market.figures(option("SPXW", date(2027, 11, 19), Right.PUT, "7500"))

    assert stock is not None
    assert index is not None
    assert stock.theoretical >= stock.intrinsic > 20
    assert index.theoretical < index.intrinsic


def test_index_monthly_exists_under_both_roots_and_other_days_under_one() -> None:
    market, _ = a_market()
    expiries = market.expiries("$SPX")
    third_friday = [e for e in expiries if e.date == date(2026, 12, 18)]
    other = [e for e in expiries if e.date == date(2026, 12, 11)]

    assert [(e.root, e.settlement, e.type) for e in third_friday] == [
        ("SPX", Settlement.AM, "S"),
        ("SPXW", Settlement.PM, "W"),
    ]
    assert [(e.root, e.settlement) for e in other] == [("SPXW", Settlement.PM)]


def test_daily_class_lists_days_then_fridays_then_months() -> None:
    days = [e.date for e in expiries_on(date(2026, 11, 23), "SPY")]

    assert days[:10] == [
        date(2026, 11, 23),
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 27),  # no Thanksgiving
        date(2026, 11, 30),
        date(2026, 12, 1),
        date(2026, 12, 2),
        date(2026, 12, 3),
        date(2026, 12, 4),
        date(2026, 12, 7),
    ]
    assert date(2026, 12, 24) in days  # for Christmas, a Friday
    assert date(2027, 1, 29) in days
    assert date(2027, 2, 5) not in days
    assert date(2027, 6, 17) in days  # for the holiday on the third Friday
    assert days[-1] == date(2027, 11, 19)


def test_stock_lists_weeklies_of_six_weeks_and_monthlies() -> None:
    listed = expiries_on(date(2026, 11, 23), "AAPL")

    assert [(e.date, e.type) for e in listed[:7]] == [
        (date(2026, 11, 27), "W"),
        (date(2026, 12, 4), "W"),
        (date(2026, 12, 11), "W"),
        (date(2026, 12, 18), "S"),
        (date(2026, 12, 24), "W"),
        (date(2026, 12, 31), "Q"),
        (date(2027, 1, 15), "S"),
    ]


def test_volatility_index_expires_on_wednesdays() -> None:
    listed = expiries_on(date(2026, 11, 23), "$VIX")

    assert {e.date.weekday() for e in listed} == {2}
    assert [e.root for e in listed[:4]] == ["VIXW", "VIXW", "VIXW", "VIX"]
    assert listed[3].date == date(2026, 12, 16)


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.sampled_from(WITH_OPTIONS))
def test_expiries_are_sorted_trading_days_and_never_vanish_before_their_day(
    today: date, symbol: str
) -> None:
    listed = expiries_on(today, symbol)
    tomorrow = today + timedelta(days=1)

    assert list(listed) == sorted(listed, key=lambda e: (e.date, e.root))
    assert len(set(listed)) == len(listed)
    still = {e for e in listed if e.date > tomorrow or e.settlement is Settlement.PM}
    assert {e for e in still if e.date >= tomorrow} <= set(expiries_on(tomorrow, symbol))


def test_am_settled_series_trades_for_the_last_time_the_day_before() -> None:
    symbol = option("SPX", date(2026, 12, 18), Right.CALL, "6000")
    market, clock = a_market(mode="real", start=datetime(2026, 12, 17, 20, 0, tzinfo=UTC))
    pm_symbol = option("SPXW", date(2026, 12, 18), Right.CALL, "6000")
    assert market.quote(symbol) is not None

    clock.advance(86_400)

    assert market.quote(symbol) is None
    assert market.quote(pm_symbol) is not None


def test_option_of_today_falls_to_its_intrinsic_value_and_then_leaves() -> None:
    market, clock = a_market(mode="real", start=datetime(2026, 12, 11, 20, 30, tzinfo=UTC))
    symbol = option("SPXW", date(2026, 12, 11), Right.CALL, "5900")
    clock.advance(2_700)  # fifteen minutes past the close
    figures = market.figures(symbol)
    assert figures is not None
    assert figures.theoretical == pytest.approx(figures.intrinsic)

    clock.advance(86_400)

    assert market.quote(symbol) is None
    assert market.describe(symbol) is not None


@pytest.mark.parametrize(
    "symbol",
    [
        "NOSUCH",
        "",
        "$XXX",
        "SPXW  261211C06201000",  # no such strike
        "SPXW  261212C06200000",  # a Saturday
        "SPX   261211C06200000",  # a weekly day under the monthly root
        "SPXW  261311C06200000",  # no such month
        "SPXW  261211C09995000",  # too far away
        "SPXW  261211X06200000",
        "NOSUCH261211C06200000",
        "SNDL  261218C00000500",  # a stock without options
    ],
)
def test_what_is_not_listed_has_no_quote(symbol: str) -> None:
    market, _ = a_market()

    assert market.quote(symbol) is None
    assert market.day(symbol) is None
    assert market.figures(symbol) is None


def test_far_expiries_list_the_wide_strikes_only() -> None:
    market, _ = a_market()
    near, far = date(2026, 12, 11), date(2027, 6, 17)

    assert Decimal(6005) in market.strikes("SPXW", near)
    assert Decimal(6005) not in market.strikes("SPXW", far)
    assert Decimal(6025) in market.strikes("SPXW", far)
    # A strike once listed stays until its expiry.
    assert set(market.strikes("SPXW", far)) < set(market.strikes("SPXW", near))
    assert market.strikes("SPX", near) == ()
    near_strikes = market.strikes("SPY", near)
    assert {Decimal(k) for k in range(480, 721)} <= set(near_strikes)


def test_listing_names_an_option_as_the_broker_does() -> None:
    market, _ = a_market()
    listing = market.describe("META  250131P00525000")

    assert listing is not None
    assert listing.description == "META PLATFORMS INC CLASS A 01/31/2025 $525 Put"
    assert listing.cusip == "0META.MV50525000"
    assert (listing.asset_type, listing.underlying) == (AssetType.OPTION, "META")
    assert listing.instrument_id == instrument_id("META  250131P00525000")


def test_listing_of_an_index_option_delivers_the_index() -> None:
    market, _ = a_market()
    listing = market.describe("SPXW  261211C06200000")

    assert listing is not None
    assert (listing.underlying, listing.deliverable_symbol) == ("SPXW", "$SPX")
    assert not listing.penny_pilot


def test_listing_tells_funds_from_stocks() -> None:
    market, _ = a_market()
    fund, stock = market.describe("SPY"), market.describe("AAPL")

    assert fund is not None
    assert stock is not None
    assert fund.asset_type is AssetType.COLLECTIVE_INVESTMENT
    assert (stock.asset_type, stock.cusip) == (AssetType.EQUITY, "037833100")
    assert market.describe("NOSUCH") is None


def test_day_figures_contain_the_last_price() -> None:
    market, clock = a_market()
    clock.advance(5_000)
    for symbol in (*UNDERLYINGS, option("SPY", date(2026, 12, 18), Right.CALL, "600")):
        day = market.day(symbol)
        last = float(known(market, symbol).last)
        assert day is not None
        assert day.year_low <= day.low <= last <= day.high <= day.year_high
        assert day.low <= day.open <= day.high
        assert day.volume > 0
