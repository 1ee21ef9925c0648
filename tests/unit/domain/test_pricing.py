"""Option values against textbook figures and the laws they must obey."""

from __future__ import annotations

from math import exp, isclose

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from swimdesk.domain import pricing
from swimdesk.domain.instruments import Right

spots = st.floats(5.0, 8_000.0)
moneynesses = st.floats(0.6, 1.6)
maturities = st.floats(1.0 / 365.0, 2.0)
volatilities = st.floats(0.05, 1.5)
rates = st.floats(0.0, 0.10)
yields = st.floats(0.0, 0.05)
rights = st.sampled_from(Right)


@pytest.mark.parametrize(
    ("right", "inputs", "expected"),
    [
        # Hull, example 15.6.
        (Right.CALL, (42.0, 40.0, 0.5, 0.20, 0.10), 4.7594),
        (Right.PUT, (42.0, 40.0, 0.5, 0.20, 0.10), 0.8086),
        # The usual reference point: 100, 100, one year, 20 %, 5 %.
        (Right.CALL, (100.0, 100.0, 1.0, 0.20, 0.05), 10.4506),
        (Right.PUT, (100.0, 100.0, 1.0, 0.20, 0.05), 5.5735),
        # Hull, example 17.1: an index with a yield of 3 %.
        (Right.CALL, (930.0, 900.0, 2.0 / 12.0, 0.20, 0.08, 0.03), 51.8330),
    ],
)
def test_price_agrees_with_the_textbook(
    right: Right, inputs: tuple[float, ...], expected: float
) -> None:
    assert pricing.price(right, *inputs) == pytest.approx(expected, abs=5e-4)


def test_greeks_agree_with_the_textbook() -> None:
    # Hull, chapter 19: 49, 50, 20 weeks, 20 %, 5 %; there theta is -4.31 a year, vega 12.1 and
    # rho 8.91 per unit.
    greeks = pricing.greeks(Right.CALL, 49.0, 50.0, 0.3846, 0.20, 0.05)

    assert greeks.delta == pytest.approx(0.522, abs=5e-4)
    assert greeks.gamma == pytest.approx(0.066, abs=5e-4)
    assert greeks.theta == pytest.approx(-4.305 / 365.0, abs=5e-5)
    assert greeks.vega == pytest.approx(0.121, abs=5e-4)
    assert greeks.rho == pytest.approx(0.0891, abs=5e-5)


def test_greeks_of_a_put_agree_with_the_textbook() -> None:
    greeks = pricing.greeks(Right.PUT, 100.0, 100.0, 1.0, 0.20, 0.05)

    assert greeks.delta == pytest.approx(-0.36317, abs=1e-5)
    assert greeks.gamma == pytest.approx(0.018762, abs=1e-6)
    assert greeks.theta == pytest.approx(-1.657880 / 365.0, abs=1e-6)
    assert greeks.vega == pytest.approx(0.375240, abs=1e-6)
    assert greeks.rho == pytest.approx(-0.418905, abs=1e-6)


@given(rights, spots, moneynesses, maturities, volatilities, rates, yields)
def test_greeks_are_the_slopes_of_the_price(
    right: Right,
    spot: float,
    moneyness: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float,
) -> None:
    strike = spot * moneyness
    greeks = pricing.greeks(right, spot, strike, years, volatility, rate, dividend_yield)

    def price(spot: float = spot, volatility: float = volatility, rate: float = rate) -> float:
        return pricing.price(right, spot, strike, years, volatility, rate, dividend_yield)

    move = spot * 1e-5
    delta = (price(spot + move) - price(spot - move)) / (2.0 * move)
    vega = (price(volatility=volatility + 1e-6) - price(volatility=volatility - 1e-6)) / 2e-4
    rho = (price(rate=rate + 1e-6) - price(rate=rate - 1e-6)) / 2e-4
    assert isclose(greeks.delta, delta, abs_tol=1e-4)
    assert isclose(greeks.vega, vega, abs_tol=spot * 1e-6)
    assert isclose(greeks.rho, rho, abs_tol=spot * 1e-6)


