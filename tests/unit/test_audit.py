"""The auditor of the scenarios: each way to be wrong is found, and doubt is not one of them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.audit import Audit, audit

from swimdesk.views.models import BroadcastView, CommandView, FillsView, LineView, TimingView


def a_line(
    state: str, order_id: str | None = None, filled: int = 0, lineage: tuple[str, ...] = ()
) -> LineView:
    """Make a line of the one account there is."""
    return LineView(
        account="FAM-01", last4="4821", order="…", quantity=1, effect="open", state=state,
        doubt=None, order_id=order_id, filled=filled, average=None, reason=None, denials=(),
        sent_ms=None, first_byte_ms=None, acked_ms=None, latency_ms=None, lineage=lineage,
    )  # fmt: skip


def a_replacement(outcome: str | None, named: str | None = None) -> CommandView:
    """Make a command to replace on the one account."""
    return CommandView(
        account="FAM-01", kind="replace", at=datetime(2026, 11, 23, tzinfo=UTC), order_id="1",
        outcome=outcome, reason=None, price=None, new_order_id=named,
    )  # fmt: skip


def a_broadcast(line: LineView, *commands: CommandView) -> BroadcastView:
    """Make a broadcast of that line."""
    return BroadcastView(
        broadcast="B", key=None, order="…", mode="paper", state="settled",
        created=datetime(2026, 11, 23, tzinfo=UTC), agent="local", counts={},
        timing_ms=TimingView(*[None] * len(fields(TimingView))),
        fills=FillsView(None, None, None, None), lines=(line,), commands=commands,
        plan=None, limits="", overrides=(), seed=0, origin="ours",
    )  # fmt: skip


def found(lines: list[LineView], *orders: dict[str, Any]) -> Audit:
    """Audit these lines against these orders of the account."""
    ledger = {"accounts": {"12344821": {"last4": "4821", "orders": list(orders)}}}
    return audit(ledger, [a_broadcast(line) for line in lines])


def replaced(line: LineView, command: CommandView, *orders: dict[str, Any]) -> Audit:
    """Audit a line on which there was that replacement."""
    ledger = {"accounts": {"12344821": {"last4": "4821", "orders": list(orders)}}}
    return audit(ledger, [a_broadcast(line, command)])


def an_order(
    number: int, status: str = "FILLED", filled: int = 1, replaces: int | None = None
) -> dict[str, Any]:
    """Make an order of the ledger."""
    return {"id": number, "status": status, "filled": filled, "replaces": replaces}


def test_books_that_agree_are_clean() -> None:
    lines = [a_line("filled", "1", 1), a_line("working", "2"), a_line("denied")]
    result = found(lines, an_order(1), an_order(2, "WORKING", 0))
    assert result.is_clean
    assert not result.waiting


@pytest.mark.parametrize("state", ["in_doubt", "sending"])
def test_order_that_a_doubtful_line_may_be_is_waiting_and_not_lost(state: str) -> None:
    result = found([a_line(state)], an_order(1))
    assert result.is_clean
    assert result.waiting == ["…4821 1"]
    assert found([a_line(state)]).is_clean


@pytest.mark.parametrize("state", ["refused", "not_sent", "denied", "skipped", "absent"])
def test_order_behind_a_line_that_says_there_is_none_is_lost(state: str) -> None:
    assert found([a_line(state)], an_order(1)).lost


def test_order_that_no_broadcast_asked_for_is_lost() -> None:
    assert found([], an_order(1)).lost


def test_second_order_of_one_line_is_doubled() -> None:
    assert found([a_line("filled", "1", 1)], an_order(1), an_order(2)).doubled
    assert found([a_line("in_doubt")], an_order(1), an_order(2)).doubled


def test_one_order_behind_two_lines_is_doubled() -> None:
    assert found([a_line("filled", "1", 1), a_line("filled", "1", 1)], an_order(1)).doubled


@pytest.mark.parametrize(
    "line",
    [
        a_line("filled", "9", 1),
        a_line("filled", None, 1),
        a_line("canceled", "1"),
        a_line("filled", "1", 2),
    ],
)
def test_line_that_the_ledger_contradicts_lies(line: LineView) -> None:
    assert found([line], an_order(1)).lied


# --- replacements ------------------------------------------------------------------------------

OLD, NEW = an_order(1, "REPLACED", 0), an_order(2, "WORKING", 0, replaces=1)
STILL = an_order(1, "WORKING", 0)
REJECTED = an_order(2, "REJECTED", 0, replaces=1)


def test_replaced_order_that_is_told_with_its_lineage_is_clean() -> None:
    line = a_line("working", "2", lineage=("1",))
    assert replaced(line, a_replacement("taken", "2"), OLD, NEW).is_clean
    both = an_order(1, "REPLACED", 1), an_order(2, "FILLED", 2, replaces=1)
    assert replaced(a_line("filled", "2", 3, ("1",)), a_replacement("unknown"), *both).is_clean


@pytest.mark.parametrize("state", ["in_doubt", "replacing"])
def test_new_order_that_is_not_seen_yet_is_waiting(state: str) -> None:
    result = replaced(a_line(state, "1"), a_replacement("unknown"), OLD, NEW)
    assert result.is_clean
    assert result.waiting == ["…4821 2"]


def test_new_order_behind_a_line_that_tells_of_the_old_one_is_lost() -> None:
    assert replaced(a_line("working", "1"), a_replacement("unknown"), STILL, NEW).lost


def test_rejected_replacement_that_its_command_names_is_not_lost() -> None:
    line = a_line("filled", "1", 1)
    assert replaced(line, a_replacement("taken", "2"), an_order(1), REJECTED).is_clean


def test_order_from_a_replacement_that_was_never_sent_is_doubled() -> None:
    line = a_line("working", "2", lineage=("1",))
    assert replaced(line, a_replacement("not_sent"), OLD, NEW).doubled


def test_two_orders_at_work_behind_one_line_are_a_lie() -> None:
    line = a_line("working", "2", lineage=("1",))
    assert replaced(line, a_replacement("taken", "2"), STILL, NEW).lied


def test_fills_of_all_orders_have_to_add_up() -> None:
    both = an_order(1, "REPLACED", 1), an_order(2, "FILLED", 2, replaces=1)
    for filled in (2, 4):
        line = a_line("filled", "2", filled, ("1",))
        assert replaced(line, a_replacement("taken", "2"), *both).lied
