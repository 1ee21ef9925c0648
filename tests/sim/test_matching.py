"""Prices of fills: never beyond the limit, legs inside their own markets, adding up to the net."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.sim_client import Counter, contracts, shares, spread

from swimdesk.domain.instruments import Right
from swimdesk.sim.listings import describe
from swimdesk.sim.matching import fill_prices, is_marketable, net_quote
from swimdesk.sim.orders import OrderTerms
from swimdesk.sim.validation import ReadOrder, read_order

COUNTER = Counter()
MARKET = COUNTER.broker.market


def terms_of(body: dict[str, Any]) -> OrderTerms:
    read = read_order(json.dumps(body).encode(), describe)
    assert isinstance(read, ReadOrder), read
    return read.terms


def test_single_leg_takes_the_touch() -> None:
    bid, ask = COUNTER.quote("SPY")
    buy = net_quote(terms_of(shares("BUY", 1, "SPY", "1.00")), MARKET)
    sell = net_quote(terms_of(shares("SELL", 1, "SPY", "1.00")), MARKET)
    assert buy is not None
    assert sell is not None
    assert (buy.natural, sell.natural) == (ask, -bid)


def test_limit_at_the_touch_is_marketable_and_one_cent_less_is_not() -> None:
    _, ask = COUNTER.quote("SPY")
    for price, expected in ((ask, True), (ask - Decimal("0.01"), False)):
        terms = terms_of(shares("BUY", 1, "SPY", str(price)))
        quote = net_quote(terms, MARKET)
        assert quote is not None
        assert is_marketable(terms, quote) is expected


def test_combination_is_quoted_inside_the_sum_of_its_legs_on_its_tick() -> None:
    terms = terms_of(COUNTER.condor("1.00"))
    quote = net_quote(terms, MARKET)
    assert quote is not None
    assert quote.mid < quote.natural <= quote.outright < 0
    assert quote.natural % Decimal("0.05") == 0


def test_unlisted_strike_has_no_quote() -> None:
    symbol = COUNTER.option(Right.CALL, "1.02", "SPY")[:-3] + "123"
    assert net_quote(terms_of(contracts("BUY_TO_OPEN", 1, symbol, "1.00")), MARKET) is None


AWAY = st.decimals(min_value="0.93", max_value="1.07", places=3)


@given(
    legs=st.lists(
        st.tuples(
            st.sampled_from(Right), AWAY, st.booleans(), st.integers(min_value=1, max_value=3)
        ),
        min_size=2,
        max_size=4,
        unique_by=lambda leg: (leg[0], leg[1]),
    ),
    underlying=st.sampled_from(["$SPX", "SPY", "AAPL"]),
    units=st.integers(min_value=1, max_value=9),
    seed=st.integers(min_value=0, max_value=99),
)
def test_fill_of_any_combination_adds_up_inside_its_markets(
    legs: list[tuple[Right, Decimal, bool, int]], underlying: str, units: int, seed: int
) -> None:
    chosen = {
        COUNTER.option(right, str(away), underlying): (buy, ratio)
        for right, away, buy, ratio in legs
    }
    if len(chosen) < 2:
        return
    rows = [
        ("BUY_TO_OPEN" if buy else "SELL_TO_OPEN", ratio * units, symbol)
        for symbol, (buy, ratio) in chosen.items()
    ]
    terms = terms_of(spread("NET_ZERO", "0", rows))
    quote = net_quote(terms, MARKET)
    if quote is None:
        return
    prices = fill_prices(terms, quote, MARKET, Random(seed))
    net = Decimal(0)
    for leg, price in zip(terms.legs, prices, strict=True):
        bid, ask = COUNTER.quote(leg.symbol)
        assert bid <= price <= ask
        net += leg.sign * leg.quantity * price / terms.units
    assert net <= quote.natural + Decimal("1e-20")
    assert net >= quote.mid - Decimal("1e-20")
