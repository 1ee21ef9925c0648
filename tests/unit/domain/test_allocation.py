"""Sizing rules, case by case; what holds for all inputs is tested as properties."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import an_account, some_accounts, some_balances

from swimdesk.domain.accounts import Balances
from swimdesk.domain.allocation import Allocated, Sizing, SizingRule, allocate, parse_sizing
from swimdesk.errors import InputError


def worth(figure: str, buying_power: str = "0") -> Balances:
    """Build balances of an account worth so much."""
    return replace(some_balances(buying_power), liquidation_value=Decimal(figure))


@pytest.mark.parametrize(
    ("text", "sizing"),
    [
        ("text", Sizing()),
        ("mult", Sizing(SizingRule.MULT)),
        ("equal:90", Sizing(SizingRule.EQUAL, 90)),
        (" NETLIQ:1 ", Sizing(SizingRule.NETLIQ, 1)),
        ("bp:200", Sizing(SizingRule.BUYING_POWER, 200)),
    ],
)
def test_sizings_are_read_and_printed(text: str, sizing: Sizing) -> None:
    assert parse_sizing(text) == sizing
    assert str(sizing) == text.strip().lower()


@pytest.mark.parametrize(
    "text",
    ["", "half", "equal", "equal:", "equal:0", "equal:-3", "equal:1.5", "equal:٣", "equal:1:2",
     "text:4", "mult:2", "bp:5%"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(InputError, match="expected text, mult, equal:N"):
        parse_sizing(text)


def test_text_gives_every_account_the_quantity_of_the_text() -> None:
    shares = allocate(Sizing(), 3, some_accounts(4), {})
    assert shares == {f"A-0{i}": Allocated(3) for i in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("multiplier", "units", "quantity"),
    [
        ("1", 3, 3),
        ("2", 3, 6),
        ("0.5", 3, 1),
        ("0.5", 1, 0),
        ("0.333", 3, 0),
        ("0.3334", 3, 1),
        ("1.9999", 1, 1),
        ("0", 5, 0),
    ],
)
def test_the_multiplier_rounds_down(multiplier: str, units: int, quantity: int) -> None:
    account = an_account(multiplier=multiplier)
    share = allocate(Sizing(SizingRule.MULT), units, [account], {})[account.alias]
    assert share.quantity == quantity
    assert (share.reason is None) is bool(quantity)
    if not quantity:
        assert share.reason == f"{units} x multiplier {multiplier} rounds down to 0"


@pytest.mark.parametrize("rule", ["equal:90", "netliq:90", "bp:90"])
def test_a_split_wants_quantity_one_in_the_text(rule: str) -> None:
    with pytest.raises(InputError, match="quantity 1; it says 2"):
        allocate(parse_sizing(rule), 2, some_accounts(2), {})


def test_the_remainder_of_equal_shares_goes_by_name() -> None:
    shares = allocate(parse_sizing("equal:8"), 1, some_accounts(3), {})
    assert [share.quantity for share in shares.values()] == [3, 3, 2]


def test_the_remainder_of_unequal_shares_goes_to_the_largest_one() -> None:
    accounts = some_accounts(3)
    known = {"A-01": worth("100"), "A-02": worth("170"), "A-03": worth("30")}
    shares = allocate(parse_sizing("netliq:10"), 1, accounts, known)
    # 3.33, 5.67 and 1.00
    assert [shares[account.alias].quantity for account in accounts] == [3, 6, 1]


def test_buying_power_is_weighed_where_that_is_asked_for() -> None:
    known = {"A-01": worth("1", "300"), "A-02": worth("1000", "100")}
    shares = allocate(parse_sizing("bp:4"), 1, some_accounts(2), known)
    assert [share.quantity for share in shares.values()] == [3, 1]


def test_an_account_that_gets_nothing_is_told_why() -> None:
    known = {"A-01": worth("1000000"), "A-02": worth("1"), "A-03": worth("-500")}
    shares = allocate(parse_sizing("netliq:5"), 1, some_accounts(4), known)
    assert shares["A-01"] == Allocated(5)
    assert shares["A-02"] == Allocated(0, "netliq:5: its share rounds down to 0")
    assert shares["A-03"] == Allocated(0, "netliq:5: it has nothing to weigh")
    assert shares["A-04"] == Allocated(0, "netliq:5: it has nothing to weigh")


def test_nobody_gets_anything_when_nobody_has_anything() -> None:
    shares = allocate(parse_sizing("bp:5"), 1, some_accounts(2), {"A-01": worth("9", "-1")})
    assert {share.quantity for share in shares.values()} == {0}
