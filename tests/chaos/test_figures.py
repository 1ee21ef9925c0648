"""Campaigns of kills and the like: they go on from where they were, and their auditor sees."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.figures import Tally, kept, numbers
from tests.chaos.judging import judge_counts
from tests.chaos.kills import Kill
from tests.chaos.points import Passing
from tests.chaos.written import Written, judge_written

COLUMNS = ("ref", "broadcast", "account", "last4", "state", "order_id", "earlier")
LINE = {
    "ref": "R1", "broadcast": "B1", "account": "FAM-01", "last4": "4503", "state": "working",
    "order_id": "7", "earlier": "[]",
}  # fmt: skip
SHOWN = [{"broadcast": "B1", "lines": [{"account": "FAM-01", "state": "working"}]}]


def test_a_campaign_goes_on_after_the_last_case_that_was_kept(tmp_path: Path) -> None:
    file, first = tmp_path / "kills.json", Tally("kills")
    for number in numbers(first, 0, 30, file):
        first.take(str(number), ["lost: it"] if number == 3 else [])
        if number == 25:
            break
    again = kept("kills", file)
    assert again.cases == 20
    assert list(numbers(again, 0, 30, file)) == list(range(20, 30))
    assert kept("kills", file).after == 30
    assert again.failures == ["python -m tests.chaos kills --replay 3  # lost: it"]


def test_a_campaign_that_was_never_kept_begins_at_its_first_case(tmp_path: Path) -> None:
    assert list(numbers(kept("kills", tmp_path / "none.json"), 5, 3, None)) == [5, 6, 7]


def test_a_case_is_named_so_that_it_can_be_run_again() -> None:
    kill = Kill("commit.lines.before", 3, 17)
    assert Kill.parse(str(kill)) == kill


def test_a_moment_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(KeyError):
        Passing("no.such.moment")
    with pytest.raises(KeyError):
        Passing().here("no.such.moment")


# --- the auditor of the file ---------------------------------------------------------------------


def written(*lines: dict[str, Any], decided: frozenset[str] = frozenset()) -> Written:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute(f"CREATE TABLE lines ({', '.join(COLUMNS)})")
        for line in lines:
            values = [{**LINE, **line}[name] for name in COLUMNS]
            connection.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        rows = connection.execute("SELECT * FROM lines").fetchall()
    reached = {row["ref"]: frozenset({"sending", row["state"]}) for row in rows}
    return Written(rows, reached, frozenset(), {"7": 1}, decided)


def ledger(*orders: str, filled: int = 1) -> dict[str, Any]:
    own = [{"id": int(one), "filled": filled, "status": "WORKING"} for one in orders]
    return {"accounts": {"A": {"last4": "4503", "orders": own}}}


def found(file: Written, books: dict[str, Any]) -> str:
    return "; ".join(judge_written(file, books, SHOWN))


def test_a_file_that_agrees_with_the_books_is_nothing_to_tell_of() -> None:
    assert found(written({}), ledger("7")) == ""


def test_an_order_of_the_books_that_no_line_may_have_is_told() -> None:
    assert "not in the file" in found(written({}), ledger("7", "8"))
    doubtful = written({"state": "in_doubt", "order_id": None})
    assert "not in the file" not in found(doubtful, ledger("7"))
    assert "not in the file" in found(doubtful, ledger("7", "8"))


def test_an_order_that_two_lines_have_is_told() -> None:
    twice = written({}, {"ref": "R2", "order_id": None, "earlier": json.dumps([["7", 0, None]])})
    assert "order 7 is written down 2 times" in found(twice, ledger("7"))


def test_fills_that_the_books_do_not_have_are_told() -> None:
    assert "1 filled by the file, 0 in truth" in found(written({}), ledger("7", filled=0))


def test_absence_that_nobody_has_spoken_of_is_told() -> None:
    gone = {"state": "absent", "order_id": None}
    assert "nobody has said so" in found(written(gone), ledger())
    assert "nobody has said so" not in found(written(gone, decided=frozenset({"R1"})), ledger())


def test_a_line_that_has_left_and_is_called_planned_is_told() -> None:
    assert "was leaving and is planned" in found(written({"state": "planned"}), ledger("7"))


def test_a_line_that_is_not_shown_is_told() -> None:
    hidden = written({}, {"ref": "R2", "account": "FAM-02", "order_id": "9", "last4": "5332"})
    assert "written down and not shown: ('B1', 'FAM-02')" in found(hidden, ledger("7"))


def test_a_status_that_counts_other_lines_than_are_shown_is_told() -> None:
    counted = {"views": SHOWN, "counts": {"open": 1, "in_doubt": 0}}
    assert judge_counts(counted) == []
    assert judge_counts({**counted, "counts": {"open": 0, "in_doubt": 1}}) != []
    assert judge_counts({**counted, "counts": None}) == []
