"""How lines reach the file: few statements for many of them, and their whole history."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.store_homes import open_paper
from tests.unit.store.builders import START, a_broadcast, a_condor, accepted

from swimdesk.domain.broadcast import Denial, Line
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.domain.replacing import EarlierOrder, Replacement
from swimdesk.store import journal, lines
from swimdesk.store.connection import connect_writing
from swimdesk.store.lines import FEW


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    open_paper(tmp_path / "home" / "desk.db").close()
    with contextlib.closing(connect_writing(tmp_path / "home" / "desk.db")) as opened:
        yield opened


def work_of(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Count the instructions that SQLite's machine takes."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(count, 1)
    work()
    connection.set_progress_handler(None, 0)
    return steps


def test_intents_of_a_thousand_accounts_are_few_statements(connection: sqlite3.Connection) -> None:
    broadcast = a_broadcast(1, 1003)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    journal.open_broadcast(connection, broadcast, START, 1)
    connection.set_trace_callback(None)
    written = [statement for statement in statements if statement.startswith("INSERT INTO")]
    # The broadcast, 3 x 256 + 3 x 64 + 2 x 16 + 2 x 4 + 3 x 1 lines, their history, and a link.
    assert len(written) == 1 + (3 + 3 + 2 + 2 + 3) + 1 + 1
    assert journal.broadcast(connection, broadcast.id) == broadcast


@pytest.mark.parametrize("accounts", [1, FEW, FEW + 1, 200])
def test_answers_of_some_lines_leave_the_others(
    connection: sqlite3.Connection, accounts: int
) -> None:
    broadcast = a_broadcast(1, 200)
    journal.open_broadcast(connection, broadcast, START, 1)
    answered = [accepted(line, line.account) for line in broadcast.lines[:accounts]]
    journal.record(connection, broadcast.id, answered, (), START, 1)
    assert journal.broadcast(connection, broadcast.id) == broadcast.with_lines(answered)


def test_answer_of_one_line_costs_the_same_in_any_broadcast(connection: sqlite3.Connection) -> None:
    small, large = a_broadcast(1, 2), a_broadcast(2, 400)
    steps = []
    for broadcast in (small, large):
        journal.open_broadcast(connection, broadcast, START, 1)
        refs = [broadcast.lines[1].ref]
        steps.append(
            work_of(connection, lambda b=broadcast, r=refs: lines.read_known(connection, b.id, r))  # type: ignore[misc]
        )
    assert steps[1] <= 2 * steps[0]


def test_what_a_line_does_not_have_is_null(connection: sqlite3.Connection) -> None:
    broadcast = a_broadcast(1, 1)
    journal.open_broadcast(connection, broadcast, START, 1)
    line = broadcast.lines[0]
    journal.record(connection, broadcast.id, [line.moved(LineState.IN_DOUBT)], (), START, 1)
    columns = (
        "doubt", "order_id", "average", "reason", "correlation_id", "sent_ns", "first_byte_ns",
        "acked_ns", "replacement",
    )  # fmt: skip
    kinds = ", ".join(f"typeof({column})" for column in columns)
    row = connection.execute(f"SELECT {kinds} FROM lines").fetchone()  # noqa: S608 - our names
    assert row == ("null",) * len(columns)
    kinds = "typeof(doubt), typeof(order_id), typeof(reason)"
    rows = connection.execute(f"SELECT {kinds} FROM transitions").fetchall()  # noqa: S608
    assert rows == [("null", "null", "null")] * 2


def test_lines_of_equal_and_of_different_tickets_keep_their_own(
    connection: sqlite3.Connection,
) -> None:
    broadcast = a_broadcast(1, 12)
    shared = a_condor(7)
    mixed = [
        replace(line, ticket=shared if n % 3 else a_condor(n + 1))
        for n, line in enumerate(broadcast.lines)
    ]
    broadcast = broadcast.with_lines(mixed)
    journal.open_broadcast(connection, broadcast, START, 1)
    assert journal.broadcast(connection, broadcast.id) == broadcast


LATER: dict[str, object] = {
    "doubt": Doubt.PROBABLE,
    "order_id": "1005",
    "accepted": True,
    "filled": 2,
    "average": Decimal("1.605"),
    "reason": "0 units",
    "correlation_id": "c-1",
    "sent_ns": 1,
    "first_byte_ns": 2,
    "acked_ns": 3,
    "earlier": (EarlierOrder("1004", 1, Decimal("1.60")),),
    "replacement": Replacement("c-9", Decimal("1.45"), 2, "print", "hash", START),
}


def test_everything_that_a_line_can_have_later_is_looked_at() -> None:
    begun_with = {"ref", "account", "login", "last4", "ticket", "state", "denials"}
    begun_with |= {"fingerprint", "body_hash"}
    assert {field.name for field in fields(Line)} == begun_with | {*LATER}


@pytest.mark.parametrize("name", LATER)
def test_line_that_begins_with_more_than_others_keeps_it(
    connection: sqlite3.Connection, name: str
) -> None:
    broadcast = a_broadcast(1, 3)
    line = replace(broadcast.lines[1], **{name: LATER[name]})  # type: ignore[arg-type]
    broadcast = broadcast.with_lines([line])
    journal.open_broadcast(connection, broadcast, START, 1)
    assert journal.broadcast(connection, broadcast.id) == broadcast


def test_line_without_an_order_of_its_own_look_comes_back(connection: sqlite3.Connection) -> None:
    broadcast = a_broadcast(1, 2)
    line = replace(broadcast.lines[0], fingerprint=None, body_hash=None)
    broadcast = broadcast.with_lines([line])
    journal.open_broadcast(connection, broadcast, START, 1)
    assert journal.broadcast(connection, broadcast.id) == broadcast


def test_history_begins_with_every_line_in_its_place(connection: sqlite3.Connection) -> None:
    broadcast = a_broadcast(1, 4)
    kept_out = [
        replace(broadcast.lines[1], state=LineState.DENIED, denials=(Denial("TICK", "odd"),)),
        replace(broadcast.lines[2], state=LineState.SKIPPED, reason="0 units"),
    ]
    broadcast = broadcast.with_lines(kept_out)
    journal.open_broadcast(connection, broadcast, START, 1)
    assert history(connection) == [
        (line.ref, str(line.state), None, None, 0, line.reason) for line in broadcast.lines
    ]


def test_history_goes_on_with_what_changed_and_why(connection: sqlite3.Connection) -> None:
    broadcast = a_broadcast(1, 3)
    journal.open_broadcast(connection, broadcast, START, 1)
    first, second, third = broadcast.lines
    doubtful = second.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason="timed out")
    refined = replace(third, correlation_id="c-9")
    changed: list[Line] = [accepted(first, "77"), doubtful, refined]
    journal.record(connection, broadcast.id, changed, (), START, 1)
    assert history(connection)[3:] == [
        (first.ref, "accepted", None, "77", 0, None),
        (second.ref, "in_doubt", "unknown", None, 0, "timed out"),
    ]


def history(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    query = "SELECT ref, state, doubt, order_id, filled, reason FROM transitions ORDER BY number"
    return connection.execute(query).fetchall()
