from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.schwab.support import option, payloads

from swimdesk.domain.instruments import Right
from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.quoting import chain_of, expiries_of, hours_of, quotes_of
from swimdesk.schwab.values import parse_json

MS = 1_795_446_000_000
AT = datetime.fromtimestamp(MS / 1000, UTC)


def parsed(document: Any) -> Any:
    return parse_json(json.dumps(document))


def a_quote(**quote: Any) -> dict[str, Any]:
    figures = {
        "bidPrice": 22.73,
        "askPrice": 22.75,
        "lastPrice": 22.74,
        "mark": 22.75,
        "quoteTime": MS,
        "securityStatus": "Normal",
    }
    return {"assetMainType": "EQUITY", "realtime": True, "quote": figures | quote, "reference": {}}


def test_equity_quote() -> None:
    quote = quotes_of(parsed({"INTC": a_quote()}))["INTC"]
    assert (quote.bid, quote.ask) == (Decimal("22.73"), Decimal("22.75"))
    assert (quote.last, quote.mark, quote.as_of) == (Decimal("22.74"), Decimal("22.75"), AT)
    assert quote.realtime
    assert quote.is_normal


def test_index_has_no_bid_and_ask_and_is_marked_at_last() -> None:
    index = {
        "assetMainType": "INDEX",
        "quote": {"lastPrice": 6071.17, "tradeTime": MS, "bidPrice": 0},
    }
    quote = quotes_of(parsed({"$SPX": index}))["$SPX"]
    assert (quote.bid, quote.ask, quote.mark) == (None, None, Decimal("6071.17"))
    assert quote.as_of == AT


def test_halted_delayed_and_timeless_quotes_say_so() -> None:
    halted = a_quote(securityStatus="Halted", quoteTime=None) | {"realtime": False}
    quote = quotes_of(parsed({"INTC": halted}))["INTC"]
    assert not quote.is_normal
    assert quote.is_halted
    assert not quote.realtime
    assert quote.as_of == datetime(1970, 1, 1, tzinfo=UTC)


def test_last_regular_price_and_average_volume() -> None:
    document = a_quote(closePrice=22.44) | {
        "regular": {"regularMarketLastPrice": 22.77},
        "fundamental": {"avg10DaysVolume": 51268766.0},
    }
    quote = quotes_of(parsed({"INTC": document}))["INTC"]
    assert quote.close == Decimal("22.77")
    assert quote.average_volume == 51268766
    bare = a_quote(closePrice=22.44) | {"regular": None, "fundamental": None}
    quote = quotes_of(parsed({"INTC": bare}))["INTC"]
    assert quote.close == Decimal("22.44")
    assert quote.average_volume is None
    assert not quote.is_halted


def test_unknown_symbols_and_quotes_without_a_price_are_missing() -> None:
    document = {"errors": {"invalidSymbols": ["NOPE"]}, "DEAD": {"quote": {"lastPrice": "NaN"}}}
    assert quotes_of(parsed(document)) == {}
    with pytest.raises(ProtocolDrift):
        quotes_of([])


def contract(strike: str, right: Right, **changes: Any) -> dict[str, Any]:
    row = {"symbol": option(strike, right).symbol, "bid": 4.1, "ask": 4.2, "mark": 4.15}
    return (
        row | {"delta": 0.48, "volatility": 31.4, "openInterest": 5120, "totalVolume": 8} | changes
    )


