"""Checks of rolls, and of shares that trade together with their options."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import an_account, some_balances
from tests.unit.domain.test_risk import codes, facts, only

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.orders import Effect
from swimdesk.domain.risk import QuoteFacts, RiskLimits, check_line

COVERED_CALL = "BUY +2 COVERED SPY 100 18 DEC 26 600 CALL/SPY @200.00 LMT"
VERT_ROLL = "SELL -1 VERT ROLL SPY 100 15 JAN 27/18 DEC 26 600/605/590/595 CALL @0.40 LMT"


def test_a_roll_needs_the_level_of_what_it_opens() -> None:
    rolled = facts(VERT_ROLL, effect=Effect.OPEN_CLOSE, account=an_account(option_level=1))
    assert only(rolled)[1] == "needs option level 2, the account has 1"
    text = "BUY +1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00"
    rolled = facts(text, effect=Effect.OPEN_CLOSE, account=an_account(option_level=1))
    assert codes(rolled) == []


def test_a_roll_is_no_closing_order() -> None:
    account = an_account(closing_only=True)
    assert only(facts(VERT_ROLL, effect=Effect.OPEN_CLOSE, account=account))[0] == "CLOSING_ONLY"


def test_shares_that_go_with_options_are_counted_as_shares() -> None:
    assert codes(facts(COVERED_CALL, account=an_account(option_level=0))) == []
    shares = RiskLimits(max_shares_per_order=199)
    found = check_line(facts(COVERED_CALL), shares)
    assert ("SIZE_SHARES", "200 shares, limit 199 per order") in [(x.code, x.detail) for x in found]
    assert "SIZE_CONTRACTS" in codes(facts(COVERED_CALL), RiskLimits(max_contracts_per_order=1))


def test_shares_bought_with_a_call_are_paid_from_stock_buying_power_and_cover_it() -> None:
    cash = an_account(kind=AccountType.CASH)
    assert codes(facts(COVERED_CALL, account=cash)) == []
    sold = "SELL -1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @200"
    assert "CASH_ACCOUNT" in codes(facts(sold, account=cash))
    poor = replace(some_balances(), stock_buying_power=Decimal(40_000))
    assert only(facts(COVERED_CALL, balances=poor))[0] == "BUYING_POWER"
    enough = replace(poor, stock_buying_power=Decimal(40_002), option_buying_power=Decimal(0))
    assert codes(facts(COVERED_CALL, balances=enough)) == []


@pytest.mark.parametrize(
    ("price", "natural", "mid", "denied"),
    [
        ("-0.07", "-0.05", "0.005", False),
        ("0.05", "-0.05", "-0.02", False),
        ("0.05", "-0.08", "-0.05", True),
        ("-0.07", "0.01", "0.03", True),
        ("0.05", "-0.04", "-0.02", False),
    ],
)
def test_a_market_around_zero_quotes_a_roll_both_ways(
    price: str, natural: str, mid: str, denied: bool
) -> None:
    text = VERT_ROLL.replace("@0.40", f"@{price}")
    quotes = QuoteFacts(net_mid=Decimal(mid), net_natural=Decimal(natural))
    found = codes(facts(text, effect=Effect.OPEN_CLOSE, quotes=quotes))
    assert ("PRICE_SIGN" in found) is denied
