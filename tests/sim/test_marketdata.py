"""The market data endpoints: what they answer, and how they refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.fakes.sim_market import CALL, a_broker, ask, body_of, chain, contracts

from swimdesk.sim.messages import SimRequest


def test_unknown_symbols_stand_beside_the_good_ones() -> None:
    body = body_of(ask("quotes", {"symbols": f"SPY,NOSUCH,$SPX,{CALL},SPXW  261212C06200000"}))

    assert set(body) == {"SPY", "$SPX", CALL, "errors"}
    assert body["errors"] == {"invalidSymbols": ["NOSUCH", "SPXW  261212C06200000"]}


def test_quotes_are_the_market_s_figures() -> None:
    handlers, market = a_broker()
    body = body_of(ask("quotes", {"symbols": f"SPY,{CALL}"}, handlers))
    for symbol in ("SPY", CALL):
        quote = market.quote(symbol)
        assert quote is not None
        assert Decimal(str(body[symbol]["quote"]["bidPrice"])) == quote.bid
        assert Decimal(str(body[symbol]["quote"]["askPrice"])) == quote.ask


def test_fund_is_an_equity_of_subtype_etf_in_quotes() -> None:
    body = body_of(ask("quotes", {"symbols": "SPY,AAPL"}))

    assert (body["SPY"]["assetMainType"], body["SPY"]["assetSubType"]) == ("EQUITY", "ETF")
    assert (body["AAPL"]["assetMainType"], body["AAPL"]["assetSubType"]) == ("EQUITY", "COE")


def test_index_has_no_bid_and_no_ask() -> None:
    quote = body_of(ask("quotes", {"symbols": "$SPX"}))["$SPX"]["quote"]

    assert not {"bidPrice", "askPrice", "bidSize", "mark"} & quote.keys()


@pytest.mark.parametrize(
    ("fields", "nodes"),
    [
        ("quote", {"quote"}),
        ("quote,reference", {"quote", "reference"}),
        ("all", {"fundamental", "quote", "reference", "extended", "regular"}),
        ("", {"fundamental", "quote", "reference", "regular"}),
    ],
)
def test_fields_choose_the_nodes(fields: str, nodes: set[str]) -> None:
    body = body_of(ask("quotes", {"symbols": "AAPL", "fields": fields}))

    assert {key for key, value in body["AAPL"].items() if isinstance(value, dict)} == nodes


@pytest.mark.parametrize(
    ("path", "symbol"),
    [
        ("AAPL/quotes", "AAPL"),
        ("BRK%2FB/quotes", "BRK/B"),
        ("BRK/B/quotes", "BRK/B"),
        ("%24SPX/quotes", "$SPX"),
        ("SPXW%20%20261211C06200000/quotes", CALL),
    ],
)
def test_single_form_takes_encoded_symbols(path: str, symbol: str) -> None:
    assert set(body_of(ask(path))) == {symbol}


@pytest.mark.parametrize(
    "path", ["NOSUCH/quotes", "nowhere", "chains/SPY", "SPXW  261212C06200000/quotes"]
)
def test_unknown_single_symbol_or_path_is_404_with_a_textual_status(path: str) -> None:
    (error,) = body_of(ask(path), 404)["errors"]

    assert (error["status"], error["title"]) == ("404", "Not Found")
    assert len(error["id"]) == 36


@pytest.mark.parametrize(
    ("path", "query", "source"),
    [
        ("quotes", {}, "pointer"),
        ("quotes", {"symbols": ","}, "pointer"),
        ("quotes", {"symbols": ",".join(["SPY"] * 501)}, "pointer"),
        ("quotes", {"symbols": "SPY", "fields": "bogus"}, "parameter"),
        ("chains", {}, "parameter"),
        ("chains", {"symbol": "SPY", "strikeCount": "0"}, "parameter"),
        ("chains", {"symbol": "SPY", "strikeCount": "-5"}, "parameter"),
        ("chains", {"symbol": "SPY", "fromDate": "27.11.2026"}, "parameter"),
        ("chains", {"symbol": "SPY", "contractType": "BOTH"}, "parameter"),
        ("chains", {"symbol": "SPY", "strategy": "VERTICAL"}, "parameter"),
        ("chains", {"symbol": "SPY", "range": "NTM"}, "parameter"),
        ("expirationchain", {}, "parameter"),
        ("markets", {}, "parameter"),
        ("markets", {"markets": "equity,crypto"}, "parameter"),
        ("markets/crypto", {}, "parameter"),
        ("markets/equity", {"date": "today"}, "parameter"),
    ],
)
def test_bad_parameter_is_400_and_names_its_source(
    path: str, query: dict[str, str], source: str
) -> None:
    (error,) = body_of(ask(path, query), 400)["errors"]

    assert (error["status"], error["title"]) == ("400", "Bad Request")
    assert error["detail"]
    assert set(error["source"]) == {source}


def test_only_reading_is_served() -> None:
    response = a_broker()[0].handle(SimRequest("POST", "/marketdata/v1/quotes"))

    assert response.status == 405


@pytest.mark.parametrize("symbol", ["$SPX", "SPY"])
def test_unbounded_chain_of_a_big_class_overflows_the_gateway(symbol: str) -> None:
    assert body_of(ask("chains", {"symbol": symbol}), 502) == {
        "fault": {
            "faultstring": "Body buffer overflow",
            "detail": {"errorcode": "protocol.http.TooBigBody"},
        }
    }


def test_chain_of_one_day_has_all_its_strikes() -> None:
    body = chain(symbol="$SPX", fromDate="2026-12-11", toDate="2026-12-11")

    assert list(body["callExpDateMap"]) == list(body["putExpDateMap"]) == ["2026-12-11:18"]
    strikes = body["callExpDateMap"]["2026-12-11:18"]
    assert strikes.keys() >= {f"{k}.0" for k in range(5100, 6901, 5)}
    assert body["numberOfContracts"] == 2 * len(strikes)
    assert body["underlying"] is None
    assert body["isIndex"] is True


def test_strike_count_is_taken_below_and_above_the_price() -> None:
    body = chain(symbol="SPY", strikeCount="2", fromDate="2026-12-11", toDate="2026-12-11")

    assert list(body["callExpDateMap"]["2026-12-11:18"]) == ["599.0", "600.0", "601.0", "602.0"]


def test_strike_keys_and_half_dollar_strikes_keep_their_decimals() -> None:
    body = chain(symbol="XLF", strikeCount="1", toDate="2026-11-27")

    assert list(body["putExpDateMap"]["2026-11-27:4"]) == ["50.0", "50.5"]


def test_third_friday_of_an_index_holds_both_roots_under_one_strike() -> None:
    body = chain(symbol="$SPX", strikeCount="1", fromDate="2026-12-18", toDate="2026-12-18")

    am, pm = body["callExpDateMap"]["2026-12-18:25"]["6000.0"]
    assert (am["symbol"], am["settlementType"], am["expirationType"]) == (
        "SPX   261218C06000000",
        "A",
        "S",
    )
    assert (pm["symbol"], pm["settlementType"], pm["optionRoot"]) == (
        "SPXW  261218C06000000",
        "P",
        "SPXW",
    )
    # The AM series trades for the last time on Thursday evening.
    assert pm["lastTradingDay"] - am["lastTradingDay"] == 86_400_000


@pytest.mark.parametrize(
    ("right", "full", "empty"), [("CALL", "call", "put"), ("PUT", "put", "call")]
)
def test_contract_type_fills_one_map(right: str, full: str, empty: str) -> None:
    body = chain(symbol="AAPL", contractType=right, strikeCount="3")

    assert body[f"{empty}ExpDateMap"] == {}
    assert {c["putCall"] for c in contracts(body[f"{full}ExpDateMap"])} == {right}


def test_underlying_comes_when_asked_for() -> None:
    body = chain(symbol="SPY", strikeCount="1", toDate="2026-11-27", includeUnderlyingQuote="true")

    assert body["underlying"]["symbol"] == "SPY"
    assert body["underlying"]["bid"] < body["underlying"]["ask"]


def test_chain_greeks_and_values_belong_together() -> None:
    body = chain(symbol="SPY", strikeCount="5", fromDate="2026-12-18", toDate="2026-12-18")
    calls = list(contracts(body["callExpDateMap"]))
    puts = list(contracts(body["putExpDateMap"]))

    for call, put in zip(calls, puts, strict=True):
        assert call["delta"] - put["delta"] == pytest.approx(1.0, abs=0.002)
        assert call["intrinsicValue"] == -put["intrinsicValue"]
        assert call["inTheMoney"] == (call["strikePrice"] < body["underlyingPrice"])
    for contract in (*calls, *puts):
        assert contract["bid"] < contract["ask"]
        assert contract["theta"] < 0 < contract["vega"]
        assert contract["extrinsicValue"] == pytest.approx(
            contract["mark"] - contract["intrinsicValue"], abs=0.006
        )
        assert contract["expirationDate"] == "2026-12-18T21:00:00.000+00:00"


@pytest.mark.parametrize("path", ["chains", "expirationchain"])
@pytest.mark.parametrize("symbol", ["NOSUCH", "SNDL", "SPX"])
def test_symbol_without_options_is_404(path: str, symbol: str) -> None:
    body_of(ask(path, {"symbol": symbol}), 404)


def test_expiry_list_names_root_and_settlement() -> None:
    listed = body_of(ask("expirationchain", {"symbol": "$SPX"}))["expirationList"]

    assert {
        "expirationDate": "2026-12-18",
        "daysToExpiration": 25,
        "expirationType": "S",
        "settlementType": "A",
        "optionRoots": "SPX",
        "standard": True,
    } in listed
    assert listed[0]["daysToExpiration"] == 0


def test_hours_take_a_list_or_one_market() -> None:
    both = body_of(ask("markets", {"markets": "equity,option", "date": "2026-11-30"}))
    one = body_of(ask("markets/option", {"date": "2026-11-30"}))

    assert set(both) == {"equity", "option"}
    assert both["option"] == one["option"]
    assert set(one["option"]) == {"EQO", "IND"}


def test_hours_without_a_date_are_those_of_the_market_s_day() -> None:
    handlers, _ = a_broker("2026-03-02")
    hours = body_of(ask("markets/equity", handlers=handlers))

    assert hours["equity"]["EQ"]["date"] == "2026-03-02"


def test_closed_market_s_quotes_keep_the_time_of_the_close() -> None:
    handlers, _ = a_broker("real", datetime(2026, 11, 29, 15, 0, tzinfo=UTC))
    quote = body_of(ask("quotes", {"symbols": "SPY"}, handlers))["SPY"]["quote"]

    short_close = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert quote["quoteTime"] == short_close.timestamp() * 1000
    assert quote["securityStatus"] == "Closed"


def test_no_symbol_ever_yields_a_broken_number() -> None:
    body = ask("quotes", {"symbols": f"SPY,$VIX,SNDL,{CALL},SPXW  261123C09000000"}).body

    assert b"NaN" not in body
    assert b"Infinity" not in body
