"""The shapes of market data bodies, beside captured ones where those are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.sim_market import CALL, a_broker, ask, body_of, chain, contracts

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "schwab-payloads"

# Shapes: what a client may rely on, whether or not the captured samples are at hand.

EQUITY_SHAPE = {
    "assetMainType": str,
    "realtime": bool,
    "ssid": int,
    "symbol": str,
    "quote": {
        "askPrice": float,
        "askSize": int,
        "bidPrice": float,
        "bidSize": int,
        "closePrice": float,
        "lastPrice": float,
        "mark": float,
        "netChange": float,
        "quoteTime": int,
        "securityStatus": str,
        "totalVolume": int,
        "tradeTime": int,
    },
    "reference": {"cusip": str, "description": str, "exchange": str, "exchangeName": str},
    "regular": {"regularMarketLastPrice": float, "regularMarketTradeTime": int},
}
INDEX_SHAPE = {
    "assetMainType": str,
    "quote": {"closePrice": float, "lastPrice": float, "totalVolume": int, "tradeTime": int},
    "reference": {"description": str, "exchangeName": str},
}
OPTION_SHAPE = {
    "assetMainType": str,
    "quote": {
        "askPrice": float,
        "bidPrice": float,
        "delta": float,
        "gamma": float,
        "theta": float,
        "vega": float,
        "rho": float,
        "moneyIntrinsicValue": float,
        "openInterest": int,
        "underlyingPrice": float,
        "volatility": float,
    },
    "reference": {
        "contractType": str,
        "daysToExpiration": int,
        "exerciseType": str,
        "expirationDay": int,
        "expirationType": str,
        "isPennyPilot": bool,
        "lastTradingDay": int,
        "multiplier": float,
        "settlementType": str,
        "strikePrice": float,
        "underlying": str,
    },
}
CHAIN_SHAPE = {
    "symbol": str,
    "status": str,
    "strategy": str,
    "isDelayed": bool,
    "isIndex": bool,
    "interestRate": float,
    "underlyingPrice": float,
    "callExpDateMap": dict,
    "putExpDateMap": dict,
}
EXPIRY_SHAPE = {
    "expirationDate": str,
    "daysToExpiration": int,
    "expirationType": str,
    "settlementType": str,
    "optionRoots": str,
    "standard": bool,
}

CONTRACT_FIELDS = {
    "putCall",
    "symbol",
    "description",
    "exchangeName",
    "bid",
    "ask",
    "last",
    "mark",
    "bidSize",
    "askSize",
    "bidAskSize",
    "lastSize",
    "highPrice",
    "lowPrice",
    "openPrice",
    "closePrice",
    "totalVolume",
    "tradeTimeInLong",
    "quoteTimeInLong",
    "netChange",
    "volatility",
    "delta",
    "gamma",
    "theta",
    "vega",
    "rho",
    "openInterest",
    "timeValue",
    "theoreticalOptionValue",
    "theoreticalVolatility",
    "optionDeliverablesList",
    "strikePrice",
    "expirationDate",
    "daysToExpiration",
    "expirationType",
    "lastTradingDay",
    "multiplier",
    "settlementType",
    "deliverableNote",
    "percentChange",
    "markChange",
    "markPercentChange",
    "intrinsicValue",
    "extrinsicValue",
    "optionRoot",
    "exerciseType",
    "high52Week",
    "low52Week",
    "nonStandard",
    "pennyPilot",
    "inTheMoney",
    "mini",
}


def shape_of(value: object) -> Any:
    """Return the types of a JSON value, an object by its keys, a list by its first item."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return type(value)


def sample(name: str) -> Any:
    """Return a captured payload."""
    return json.loads((SAMPLES / name).read_text())


def first_value(body: dict[str, Any]) -> Any:
    """Return the only or first value of an object."""
    return next(iter(body.values()))


# What captured quotes have and ours leave out: figures of companies that pay and report.
_LEFT_OUT = {
    "declarationDate",
    "divExDate",
    "divPayDate",
    "lastEarningsDate",
    "nextDivExDate",
    "nextDivPayDate",
}

_CASES: list[tuple[str, str, Any]] = [
    ("equity", "constant", EQUITY_SHAPE),
    ("index", "constant", INDEX_SHAPE),
    ("option", "constant", OPTION_SHAPE),
    ("chain", "constant", CHAIN_SHAPE),
    ("expiry", "constant", EXPIRY_SHAPE),
]
_CAPTURED = {
    "quote-INTC.json": ("equity", first_value),
    "sdk-quotes-get.json": ("equity", first_value),
    "quote-index-SPX.json": ("index", first_value),
    "quote-option-META.json": ("option", first_value),
    "quote-option-NVDA.json": ("option", first_value),
    "expiration-chain.json": ("expiry", lambda body: body["expirationList"][0]),
    "expiration-chain-AAPL-doc.json": ("expiry", lambda body: body["expirationList"][0]),
    "sdk-chains-get.json": (
        "chain",
        lambda body: body | {"callExpDateMap": {}, "putExpDateMap": {}},
    ),
    "market-hours-equity-option-doc.json": ("hours", lambda body: body),
    "market-hours-all-closed.json": ("closed hours", lambda body: body),
}
_CASES += [
    (kind, name, shape_of(pick(sample(name))))
    for name, (kind, pick) in _CAPTURED.items()
    if (SAMPLES / name).is_file()
]


def ours(kind: str) -> Any:
    """Return the simulated payload of a kind."""
    if kind == "chain":
        return chain(symbol="AAPL", strikeCount="1", includeUnderlyingQuote="true")
    if kind.endswith("hours"):
        day = "2025-07-20" if kind.startswith("closed") else "2025-07-21"
        query = {"markets": "equity,option,bond,future,forex", "date": day}
        return body_of(ask("markets", query, a_broker("real")[0]))
    if kind == "expiry":
        return body_of(ask("expirationchain", {"symbol": "AAPL"}))["expirationList"][0]
    symbol = {"equity": "INTC", "index": "$SPX", "option": CALL}[kind]
    return body_of(ask("quotes", {"symbols": symbol}))[symbol]


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Name where a shape lacks what another has, or has it as another type."""
    if not isinstance(expected, dict):
        same = expected == found or (expected is dict and isinstance(found, dict))
        return [] if same else [f"{path}: {expected} but {found}"]
    missing = [f"{path}/{key}: missing" for key in expected.keys() - found.keys() - _LEFT_OUT]
    common = (key for key in expected if key in found)
    deeper = (differences(expected[key], found[key], f"{path}/{key}") for key in common)
    return missing + [line for lines in deeper for line in lines]


@pytest.mark.parametrize(("kind", "source", "shape"), _CASES)
def test_payload_has_every_field_with_its_type(kind: str, source: str, shape: Any) -> None:
    assert differences(shape, shape_of(ours(kind))) == [], source


def test_chain_contract_has_the_real_field_names() -> None:
    body = chain(symbol="AAPL", strikeCount="1", toDate="2026-11-27")
    contract = next(contracts(body["callExpDateMap"]))

    assert set(contract) == CONTRACT_FIELDS
