"""Orders from the POST to their end: working, filled, partial, canceled, replaced, expired."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, contracts, shares, spread

from swimdesk.domain.instruments import Right
from swimdesk.sim.faults import Fault, FaultRule

LIVE = {"NEW", "ACCEPTED", "PENDING_ACKNOWLEDGEMENT", "WORKING"}


def far_bid(counter: Counter, quantity: int = 10) -> dict[str, Any]:
    """Return a buy that rests well below the market."""
    bid, _ = counter.quote("SPY")
    return shares("BUY", quantity, "SPY", str(round(bid * Decimal("0.9"), 2)))


def fills(order: dict[str, Any]) -> list[dict[str, Any]]:
    activities = order.get("orderActivityCollection", [])
    return [a for a in activities if a["executionType"] == "FILL"]


def net_of(order: dict[str, Any], activity: dict[str, Any]) -> Decimal:
    """Return the net price of one unit of a fill; positive where it costs."""
    sides = {
        leg["legId"]: 1 if leg["instruction"].startswith("BUY") else -1
        for leg in order["orderLegCollection"]
    }
    total = sum(
        (
            Decimal(str(leg["price"])) * Decimal(str(leg["quantity"])) * sides[leg["legId"]]
            for leg in activity["executionLegs"]
        ),
        Decimal(0),
    )
    return total / Decimal(str(activity["quantity"]))


def test_post_answers_201_with_an_address_and_the_order_is_there_at_once() -> None:
    counter = Counter()
    response = counter.post(far_bid(counter))
    assert (response.status, response.body) == (201, b"")
    address = response.headers["Location"]
    prefix = f"https://api.schwabapi.com/trader/v1/accounts/{counter.account.hash_value}/orders/"
    assert address.startswith(prefix)
    assert len(address.removeprefix(prefix)) == 13
    order = counter.order(address)
    assert order["status"] in LIVE
    assert order["orderId"] == int(address.removeprefix(prefix))
    assert order["accountNumber"] == int(counter.account.number)
    assert order["tag"] == "TA_swimdesk"
    assert order["enteredTime"] == "2026-11-23T15:00:00+0000"
    assert {"closeTime", "orderActivityCollection", "statusDescription"}.isdisjoint(order)


def test_location_begins_with_the_configured_base_url() -> None:
    counter = Counter()
    counter.broker.base_url = "https://127.0.0.1:4433"
    address = counter.place(far_bid(counter))
    assert address.startswith("https://127.0.0.1:4433/trader/v1/accounts/")


def test_resting_order_works_until_the_market_crosses_it() -> None:
    counter = Counter()
    address = counter.place(far_bid(counter))
    counter.settle()
    order = counter.order(address)
    assert (order["status"], order["filledQuantity"], order["remainingQuantity"]) == (
        "WORKING", 0.0, 10.0
    )  # fmt: skip
    counter.broker.market.shock("SPY", 0.85)
    counter.settle()
    order = counter.order(address)
    assert order["status"] == "FILLED"
    [activity] = fills(order)
    assert activity["executionLegs"][0]["price"] <= order["price"]


def test_marketable_limit_fills_at_the_touch_or_better() -> None:
    counter = Counter()
    _, ask = counter.quote("SPY")
    order = counter.settled(shares("BUY", 100, "SPY", str(ask + 5)))
    assert order["status"] == "FILLED"
    assert (order["filledQuantity"], order["remainingQuantity"]) == (100.0, 0.0)
    assert order["closeTime"] >= order["enteredTime"]
    assert fills(order)[0]["executionLegs"][0]["price"] < float(ask) + 1


def test_fund_comes_back_as_collective_investment_and_stays_an_equity_leg() -> None:
    counter = Counter()
    [leg] = counter.order(counter.place(far_bid(counter)))["orderLegCollection"]
    assert leg["orderLegType"] == "EQUITY"
    assert leg["instrument"]["assetType"] == "COLLECTIVE_INVESTMENT"
    assert leg["instrument"]["type"] == "EXCHANGE_TRADED_FUND"
    [stock] = counter.order(counter.place(shares("BUY", 1, "AAPL", "150.00")))["orderLegCollection"]
    assert set(stock["instrument"]) == {"assetType", "cusip", "symbol", "instrumentId"}


def test_iron_condor_fills_on_its_net_price_in_one_activity_of_four_legs() -> None:
    counter = Counter()
    order = counter.settled(counter.condor("1.00", units=2))
    assert (order["status"], order["quantity"]) == ("FILLED", 2.0)
    [activity] = fills(order)
    assert [leg["legId"] for leg in activity["executionLegs"]] == [4, 3, 2, 1]
    assert {leg["quantity"] for leg in activity["executionLegs"]} == {2.0}
    assert net_of(order, activity) <= Decimal("-1.00")
    for leg in activity["executionLegs"]:
        symbol = order["orderLegCollection"][leg["legId"] - 1]["instrument"]["symbol"]
        bid, ask = counter.quote(symbol)
        slack = (ask - bid) + Decimal("2.00")  # the market moved since the fill
        assert bid - slack <= Decimal(str(leg["price"])) <= ask + slack


def test_option_leg_names_its_deliverable() -> None:
    counter = Counter()
    symbol = counter.option(Right.CALL, "1.02")
    [leg] = counter.order(counter.place(contracts("BUY_TO_OPEN", 1, symbol, "0.05")))[
        "orderLegCollection"
    ]
    instrument = leg["instrument"]
    assert (instrument["assetType"], instrument["type"]) == ("OPTION", "VANILLA")
    assert (instrument["putCall"], instrument["underlyingSymbol"]) == ("CALL", "SPXW")
    assert instrument["optionDeliverables"] == [{"symbol": "$SPX", "deliverableUnits": 100.0}]


def test_large_orders_sometimes_fill_in_parts_that_keep_the_legs_in_ratio() -> None:
    counter = Counter(accounts=1, logins=1)
    orders = [counter.place(counter.condor("1.00", units=12)) for _ in range(6)]
    counter.settle(60)
    documents = [counter.order(address) for address in orders]
    filled = [order for order in documents if order["status"] == "FILLED"]
    parts = [fills(order) for order in filled]
    assert any(len(part) > 1 for part in parts)
    for part in parts:
        assert sum(activity["quantity"] for activity in part) == 12.0
        for activity in part:
            quantities = {leg["quantity"] for leg in activity["executionLegs"]}
            assert quantities == {activity["quantity"]}
        done = 0.0
        for activity in sorted(part, key=lambda activity: activity["activityId"]):
            done += activity["quantity"]
            assert activity["orderRemainingQuantity"] == 12.0 - done


def test_partial_fault_fills_half_and_rests_as_working() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.PARTIAL))
    _, ask = counter.quote("AAPL")
    address = counter.place(shares("BUY", 10, "AAPL", str(ask + 1)))
    counter.settle(30)
    order = counter.order(address)
    assert (order["status"], order["filledQuantity"], order["remainingQuantity"]) == (
        "WORKING", 5.0, 5.0
    )  # fmt: skip
    counter.send("DELETE", address)
    counter.settle()
    order = counter.order(address)
    assert (order["status"], order["filledQuantity"], order["remainingQuantity"]) == (
        "CANCELED", 5.0, 0.0
    )  # fmt: skip
    assert len(order["orderActivityCollection"]) == 2


def test_cancel_takes_its_time_and_leaves_an_activity_without_price() -> None:
    counter = Counter()
    address = counter.place(far_bid(counter))
    counter.settle()
    response = counter.send("DELETE", address)
    assert (response.status, response.body) == (200, b"")
    assert counter.order(address)["status"] == "PENDING_CANCEL"
    counter.settle(0.19)
    assert counter.order(address)["status"] == "PENDING_CANCEL"
    assert counter.send("DELETE", address).status == 200
    counter.settle(0.3)
    order = counter.order(address)
    assert (order["status"], order["remainingQuantity"]) == ("CANCELED", 0.0)
    [activity] = order["orderActivityCollection"]
    assert (activity["executionType"], activity["quantity"]) == ("CANCELED", 10.0)
    assert activity["executionLegs"][0]["price"] == 0.0
    assert not order["cancelable"]


def test_cancel_may_lose_against_a_fill_on_its_way() -> None:
    outcomes = set()
    for seed in range(40):
        counter = Counter(seed=seed)
        _, ask = counter.quote("AAPL")
        address = counter.place(shares("BUY", 1, "AAPL", str(ask + 1)))
        counter.settle(0.35)
        if counter.send("DELETE", address).status == 200:
            counter.settle()
            outcomes.add(counter.order(address)["status"])
    assert outcomes == {"CANCELED", "FILLED"}


def test_terminal_order_can_be_neither_canceled_nor_replaced() -> None:
    counter = Counter()
    _, ask = counter.quote("AAPL")
    address = counter.place(shares("BUY", 1, "AAPL", str(ask + 1)))
    counter.settle()
    for response in (
        counter.send("DELETE", address),
        counter.send("PUT", address, body=far_bid(counter)),
    ):
        assert response.status == 400
        assert "message" in json.loads(response.body)


def test_replace_gives_a_new_order_and_ends_the_old_one() -> None:
    counter = Counter()
    old = counter.place(far_bid(counter))
    counter.settle()
    response = counter.send("PUT", old, body=shares("BUY", 7, "SPY", "540.00"))
    assert (response.status, response.body) == (201, b"")
    new = response.headers["Location"]
    assert new != old
    assert counter.order(old)["status"] == "PENDING_REPLACE"
    counter.settle()
    replaced, working = counter.order(old), counter.order(new)
    assert (replaced["status"], replaced["remainingQuantity"]) == ("REPLACED", 0.0)
    [activity] = replaced["orderActivityCollection"]
    assert activity["executionType"] == "CANCELED"
    assert (working["status"], working["quantity"], working["price"]) == ("WORKING", 7.0, 540.0)


def test_rejected_replacement_leaves_the_old_order_untouched() -> None:
    counter = Counter()
    old = counter.place(far_bid(counter))
    counter.settle()
    response = counter.send("PUT", old, body=shares("BUY", 900_000, "SPY", "540.00"))
    counter.settle()
    assert counter.order(response.headers["Location"])["status"] == "REJECTED"
    assert counter.order(old)["status"] == "WORKING"


def test_replacement_of_an_order_that_fills_meanwhile_is_rejected() -> None:
    outcomes = set()
    for seed in range(40):
        counter = Counter(seed=seed)
        _, ask = counter.quote("AAPL")
        old = counter.place(shares("BUY", 1, "AAPL", str(ask + 1)))
        counter.settle(0.4)
        response = counter.send("PUT", old, body=shares("BUY", 2, "AAPL", "190.00"))
        if response.status == 201:
            counter.settle()
            new = counter.order(response.headers["Location"])
            outcomes.add((counter.order(old)["status"], new["status"]))
    assert ("FILLED", "REJECTED") in outcomes
    assert all(pair in {("FILLED", "REJECTED"), ("REPLACED", "WORKING")} for pair in outcomes)


def test_fill_or_kill_that_cannot_trade_expires() -> None:
    counter = Counter()
    order = counter.settled(far_bid(counter) | {"duration": "FILL_OR_KILL"})
    assert order["status"] == "EXPIRED"
    assert fills(order) == []


def test_immediate_or_cancel_that_cannot_trade_is_canceled() -> None:
    counter = Counter()
    order = counter.settled(far_bid(counter) | {"duration": "IMMEDIATE_OR_CANCEL"})
    assert order["status"] == "CANCELED"


def test_market_order_has_no_price_and_fills() -> None:
    counter = Counter()
    order = counter.settled(shares("BUY", 5, "AAPL"))
    assert order["status"] == "FILLED"
    assert "price" not in order


def test_stop_order_waits_for_its_price() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 10, "SPY"))
    bid, _ = counter.quote("SPY")
    stop = str(round(bid * Decimal("0.95"), 2))
    body = shares("SELL", 10, "SPY") | {"orderType": "STOP", "stopPrice": stop}
    address = counter.place(body)
    counter.settle()
    order = counter.order(address)
    assert (order["status"], order["stopPrice"], order["stopType"]) == (
        "WORKING", float(stop), "STANDARD"
    )  # fmt: skip
    counter.broker.market.shock("SPY", 0.9)
    counter.settle()
    assert counter.order(address)["status"] == "FILLED"


def test_net_zero_carries_no_price() -> None:
    counter = Counter()
    legs = [
        ("BUY_TO_OPEN", 1, counter.option(Right.CALL, "1.02")),
        ("SELL_TO_OPEN", 1, counter.option(Right.CALL, "1.021")),
    ]
    body = spread("NET_ZERO", "0", legs, "VERTICAL")
    order = counter.settled(body)
    assert order["orderType"] == "NET_ZERO"
    assert "price" not in order


def test_option_entered_at_night_waits_for_the_opening_and_expires_at_the_close() -> None:
    night = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    counter = Counter(start=night, market="real")
    address = counter.place(counter.condor("15.00", underlying="SPY"))
    counter.settle()
    order = counter.order(address)
    assert (order["status"], order["editable"], order["destinationLinkName"]) == (
        "PENDING_ACTIVATION", True, "AutoRoute"
    )  # fmt: skip
    counter.clock.advance(13 * 3600)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "WORKING"
    counter.clock.advance(5 * 3600 + 55 * 60)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "WORKING"
    counter.settle(10 * 60)
    order = counter.order(address)
    assert (order["status"], order["remainingQuantity"]) == ("EXPIRED", 0.0)


@pytest.mark.parametrize(
    ("kind", "factor", "status"),
    [
        ("MARKET_ON_CLOSE", None, "FILLED"),
        ("LIMIT_ON_CLOSE", "1.10", "FILLED"),
        ("LIMIT_ON_CLOSE", "0.90", "EXPIRED"),
    ],
)
def test_order_for_the_close_waits_until_then_and_trades_once_or_never(
    kind: str, factor: str | None, status: str
) -> None:
    counter = Counter(market="real")
    _, ask = counter.quote("SPY")
    body = shares("BUY", 400, "SPY", None, orderType=kind)
    if factor is not None:
        body["price"] = f"{ask * Decimal(factor):.2f}"
    address = counter.place(body)
    for seconds in (4, 6 * 3600 - 6, 1):
        counter.settle(seconds)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "WORKING"
    for _ in range(4):
        counter.settle(0.5)
    order = counter.order(address)
    assert (order["status"], order["closeTime"][:16]) == (status, "2026-11-23T21:00")
    assert len(order.get("orderActivityCollection", [])) == (status == "FILLED")


def test_order_for_the_close_ends_even_in_a_market_that_never_closes() -> None:
    counter = Counter()
    address = counter.place(shares("BUY", 1, "SPY", None, orderType="MARKET_ON_CLOSE"))
    counter.settle()
    counter.settle(14 * 3600)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "FILLED"


def test_good_till_cancel_outlives_the_day() -> None:
    counter = Counter(market="real")
    address = counter.place(far_bid(counter) | {"duration": "GOOD_TILL_CANCEL"})
    counter.settle()
    counter.clock.advance(24 * 3600)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "WORKING"


def test_cancel_time_ends_a_good_till_cancel_order() -> None:
    counter = Counter()
    body = far_bid(counter) | {
        "duration": "GOOD_TILL_CANCEL",
        "cancelTime": "2026-11-23T15:10:00+0000",
    }
    address = counter.place(body)
    counter.settle()
    assert counter.order(address)["cancelTime"] == "2026-11-23T15:10:00+0000"
    counter.settle(600)
    assert counter.order(address)["status"] == "EXPIRED"


def test_always_open_market_never_expires_a_day_order() -> None:
    counter = Counter()
    address = counter.place(far_bid(counter))
    counter.settle()
    counter.clock.advance(26 * 3600)
    counter.bearer = counter.sign_in()
    assert counter.order(address)["status"] == "WORKING"


def test_the_same_seed_and_requests_give_the_same_orders() -> None:
    def play() -> list[dict[str, Any]]:
        counter = Counter()
        for _ in range(5):
            counter.place(counter.condor("1.00", units=15))
            counter.settle(0.7)
        return counter.orders()

    assert play() == play()
