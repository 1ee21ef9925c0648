"""Whether the very same orders left lately: account by account, whatever else left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.builders import a_broadcast, a_line, a_ticket, roomy_limits
from tests.fakes.clock import SteadyClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START

from swimdesk.desk.book import Book
from swimdesk.desk.pace import Pace
from swimdesk.domain.broadcast import Line
from swimdesk.domain.events import BroadcastOpened
from swimdesk.domain.orders import LineState
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.domain.risk import BroadcastFacts

S = LineState


def sent(account: str, body: str | None, state: LineState = S.ACCEPTED) -> Line:
    """Build a line of an earlier broadcast."""
    return replace(a_line(account), state=state, body_hash=body)


def planned(**bodies: str) -> list[PlannedLine]:
    """Build lines about to be sent, by account and body."""
    ticket = a_ticket()
    return [
        PlannedLine(account, "login-01", "0001", ticket, Verdict.SEND, 1, body_hash=body)
        for account, body in bodies.items()
    ]


def age_s(*earlier: Line, since_s: int = 20) -> int | None:
    """Return how long ago the orders A: one, B: two left, where these lines left before."""
    book, clock = Book(), SteadyClock(START + timedelta(seconds=since_s))
    book.apply(BroadcastOpened(a_broadcast(*earlier)))
    pace = Pace(MemoryJournal(), book, clock, roomy_limits(broadcast_repeat_window_s=60))
    facts = BroadcastFacts(Decimal(0), 0)
    return pace.beside(facts, planned(A="one", B="two")).alike_age_s


@pytest.mark.parametrize(
    "earlier",
    [
        [sent("A", "one"), sent("B", "two")],
        [sent("B", "two", S.IN_DOUBT), sent("A", "one", S.REFUSED)],
        [sent("A", "one"), sent("B", "two"), sent("C", "three", S.NOT_SENT)],
        [sent("A", "one"), sent("B", "two"), sent("C", None, S.SKIPPED)],
    ],
)
def test_same_orders_for_the_same_accounts_are_alike(earlier: list[Line]) -> None:
    assert age_s(*earlier) == 20


@pytest.mark.parametrize(
    "earlier",
    [
        [sent("A", "one")],
        [sent("A", "one"), sent("B", "other")],
        [sent("A", "one"), sent("B", "two", S.NOT_SENT)],
        [sent("A", "one"), sent("B", "two"), sent("C", "three")],
        [sent("A", "two"), sent("B", "one")],
    ],
)
def test_orders_that_differ_in_one_account_are_not_alike(earlier: list[Line]) -> None:
    assert age_s(*earlier) is None


def test_same_orders_outside_the_window_do_not_count() -> None:
    assert age_s(sent("A", "one"), sent("B", "two"), since_s=60) is None


def test_orders_that_cost_nothing_say_nothing_of_what_is_usual() -> None:
    pace = Pace(MemoryJournal(), Book(), SteadyClock(START), roomy_limits())
    for notional in (Decimal(900), Decimal(0), None, Decimal(1100), Decimal(0)):
        pace.opened(replace(a_broadcast(), notional=notional))
    facts = pace.beside(BroadcastFacts(Decimal(0), 0), planned(A="one"))
    assert facts.earlier == (Decimal(1100), Decimal(900))
