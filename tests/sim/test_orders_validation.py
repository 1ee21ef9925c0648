"""What the order endpoint refuses at once, in which shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, contracts, shares, spread

COUNTER = Counter()
CALL = "SPY   270115C00600000"
PUT = "SPY   270115P00590000"


def refused(body: Any) -> dict[str, Any]:
    response = COUNTER.post(body)
    assert response.status == 400
    assert COUNTER.orders() == []
    document = json.loads(response.body)
    assert isinstance(document, dict)
    return document


def limit(**more: Any) -> dict[str, Any]:
    return shares("BUY", 10, "SPY", "590.00", **more)


def test_missing_fields_are_listed_by_name() -> None:
    body = limit()
    del body["orderStrategyType"], body["duration"]
    document = refused(body)
    assert document == {
        "message": "Invalid request data",
        "errors": [
            "Field: orderStrategyType - must not be null",
            "Duration cannot be null. Valid values: DAY, GOOD_TILL_CANCEL, FILL_OR_KILL",
        ],
    }


@pytest.mark.parametrize("key", ["session", "duration", "orderType", "complexOrderStrategyType"])
def test_unknown_enum_text_is_named(key: str) -> None:
    assert refused(limit(**{key: "EXTO"})) == {"message": "Invalid value 'EXTO'"}


def test_unknown_instruction_is_named() -> None:
    body = shares("BUY_LOW", 1, "SPY", "590.00")
    assert refused(body) == {"message": "Invalid value 'BUY_LOW'"}


@pytest.mark.parametrize("key", ["requestedDestination", "orderId", "status", "tag"])
def test_reply_only_fields_are_not_accepted(key: str) -> None:
    expected = {"message": "A validation error occurred while processing the request."}
    assert refused(limit(**{key: "AUTO"})) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_body_that_is_no_json_object_is_not_accepted(body: bytes) -> None:
    assert refused(body)["message"].startswith("A validation error")


def test_market_order_in_all_sessions_is_invalid() -> None:
    body = shares("BUY", 1, "SPY", session="SEAMLESS")
    assert refused(body) == {"message": "Invalid request data"}


def test_extended_session_cannot_be_good_till_cancel() -> None:
    assert refused(limit(session="AM", duration="GOOD_TILL_CANCEL"))["message"] == (
        "Invalid request data"
    )


def test_key_that_comes_twice_is_an_error_inside_the_brokerage() -> None:
    body = json.dumps(limit()).replace('"assetType"', '"assetType":"EQUITY","assetType"')
    assert COUNTER.post(body.encode()).status == 500
    assert COUNTER.orders() == []


def test_all_sessions_may_be_good_till_cancel_with_a_limit() -> None:
    counter = Counter()
    body = limit(session="SEAMLESS", duration="GOOD_TILL_CANCEL")
    order = counter.order(counter.place(body))
    assert (order["session"], order["duration"]) == ("SEAMLESS", "GOOD_TILL_CANCEL")


def test_option_outside_the_normal_session_is_invalid() -> None:
    body = contracts("BUY_TO_OPEN", 1, CALL, "20.00") | {"session": "PM"}
    assert refused(body)["message"] == "Invalid request data"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (shares("BUY_TO_OPEN", 1, "SPY", "590.00"), "instruction"),
        (contracts("BUY", 1, CALL, "20.00"), "instruction"),
        (shares("BUY", 1, "NOSUCH", "1.00"), "symbol"),
        (shares("BUY", 1, "$SPX", "6000.00"), "symbol"),
        (shares("BUY", 1, CALL, "1.00"), "assetType"),
        (shares("BUY", 0, "SPY", "590.00"), "quantity"),
        (shares("BUY", -5, "SPY", "590.00"), "quantity"),
        (shares("BUY", 1.5, "SPY", "590.00"), "quantity"),  # type: ignore[arg-type]
        (shares("BUY", 1, "SPY", "-1.00"), "price"),
        (shares("BUY", 1, "SPY", "cheap"), "price"),
        (shares("BUY", 1, "SPY", "NaN"), "price"),
        (shares("BUY", 1, "SPY", "590.00", orderType="STOP"), "stopPrice"),
        (spread("LIMIT", "1.00", [("BUY_TO_OPEN", 1, CALL), ("SELL_TO_OPEN", 1, PUT)]), "Type"),
        (spread("NET_DEBIT", "1.00", [("BUY_TO_OPEN", 1, CALL)]), "orderType"),
        (spread("NET_DEBIT", "1.00", [("BUY_TO_OPEN", 1, CALL)] * 2), "same symbol"),
        (spread("NET_DEBIT", "1.00", []), "orderLegCollection"),
        (contracts("BUY_TO_OPEN", 1, CALL, "20.00") | {"orderType": "MARKET_ON_CLOSE"}, "Type"),
        (limit(orderType="LIMIT_ON_CLOSE", duration="GOOD_TILL_CANCEL"), "orderType"),
    ],
)
def test_bad_field_is_named(body: dict[str, Any], field: str) -> None:
    document = refused(body)
    assert document["message"] == "Invalid request data"
    assert field in document["errors"][0]


def test_missing_price_of_a_limit_order_is_named() -> None:
    body = limit()
    del body["price"]
    assert "price" in refused(body)["errors"][0]


@pytest.mark.parametrize("kind", ["TRIGGER", "OCO"])
def test_conditional_orders_are_not_supported(kind: str) -> None:
    document = refused(limit(orderStrategyType=kind, childOrderStrategies=[limit()]))
    assert "conditional orders" in document["errors"][0]


def test_price_may_be_a_number_or_a_text() -> None:
    counter = Counter()
    for price in ("500.25", 500.25):
        order = counter.order(counter.place(shares("BUY", 1, "SPY", "1") | {"price": price}))
        assert order["price"] == 500.25


def test_every_strategy_of_the_schema_is_accepted() -> None:
    counter = Counter()
    for strategy in ("VERTICAL", "IRON_CONDOR", "BUTTERFLY", "CUSTOM", "UNBALANCED_CONDOR"):
        legs = [("BUY_TO_OPEN", 1, CALL), ("SELL_TO_OPEN", 1, PUT)]
        order = counter.order(counter.place(spread("NET_DEBIT", "0.05", legs, strategy)))
        assert order["complexOrderStrategyType"] == strategy
