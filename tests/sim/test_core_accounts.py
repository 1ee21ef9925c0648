"""Accounts, balances and positions as the brokerage shows them, and how fills move them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, contracts, shares, spread

from swimdesk.domain.instruments import Right
from swimdesk.sim.faults import Fault, FaultRule


def money(amount: object) -> Decimal:
    return Decimal(str(amount))


def test_login_sees_only_its_own_accounts() -> None:
    counter = Counter()
    rows = counter.get("accounts/accountNumbers")
    assert [row["accountNumber"] for row in rows] == [a.number for a in counter.login.accounts]
    assert len(rows) == 2
    assert all(len(row["hashValue"]) == 64 and row["hashValue"].isupper() for row in rows)
    shown = counter.get("accounts")
    assert [a["securitiesAccount"]["accountNumber"] for a in shown] == [
        row["accountNumber"] for row in rows
    ]


@pytest.mark.parametrize("path", ["", "/orders", "/orders/1005000000001"])
def test_plain_number_and_foreign_hash_are_invalid_account_numbers(path: str) -> None:
    counter = Counter()
    foreign = counter.broker.logins[1].accounts[0].hash_value
    for name in (counter.account.number, foreign, counter.account.hash_value.lower()):
        response = counter.send("GET", f"accounts/{name}{path}")
        assert response.status == 400
        assert json.loads(response.body) == {"message": "Invalid account number"}


def test_margin_account_has_the_fields_of_the_real_one() -> None:
    counter = Counter()
    document = counter.get(f"accounts/{counter.account.hash_value}", fields="positions")
    account = document["securitiesAccount"]
    assert (account["type"], account["accountNumber"]) == ("MARGIN", counter.account.number)
    assert "positions" not in account
    assert account["isClosingOnlyRestricted"] is False
    assert {"availableFundsNonMarginableTrade", "buyingPower", "sma"} <= set(
        account["currentBalances"]
    )
    assert account["initialBalances"]["isInCall"] is False
    assert account["projectedBalances"]["stockBuyingPower"] == 1_000_000.0
    assert document["aggregatedBalance"]["liquidationValue"] == 500_000.0


def test_unknown_fields_value_is_refused() -> None:
    counter = Counter()
    assert counter.send("GET", "accounts", {"fields": "orders"}).status == 400


def test_shares_bought_on_margin_take_half_their_cost_from_available_funds() -> None:
    counter = Counter()
    counter.settled(shares("BUY", 100, "AAPL"))
    [position] = counter.positions().values()
    assert (position["longQuantity"], position["shortQuantity"]) == (100.0, 0.0)
    assert position["instrument"]["assetType"] == "EQUITY"
    assert {"averageShortPrice", "previousSessionLongQuantity"}.isdisjoint(position)
    balances = counter.balances()
    paid = 500_000 - money(balances["cashBalance"])
    assert paid == money(position["averagePrice"]) * 100
    assert money(balances["equity"]) == money(balances["cashBalance"]) + money(
        balances["longMarketValue"]
    )
    assert money(balances["availableFunds"]) == money(balances["equity"]) - money(
        balances["maintenanceRequirement"]
    )
    assert money(balances["buyingPower"]) == 2 * money(balances["sma"])


def test_iron_condor_holds_back_one_side_and_shows_it_on_one_short_leg() -> None:
    counter = Counter()
    order = counter.settled(counter.condor("5.00"))
    legs = {leg["legId"]: leg for leg in order["orderLegCollection"]}
    positions = counter.positions()
    held = {s: p["maintenanceRequirement"] for s, p in positions.items()}
    carrying = [s for s, amount in held.items() if amount]
    assert len(carrying) == 1
    assert carrying[0] in {legs[1]["instrument"]["symbol"], legs[3]["instrument"]["symbol"]}
    width = max(held.values())
    assert width in {5500.0, 6000.0, 6500.0}
    balances = counter.balances()
    assert balances["maintenanceRequirement"] == width
    assert money(balances["equity"]) == money(balances["cashBalance"])
    assert money(balances["availableFundsNonMarginableTrade"]) == money(
        balances["cashBalance"]
    ) - money(width)


def test_credit_less_fees_reaches_the_cash() -> None:
    counter = Counter()
    order = counter.settled(counter.condor("5.00", units=2))
    [activity] = order["orderActivityCollection"]
    received = sum(
        (-1 if leg["legId"] in (2, 4) else 1) * money(leg["price"]) * 200
        for leg in activity["executionLegs"]
    )
    cash = money(counter.balances()["cashBalance"])
    fees = 500_000 + received - cash
    # Per contract: 0.65 commission, 0.01 regulatory, 0.56 index fee; 0.01 on each of the sales.
    assert fees == money("9.80")


def test_short_position_shows_its_own_fields_and_the_fees_in_its_average() -> None:
    counter = Counter()
    order = counter.settled(counter.condor("5.00"))
    leg = order["orderLegCollection"][0]
    short = counter.positions()[leg["instrument"]["symbol"]]
    assert (short["longQuantity"], short["shortQuantity"]) == (0.0, 1.0)
    assert short["marketValue"] < 0
    assert "averageLongPrice" not in short
    assert money(short["averageShortPrice"]) - money(short["averagePrice"]) == money("0.0123")


def test_closing_the_condor_gives_everything_back() -> None:
    counter = Counter()
    opened = counter.settled(counter.condor("5.00"))
    closing = [
        (
            "BUY_TO_CLOSE" if leg["instruction"] == "SELL_TO_OPEN" else "SELL_TO_CLOSE",
            1,
            leg["instrument"]["symbol"],
        )
        for leg in opened["orderLegCollection"]
    ]
    order = counter.settled(spread("NET_DEBIT", "25.00", closing, "IRON_CONDOR"))
    assert order["status"] == "FILLED"
    assert {leg["positionEffect"] for leg in order["orderLegCollection"]} == {"CLOSING"}
    assert counter.positions() == {}
    balances = counter.balances()
    assert balances["maintenanceRequirement"] == 0.0
    assert balances["availableFunds"] == balances["cashBalance"]


def test_working_order_reserves_buying_power_until_it_is_canceled() -> None:
    counter = Counter()
    address = counter.place(counter.condor("55.00", units=3))
    counter.settle()
    assert counter.order(address)["status"] == "WORKING"
    assert counter.balances()["availableFunds"] < 500_000.0
    counter.send("DELETE", address)
    counter.settle()
    assert counter.balances()["availableFunds"] == 500_000.0


def test_fill_gives_back_the_reserve_of_what_is_filled() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.PARTIAL))
    _, ask = counter.quote("AAPL")
    counter.place(shares("BUY", 10, "AAPL", str(ask + 1)))
    while counter.account.reserved() == 0:
        counter.settle(0.05)
    whole = counter.account.reserved()
    assert whole == (ask + 1) * 10 / 2
    counter.settle()
    assert counter.positions()["AAPL"]["longQuantity"] == 5.0
    assert counter.account.reserved() == whole / 2


def test_long_option_costs_its_debit_and_does_not_count_as_equity() -> None:
    counter = Counter()
    symbol = counter.option(Right.CALL, "1.02")
    _, ask = counter.quote(symbol)
    counter.settled(contracts("BUY_TO_OPEN", 2, symbol, str(ask + 1)))
    balances = counter.balances()
    assert balances["equity"] == balances["cashBalance"] == balances["availableFunds"]
    assert balances["longOptionMarketValue"] > 0
    assert money(balances["liquidationValue"]) == money(balances["cashBalance"]) + money(
        balances["longOptionMarketValue"]
    )


def test_short_sale_and_cover() -> None:
    counter = Counter()
    counter.settled(shares("SELL_SHORT", 50, "AAPL"))
    [position] = counter.positions().values()
    assert (position["shortQuantity"], position["settledShortQuantity"]) == (50.0, 0.0)
    balances = counter.balances()
    assert balances["shortMarketValue"] < 0
    assert balances["cashBalance"] > 500_000
    counter.settled(shares("BUY_TO_COVER", 50, "AAPL"))
    assert counter.positions() == {}


def test_positions_follow_fills_after_the_configured_lag() -> None:
    counter = Counter(position_lag_s=2.0)
    address = counter.place(shares("BUY", 1, "AAPL"))
    while counter.order(address)["status"] != "FILLED":
        counter.settle(0.1)
    assert counter.positions() == {}
    counter.settle(2.0)
    assert list(counter.positions()) == ["AAPL"]


def test_user_preference_names_the_accounts_and_a_fresh_correlation_id() -> None:
    counter = Counter()
    first: dict[str, Any] = counter.get("userPreference")
    second = counter.get("userPreference")
    row = first["accounts"][0]
    assert row["accountNumber"] == counter.account.number
    assert row["displayAcctId"] == f"...{counter.account.number[-3:]}"
    assert first["offers"][0]["mktDataPermission"] == "NP"
    correlations = [p["streamerInfo"][0]["schwabClientCorrelId"] for p in (first, second)]
    assert len(set(correlations)) == 2
