"""The rows without a screen: order, filter, tree, cursor and marks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.widgets.cells import Cell, Row
from swimdesk.console.widgets.filters import filter_of
from swimdesk.console.widgets.picks import Picks
from swimdesk.console.widgets.rows import Rows, SortOrder


def row(*texts: str) -> Row:
    return tuple(Cell(text) for text in texts)


def rows(**texts: str) -> Rows:
    made = Rows()
    for key, text in texts.items():
        made.set_row(key, row(text))
    return made


def a_tree() -> Rows:
    """SPY and AAPL, with two accounts under SPY and one leg under the first of them."""
    tree = Rows()
    tree.set_row("spy", row("SPY"))
    tree.set_row("aapl", row("AAPL"))
    tree.set_row("spy1", row("FAM-02"), parent="spy")
    tree.set_row("spy2", row("FAM-01"), parent="spy")
    tree.set_row("leg", row("600 C"), parent="spy1")
    return tree


# --- order


def test_rows_stand_in_the_order_they_came() -> None:
    assert rows(b="2", a="1").shown == ["b", "a"]


def test_figures_sort_by_value_and_blanks_go_last_both_ways() -> None:
    made = rows(a="9", b="-", c="1,000", d="-5", e="+$12.50", f="", g="60 %")
    made.set_sort(SortOrder(0))
    assert made.shown == ["d", "a", "e", "g", "c", "b", "f"]
    made.set_sort(SortOrder(0, is_descending=True))
    assert made.shown == ["c", "g", "e", "a", "d", "b", "f"]


def test_equal_values_keep_the_order_they_came_in_both_ways() -> None:
    made = rows(x="1", y="1", z="0")
    made.set_sort(SortOrder(0))
    assert made.shown == ["z", "x", "y"]
    made.set_sort(SortOrder(0, is_descending=True))
    assert made.shown == ["x", "y", "z"]


def test_a_sort_value_of_its_own_goes_before_what_the_text_says() -> None:
    made = Rows()
    made.set_row("old", (Cell("01:00", sort_value=Decimal(3600)),))
    made.set_row("new", (Cell("59s", sort_value=Decimal(59)),))
    made.set_sort(SortOrder(0))
    assert made.shown == ["new", "old"]


def test_a_change_outside_the_sorted_column_keeps_the_very_same_order() -> None:
    made = Rows()
    made.set_row("a", row("1", "x"))
    made.set_row("b", row("2", "y"))
    made.set_sort(SortOrder(0))
    before = made.shown
    made.set_row("a", row("1", "z"))
    assert made.shown is before
    made.set_row("a", row("3", "z"))
    assert made.shown == ["b", "a"]


def test_a_row_shorter_than_the_columns_sorts_as_blank() -> None:
    made = Rows()
    made.set_row("group", row("SPY"))
    made.set_row("leg", row("x", "5"))
    made.set_sort(SortOrder(1))
    assert made.shown == ["leg", "group"]


# --- filter


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("aap", ["aapl"]),
        ("AAP", ["aapl"]),
        ("!a", ["spy"]),
        ("-f apl", ["aapl"]),
        ("-f lpa", []),
        ("!-f apl", ["spy", "amd"]),
        ("", ["aapl", "spy", "amd"]),
        ("!", ["aapl", "spy", "amd"]),
        ("-f", ["aapl", "spy", "amd"]),
    ],
)
def test_filter_text(text: str, shown: list[str]) -> None:
    made = rows(aapl="AAPL", spy="SPY", amd="AMD")
    made.set_filter(filter_of(text))
    assert made.shown == shown


def test_a_row_that_changes_comes_and_goes_with_the_filter() -> None:
    made = rows(a="working", b="filled")
    made.set_filter(filter_of("working"))
    assert made.shown == ["a"]
    made.set_row("a", row("filled"))
    made.set_row("b", row("working"))
    assert made.shown == ["b"]
    made.set_row("c", row("working too"))
    assert made.shown == ["b", "c"]


def test_filter_may_be_any_function() -> None:
    made = rows(a="1", b="2")
    made.set_filter(lambda key, _: key == "b")
    assert made.shown == ["b"]


# --- tree


def test_rows_under_a_row_show_while_it_is_expanded() -> None:
    tree = a_tree()
    assert tree.shown == ["spy", "aapl"]
    assert tree.toggle("spy")
    assert tree.shown == ["spy", "spy1", "spy2", "aapl"]
    tree.toggle("spy1")
    assert tree.shown == ["spy", "spy1", "leg", "spy2", "aapl"]
    assert [tree.depth(key) for key in tree.shown] == [0, 1, 2, 1, 0]
    assert not tree.toggle("spy")
    assert tree.shown == ["spy", "aapl"]


def test_sort_applies_to_each_level() -> None:
    tree = a_tree()
    tree.toggle("spy")
    tree.set_sort(SortOrder(0))
    assert tree.shown == ["aapl", "spy", "spy2", "spy1"]


def test_a_match_shows_what_it_stands_under_and_what_stands_under_it() -> None:
    tree = a_tree()
    tree.toggle("spy")
    tree.toggle("spy1")
    tree.set_filter(filter_of("600"))
    assert tree.shown == ["spy", "spy1", "leg"]
    tree.set_filter(filter_of("spy"))
    assert tree.shown == ["spy", "spy1", "leg", "spy2"]


def test_removing_a_row_takes_what_is_under_it() -> None:
    tree = a_tree()
    assert set(tree.remove_row("spy1")) == {"spy1", "leg"}
    assert tree.is_expandable("spy")
    tree.remove_row("spy2")
    assert not tree.is_expandable("spy")
    assert len(tree) == 2
    assert tree.remove_row("never there") == ()


def test_a_parent_must_be_there_first() -> None:
    with pytest.raises(KeyError):
        Rows().set_row("leg", row("x"), parent="spy")


def test_new_rows_replace_all_and_keep_what_was_expanded() -> None:
    tree = a_tree()
    tree.toggle("spy")
    changed = tree.set_rows(
        {"x": row("X"), "spy": row("SPY!"), "spy2": row("FAM-01")}, parents={"spy2": "spy"}
    )
    assert changed == {"spy": row("SPY")}
    assert tree.shown == ["x", "spy", "spy2"]


def test_new_rows_may_come_with_an_order() -> None:
    made = rows(a="1", b="2")
    made.set_rows({"a": row("1"), "b": row("2")}, order=["b", "a"])
    assert made.shown == ["b", "a"]


# --- cursor and marks


def test_cursor_stops_at_both_ends() -> None:
    made = rows(a="1", b="2", c="3")
    picks = Picks(made)
    picks.follow(())
    assert picks.cursor == "a"
    picks.move_by(-1)
    assert picks.cursor == "a"
    picks.move_by(99)
    assert picks.cursor == "c"


@pytest.mark.parametrize(
    ("act", "lands_on"),
    [
        pytest.param(lambda made: made.remove_row("b"), "c", id="next after a removal"),
        pytest.param(lambda made: made.set_filter(filter_of("1")), "a", id="previous"),
        pytest.param(lambda made: made.clear(), None, id="none left"),
    ],
)
def test_cursor_lands_near_a_row_that_went(
    act: Callable[[Rows], object], lands_on: str | None
) -> None:
    made = rows(a="1", b="2", c="3")
    picks = Picks(made)
    picks.cursor = "b"
    before = made.shown
    act(made)
    picks.follow(before)
    assert picks.cursor == lands_on


def test_cursor_goes_up_to_the_row_that_was_folded_over_it() -> None:
    tree = a_tree()
    tree.toggle("spy")
    tree.toggle("spy1")
    picks = Picks(tree)
    picks.cursor = "leg"
    before = tree.shown
    tree.toggle("spy")
    picks.follow(before)
    assert picks.cursor == "spy"


def test_marks_are_by_key_and_survive_sort_and_filter() -> None:
    made = rows(a="1", b="2", c="3")
    picks = Picks(made)
    picks.cursor = "c"
    picks.toggle_mark()
    picks.cursor = "a"
    picks.toggle_mark()
    assert list(picks.marks) == ["a", "c"]
    made.set_sort(SortOrder(0, is_descending=True))
    assert list(picks.marks) == ["c", "a"]
    made.set_filter(filter_of("1"))
    assert list(picks.marks) == ["a", "c"]
    picks.toggle_mark()
    assert list(picks.marks) == ["c"]


def test_mark_all_takes_only_what_is_shown() -> None:
    made = rows(a="1", b="2", c="12")
    picks = Picks(made)
    made.set_filter(filter_of("1"))
    picks.mark_all()
    assert list(picks.marks) == ["a", "c"]
    made.set_filter(None)
    picks.mark_none()
    assert list(picks.marks) == []


def test_a_range_follows_the_cursor_both_ways_and_keeps_earlier_marks() -> None:
    made = rows(a="1", b="2", c="3", d="4", e="5")
    picks = Picks(made)
    picks.cursor = "e"
    picks.toggle_mark()
    picks.cursor = "c"
    picks.start_range()
    picks.move_by(1)
    assert list(picks.marks) == ["c", "d", "e"]
    picks.move_by(-2)
    assert list(picks.marks) == ["b", "c", "e"]
    picks.start_range()
    picks.move_by(-1)
    assert list(picks.marks) == ["b", "c", "e"]


def test_a_single_mark_ends_a_range() -> None:
    made = rows(a="1", b="2", c="3")
    picks = Picks(made)
    picks.cursor = "a"
    picks.start_range()
    picks.move_by(1)
    picks.toggle_mark()
    picks.move_by(1)
    assert picks.marks == ("a",)
    assert not picks.is_range


def test_marks_of_rows_that_went_are_forgotten() -> None:
    made = rows(a="1", b="2")
    picks = Picks(made)
    picks.mark_all()
    before = made.shown
    made.remove_row("a")
    picks.follow(before)
    made.set_row("a", row("again"))
    assert list(picks.marks) == ["b"]


# --- whatever happens

KEYS = st.sampled_from("abcdefgh")
VALUES = st.integers(0, 5).map(str)
STEPS = st.one_of(
    st.tuples(st.just("set"), KEYS, VALUES),
    st.tuples(st.just("under"), KEYS, KEYS),
    st.tuples(st.just("remove"), KEYS, VALUES),
    st.tuples(st.just("toggle"), KEYS, VALUES),
    st.tuples(st.just("sort"), st.just(""), st.sampled_from(["up", "down", "none"])),
    st.tuples(st.just("filter"), st.just(""), st.sampled_from(["", "1", "!2", "-f 3"])),
)


def apply(made: Rows, step: tuple[str, str, str]) -> None:
    """Do one thing that a desk or an operator may do."""
    what, key, value = step
    if what == "set":
        made.set_row(key, row(value))
    elif what == "under" and value in made and key not in made:
        made.set_row(key, row("1"), parent=value)
    elif what == "remove":
        made.remove_row(key)
    elif what == "toggle" and key in made:
        made.toggle(key)
    elif what == "sort":
        made.set_sort(None if value == "none" else SortOrder(0, value == "down"))
    elif what == "filter":
        made.set_filter(filter_of(value))


@given(st.lists(STEPS, max_size=30))
def test_the_cursor_keeps_its_row_while_that_is_shown(steps: list[tuple[str, str, str]]) -> None:
    made = Rows()
    picks = Picks(made)
    for step in steps:
        before, cursor = made.shown, picks.cursor
        apply(made, step)
        picks.follow(before)
        if cursor is not None and made.place(cursor) is not None:
            assert picks.cursor == cursor
        assert (picks.cursor is None) == (not made.shown)
        assert picks.cursor is None or picks.cursor in made.shown


@given(st.lists(STEPS, max_size=30))
def test_every_row_is_shown_once_after_its_parent(steps: list[tuple[str, str, str]]) -> None:
    made = Rows()
    for step in steps:
        apply(made, step)
        shown = made.shown
        assert len(set(shown)) == len(shown)
        for place, key in enumerate(shown):
            parent = made.parent(key)
            assert parent is None or shown.index(parent) < place
            assert made.place(key) == place