@given(spots, moneynesses, maturities, volatilities, rates, yields)
def test_call_minus_put_is_the_forward(
    spot: float,
    moneyness: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float,
) -> None:
    strike = spot * moneyness
    call = pricing.price(Right.CALL, spot, strike, years, volatility, rate, dividend_yield)
    put = pricing.price(Right.PUT, spot, strike, years, volatility, rate, dividend_yield)
    forward = spot * exp(-dividend_yield * years) - strike * exp(-rate * years)

    assert isclose(call - put, forward, abs_tol=spot * 1e-12)


@given(rights, spots, moneynesses, maturities, volatilities, rates, st.floats(0.01, 0.5))
def test_price_rises_with_volatility_and_stays_above_its_floor(
    right: Right,
    spot: float,
    moneyness: float,
    years: float,
    volatility: float,
    rate: float,
    more: float,
) -> None:
    strike = spot * moneyness
    calm = pricing.price(right, spot, strike, years, volatility, rate)
    wild = pricing.price(right, spot, strike, years, volatility + more, rate)
    floor = pricing.value_floor(right, spot, strike, years, rate)

    assert wild >= calm - spot * 1e-12
    assert calm >= floor - spot * 1e-12


@given(spots, moneynesses, maturities, volatilities, rates, st.floats(0.001, 0.5))
def test_calls_cheapen_and_puts_dear_with_the_strike(
    spot: float, moneyness: float, years: float, volatility: float, rate: float, more: float
) -> None:
    low, high = spot * moneyness, spot * moneyness * (1.0 + more)

    def price(right: Right, strike: float) -> float:
        return pricing.price(right, spot, strike, years, volatility, rate)

    assert price(Right.CALL, high) <= price(Right.CALL, low) + spot * 1e-12
    assert price(Right.PUT, high) >= price(Right.PUT, low) - spot * 1e-12


@given(rights, spots, moneynesses, maturities, volatilities, rates, yields)
def test_implied_volatility_explains_the_price(
    right: Right,
    spot: float,
    moneyness: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float,
) -> None:
    strike = spot * moneyness
    terms = (spot, strike, years, rate, dividend_yield)
    greeks = pricing.greeks(right, spot, strike, years, volatility, rate, dividend_yield)
    # Where vega vanishes a float price holds no volatility to find again.
    assume(greeks.vega > spot * 1e-6)
    value = pricing.price(right, spot, strike, years, volatility, rate, dividend_yield)

    implied = pricing.implied_volatility(right, value, *terms)

    assert implied is not None
    assert isclose(implied, volatility, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("option_price", "years"),
    [
        (8.0, 0.5),  # below the discounted intrinsic value
        (101.0, 0.5),  # above the stock itself
        (12.0, 0.0),  # at expiry
    ],
)
def test_price_outside_the_bounds_implies_nothing(option_price: float, years: float) -> None:
    assert pricing.implied_volatility(Right.CALL, option_price, 100.0, 90.0, years, 0.05) is None


@pytest.mark.parametrize(
    ("right", "spot", "value", "delta"),
    [
        (Right.CALL, 105.0, 5.0, 1.0),
        (Right.CALL, 95.0, 0.0, 0.0),
        (Right.PUT, 95.0, 5.0, -1.0),
        (Right.PUT, 105.0, 0.0, 0.0),
    ],
)
def test_at_expiry_only_the_intrinsic_value_is_left(
    right: Right, spot: float, value: float, delta: float
) -> None:
    greeks = pricing.greeks(right, spot, 100.0, 0.0, 0.20, 0.05)

    assert pricing.price(right, spot, 100.0, 0.0, 0.20, 0.05) == value
    assert greeks == pricing.Greeks(delta=delta, gamma=0.0, theta=0.0, vega=0.0, rho=0.0)


def test_theta_is_one_day_of_decay() -> None:
    years = 0.25
    today = pricing.price(Right.CALL, 100.0, 105.0, years, 0.30, 0.03)
    tomorrow = pricing.price(Right.CALL, 100.0, 105.0, years - 1.0 / 365.0, 0.30, 0.03)

    theta = pricing.greeks(Right.CALL, 100.0, 105.0, years, 0.30, 0.03).theta

    assert theta == pytest.approx(tomorrow - today, rel=0.01)
