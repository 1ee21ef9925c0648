"""Which orders a word means, and what became of a command on them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swimdesk.console.blotter.at_work import (
    Replacement,
    find,
    meant_by,
    outcomes,
    read_replacement,
    told,
    why_of,
)
from swimdesk.errors import InputError
from tests.console.orders import a_command_view, a_line_view, a_view
from tests.fakes.builders import CONDOR, STOCK

CONDORS = a_view(a_line_view("A-01"), a_line_view("A-02", "filled"), id_="01BAAA11")
SHARES = a_view(
    a_line_view("A-01", order=STOCK), a_line_view("A-02", order=STOCK), id_="01BAAA22", order=STOCK
)
KNOWN = {"01BAAA11": CONDORS, "01BAAA22": SHARES}
ACCOUNTS = ("A-01", "A-02")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("SPX*", ("01BAAA11",)),
        ("aap?", ("01BAAA22",)),
        ("a-02", ("01BAAA22/A-02",)),
        ("A-01", ("01BAAA11/A-01", "01BAAA22/A-01")),
        ("a11", ("01BAAA11",)),
        ("a22/a-01", ("01BAAA22/A-01",)),
        ("elsewhere", ("elsewhere",)),
    ],
)
def test_a_word_means_what_works_of_it(text: str, meant: tuple[str, ...]) -> None:
    assert meant_by(KNOWN, ACCOUNTS, text) == meant


@pytest.mark.parametrize("text", ["QQQ*", "*X*Y"])
def test_a_word_that_means_nothing_that_works_is_told(text: str) -> None:
    with pytest.raises(InputError, match="nothing to cancel"):
        meant_by(KNOWN, ACCOUNTS, text)


def test_the_end_of_two_broadcasts_is_not_guessed() -> None:
    broadcasts = {"01B1": CONDORS, "02B1": CONDORS}
    with pytest.raises(InputError, match="2 broadcasts"):
        find(broadcasts, ACCOUNTS, "b1")


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("7K2M @1.15", "1.15"),
        ("7K2M @ @1.15", "1.15"),
        ("7K2M @ 1.15", "1.15"),
        ("7K2M 1.15", "1.15"),
        ("7K2M @-.20", "-.20"),
        ("7K2M @2", "2"),
    ],
)
def test_a_replacement_is_a_broadcast_and_a_price(text: str, price: str) -> None:
    assert read_replacement(text) == Replacement("7K2M", Decimal(price))


def test_codes_behind_the_price_lift_denials() -> None:
    wanted = read_replacement("7K2M/a-03 @9 price_far POSITION_SHARE=1650")
    assert wanted == Replacement("7K2M/a-03", Decimal(9), ("PRICE_FAR", "POSITION_SHARE=1650"))


def test_what_lifts_a_denial_is_said_as_it_is_typed_here() -> None:
    reason = "PRICE_FAR: 4.11 a unit better than mid 0.89 (--ack PRICE_FAR)"
    view = a_view(commands=(a_command_view("A-01", "replace", outcome="denied", reason=reason),))
    assert why_of(view, "replace").endswith("mid 0.89; PRICE_FAR behind the price lifts it")


@pytest.mark.parametrize("text", ["7K2M", "7K2M @", "@1.15", "7K2M @1.15 x", "7K2M @NaN", ""])
def test_a_replacement_without_a_price_says_what_is_expected(text: str) -> None:
    with pytest.raises(InputError, match="RPL takes"):
        read_replacement(text)


def test_the_latest_command_of_each_account_counts() -> None:
    view = a_view(
        a_line_view("A-01", "filled"),
        a_line_view("A-02", "canceling"),
        a_line_view("A-03", "working"),
        commands=(
            a_command_view("A-02", outcome="refused"),
            a_command_view("A-01", outcome="refused"),
            a_command_view("A-02", outcome="taken"),
            a_command_view("A-03", outcome=None),
            a_command_view("A-04", outcome="taken"),
        ),
    )
    counted = outcomes(view, ("A-01", "A-02", "A-03"), "cancel")
    assert told(counted) == ("1 taken, 1 filled before, 1 UNANSWERED", False)


def test_condors_are_found_by_the_name_without_the_sign_of_an_index() -> None:
    assert meant_by({"01B1": a_view(a_line_view(order=CONDOR))}, (), "S?X") == ("01B1",)
