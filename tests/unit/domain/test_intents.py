"""CLOSE, ROLL and FLAT: how they are read, and the order they become in an account."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from tests.unit.domain.test_holdings import CONDOR, positions

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.holdings import Held
from swimdesk.domain.intents import Intent, Nothing, closing_ticket, ticket_for, undone
from swimdesk.domain.orderlang import is_intent, parse, parse_intent, print_ticket
from swimdesk.domain.orders import Effect, Ticket
from swimdesk.domain.positions import held
from swimdesk.errors import OrderTextError

TODAY = date(2026, 11, 23)
TWO_DAYS = CONDOR | {f"{name}_JAN": quantity for name, quantity in CONDOR.items()}
VERTICAL = {"C600": -2, "C605": 2}


def outcome(text: str, held_there: dict[str, int], share: str = "1") -> str:
    """Return the order of an intent in an account, or why there is none."""
    known = positions(**held_there)
    found = ticket_for(parse_intent(text, today=TODAY), known, held(known), Decimal(share))
    if isinstance(found, Ticket):
        written = print_ticket(found)
        assert parse(written) == found
        return written
    return found.reason if isinstance(found, Nothing) else f"{found.code}: {found.detail}"


ORDERS = {
    ("CLOSE SPY IC @0.40", "condor"): (
        "BUY +1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @0.40 LMT [TO CLOSE]"
    ),
    ("close spy iron condor 18dec26 @mkt gtc", "condor"): (
        "BUY +1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @MKT GTC [TO CLOSE]"
    ),
    ("CLOSE SPY IC 15JAN27 @0.40", "two days"): (
        "BUY +1 IRON CONDOR SPY 100 15 JAN 27 620/625/580/575 CALL/PUT @0.40 LMT [TO CLOSE]"
    ),
    ("CLOSE SPY IC 18DEC26 620/625/580/575 @0.40", "two in one day"): (
        "BUY +1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @0.40 LMT [TO CLOSE]"
    ),
    ("CLOSE SPY VERT @0.40", "vertical"): (
        "BUY +2 VERTICAL SPY 100 18 DEC 26 600/605 CALL @0.40 LMT [TO CLOSE]"
    ),
    ("CLOSE SPY VERT 18DEC26 620/625C @0.40", "condor"): (
        "BUY +1 VERTICAL SPY 100 18 DEC 26 620/625 CALL @0.40 LMT [TO CLOSE]"
    ),
    ("CLOSE SPY 18DEC26 600C @4", "vertical"): (
        "BUY +2 SPY 100 18 DEC 26 600 CALL @4.00 LMT [TO CLOSE]"
    ),
    ("CLOSE SPY @595.10 EXT", "shares"): "SELL -150 SPY @595.10 LMT EXT [TO CLOSE]",
    ("CLOSE SPY COV @590", "covered"): (
        "SELL -2 COVERED SPY 100 18 DEC 26 620 CALL/SPY @590.00 LMT [TO CLOSE]"
    ),
    ("FLAT SPY", "condor"): (
        "BUY +1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @MKT [TO CLOSE]"
    ),
    ("flat SPY @595", "shares"): "SELL -150 SPY @595.00 LMT [TO CLOSE]",
    ("FLAT SPY", "short shares"): "BUY +5 SPY @MKT [TO CLOSE]",
    ("ROLL SPY VERT 18DEC26 TO 15JAN27 @0.30", "vertical"): (
        "SELL -2 VERT ROLL SPY 100 15 JAN 27/18 DEC 26 600/605/600/605 CALL @0.30 LMT"
        " [TO OPEN/TO CLOSE]"
    ),
    ("ROLL SPY VERT 18DEC26 600/605C TO 15JAN27 615/610 @0.30 GTC", "vertical"): (
        "SELL -2 VERT ROLL SPY 100 15 JAN 27/18 DEC 26 610/615/600/605 CALL @0.30 LMT GTC"
        " [TO OPEN/TO CLOSE]"
    ),
    ("ROLL SPY VERT 18DEC26 TO 18DEC26 610/615 @-.10", "vertical"): (
        "SELL -2 VERT ROLL SPY 100 18 DEC 26/18 DEC 26 610/615/600/605 CALL @-0.10 LMT"
        " [TO OPEN/TO CLOSE]"
    ),
    ("ROLL SPY 18DEC26 TO 15JAN27 @1.20", "short call"): (
        "SELL -3 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @1.20 LMT [TO OPEN/TO CLOSE]"
    ),
    ("ROLL SPY 18DEC26 600C TO 15JAN27 610 @1.20", "short call"): (
        "SELL -3 DIAGONAL SPY 100 15 JAN 27/18 DEC 26 610/600 CALL @1.20 LMT [TO OPEN/TO CLOSE]"
    ),
    ("ROLL SPY 15JAN27 TO 18DEC26 @2", "far call"): (
        "SELL -1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00 LMT [TO CLOSE/TO OPEN]"
    ),
}
ACCOUNTS = {
    "condor": CONDOR,
    "two days": TWO_DAYS,
    "two in one day": CONDOR | {"C630": -1, "C635": 1, "P570": -1, "P565": 1},
    "vertical": VERTICAL,
    "shares": {"SPY": 150},
    "short shares": {"SPY": -5},
    "covered": {"SPY": 200, "C620": -2},
    "short call": {"C600": -3},
    "far call": {"C600_JAN": 1},
    "nothing": {},
}


@pytest.mark.parametrize(("text", "account"), ORDERS)
def test_intent_is_one_order_by_what_the_account_holds(text: str, account: str) -> None:
    assert outcome(text, ACCOUNTS[account]) == ORDERS[(text, account)]


WITHOUT = {
    ("CLOSE SPY IC @0.40", "nothing"): "holds no IRON CONDOR SPY",
    ("CLOSE SPY IC @0.40", "vertical"): (
        "holds no IRON CONDOR SPY, but SPY VERT 18DEC26 600/605C (-2)"
    ),
    ("CLOSE SPY VERT @0.40", "condor"): (
        "holds no VERTICAL SPY, but SPY IC 18DEC26 620/625/580/575 (-1)"
    ),
    ("CLOSE SPY IC 18DEC26 621/625/580/575 @0.40", "condor"): (
        "holds no IRON CONDOR SPY 18 DEC 26 621/625/580/575"
    ),
    ("CLOSE SPY IC @0.40", "two days"): (
        "INTENT_UNCLEAR: holds 2 positions that CLOSE IRON CONDOR SPY may mean; one at a time:"
        " CLOSE SPY IC 18DEC26 620/625/580/575 (-1), CLOSE SPY IC 15JAN27 620/625/580/575 (-1)"
    ),
    ("FLAT SPY", "nothing"): "holds no SPY",
    ("CLOSE SPY IC @-0.40", "condor"): (
        "PRICE_SIGN: BUY at -0.4 receives, which these strikes rule out"
    ),
    ("CLOSE SPY IC @5.40", "condor"): (
        "PRICE_SIGN: BUY at 5.4 pays 5.4 for what can be worth 5 at most"
    ),
    ("FLAT SPY @-1", "shares"): "PRICE_SIGN: -1 for a single leg, expected a price above zero",
    ("ROLL SPY VERT 18DEC26 TO 18DEC26 605/610 @0.10", "vertical"): (
        "INTENT_UNCLEAR: the new strikes share a contract with SPY VERT 18DEC26 600/605C (-2),"
        " which one order cannot close and open: CLOSE it and open the other separately"
    ),
}


@pytest.mark.parametrize(("text", "account"), WITHOUT)
def test_account_without_an_order_is_told_why(text: str, account: str) -> None:
    assert outcome(text, ACCOUNTS[account]) == WITHOUT[(text, account)]


def test_part_of_what_is_held_rounds_down() -> None:
    assert outcome("CLOSE SPY VERT @0.40", {"C600": -5, "C605": 5}, "0.5").startswith("BUY +2 ")
    assert outcome("CLOSE SPY IC @0.40", CONDOR, "0.5") == (
        "its share of 1 IRON CONDOR SPY rounds down to 0"
    )


def test_what_working_orders_close_is_not_closed_again() -> None:
    known = positions(**{name: 2 * quantity for name, quantity in CONDOR.items()})
    free = held(positions(**CONDOR))
    intent = parse_intent("CLOSE SPY IC @0.40")
    found = ticket_for(intent, known, free, Decimal(1))
    assert isinstance(found, Ticket)
    assert found.quantity == 1
    none_left = ticket_for(intent, known, {}, Decimal(1))
    assert isinstance(none_left, Nothing)
    assert none_left.reason.startswith("working orders of ours close its SPY IC 18DEC26")


def test_formula_waits_for_the_market() -> None:
    intent = parse_intent("CLOSE SPY IC 18DEC26 @mid-0.05 GTC")
    assert str(intent.formula) == "@mid-0.05"
    found = ticket_for(intent, positions(**CONDOR), held(positions(**CONDOR)), Decimal(1))
    assert isinstance(found, Ticket)
    assert (found.price, found.order_type.value, found.time_in_force.value) == (None, "MKT", "GTC")


REFUSED = {
    "CLOSE": (6, "the text ends, expected the symbol of what is held"),
    "CLOSE SPY": (10, "expected VERT, STRAD"),
    "CLOSE SPY IC": (13, "the text ends, expected a price such as @1.60"),
    "CLOSE SPY XX @1": (11, "read 'XX', expected VERT"),
    "CLOSE SPY IC 18DEC26 620/625 @1": (22, "expected 4 different strikes"),
    "CLOSE SPY VERT 18DEC26 600/605 @1": (32, "expected C or P right behind the strikes"),
    "CLOSE SPY IC 18NOV26 @1": (14, "18 NOV 26 is over"),
    "CLOSE SPY IC @1 [TO OPEN]": (14, "CLOSE says itself what opens and closes"),
    "CLOSE SPY IC @1 DB": (14, "expected it without CR or DB"),
    "CLOSE SPY IC @1 STP": (17, "read 'STP', expected LMT or MKT for IRON CONDOR"),
    "CLOSE SPX IC 18DEC26 @1": (14, "exists under two roots"),
    "ROLL SPY IC 18DEC26 TO 15JAN27 @0.30": (
        10,
        "a roll of IRON CONDOR has 8 legs, more than one order of the broker takes, expected CLOSE",
    ),
    "ROLL SPY CAL 15JAN27/18DEC26 TO 19FEB27 @1": (10, "CALENDAR does not roll in one order"),
    "ROLL SPY @1": (10, "EQUITY does not roll in one order"),
    "ROLL SPY VERT TO 15JAN27 @1": (15, "read 'TO', expected an expiry"),
    "ROLL SPY VERT 18DEC26 @1": (23, "expected strikes or TO and the new day"),
    "ROLL SPY VERT 18DEC26 TO 18DEC26 @1": (34, "expected other strikes or another day"),
    "ROLL SPY 18DEC26 600C TO 18DEC26 610 @1": (26, "a single option rolls to another day"),
    "ROLL SPY VERT 18DEC26 TO 15JAN27 610/615C @1": (41, "a roll keeps calls and puts"),
    "FLAT": (5, "the text ends, expected the symbol"),
    "FLAT SPY GTC": (10, "read 'GTC', expected a price"),
    "FLAT SPY @1 [TO OPEN]": (10, "FLAT says itself"),
    "CLOSE SPY IC @1\nCLOSE": (16, "one line is one order"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_intent_that_is_not_understood_is_an_error_with_its_column(text: str) -> None:
    with pytest.raises(OrderTextError) as refused:
        parse_intent(text, today=TODAY)
    column, words = REFUSED[text]
    assert refused.value.column == column
    assert words in refused.value.detail


def test_intents_are_told_from_orders() -> None:
    for text in ("CLOSE SPY IC @1", " flat spy", "ROLL SPY", "CLOSE"):
        assert is_intent(text)
    for text in ("BUY +1 CLOSE @1", "CLOSED +1 @1", "", "\n", "FLATS +1 @1"):
        assert not is_intent(text)


def test_mutated_intents_never_crash() -> None:
    rng = random.Random(7)
    texts = [text for text, _ in (*ORDERS, *WITHOUT)] + list(REFUSED)
    known = positions(**TWO_DAYS, SPY=100)
    read = 0
    for _ in range(4_000):
        characters = list(rng.choice(texts))
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(characters))
            characters[at : at + rng.randint(0, 2)] = rng.choice(" @/.0169ACDEIPST[]+-\u00a0\u2212")
        text = "".join(characters)
        intent = understood(text)
        if isinstance(intent, Intent):
            read += 1
            assert isinstance(
                ticket_for(intent, known, held(known), Decimal(1)), Ticket | Nothing | Denial
            )
        else:
            assert intent is not None
            assert 1 <= intent <= len(text) + 1
    assert read > 100


def understood(text: str) -> Intent | int | None:
    """Return the intent, or the column of the error."""
    try:
        return parse_intent(text)
    except OrderTextError as error:
        return error.column


@pytest.mark.parametrize(
    ("sent", "reversal"),
    [
        (
            "SELL -3 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @1.60 LMT",
            "BUY +2 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @0.80 LMT [TO CLOSE]",
        ),
        ("BUY +3 SPY @600.00 LMT GTC", "SELL -2 SPY @0.80 LMT [TO CLOSE]"),
        (
            "BUY +3 1/2 BACKRATIO SPY 100 18 DEC 26 600/605 CALL @0.71 LMT",
            "SELL -2 1/2 BACKRATIO SPY 100 18 DEC 26 600/605 CALL @0.80 LMT [TO CLOSE]",
        ),
    ],
)
def test_undo_closes_what_an_order_opened(sent: str, reversal: str) -> None:
    opened = undone(parse(sent).with_effect(Effect.OPEN), 2)
    assert isinstance(opened, Held)
    ticket = closing_ticket(parse_intent("FLAT SPY @0.80"), opened, opened.units)
    assert isinstance(ticket, Ticket)
    assert print_ticket(ticket) == reversal
    assert parse(reversal) == ticket


@pytest.mark.parametrize("effect", [Effect.CLOSE, Effect.CLOSE_OPEN, Effect.OPEN_CLOSE])
def test_undo_opens_nothing(effect: Effect) -> None:
    sent = parse("SELL -3 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT")
    found = undone(sent.with_effect(effect), 2)
    assert isinstance(found, Nothing)
    assert "undo opens nothing" in found.reason
