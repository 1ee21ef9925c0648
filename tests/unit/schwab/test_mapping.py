from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.schwab.support import NOW, option, payloads

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState
from swimdesk.domain.accounts import Account, AccountType, Capabilities
from swimdesk.domain.instruments import Equity
from swimdesk.domain.positions import Position
from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.mapping import STATES, broker_orders, holdings_of
from swimdesk.schwab.values import parse_json
from swimdesk.schwab.wire import WireAccount, WireOrder, WireSecuritiesAccount, read_as

ENTERED = "2026-11-23T14:30:00+0000"
ACCOUNT = Account("FAM-07", "smith", "5678", capabilities=Capabilities(option_level=2))


def parsed(document: Any) -> Any:
    return parse_json(json.dumps(document))


def orders_of(document: Any) -> tuple[BrokerOrder, ...]:
    return broker_orders(read_as(WireOrder, parsed(document), "an order"), "FAM-07")


def an_order(**changes: Any) -> dict[str, Any]:
    order = {
        "session": "NORMAL",
        "duration": "DAY",
        "orderType": "NET_CREDIT",
        "complexOrderStrategyType": "VERTICAL",
        "quantity": 2.0,
        "filledQuantity": 1.0,
        "price": 0.85,
        "orderLegCollection": [
            {
                "legId": number,
                "instruction": instruction,
                "quantity": 2.0,
                "instrument": {"assetType": "OPTION", "symbol": option(strike).symbol},
            }
            for number, instruction, strike in (
                (1, "SELL_TO_OPEN", "100"),
                (2, "BUY_TO_OPEN", "95"),
            )
        ],
        "orderStrategyType": "SINGLE",
        "orderId": 1005000000001,
        "status": "WORKING",
        "enteredTime": ENTERED,
        "accountNumber": 12345678,
    }
    return order | changes


def activity(kind: str, legs: list[tuple[int, float, float]], **changes: Any) -> dict[str, Any]:
    return {
        "activityType": "EXECUTION",
        "executionType": kind,
        "activityId": 91437824940,
        "executionLegs": [
            {"legId": leg, "quantity": quantity, "price": price, "time": ENTERED}
            for leg, quantity, price in legs
        ],
    } | changes


