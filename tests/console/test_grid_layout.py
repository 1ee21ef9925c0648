"""Columns at every width, and texts in their columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from swimdesk.console.widgets.columns import GAP, GUTTER, Align, Column, fit
from swimdesk.console.widgets.painting import fitted
from swimdesk.views.plain import plain_text

COLUMNS = (
    Column("time", "time", 8),
    Column("order", "order", 30, is_flexible=True, least=12, priority=9),
    Column("filled", "filled", 6, priority=9),
    Column("skew", "skew", 7, priority=1),
    Column("ack", "last ack", 8, priority=1),
    Column("state", "state", 10, priority=9),
)


def keys(width: int) -> list[str]:
    return [slot.column.key for slot in fit(COLUMNS, width).slots]


def test_all_columns_show_where_there_is_room() -> None:
    wide = fit(COLUMNS, 120)
    assert [slot.column.key for slot in wide.slots] == [column.key for column in COLUMNS]
    assert wide.width == 120
    assert wide.slots[1].width == 120 - GUTTER - 6 * GAP - (8 + 6 + 7 + 8 + 10)


def test_the_lowest_priority_drops_first_and_the_rightmost_of_equals() -> None:
    assert keys(58) == ["time", "order", "filled", "skew", "state"]
    assert keys(49) == ["time", "order", "filled", "state"]


def test_the_first_column_and_the_highest_priority_never_drop() -> None:
    assert keys(10) == ["time", "order", "filled", "state"]
    assert fit(COLUMNS, 10).width > 10


def test_dropping_can_be_switched_off() -> None:
    assert len(fit(COLUMNS, 10, drop=False).slots) == 6


def test_columns_of_one_priority_all_stay() -> None:
    same = tuple(Column(f"c{n}", "", 10) for n in range(9))
    assert len(fit(same, 40).slots) == 9


def test_sticky_columns_stand_first() -> None:
    columns = (Column("a", "", 3), Column("b", "", 3), Column("c", "", 3, is_sticky=True))
    made = fit(columns, 40)
    assert [slot.column.key for slot in made.slots] == ["a", "c", "b"]
    assert made.sticky_width == GUTTER + 2 * (GAP + 3)


def test_chosen_columns_keep_their_place_in_the_row() -> None:
    made = fit(COLUMNS, 120, chosen=(0, 5, 2))
    assert [slot.index for slot in made.slots] == [0, 5, 2]


def test_the_column_under_the_mouse() -> None:
    made = fit(COLUMNS, 120)
    found = [made.at(slot.start) for slot in made.slots]
    assert found == list(made.slots)
    assert made.at(0) is None


@given(st.integers(0, 200))
def test_what_fits_fills_the_width_and_never_overlaps(width: int) -> None:
    made = fit(COLUMNS, width)
    ends = [slot.start + slot.width for slot in made.slots]
    assert all(slot.width >= slot.column.floor for slot in made.slots)
    assert [slot.start - GAP for slot in made.slots] == [GUTTER, *ends[:-1]]
    least = GUTTER + sum(GAP + slot.column.floor for slot in made.slots)
    assert made.width == max(width, least)


@pytest.mark.parametrize(
    ("text", "align", "shown"),
    [
        ("abc", "left", "abc     "),
        ("abc", "right", "     abc"),
        ("1.60", "decimal", "    1.60"),
        ("1.6", "decimal", "    1.6 "),
        ("-12.25", "decimal", "  -12.25"),
        ("46", "decimal", "   46   "),
        ("-", "decimal", "    -   "),
        (".5", "decimal", "     .5 "),
        ("18.5%", "decimal", "   18.5%"),
        ("more than fits", "left", "more th…"),
        ("more than fits", "right", "more th…"),
        ("1,234,567.89", "decimal", "########"),
        ("123456789", "right", "########"),
        ("日本語テキスト", "left", "日本語… "),
        ("日本語", "right", "  日本語"),
        ("[/bold]x", "left", "[/bold]x"),
    ],
)
def test_text_in_a_column_of_eight(text: str, align: Align, shown: str) -> None:
    assert fitted(text, 8, Column("c", "", 8, align=align)) == shown


@given(st.text(max_size=20), st.integers(0, 12), st.sampled_from(["left", "right", "decimal"]))
def test_every_text_takes_exactly_its_cells(text: str, width: int, align: Align) -> None:
    assert cell_len(fitted(plain_text(text), width, Column("c", "", 8, align=align))) == width
