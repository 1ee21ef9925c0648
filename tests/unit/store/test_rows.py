"""Rows say what the domain said, and rows that say nonsense are called damaged."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.store.builders import a_broadcast, a_plan

from swimdesk.domain.broadcast import Denial, Line
from swimdesk.domain.executions import Execution
from swimdesk.errors import StoreCorrupt
from swimdesk.store import rows
from swimdesk.store.plans import plan_of, plan_text

TIMES = st.datetimes(timezones=st.just(UTC))


def test_columns_are_the_fields_of_the_domain() -> None:
    assert {field.name for field in fields(Line)} == {*rows.LINE_COLUMNS}
    assert {field.name for field in fields(Execution)} == {*rows.EXECUTION_COLUMNS}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimal_comes_back_exactly(number: Decimal) -> None:
    read = rows.decimal_of(rows.decimal_text(number))
    assert read is not None
    assert read.as_tuple() == number.as_tuple()


@given(TIMES, TIMES)
def test_text_order_of_times_is_their_order(one: datetime, other: datetime) -> None:
    assert (rows.time_text(one) < rows.time_text(other)) == (one < other)
    assert rows.time_of(rows.time_text(one)) == one


def test_time_of_another_zone_is_written_in_utc() -> None:
    eastern = datetime(2026, 11, 23, 10, 4, tzinfo=timezone(timedelta(hours=-5)))
    assert rows.time_text(eastern) == "2026-11-23T15:04:00.000000+00:00"


@given(st.lists(st.builds(Denial, st.text(), st.text())))
def test_denials_come_back(denials: list[Denial]) -> None:
    assert rows.denials_of(rows.denials_text(denials)) == tuple(denials)


@pytest.mark.parametrize(
    ("column", "nonsense"),
    [
        ("state", "fil1ed"),
        ("doubt", "perhaps"),
        ("ticket", "SELL -1 IRON CONDOR"),
        ("average", "1.6O"),
        ("denials", "[["),
        ("earlier", '[["1"]]'),
        ("replacement", '{"ref": "c-1"}'),
        ("replacement", "{}"),
    ],
)
def test_line_that_says_nonsense_is_damage(column: str, nonsense: str) -> None:
    broadcast = a_broadcast(accounts=1)
    (row,) = rows.line_rows(broadcast.lines)
    values = dict(zip(rows.LINE_COLUMNS, row, strict=True)) | {column: nonsense}
    with pytest.raises(StoreCorrupt, match=broadcast.id):
        rows.broadcast_of(rows.broadcast_row(broadcast), [tuple(values.values())])


def test_plan_that_says_nonsense_is_damage() -> None:
    values = json.loads(plan_text(a_plan()))
    values["lines"][0]["verdict"] = "perhaps"
    with pytest.raises(StoreCorrupt, match="a saved plan"):
        plan_of(json.dumps(values))
