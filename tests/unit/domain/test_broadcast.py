"""A broadcast: what its lines say together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import STOCK, a_broadcast, a_line, a_ticket

from swimdesk.domain.broadcast import Fills, Line, counts, fills
from swimdesk.domain.orders import LineState
from swimdesk.errors import InvariantBroken

S = LineState


def lines_in(*states: LineState) -> tuple[Line, ...]:
    """Build one line per state, in accounts of their own."""
    return tuple(a_line(f"A-{i:02d}", state) for i, state in enumerate(states))


def filled(price: str, units: int = 1, *, order: str = STOCK) -> Line:
    """Build a line that filled."""
    line = a_line(state=S.WORKING, ticket=a_ticket(order))
    return line.moved(S.FILLED, filled=units, average=Decimal(price))


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ([S.PLANNED], "planned"),
        ([S.PLANNED, S.SENDING], "sending"),
        ([S.SENDING, S.WORKING, S.FILLED], "sending"),
        ([S.SENDING, S.IN_DOUBT], "in_doubt"),
        ([S.IN_DOUBT, S.FILLED], "in_doubt"),
        ([S.ACCEPTED, S.FILLED], "working"),
        ([S.PARTIAL], "working"),
        ([S.CANCELING, S.CANCELED], "working"),
        ([S.REPLACING, S.PLANNED], "working"),
        ([S.FILLED, S.PLANNED], "planned"),
        ([S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.REPLACED], "settled"),
        ([S.DENIED, S.SKIPPED, S.REFUSED, S.NOT_SENT, S.ABSENT], "settled"),
    ],
)
def test_the_state_of_a_broadcast(states: list[LineState], together: str) -> None:
    broadcast = a_broadcast(*lines_in(*states))
    assert broadcast.state == together
    assert broadcast.is_settled is (together == "settled")


def test_a_line_makes_only_legal_moves() -> None:
    line = a_line(state=S.SENDING)
    assert line.moved(S.ACCEPTED, order_id="7").order_id == "7"
    with pytest.raises(InvariantBroken, match="cannot go from denied to sending"):
        a_line(state=S.DENIED).moved(S.SENDING)


def test_changed_lines_take_the_place_of_those_with_their_ref() -> None:
    first, second = lines_in(S.SENDING, S.SENDING)
    broadcast = a_broadcast(first, second).with_lines([second.moved(S.ACCEPTED)])
    assert [line.state for line in broadcast.lines] == [S.SENDING, S.ACCEPTED]
    assert broadcast.line(second.ref).state is S.ACCEPTED
    with pytest.raises(KeyError):
        broadcast.line("unknown")


def test_lines_are_found_in_every_later_form_of_a_broadcast() -> None:
    first, second, third = lines_in(S.SENDING, S.SENDING, S.SENDING)
    broadcast = a_broadcast(first, second, third)
    assert broadcast.line(third.ref) is third
    changed = broadcast.with_lines([third.moved(S.ACCEPTED), a_line("A-99")])
    again = changed.with_lines([first.moved(S.REFUSED)])
    assert [again.line(line.ref) for line in broadcast.lines] == [*again.lines]
    assert broadcast.line(third.ref) is third
    shorter = replace(again, lines=(third,))
    assert shorter.line(third.ref) is third
    with pytest.raises(KeyError):
        shorter.line(first.ref)


def test_broadcasts_are_equal_whether_or_not_a_line_was_looked_for() -> None:
    broadcast, same = a_broadcast(*lines_in(S.SENDING)), a_broadcast(*lines_in(S.SENDING))
    broadcast.line(broadcast.lines[0].ref)
    assert broadcast == same
    assert repr(broadcast) == repr(same)


def test_moved_line_changes_what_is_named_and_nothing_else() -> None:
    line = a_line(state=S.SENDING, correlation_id="c-1")
    moved = line.moved(S.ACCEPTED, order_id="7", accepted=True, acked_ns=9)
    assert moved == replace(line, state=S.ACCEPTED, order_id="7", accepted=True, acked_ns=9)


def test_accepted_counts_all_that_ever_were_and_the_rest_where_lines_are_now() -> None:
    lines = lines_in(S.FILLED, S.WORKING, S.IN_DOUBT, S.REFUSED, S.ACCEPTED)
    taken = [replace(line, accepted=True) for line in lines[:2]] + [*lines[2:]]
    found = counts(taken)
    assert found["accounts"] == 5
    assert found["accepted"] == 2
    assert {name: n for name, n in found.items() if n and name not in ("accounts", "accepted")} == {
        "filled": 1, "working": 1, "in_doubt": 1, "refused": 1,
    }  # fmt: skip
    assert "planned" not in found


def test_no_fills_compare_to_nothing() -> None:
    assert fills([a_line(state=S.WORKING)]) == Fills()
    assert fills([]) == Fills()


def test_fill_prices_are_compared_by_units_and_from_our_side() -> None:
    bought = fills([filled("187.40", 100), filled("187.60", 300)])
    assert bought.average == Decimal("187.55")
    assert (bought.best, bought.worst) == (Decimal("187.40"), Decimal("187.60"))
    sold = fills([filled(p, order="SELL -1 AAPL @187 LMT") for p in ("187.40", "187.60")])
    assert (sold.best, sold.worst) == (Decimal("187.60"), Decimal("187.40"))
    assert sold.dispersion_bps == Decimal("0.20") / Decimal("187.50") * 10_000


def test_dispersion_of_a_price_around_zero_is_not_worked_out() -> None:
    assert fills([filled("-0.10"), filled("0.10")]).dispersion_bps is None
