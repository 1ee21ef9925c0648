"""Open or close, per account."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.fakes.builders import a_ticket

from swimdesk.domain.effects import resolve_effect

CALL = "SELL -1 SPY 100 18 DEC 26 600 CALL @4.10 LMT"
VERTICAL = "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT"
CALL_SYMBOL = "SPY   261218C00600000"

LONG = {"AAPL": Decimal(100)}
SHORT = {"AAPL": Decimal(-100)}


@pytest.mark.parametrize(
    ("text", "holdings", "outcome"),
    [
        ("BUY +100 AAPL @MKT", {}, "open"),
        ("BUY +100 AAPL @MKT", LONG, "open"),
        ("BUY +99 AAPL @MKT", SHORT, "close"),
        ("BUY +100 AAPL @MKT", SHORT, "close"),
        ("BUY +101 AAPL @MKT", SHORT, "EFFECT_AMBIGUOUS"),
        ("BUY +1 AAPL @MKT [TO OPEN]", SHORT, "EFFECT_AMBIGUOUS"),
        ("BUY +1 AAPL @MKT [TO CLOSE]", {}, "SELL_MORE_THAN_HELD"),
        ("BUY +100 AAPL @MKT [TO CLOSE]", SHORT, "close"),
        ("BUY +101 AAPL @MKT [TO CLOSE]", SHORT, "SELL_MORE_THAN_HELD"),
        ("SELL -99 AAPL @MKT", LONG, "close"),
        ("SELL -100 AAPL @MKT", LONG, "close"),
        ("SELL -101 AAPL @MKT", LONG, "SELL_MORE_THAN_HELD"),
        ("SELL -1 AAPL @MKT", {}, "SELL_MORE_THAN_HELD"),
        ("SELL -1 AAPL @MKT", SHORT, "SELL_MORE_THAN_HELD"),
        ("SELL -1 AAPL @MKT [TO OPEN]", {}, "open"),
        ("SELL -1 AAPL @MKT [TO OPEN]", SHORT, "open"),
        ("SELL -1 AAPL @MKT [TO OPEN]", LONG, "EFFECT_AMBIGUOUS"),
        ("SELL -101 AAPL @MKT [TO OPEN]", LONG, "EFFECT_AMBIGUOUS"),
        (CALL, {}, "open"),
        (CALL, {CALL_SYMBOL: Decimal(-4)}, "open"),
        (CALL, {CALL_SYMBOL: Decimal(1)}, "close"),
        (f"{CALL} [TO OPEN]", {CALL_SYMBOL: Decimal(1)}, "EFFECT_AMBIGUOUS"),
        (f"{CALL} [TO CLOSE]", {}, "SELL_MORE_THAN_HELD"),
        ("SELL -2 SPY 100 18 DEC 26 600 CALL @4.10 LMT", {CALL_SYMBOL: Decimal(1)},
         "EFFECT_AMBIGUOUS"),
        (VERTICAL, {}, "open"),
        (VERTICAL, {CALL_SYMBOL: Decimal(1), "SPY   261218C00605000": Decimal(-1)}, "close"),
        (VERTICAL, {CALL_SYMBOL: Decimal(1)}, "EFFECT_AMBIGUOUS"),
        (VERTICAL, {CALL_SYMBOL: Decimal(1), "SPY   261218C00605000": Decimal(1)},
         "EFFECT_AMBIGUOUS"),
        (f"{VERTICAL} [TO CLOSE]", {CALL_SYMBOL: Decimal(1)}, "SELL_MORE_THAN_HELD"),
        (f"{VERTICAL} [TO OPEN]", {CALL_SYMBOL: Decimal(1)}, "EFFECT_AMBIGUOUS"),
    ],
)  # fmt: skip
def test_effect_per_account(text: str, holdings: dict[str, Decimal], outcome: str) -> None:
    resolved = resolve_effect(a_ticket(text), holdings)
    if resolved.denials:
        assert [one.code for one in resolved.denials] == [outcome]
    else:
        assert resolved.ticket.effect.value == outcome


@pytest.mark.parametrize(
    ("text", "held", "free", "outcome"),
    [
        ("SELL -50 AAPL @MKT", "100", "50", "close"),
        ("SELL -51 AAPL @MKT", "100", "50", "SELL_MORE_THAN_HELD"),
        ("SELL -1 AAPL @MKT", "100", "0", "SELL_MORE_THAN_HELD"),
        ("BUY +1 AAPL @MKT", "-100", "0", "SELL_MORE_THAN_HELD"),
        ("SELL -1 AAPL @MKT [TO OPEN]", "100", "0", "EFFECT_AMBIGUOUS"),
        ("SELL -1 AAPL @MKT", "100", "-20", "SELL_MORE_THAN_HELD"),
    ],
)
def test_what_our_working_orders_are_about_to_close_cannot_be_closed_again(
    text: str, held: str, free: str, outcome: str
) -> None:
    resolved = resolve_effect(a_ticket(text), {"AAPL": Decimal(held)}, {"AAPL": Decimal(free)})
    found = [one.code for one in resolved.denials] or [resolved.ticket.effect.value]
    assert found == [outcome]


ROLL = "SELL -1 VERT ROLL SPY 100 15 JAN 27/18 DEC 26 605/610/600/605 CALL @0.40 LMT"
SHORT_NEAR = {CALL_SYMBOL: Decimal(-1), "SPY   261218C00605000": Decimal(1)}
LONG_FAR = {"SPY   270115C00605000": Decimal(1), "SPY   270115C00610000": Decimal(-1)}
CALENDAR = "SELL -1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00 LMT"
COVERED = "{} COVERED SPY 100 18 DEC 26 600 CALL/SPY @595 LMT"


@pytest.mark.parametrize(
    ("text", "holdings", "outcome"),
    [
        (ROLL, SHORT_NEAR, "open/close"),
        (ROLL, LONG_FAR, "close/open"),
        (ROLL, {}, "EFFECT_AMBIGUOUS"),
        (ROLL, {CALL_SYMBOL: Decimal(-1)}, "EFFECT_AMBIGUOUS"),
        (f"{ROLL} [TO OPEN]", {}, "open"),
        (f"{ROLL} [TO OPEN/TO CLOSE]", SHORT_NEAR, "open/close"),
        (f"{ROLL} [TO CLOSE/TO OPEN]", SHORT_NEAR, "EFFECT_AMBIGUOUS"),
        (CALENDAR, {CALL_SYMBOL: Decimal(-1)}, "EFFECT_AMBIGUOUS"),
        (f"{CALENDAR} [TO OPEN/TO CLOSE]", {CALL_SYMBOL: Decimal(-1)}, "open/close"),
        (COVERED.format("BUY +1"), {}, "open"),
        (COVERED.format("BUY +1"), {"SPY": Decimal(500)}, "open"),
        (COVERED.format("BUY +1"), {CALL_SYMBOL: Decimal(1)}, "EFFECT_AMBIGUOUS"),
        (COVERED.format("SELL -1"), {"SPY": Decimal(100), CALL_SYMBOL: Decimal(-1)}, "close"),
        (COVERED.format("SELL -1"), {"SPY": Decimal(99), CALL_SYMBOL: Decimal(-1)},
         "SELL_MORE_THAN_HELD"),
        (COVERED.format("SELL -1"), {}, "SELL_MORE_THAN_HELD"),
    ],
)  # fmt: skip
def test_rolls_and_shares_with_options_per_account(
    text: str, holdings: dict[str, Decimal], outcome: str
) -> None:
    resolved = resolve_effect(a_ticket(text), holdings)
    found = [one.code for one in resolved.denials] or [resolved.ticket.effect.value]
    assert found == [outcome]


def test_half_of_a_roll_that_a_working_order_closes_already_cannot_be_rolled() -> None:
    free = SHORT_NEAR | {CALL_SYMBOL: Decimal(0)}
    (denied,) = resolve_effect(a_ticket(ROLL), SHORT_NEAR, free).denials
    assert denied.code == "SELL_MORE_THAN_HELD"


def test_selling_an_option_whose_holding_is_on_its_way_out_does_not_open_a_short() -> None:
    ticket = a_ticket(CALL)
    resolved = resolve_effect(ticket, {CALL_SYMBOL: Decimal(1)}, {CALL_SYMBOL: Decimal(0)})
    assert [one.code for one in resolved.denials] == ["SELL_MORE_THAN_HELD"]


def test_overselling_and_ambiguity_are_explained_with_the_holdings() -> None:
    (oversold,) = resolve_effect(a_ticket("SELL -101 AAPL @MKT"), LONG).denials
    assert oversold.detail == "sell 101 AAPL to close, free to close 100"
    (nothing,) = resolve_effect(a_ticket("SELL -101 AAPL @MKT"), {}).denials
    assert nothing.detail == (
        "sell 101 AAPL to close, free to close 0; write [TO OPEN] to sell short"
    )
    (mixed,) = resolve_effect(a_ticket(VERTICAL), {CALL_SYMBOL: Decimal(1)}).denials
    assert "SPY   261218C00600000 +1, SPY   261218C00605000 +0" in mixed.detail
    assert "asked auto" in mixed.detail


def test_shares_that_a_working_order_sells_already_are_named_and_no_short_is_advised() -> None:
    ticket = a_ticket("SELL -100 AAPL @MKT")
    (denied,) = resolve_effect(ticket, LONG, {"AAPL": Decimal(0)}).denials
    assert denied.detail == (
        "sell 100 AAPL to close, free to close 0 of 100 held: working orders of ours close the rest"
    )