def a_chain(calls: list[dict[str, Any]], puts: list[dict[str, Any]]) -> Any:
    def by_day(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {"2026-12-18:25": {str(number): [row] for number, row in enumerate(rows)}}

    return parsed({"callExpDateMap": by_day(calls), "putExpDateMap": by_day(puts)})


def test_chain_is_ordered_by_strike_and_leaves_adjusted_contracts_out() -> None:
    rows = chain_of(
        a_chain(
            [contract("105", Right.CALL), contract("100", Right.CALL)],
            [contract("100", Right.PUT), contract("105", Right.PUT, nonStandard=True)],
        )
    )
    expected = [option("100", Right.CALL), option("100", Right.PUT), option("105", Right.CALL)]
    assert [row.instrument for row in rows] == expected
    assert (rows[0].bid, rows[0].delta, rows[0].open_interest) == (
        Decimal("4.1"),
        Decimal("0.48"),
        5120,
    )


@pytest.mark.parametrize("delta", [-999.0, "NaN", float("nan"), None])
def test_greeks_that_are_not_computed_are_none(delta: Any) -> None:
    (row,) = chain_of(a_chain([contract("100", Right.CALL, delta=delta, volatility=delta)], []))
    assert row.delta is None
    assert row.volatility is None


def test_chain_reads_documented_names_too() -> None:
    names = {"symbol": option("100").symbol, "bidPrice": 1.0, "askPrice": 1.2, "markPrice": None}
    (row,) = chain_of(a_chain([], [names]))
    assert (row.bid, row.ask, row.mark) == (Decimal(1), Decimal("1.2"), Decimal("1.1"))


def test_expiries_give_a_row_per_root() -> None:
    rows = [
        {
            "expirationDate": "2026-12-18",
            "daysToExpiration": 25,
            "expirationType": "S",
            "settlementType": "A",
            "optionRoots": "SPX,SPXW",
        },
        {"expiration": "2026-11-24", "settlementType": "P", "optionRoots": "SPXW"},
    ]
    found = expiries_of(parsed({"expirationList": rows}), "$SPX")
    assert [(e.day, e.root, e.settlement) for e in found] == [
        (date(2026, 11, 24), "SPXW", "PM"),
        (date(2026, 12, 18), "SPX", "AM"),
        (date(2026, 12, 18), "SPXW", "AM"),
    ]
    with pytest.raises(ProtocolDrift):
        expiries_of({"expirationList": [{}]}, "$SPX")


def test_closed_day_names_the_market_and_means_its_products() -> None:
    closed = {
        market: {market: {"marketType": market.upper(), "product": market, "isOpen": False}}
        for market in ("equity", "option")
    }
    hours = hours_of(parsed(closed))
    assert set(hours) == {"EQ", "EQO", "IND"}
    assert not any(h.is_open or h.spans for h in hours.values())


def test_open_day_has_spans_in_utc() -> None:
    span = {"start": "2026-11-23T09:30:00-05:00", "end": "2026-11-23T16:15:00-05:00"}
    document = {
        "option": {"IND": {"isOpen": True, "sessionHours": {"regularMarket": [span]}}},
    }
    hours = hours_of(parsed(document))["IND"]
    assert hours.is_open
    assert hours.spans["regularMarket"] == (
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 21, 15, tzinfo=UTC)),
    )


@pytest.mark.parametrize("document", [{}, [], {"equity": []}])
def test_hours_without_a_product_are_an_error(document: Any) -> None:
    with pytest.raises(ProtocolDrift):
        hours_of(document)


@pytest.mark.parametrize("path", payloads("*quote*.json"), ids=lambda path: path.stem)
def test_recorded_quotes_are_read(path: Path) -> None:
    document = parse_json(path.read_bytes())
    assert set(quotes_of(document)) == set(document) - {"errors"}


@pytest.mark.parametrize("path", payloads("*expiration-chain*.json"), ids=lambda path: path.stem)
def test_recorded_expirations_are_read(path: Path) -> None:
    listed = parse_json(path.read_bytes())["expirationList"]
    # The documentation's sample ends in an ellipsis.
    rows = [row for row in listed if isinstance(row, dict)]
    assert len(expiries_of({"expirationList": rows}, "AAPL")) == len(rows)


@pytest.mark.parametrize("path", payloads("*chains*.json"), ids=lambda path: path.stem)
def test_recorded_chains_are_read(path: Path) -> None:
    assert {row.instrument.underlying for row in chain_of(parse_json(path.read_bytes()))} == {
        "AAPL"
    }


@pytest.mark.parametrize("path", payloads("*market-hours*.json"), ids=lambda path: path.stem)
def test_recorded_hours_are_read(path: Path) -> None:
    assert "EQ" in hours_of(parse_json(path.read_bytes()))
