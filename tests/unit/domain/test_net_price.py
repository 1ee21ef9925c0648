"""Prices that follow the market, to the tick, and prices beyond all that legs can be worth."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.net_price import NetMarket, beyond_worth, resolved
from swimdesk.domain.orderlang import parse, parse_order, parse_with_notices
from swimdesk.domain.orders import OrderType, Side
from swimdesk.errors import OrderTextError

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CONDOR = "{} IRON CONDOR SPX 11 DEC 26 6200/6220/5820/5800 CALL/PUT {}"


def shown(text: str, bid: str, ask: str, tick: str = "0.05") -> str:
    """Return the price that an order text comes to in a market."""
    parsed = parse_order(text)
    assert parsed.formula is not None
    market = NetMarket(Decimal(bid), Decimal(ask), AT)
    ticket = resolved(parsed.ticket, parsed.formula, market, lambda _: Decimal(tick))
    assert ticket.order_type is OrderType.LIMIT
    return str(ticket.price)


@pytest.mark.parametrize(
    ("side", "written", "bid", "ask", "price"),
    [
        ("SELL -1", "@mid", "1.52", "1.76", "1.65"),
        ("SELL -1", "@nat", "1.52", "1.76", "1.5"),
        ("BUY +1", "@nat", "1.52", "1.76", "1.75"),
        ("BUY +1", "@mid", "1.52", "1.76", "1.65"),
        ("SELL -1", "@mid", "1.50", "1.75", "1.65"),
        ("BUY +1", "@mid", "1.50", "1.75", "1.6"),
        ("SELL -1", "@mid-0.10", "1.52", "1.76", "1.55"),
        ("SELL -1", "@MID + .1", "1.52", "1.76", None),
        ("BUY +1", "@mid-0.10 LMT", "1.52", "1.76", "1.55"),
        ("SELL -1", "@ nat-.01", "1.50", "1.75", "1.5"),
        ("SELL -1", "@mid", "-0.20", "0.10", "-0.05"),
        ("BUY +1", "@mid", "-0.15", "0.10", "-0.05"),
        ("SELL -1", "@mid", "-0.15", "0.10", "0"),
    ],
)
def test_price_is_the_nearest_step_and_ties_are_the_operators(
    side: str, written: str, bid: str, ask: str, price: str | None
) -> None:
    text = CONDOR.format(side, written)
    if price is None:
        with pytest.raises(OrderTextError):
            parse_order(text)
    else:
        assert shown(text, bid, ask) == price


@given(
    st.sampled_from(("SELL -1", "BUY +1")),
    st.integers(-2000, 2000),
    st.integers(0, 500),
    st.sampled_from(("0.01", "0.05", "0.10")),
    st.integers(-50, 50),
)
def test_price_is_a_multiple_of_the_tick_within_half_of_one(
    side: str, bid: int, width: int, tick: str, offset: int
) -> None:
    low, high = Decimal(bid) / 100, Decimal(bid + width) / 100
    moved = Decimal(offset) / 100
    text = f"{side} 1/-1 CUSTOM SPY 15 JAN 27/18 DEC 26 600/610 CALL/CALL @mid{moved:+f}"
    price = Decimal(shown(text, str(low), str(high), tick))
    exact = (low + high) / 2 + moved
    assert price % Decimal(tick) == 0
    assert abs(price - exact) <= Decimal(tick) / 2
    if abs(price - exact) == Decimal(tick) / 2:
        assert (price > exact) is side.startswith("SELL")


def test_formula_is_kept_as_it_was_typed() -> None:
    for written in ("@mid", "@nat", "@mid-0.02", "@mid+0.05", "@nat-0.01"):
        assert str(parse_order(f"AAPL +100 {written}").formula) == written
    assert parse_order("AAPL +100 @187.5").formula is None
    assert parse_order("AAPL +100 @mid GTC EXT [TO OPEN]").ticket.side is Side.BUY


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("AAPL +100 @mid STP", 16),
        ("AAPL +100 @mid-", 11),
        ("AAPL +100 @mid-0.00001", 15),
        ("AAPL +100 @middle", 11),
        ("AAPL +100 @mid CR", 16),
        ("AAPL +100 @nat/180 STPLMT", 11),
    ],
)
def test_formula_that_is_not_understood_is_an_error(text: str, column: int) -> None:
    with pytest.raises(OrderTextError) as refused:
        parse_order(text)
    assert refused.value.column == column


def test_order_that_is_not_to_be_planned_takes_no_formula() -> None:
    for read in (parse, parse_with_notices):
        with pytest.raises(OrderTextError, match="column 11: @mid becomes a price only when"):
            read("AAPL +100 @mid")


def test_two_readings_keep_the_formula() -> None:
    text = "SELL -1 IRON CONDOR SPX 11 DEC 26 6200/6220/5800/5820 CALL/PUT @mid-0.05"
    with pytest.raises(OrderTextError, match=r"'SELL .* @mid-0.05' or 'BUY .* @mid-0.05'"):
        parse_order(text)


BEYOND = {
    "SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @6.00": "receives 6 for what can cost 5 at most",
    "BUY +1 VERTICAL SPY 18 DEC 26 600/605 CALL @5.01": "pays 5.01 for what can be worth 5 at",
    "BUY +1 VERTICAL SPY 18 DEC 26 605/600 CALL @-5.01": "receives 5.01 for what can cost 5",
    CONDOR.format("SELL -1", "@20.05"): "receives 20.05 for what can cost 20 at most",
    "SELL -1 IRON CONDOR SPY 18 DEC 26 620/625/580/570 CALL/PUT @10.5": "can cost 10 at most",
    "BUY +1 BUTTERFLY SPY 18 DEC 26 600/605/610 CALL @5.5": "can be worth 5 at most",
    "BUY +1 SPY 18 DEC 26 600 PUT @600.05": "can be worth 600 at most",
    "BUY +1 COVERED SPY 18 DEC 26 600 CALL/SPY @601": "can be worth 600 at most",
    "BUY +1 COLLAR SPY 18 DEC 26 580/600 PUT/CALL/SPY @600.01": "can be worth 600 at most",
}


@pytest.mark.parametrize("text", BEYOND)
def test_price_beyond_all_worth_is_refused_with_both_figures(text: str) -> None:
    with pytest.raises(OrderTextError) as refused:
        parse_order(text)
    assert BEYOND[text] in refused.value.detail
    assert refused.value.column == text.index("@") + 1
    # What is in the journal is read whatever it says.
    assert parse(text).price is not None


@pytest.mark.parametrize(
    "text",
    [
        "SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @5.00",
        "SELL -1 IRON CONDOR SPY 18 DEC 26 620/625/580/570 CALL/PUT @10",
        "BUY +1 SPY 18 DEC 26 600 CALL @900",
        "SELL -1 STRADDLE SPY 18 DEC 26 600 CALL/PUT @900",
        "BUY +1 CALENDAR SPY 15 JAN 27/18 DEC 26 600 CALL @700",
        "BUY +1 COLLAR SPY 18 DEC 26 580/600 PUT/CALL/SPY @580.01",
        "AAPL +100 @9999",
        "SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @MKT",
    ],
)
def test_price_within_what_legs_can_be_worth_is_taken(text: str) -> None:
    assert beyond_worth(parse_order(text).ticket) == ""
