"""Allocation, case by case; what holds for all inputs is tested as properties."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import CONDOR, a_ticket, an_account, some_accounts, some_balances

from swimdesk.domain.allocation import Allocated, Standing, allocate, unweighed
from swimdesk.domain.orders import Ticket
from swimdesk.domain.sizing import parse_sizing

SHARES = "BUY +{} AAPL @187.50 LMT"
LONG_CALL, SHORT_CALL = "SPXW  261211C06220000", "SPXW  261211C06200000"
LONG_PUT, SHORT_PUT = "SPXW  261211P05800000", "SPXW  261211P05820000"


def shares(units: int = 1) -> Ticket:
    """Build a ticket to buy so many shares."""
    return a_ticket(SHARES.format(units))


def standing(
    figure: str = "0",
    buying_power: str = "0",
    *,
    loss: str | None = None,
    closes: bool = False,
    **holdings: int,
) -> Standing:
    """Build what an account worth so much brings."""
    balances = replace(some_balances(buying_power), liquidation_value=Decimal(figure))
    quantities = {symbol: Decimal(quantity) for symbol, quantity in holdings.items()}
    return Standing(balances, quantities, None if loss is None else Decimal(loss), closes)


def size_one(sizing: str, known: Standing, ticket: Ticket | None = None) -> Allocated:
    """Allocate to a single account."""
    ticket = ticket or shares()
    return allocate(parse_sizing(sizing), ticket, some_accounts(1), {"A-01": known})["A-01"]


# --- the quantity of the text ------------------------------------------------------------------


def test_text_gives_every_account_the_quantity_of_the_text() -> None:
    found = allocate(parse_sizing("text"), shares(3), some_accounts(4), {})
    assert found == {f"A-0{i}": Allocated(3) for i in (1, 2, 3, 4)}


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
    share = allocate(parse_sizing("mult"), shares(units), [account], {})[account.alias]
    assert share.quantity == quantity
    assert (share.reason is None) is bool(quantity)
    if not quantity:
        assert share.reason == f"{units} x multiplier {multiplier} rounds down to 0"


def test_what_multipliers_leave_over_is_given_out_where_that_is_asked_for() -> None:
    accounts = [an_account(f"A-0{i}", multiplier=m) for i, m in enumerate(("0.5", "0.9", "1.1"))]
    # 1.5, 2.7 and 3.3 of 3 units: one of 7.5 is left over beside the floors
    found = allocate(parse_sizing("mult", "largest"), shares(3), accounts, {})
    assert [share.quantity for share in found.values()] == [1, 3, 3]


# --- splits ------------------------------------------------------------------------------------


def test_the_remainder_of_equal_shares_goes_by_name() -> None:
    found = allocate(parse_sizing("equal:8"), shares(), some_accounts(3), {})
    assert [share.quantity for share in found.values()] == [3, 3, 2]


def test_a_dropped_remainder_goes_to_nobody() -> None:
    found = allocate(parse_sizing("equal:8", "drop"), shares(), some_accounts(3), {})
    assert [share.quantity for share in found.values()] == [2, 2, 2]


def test_a_rotating_remainder_begins_with_another_account_each_turn() -> None:
    rule = parse_sizing("equal:8", "rotate")
    turns = [
        [x.quantity for x in allocate(rule, shares(), some_accounts(3), {}, turn).values()]
        for turn in range(4)
    ]
    assert turns == [[3, 3, 2], [2, 3, 3], [3, 2, 3], [3, 3, 2]]


def test_only_accounts_that_tie_take_turns() -> None:
    known = {"A-01": standing("150"), "A-02": standing("150"), "A-03": standing("70")}
    rule = parse_sizing("netliq:10", "rotate")
    turns = [
        [x.quantity for x in allocate(rule, shares(), some_accounts(3), known, turn).values()]
        for turn in range(2)
    ]
    # 4.05, 4.05 and 1.89
    assert turns == [[4, 4, 2], [4, 4, 2]]


def test_the_remainder_of_unequal_shares_goes_to_the_largest_one() -> None:
    accounts = some_accounts(3)
    known = {"A-01": standing("100"), "A-02": standing("170"), "A-03": standing("30")}
    found = allocate(parse_sizing("netliq:10"), shares(), accounts, known)
    # 3.33, 5.67 and 1.00
    assert [found[account.alias].quantity for account in accounts] == [3, 6, 1]


def test_buying_power_is_weighed_where_that_is_asked_for() -> None:
    known = {"A-01": standing("1", "300"), "A-02": standing("1000", "100")}
    found = allocate(parse_sizing("bp:4"), shares(), some_accounts(2), known)
    assert [share.quantity for share in found.values()] == [3, 1]


def test_an_account_that_gets_nothing_is_told_why() -> None:
    known = {"A-01": standing("1000000"), "A-02": standing("1"), "A-03": standing("-500")}
    found = allocate(parse_sizing("netliq:5"), shares(), some_accounts(4), known)
    assert found["A-01"] == Allocated(5)
    assert found["A-02"] == Allocated(0, "netliq:5: its share rounds down to 0")
    assert found["A-03"] == Allocated(0, "netliq:5: it has nothing to weigh")
    assert found["A-04"] == Allocated(0, "netliq:5: it has nothing to weigh")


def test_nobody_gets_anything_when_nobody_has_anything() -> None:
    known = {"A-01": standing("9", "-1")}
    found = allocate(parse_sizing("bp:5"), shares(), some_accounts(2), known)
    assert {share.quantity for share in found.values()} == {0}


def test_accounts_that_were_not_read_are_told_where_figures_are_weighed() -> None:
    accounts, known = some_accounts(3), {"A-02": standing("1")}
    assert unweighed(parse_sizing("netliq:5"), accounts, known) == ("A-01", "A-03")
    assert unweighed(parse_sizing("bp:5"), accounts, known) == ("A-01", "A-03")
    assert unweighed(parse_sizing("equal:5"), accounts, known) == ()
    assert unweighed(parse_sizing("risk:5"), accounts, known) == ()


# --- budgets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizing", "loss", "quantity"),
    [
        ("risk:500", "250", 2),
        ("risk:500", "250.01", 1),
        ("risk:500", "500", 1),
        ("netliq:1%", "100", 20),
        ("bp:5%", "100", 15),
        ("bp:0.5%", "100", 1),
    ],
)
def test_a_budget_gives_the_units_whose_maximum_loss_fits(
    sizing: str, loss: str, quantity: int
) -> None:
    assert size_one(sizing, standing("200000", "30000", loss=loss)) == Allocated(quantity)


@pytest.mark.parametrize(
    ("sizing", "known", "why"),
    [
        ("risk:500", standing(loss="500.01"), "may lose $500.01, the budget is $500.00"),
        ("netliq:1%", standing("-9000", loss="5"), "may lose $5.00, the budget is $-90.00"),
        ("risk:500", standing(), "the maximum loss of one unit has no bound"),
        ("risk:500", standing(loss="0"), "no loss that a budget could bound"),
        ("risk:500", standing(loss="5", closes=True), "the order closes here"),
    ],
)
def test_an_account_that_a_budget_leaves_out_is_told_why(
    sizing: str, known: Standing, why: str
) -> None:
    found = size_one(sizing, known)
    assert found.quantity == 0
    assert found.reason is not None
    assert found.reason.startswith(f"{sizing}: ")
    assert why in found.reason


def test_an_account_that_was_not_read_has_no_budget() -> None:
    found = allocate(parse_sizing("risk:5"), shares(), some_accounts(1), {})
    assert found == {"A-01": Allocated(0, "it could not be read")}


# --- shares of what is held --------------------------------------------------------------------

SELL, BUY = a_ticket("SELL -1 AAPL @MKT"), shares()


@pytest.mark.parametrize(
    ("sizing", "ticket", "held", "quantity"),
    [
        ("pct:-50", SELL, 100, 50),
        ("pct:-50", SELL, 5, 2),
        ("pct:-100", SELL, 7, 7),
        ("pct:50", BUY, -9, 4),
    ],
)
def test_a_share_of_the_shares_held_rounds_down(
    sizing: str, ticket: Ticket, held: int, quantity: int
) -> None:
    assert size_one(sizing, standing(AAPL=held), ticket) == Allocated(quantity)


def test_broken_shares_count_towards_a_share_of_them() -> None:
    known = replace(standing(), holdings={"AAPL": Decimal("2.5")})
    assert size_one("pct:-80", known, SELL) == Allocated(2)
    assert size_one("pct:-100", known, SELL) == Allocated(2)


@pytest.mark.parametrize(("ticket", "held"), [(SELL, -100), (SELL, 0), (BUY, 100)])
def test_what_the_order_would_not_close_does_not_count(ticket: Ticket, held: int) -> None:
    sizing = "pct:-50" if ticket is SELL else "pct:50"
    found = size_one(sizing, standing(AAPL=held), ticket)
    assert found == Allocated(0, f"{sizing}: it holds nothing that the order would close")


def test_a_share_that_rounds_down_to_nothing_says_so() -> None:
    found = size_one("pct:-50", standing(AAPL=1), SELL)
    assert found == Allocated(0, "pct:-50: its share of 1 held rounds down to 0")


@pytest.mark.parametrize(
    ("short_calls", "long_puts", "quantity"),
    [(4, 4, 2), (4, 9, 2), (4, 3, 1), (4, 0, 0), (1, 1, 0)],
)
def test_a_structure_is_held_as_often_as_its_scarcest_leg(
    short_calls: int, long_puts: int, quantity: int
) -> None:
    held = {
        SHORT_CALL: Decimal(-short_calls),
        LONG_CALL: Decimal(4),
        SHORT_PUT: Decimal(-4),
        LONG_PUT: Decimal(long_puts),
    }
    ticket = a_ticket(CONDOR.replace("SELL -1", "BUY +1"))
    assert size_one("pct:50", replace(standing(), holdings=held), ticket).quantity == quantity
