"""Symbols both ways, ticks, expiries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.instruments import (
    CLOSED_THIRD_FRIDAYS,
    INDEX_ROOTS,
    Equity,
    OptionContract,
    Right,
    equity_tick,
    is_monthly,
    monthly_expiry,
    option_tick,
    parse_instrument,
    plain,
    quote_symbol,
    spread_tick,
    third_friday,
)

DAY = date(2026, 12, 11)


@pytest.mark.parametrize("symbol", ["A", "AAPL", "GOOGL", "BRK/B", "BRK.B", "BF/B"])
def test_equity_symbols(symbol: str) -> None:
    assert parse_instrument(symbol) == Equity(symbol)


@pytest.mark.parametrize(
    "symbol",
    ["", "aapl", "TOOLONG", "AAPL\n", "AAPL ", "$SPX", "BRK/", "BRK/ABCD", "A1", "/ES", "ÄPL"],
)
def test_what_is_no_equity_symbol(symbol: str) -> None:
    with pytest.raises(ValueError, match="not an equity symbol"):
        parse_instrument(symbol)


@pytest.mark.parametrize(
    ("symbol", "contract"),
    [
        ("SPXW  261211C06200000", OptionContract("SPXW", DAY, Right.CALL, Decimal(6200))),
        (".SPXW261211C6200", OptionContract("SPXW", DAY, Right.CALL, Decimal(6200))),
        ("C     261211P00062500", OptionContract("C", DAY, Right.PUT, Decimal("62.5"))),
        (".C261211P62.5", OptionContract("C", DAY, Right.PUT, Decimal("62.5"))),
        ("ABCD1 261211C00000001", OptionContract("ABCD1", DAY, Right.CALL, Decimal("0.001"))),
        ("BRK/B 261211C00500000", OptionContract("BRK/B", DAY, Right.CALL, Decimal(500))),
    ],
)
def test_option_symbols(symbol: str, contract: OptionContract) -> None:
    assert parse_instrument(symbol) == contract


@pytest.mark.parametrize(
    "symbol",
    [
        "SPXW 261211C06200000",
        "SPXW  261211X06200000",
        "SPXW  261311C06200000",
        "SPXW  260230C06200000",
        "SPXW  261211C00000000",
        "      261211C06200000",
        "SPXW  261211C0620000٣",
        "SPXW  ٢٦1211C06200000",
        "SPXW  261211C06200000\n",
        ".SPXW261211C6200\n",
        ".SPXW261211C",
        ".SPXW261211C6200.1234",
    ],
)
def test_what_is_no_option_symbol(symbol: str) -> None:
    with pytest.raises(ValueError, match=r"not an option (symbol|root)|not a strike"):
        OptionContract.parse(symbol)


contracts = st.builds(
    OptionContract,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=6),
    st.dates(date(2020, 1, 1), date(2068, 12, 31)),
    st.sampled_from(Right),
    st.integers(1, 99_999_999).map(lambda thousandths: plain(Decimal(thousandths) / 1000)),
)


@given(contracts)
def test_a_contract_survives_its_symbol(contract: OptionContract) -> None:
    assert len(contract.symbol) == 21
    assert OptionContract.parse(contract.symbol) == contract
    dotted = f".{contract.root}{contract.expiry:%y%m%d}{contract.right[0]}{contract.strike:f}"
    assert OptionContract.parse(dotted) == contract


@pytest.mark.parametrize("strike", ["0", "-1", "100000", "0.0001"])
def test_strikes_out_of_range(strike: str) -> None:
    with pytest.raises(ValueError, match="not a strike"):
        OptionContract("SPY", DAY, Right.CALL, Decimal(strike))


def test_index_roots_are_driven_by_their_index() -> None:
    for root, row in INDEX_ROOTS.items():
        contract = OptionContract(root, DAY, Right.PUT, Decimal(100))
        assert contract.underlying == f"${row.index}"
        assert contract.multiplier == 100
    assert OptionContract("SPY", DAY, Right.PUT, Decimal(100)).underlying == "SPY"
    assert (Equity("SPY").underlying, Equity("SPY").multiplier) == ("SPY", 1)


@pytest.mark.parametrize(
    ("price", "tick"), [("0.9999", "0.0001"), ("1", "0.01"), ("1.0001", "0.01"), ("0", "0.0001")]
)
def test_equity_ticks(price: str, tick: str) -> None:
    assert equity_tick(Decimal(price)) == Decimal(tick)


@pytest.mark.parametrize(
    ("root", "penny", "price", "tick"),
    [
        ("AAPL", True, "2.99", "0.01"),
        ("AAPL", True, "3.00", "0.05"),
        ("NFLX", False, "2.99", "0.05"),
        ("NFLX", False, "3.00", "0.10"),
        ("SPY", True, "3.00", "0.01"),
        ("QQQ", False, "99", "0.01"),
        ("IWM", True, "0.01", "0.01"),
        ("SPXW", False, "2.99", "0.05"),
        ("SPX", False, "3.00", "0.10"),
    ],
)
def test_option_ticks(root: str, penny: bool, price: str, tick: str) -> None:
    assert option_tick(root, Decimal(price), penny_pilot=penny) == Decimal(tick)


@pytest.mark.parametrize(
    ("root", "tick"),
    [("SPX", "0.05"), ("SPXW", "0.05"), ("SPY", "0.01"), ("NDXP", "0.01"), ("VIX", "0.01")],
)
def test_spread_ticks(root: str, tick: str) -> None:
    assert spread_tick(root) == Decimal(tick)


@pytest.mark.parametrize(
    ("number", "text"),
    [("6200.000", "6200"), ("62.50", "62.5"), ("0", "0"), ("100", "100"), ("1E+3", "1000"),
     ("0.00", "0"), ("-1.10", "-1.1")],
)  # fmt: skip
def test_numbers_without_ornaments(number: str, text: str) -> None:
    assert str(plain(Decimal(number))) == text


@given(st.integers(2000, 2100), st.integers(1, 12))
def test_the_standard_monthly_expiry_is_the_third_friday(year: int, month: int) -> None:
    day = third_friday(year, month)
    assert (day.month, day.weekday()) == (month, 4)
    assert 15 <= day.day <= 21
    if day not in CLOSED_THIRD_FRIDAYS:
        assert is_monthly(day)
    assert is_monthly(monthly_expiry(year, month))
    assert not is_monthly(day.replace(day=day.day - 7))


def test_a_closed_third_friday_leaves_the_monthly_expiry_to_the_day_before() -> None:
    for day in CLOSED_THIRD_FRIDAYS:
        assert day == third_friday(day.year, day.month)
        assert not is_monthly(day)
        assert is_monthly(day - timedelta(days=1))


@pytest.mark.parametrize(
    ("typed", "quoted"),
    [("spx", "$SPX"), ("SPXW", "$SPX"), ("$SPX", "$SPX"), (" aapl ", "AAPL"), ("BRK/B", "BRK/B")],
)
def test_indexes_are_quoted_with_a_dollar(typed: str, quoted: str) -> None:
    assert quote_symbol(typed) == quoted
