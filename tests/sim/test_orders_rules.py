"""Why orders are rejected a moment after the 201, in the brokerage's words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, contracts, shares, spread

from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.sim import rules
from swimdesk.sim.accounts import AccountKind


def rejected(counter: Counter, body: dict[str, Any]) -> str:
    """Place an order that must be rejected; return the text."""
    order = counter.settled(body)
    assert order["status"] == "REJECTED", order
    assert order["closeTime"] == order["enteredTime"]
    assert (order["filledQuantity"], order["remainingQuantity"]) == (0.0, 0.0)
    assert (order["cancelable"], order["editable"]) == (False, False)
    assert order["destinationLinkName"] == "AutoRoute"
    assert "orderActivityCollection" not in order
    return str(order["statusDescription"])


def taken(counter: Counter, body: dict[str, Any]) -> None:
    order = counter.settled(body)
    assert order["status"] in ("WORKING", "FILLED"), order


def symbol_of(body: dict[str, Any]) -> str:
    return str(body["orderLegCollection"][0]["instrument"]["symbol"])


def with_account(
    kind: AccountKind = AccountKind.MARGIN, level: int | None = 3, cash: int = 500_000
) -> Counter:
    counter = Counter()
    counter.account.kind = kind
    counter.account.option_level = level
    counter.account.cash = Decimal(cash)
    return counter


def test_order_beyond_the_buying_power() -> None:
    counter = with_account(cash=10_000)
    assert rejected(counter, shares("BUY", 100, "SPY")) == rules.BUYING_POWER
    taken(counter, shares("BUY", 30, "SPY"))


def test_reserved_buying_power_counts() -> None:
    counter = with_account(cash=10_000)
    bid, _ = counter.quote("SPY")
    resting = shares("BUY", 30, "SPY", str(round(bid * Decimal("0.98"), 2)))
    taken(counter, resting)
    assert rejected(counter, resting) == rules.BUYING_POWER


def test_replacing_frees_what_the_old_order_holds() -> None:
    counter = with_account(cash=10_000)
    bid, _ = counter.quote("SPY")
    price = round(bid * Decimal("0.98"), 2)
    address = counter.place(shares("BUY", 30, "SPY", str(price)))
    counter.settle()
    response = counter.send("PUT", address, body=shares("BUY", 31, "SPY", str(price)))
    counter.settle()
    assert counter.order(response.headers["Location"])["status"] == "WORKING"


def test_condor_needs_its_width_less_the_credit() -> None:
    counter = with_account(cash=6_100)
    body = counter.condor("10.00")
    taken(counter, body)
    assert rejected(counter, body) == rules.BUYING_POWER


@pytest.mark.parametrize("level", [0, 1])
def test_spread_needs_level_two(level: int) -> None:
    counter = with_account(level=level)
    assert rejected(counter, counter.condor("10.00")) == rules.OPTION_LEVEL


def test_spread_is_taken_in_a_limited_margin_account_but_not_in_a_cash_account() -> None:
    taken(with_account(AccountKind.LIMITED_MARGIN, 2), Counter().condor("10.00"))
    cash = with_account(AccountKind.CASH, 2)
    assert rejected(cash, cash.condor("10.00")) == rules.OPTION_LEVEL


def test_long_option_needs_level_one() -> None:
    counter = with_account(level=0)
    symbol = counter.option(Right.CALL, "1.02")
    body = contracts("BUY_TO_OPEN", 1, symbol, "0.10")
    assert rejected(counter, body) == rules.OPTION_LEVEL
    counter.account.option_level = 1
    taken(counter, body)


def test_naked_call_needs_level_three_and_margin() -> None:
    symbol = Counter().option(Right.CALL, "1.05", "SPY")
    body = contracts("SELL_TO_OPEN", 1, symbol, "0.05")
    for counter in (with_account(level=2), with_account(AccountKind.LIMITED_MARGIN, 3)):
        assert rejected(counter, body) == rules.OPTION_LEVEL
    taken(with_account(), body)


def test_cash_account_may_sell_a_secured_put_and_a_covered_call() -> None:
    counter = with_account(AccountKind.CASH, 0, cash=130_000)
    put = counter.option(Right.PUT, "0.99", "SPY")
    call = counter.option(Right.CALL, "1.01", "SPY")
    sell_call = contracts("SELL_TO_OPEN", 1, call, "0.05")
    assert rejected(counter, sell_call) == rules.OPTION_LEVEL
    taken(counter, contracts("SELL_TO_OPEN", 1, put, "0.05"))
    taken(counter, shares("BUY", 100, "SPY"))
    taken(counter, sell_call)
    assert rejected(counter, contracts("SELL_TO_OPEN", 1, put, "0.05")) == rules.BUYING_POWER


def test_margin_account_below_level_three_sells_puts_against_its_cash() -> None:
    counter = with_account(level=0, cash=70_000)
    put = contracts("SELL_TO_OPEN", 1, counter.option(Right.PUT, "0.99", "SPY"), "0.05")
    taken(counter, put)
    held = counter.balances()["maintenanceRequirement"]
    assert held == float(OptionContract.parse(symbol_of(put)).strike * 100)
    assert rejected(counter, put) == f"{rules.OPTION_LEVEL}|{rules.BUYING_POWER}"
    counter.account.option_level = 3
    taken(counter, put)


def test_account_without_any_level_may_not_even_close_an_option() -> None:
    counter = with_account(level=1)
    call = counter.option(Right.CALL, "1.01", "SPY")
    taken(counter, contracts("BUY_TO_OPEN", 1, call, str(counter.quote(call)[1])))
    counter.account.option_level = None
    for instruction in ("BUY_TO_OPEN", "SELL_TO_CLOSE"):
        body = contracts(instruction, 1, call, "0.05")
        assert rejected(counter, body) == rules.OPTION_LEVEL
    taken(counter, shares("BUY", 1, "SPY"))


def test_covered_call_in_one_order_pays_net_of_the_premium() -> None:
    counter = with_account(level=0)
    call = counter.option(Right.CALL, "1.01", "SPY")
    _, ask = counter.quote("SPY")
    body = spread("NET_DEBIT", str(ask + 1), [("SELL_TO_OPEN", 1, call)], "COVERED")
    stock = shares("BUY", 100, "SPY")["orderLegCollection"]
    body["orderLegCollection"] = stock + body["orderLegCollection"]
    order = counter.settled(body)
    assert (order["status"], order["quantity"]) == ("FILLED", 1.0)
    assert counter.positions()["SPY"]["longQuantity"] == 100.0
    assert counter.positions()[call]["maintenanceRequirement"] == 0.0


def test_buying_shares_and_selling_two_calls_leaves_one_uncovered() -> None:
    counter = with_account(level=2)
    call = counter.option(Right.CALL, "1.05", "SPY")
    _, ask = counter.quote("SPY")
    body = spread("NET_DEBIT", str(ask + 1), [("SELL_TO_OPEN", 2, call)], "COVERED")
    body["orderLegCollection"] = (
        shares("BUY", 100, "SPY")["orderLegCollection"] + (body["orderLegCollection"])
    )
    assert rejected(counter, body) == rules.OPTION_LEVEL


def test_selling_the_shares_under_a_covered_call_is_refused_below_level_three() -> None:
    counter = with_account(level=1)
    call = counter.option(Right.CALL, "1.01", "SPY")
    taken(counter, shares("BUY", 100, "SPY"))
    taken(counter, contracts("SELL_TO_OPEN", 1, call, "0.05"))
    assert rejected(counter, shares("SELL", 100, "SPY")) == rules.OPTION_LEVEL


def test_closing_the_long_leg_alone_would_leave_a_naked_short() -> None:
    counter = with_account(level=2)
    opened = counter.settled(counter.condor("5.00"))
    long_call = opened["orderLegCollection"][1]["instrument"]["symbol"]
    body = contracts("SELL_TO_CLOSE", 1, long_call, "0.05")
    assert rejected(counter, body) == rules.OPTION_LEVEL


def test_third_decimal_on_shares() -> None:
    counter = Counter()
    assert rejected(counter, shares("BUY", 1, "SPY", "590.125")) == rules.DECIMALS
    assert rejected(counter, shares("BUY", 1, "SPY", 590.1000000001)) == (  # type: ignore[arg-type]
        rules.DECIMALS
    )


def test_option_price_off_its_tick() -> None:
    counter = Counter()
    spx = counter.option(Right.CALL, "1.02")
    assert rejected(counter, contracts("BUY_TO_OPEN", 1, spx, "3.15")) == rules.OPTION_TICK
    spy = counter.option(Right.CALL, "1.02", "SPY")
    taken(counter, contracts("BUY_TO_OPEN", 1, spy, "3.01"))


def test_spx_spread_off_five_cents() -> None:
    counter = Counter()
    assert rejected(counter, counter.condor("9.02")) == rules.SPX_TICK
    taken(counter, counter.condor("1.02", underlying="SPY"))


def test_share_limit_far_from_the_market() -> None:
    counter = Counter()
    assert rejected(counter, shares("BUY", 1, "SPY", "1.00")) == rules.FAR_LIMIT


def test_option_limit_that_overpays_by_far() -> None:
    counter = Counter()
    symbol = counter.option(Right.CALL, "1.02", "SPY")
    assert rejected(counter, contracts("BUY_TO_OPEN", 1, symbol, "90.00")) == rules.FAR_LIMIT


def test_stop_on_the_wrong_side() -> None:
    counter = Counter()
    bid, _ = counter.quote("SPY")
    body = shares("BUY", 1, "SPY") | {"orderType": "STOP", "stopPrice": str(bid - 10)}
    assert rejected(counter, body) == rules.STOP_PRICE


def test_selling_more_than_held() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 10, "AAPL"))
    assert rejected(counter, shares("SELL", 11, "AAPL")) == rules.OVERSOLD
    taken(counter, shares("SELL", 10, "AAPL"))


def test_closing_twice_while_the_first_close_still_works() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 10, "AAPL"))
    _, ask = counter.quote("AAPL")
    address = counter.place(shares("SELL", 10, "AAPL", str(round(ask * Decimal("1.2"), 2))))
    counter.settle()
    assert rejected(counter, shares("SELL", 10, "AAPL")) == rules.OVERSOLD
    counter.send("DELETE", address)
    counter.settle()
    taken(counter, shares("SELL", 10, "AAPL"))


def test_opening_against_a_held_position_is_refused() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 10, "AAPL"))
    assert rejected(counter, shares("SELL_SHORT", 5, "AAPL")) == rules.OVERSOLD


def test_short_sale_needs_margin() -> None:
    counter = with_account(AccountKind.CASH)
    assert rejected(counter, shares("SELL_SHORT", 1, "AAPL")) == rules.NO_SHORT_SALES


def test_closing_only_account_may_close() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 10, "AAPL"))
    counter.account.closing_only = True
    assert rejected(counter, shares("BUY", 1, "AAPL")) == rules.NO_TRADES
    taken(counter, shares("SELL", 10, "AAPL"))


def test_closing_a_long_option_needs_no_level_but_some() -> None:
    counter = with_account(level=1)
    call = counter.option(Right.CALL, "1.01", "SPY")
    taken(counter, contracts("BUY_TO_OPEN", 1, call, str(counter.quote(call)[1])))
    counter.account.option_level = 0
    taken(counter, contracts("SELL_TO_CLOSE", 1, call, "0.05"))


def test_several_broken_rules_are_joined() -> None:
    counter = with_account(level=0, cash=100)
    text = rejected(counter, counter.condor("9.02"))
    assert text.split("|") == [rules.OPTION_LEVEL, rules.SPX_TICK, rules.BUYING_POWER]


def test_strike_that_is_not_listed_has_no_market() -> None:
    counter = Counter()
    symbol = counter.option(Right.CALL, "1.02", "SPY")
    unlisted = symbol[:-3] + "123"
    body = contracts("BUY_TO_OPEN", 1, unlisted, "1.00")
    assert rules.NO_MARKET in rejected(counter, body)


def preview(counter: Counter, body: dict[str, Any]) -> dict[str, Any]:
    path = f"accounts/{counter.account.hash_value}/previewOrder"
    response = counter.send("POST", path, body=body)
    assert response.status == 200
    document = json.loads(response.body)
    assert isinstance(document, dict)
    return document


def test_preview_of_an_acceptable_condor() -> None:
    counter = Counter()
    document = preview(counter, counter.condor("10.00", units=2))
    strategy = document["orderStrategy"]
    assert (strategy["status"], strategy["orderType"]) == ("ACCEPTED", "LIMIT")
    assert (strategy["strategy"], strategy["quantity"]) == ("IRON_CONDOR", 2.0)
    assert strategy["orderBalance"]["orderValue"] == 2000.0
    assert strategy["orderBalance"]["projectedCommission"] == 5.2
    effect = 500_000 - strategy["orderBalance"]["projectedAvailableFund"]
    assert 8_000 < effect < 12_000
    assert document["orderValidationResult"] == {}
    assert len(document["commissionAndFee"]["fee"]["feeLegs"]) == 4
    assert "finalSymbol" not in strategy["orderLegs"][0]
    assert counter.orders() == []


def test_preview_of_an_order_that_would_be_rejected_is_a_200_with_the_reasons() -> None:
    counter = with_account(cash=100)
    document = preview(counter, shares("BUY", 10, "SPY"))
    assert document["orderStrategy"]["status"] == "REJECTED"
    assert document["orderStrategy"]["orderLegs"][0]["finalSymbol"] == "SPY"
    assert document["orderStrategy"]["closeTime"] == document["orderStrategy"]["enteredTime"]
    [reject] = document["orderValidationResult"]["rejects"]
    assert reject == {"activityMessage": rules.BUYING_POWER, "originalSeverity": "REJECT"}


def test_preview_of_a_malformed_order_is_a_400() -> None:
    counter = Counter()
    path = f"accounts/{counter.account.hash_value}/previewOrder"
    assert counter.send("POST", path, body={}).status == 400
