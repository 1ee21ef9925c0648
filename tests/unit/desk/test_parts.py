"""What is decided about the holdings of an account before any order is sent."""

from __future__ import annotations

import pytest
from tests.fakes.builders import a_broadcast, a_line, a_ticket, an_account, some_balances
from tests.unit.domain.test_holdings import positions

from swimdesk.desk.exposure import Ours
from swimdesk.desk.parts import Part, Wanted, parts_of, waits_for_shorts
from swimdesk.desk.ports import Holdings
from swimdesk.domain.broadcast import Line
from swimdesk.domain.holdings import everything_in
from swimdesk.domain.intents import name_of
from swimdesk.domain.orders import Effect, LineState

BUY_BACK = "BUY +1 SPY 100 18 DEC 26 620 CALL @1.00 LMT"
ACCOUNT = an_account("A-01")


def decided(there: dict[str, int], *lines: Line, gone: tuple[str, ...] = ()) -> list[Part]:
    """Decide about all that is held while these lines of ours are there."""
    known = positions(**there)
    wanted = [Wanted(name_of(one), one) for one in everything_in(known)]
    ours: Ours = tuple((a_broadcast(*lines), line) for line in lines)
    holdings = Holdings(ACCOUNT, some_balances(), known)
    return parts_of(ACCOUNT, holdings, wanted, ours, gone)


def told(parts: list[Part]) -> list[tuple[str, int, str]]:
    return [(part.name, part.units, part.fate.value) for part in parts]


def closing(state: LineState = LineState.WORKING) -> Line:
    return a_line("A-01", state, ticket=a_ticket(BUY_BACK).with_effect(Effect.CLOSE))


SHARED = {"C620": -2, "C640": 1, "P560": 1}


def test_leg_that_two_structures_have_is_given_away_once() -> None:
    vertical, single = "SPY VERT 18DEC26 620/640C", "SPY 18DEC26 620C"
    put = ("SPY 18DEC26 560P", 1, "close")
    assert told(decided(SHARED)) == [(vertical, 1, "close"), (single, 1, "close"), put]
    some = decided(SHARED, closing())
    assert told(some) == [(vertical, 1, "close"), (single, 1, "kept_back"), put]
    assert some[1].reason == "working orders of ours close it already"


def test_order_that_is_taken_for_canceled_closes_nothing() -> None:
    line = closing()
    assert told(decided({"C620": -1}, line))[0][2] == "kept_back"
    assert told(decided({"C620": -1}, line, gone=(line.ref,)))[0][2] == "close"


@pytest.mark.parametrize(
    ("state", "in_doubt"),
    [(LineState.IN_DOUBT, True), (LineState.SENDING, True), (LineState.PLANNED, False)],
)
def test_order_that_nobody_knows_of_keeps_back_what_it_is_on_and_nothing_else(
    state: LineState, in_doubt: bool
) -> None:
    parts = decided({"C620": -2, "SPY": 5}, closing(state))
    assert told(parts) == [
        ("order of broadcast 01BROADCAST", 0, "kept_back"),
        ("SPY 18DEC26 620C", 2, "kept_back"),
        ("SPY", 5, "close"),
    ]
    assert [part.is_in_doubt for part in parts] == [in_doubt, in_doubt, False]


def test_longs_wait_for_bare_shorts_of_the_same_underlying_alone() -> None:
    first, later = waits_for_shorts(decided({"C620": -1, "SPY": 50, "QQQ": 5}))
    assert [part.name for part in first] == ["QQQ", "SPY 18DEC26 620C"]
    assert [part.name for part in later] == ["SPY"]
    first, later = waits_for_shorts(decided({"C620": -1, "C625": 1, "SPY": 50}))
    assert (len(first), later) == (2, [])