def test_fills_are_booked_by_leg_number_and_cancels_are_none() -> None:
    fills = activity("FILL", [(2, 1.0, 0.4012), (1, 1.0, 1.25)])
    canceled = activity("CANCELED", [(1, 1.0, 0.0), (2, 1.0, 0.0)], activityId=2)
    action = activity("FILL", [(1, 1.0, 1.0)], activityType="ORDER_ACTION", activityId=3)
    (order,) = orders_of(an_order(orderActivityCollection=[fills, canceled, action]))
    booked = [(e.symbol, e.quantity, e.price, e.leg_id) for e in order.executions]
    assert booked == [
        (option("95").symbol, Decimal(1), Decimal("0.4012"), 2),
        (option("100").symbol, Decimal(1), Decimal("1.25"), 1),
    ]
    assert order.executions[0].key == (
        "1005000000001",
        "91437824940",
        2,
        datetime(2026, 11, 23, 14, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "fill",
    [
        activity("FILL", [(9, 1.0, 1.0)]),
        activity("FILL", [(1, 1.0, 1.0)], activityId=None),
        activity("FILL", [(1, 1.0, 1.0)])
        | {"executionLegs": [{"legId": 1, "quantity": 1, "time": ENTERED}]},
        activity("FILL", [(1, 1.0, 1.0)])
        | {"executionLegs": [{"legId": 1, "quantity": 1, "price": 1, "time": "soon"}]},
    ],
    ids=["unknown leg", "no activity", "no price", "no time"],
)
def test_a_fill_that_cannot_be_booked_is_not_passed_over(fill: dict[str, Any]) -> None:
    with pytest.raises(ProtocolDrift):
        orders_of(an_order(orderActivityCollection=[fill]))


def test_order_figures_times_and_reason() -> None:
    (order,) = orders_of(
        an_order(
            status="REJECTED", statusDescription="No\x1b trades", closeTime=ENTERED, tag="TA_x"
        )
    )
    assert (order.account, order.order_id, order.tag) == ("FAM-07", "1005000000001", "TA_x")
    assert (order.quantity, order.filled) == (Decimal(2), Decimal(1))
    assert order.state is BrokerOrderState.REJECTED
    assert order.reason == "No trades"
    assert order.entered == order.closed == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert order.description == "2 VERTICAL ABCD of 2 legs NET_CREDIT 0.85"


@pytest.mark.parametrize("status", ["UNKNOWN", "HALF_DONE", None, 7])
def test_unknown_status_is_unrecognised(status: Any) -> None:
    assert orders_of(an_order(status=status))[0].state is BrokerOrderState.UNRECOGNISED


def test_every_documented_status_has_its_group() -> None:
    documented = """AWAITING_PARENT_ORDER AWAITING_CONDITION AWAITING_STOP_CONDITION
        AWAITING_MANUAL_REVIEW ACCEPTED AWAITING_UR_OUT PENDING_ACTIVATION QUEUED WORKING REJECTED
        PENDING_CANCEL CANCELED PENDING_REPLACE REPLACED FILLED EXPIRED NEW AWAITING_RELEASE_TIME
        PENDING_ACKNOWLEDGEMENT PENDING_RECALL"""
    assert set(STATES) == set(documented.split())


def test_tree_is_walked_and_its_leaves_never_pass_for_ours() -> None:
    leaf = an_order(orderId=3, status="WORKING")
    oco = {
        "orderStrategyType": "OCO",
        "orderId": 2,
        "status": "WORKING",
        "childOrderStrategies": [leaf],
    }
    parent = an_order(orderStrategyType="TRIGGER", status="FILLED", childOrderStrategies=[oco])
    nodes = orders_of(parent)
    assert [node.order_id for node in nodes] == ["1005000000001", "2", "3"]
    assert [node.state for node in nodes] == [
        BrokerOrderState.FILLED,
        BrokerOrderState.WORKING,
        BrokerOrderState.WORKING,
    ]
    assert {node.fingerprint for node in nodes} == {None}
    assert nodes[1].description == "OCO"
    assert nodes[1].entered == nodes[0].entered


@pytest.mark.parametrize("change", [{"orderId": None}, {"enteredTime": "0000-00-00T00:00:00+0000"}])
def test_an_order_without_id_or_time_is_not_passed_over(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolDrift):
        orders_of(an_order(**change))


def account(kind: str = "MARGIN", **changes: Any) -> WireSecuritiesAccount:
    document = {
        "type": kind,
        "accountNumber": "12345678",
        "currentBalances": {
            "liquidationValue": 51420.89,
            "cashBalance": 100.5,
            "availableFundsNonMarginableTrade": 44420.89,
            "buyingPower": 88853.04,
            "cashAvailableForTrading": 12.34,
        },
    }
    return read_as(
        WireAccount, parsed({"securitiesAccount": document | changes}), "an account"
    ).securities_account


def test_margin_account_spends_available_funds_without_margin() -> None:
    holdings = holdings_of(account(), ACCOUNT, NOW)
    balances = holdings.balances
    assert balances.option_buying_power == Decimal("44420.89")
    assert balances.stock_buying_power == Decimal("88853.04")
    assert (balances.liquidation_value, balances.cash) == (Decimal("51420.89"), Decimal("100.5"))
    assert balances.as_of == NOW
    assert holdings.positions == ()
    assert holdings.account.capabilities == Capabilities(AccountType.MARGIN, 2)


def test_cash_account_spends_cash_available_for_trading() -> None:
    holdings = holdings_of(account("CASH", isClosingOnlyRestricted=True), ACCOUNT, NOW)
    assert holdings.balances.option_buying_power == Decimal("12.34")
    assert holdings.balances.stock_buying_power == Decimal("12.34")
    assert holdings.account.capabilities == Capabilities(AccountType.CASH, 2, closing_only=True)


def test_figures_left_out_are_zero_but_balances_left_out_are_an_error() -> None:
    empty = holdings_of(account(currentBalances={}), ACCOUNT, NOW)
    assert empty.balances.option_buying_power == 0
    projected = {"availableFundsNonMarginableTrade": 7}
    other = account(currentBalances={}, projectedBalances=projected)
    assert holdings_of(other, ACCOUNT, NOW).balances.option_buying_power == 7
    with pytest.raises(ProtocolDrift, match="FAM-07"):
        holdings_of(account(currentBalances=None), ACCOUNT, NOW)


def held(instrument: dict[str, Any], **figures: Any) -> Position:
    position = {"instrument": instrument, "averagePrice": 2.05, "marketValue": -98} | figures
    return holdings_of(account(positions=[position]), ACCOUNT, NOW).positions[0]


def test_short_option_is_a_negative_quantity_at_its_trade_price() -> None:
    contract = option("100")
    position = held(
        {"assetType": "OPTION", "symbol": contract.symbol, "description": "ABCD Put"},
        shortQuantity=2.0,
        longQuantity=0.0,
        averageShortPrice=2.06,
    )
    assert position == Position(
        contract.symbol, Decimal(-2), Decimal("2.06"), Decimal(-98), contract, "ABCD Put"
    )


@pytest.mark.parametrize("asset_type", ["EQUITY", "COLLECTIVE_INVESTMENT"])
def test_stocks_and_funds_of_the_exchange_can_be_ordered(asset_type: str) -> None:
    position = held({"assetType": asset_type, "symbol": "VTI"}, longQuantity=10.5)
    assert position.instrument == Equity("VTI")
    assert (position.quantity, position.average_price) == (Decimal("10.5"), Decimal("2.05"))


@pytest.mark.parametrize(
    "instrument",
    [
        {"assetType": "CASH_EQUIVALENT", "symbol": "MMDA1"},
        {"assetType": "MUTUAL_FUND", "symbol": "SWPPX"},
        {"assetType": "SOMETHING_NEW", "symbol": "VTI"},
        {"assetType": "OPTION", "symbol": "ABCD1 261218P00100000"},
        {"assetType": "OPTION", "symbol": "VTI"},
        {"assetType": "EQUITY", "symbol": "123 odd"},
        {"assetType": "EQUITY", "cusip": "912828"},
    ],
)
def test_what_cannot_be_ordered_is_held_without_an_instrument(instrument: dict[str, Any]) -> None:
    position = held(instrument, longQuantity=1)
    assert position.instrument is None
    assert position.symbol == instrument.get("symbol", "912828")


def test_errors_and_reprs_hold_no_account_number() -> None:
    with pytest.raises(ProtocolDrift) as caught:
        read_as(WireSecuritiesAccount, {"accountNumber": "12345678", "positions": 4}, "an account")
    assert "12345678" not in str(caught.value)
    assert caught.value.__context__ is None
    assert "12345678" not in repr(account())


@pytest.mark.parametrize("path", payloads("order*.json"), ids=lambda path: path.stem)
def test_recorded_orders_are_read(path: Path) -> None:
    if "request" in path.stem:
        return
    document = parse_json(path.read_bytes())
    for row in document if isinstance(document, list) else [document]:
        order = read_as(WireOrder, row, "an order")
        if order.entered_time is None:
            continue
        (first, *_) = broker_orders(order, "FAM-07")
        assert first.state is STATES[first.raw_status]
        assert bool(first.fingerprint) == (order.order_strategy_type == "SINGLE")
        if first.state is BrokerOrderState.FILLED:
            assert sum(e.quantity for e in first.executions) == first.filled * len(
                order.order_leg_collection
            )


@pytest.mark.parametrize("path", payloads("*account-*.json"), ids=lambda path: path.stem)
def test_recorded_accounts_are_read(path: Path) -> None:
    document = parse_json(path.read_bytes())
    if isinstance(document, dict) and "securitiesAccount" in document:
        wire = read_as(WireAccount, document, "an account").securities_account
        assert holdings_of(wire, ACCOUNT, NOW).account.alias == "FAM-07"
