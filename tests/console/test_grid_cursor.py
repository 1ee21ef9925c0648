"""The cursor, the marks and the mouse on a screen; the row under the cursor stays where it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from swimdesk.console.widgets.cells import Cell
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.rows import SortOrder
from tests.console.grid_app import GridApp, a_row, rows_of, screen_text, settled

pytestmark = pytest.mark.slow


def cursor_line(grid: LiveGrid) -> int:
    """Return the line of the screen that carries the cursor's sign."""
    (line,) = (y for y, text in enumerate(screen_text(grid)) if text.startswith(">"))
    return line


def is_cursor_seen(grid: LiveGrid) -> bool:
    """Tell whether the cursor is on the page."""
    return any(text.startswith(">") for text in screen_text(grid))


async def test_the_cursor_keeps_its_line_while_others_come_and_sort_around_it() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.grid.set_rows(rows_of(60))
        app.grid.sort_by("price")
        await settled(pilot)
        app.grid.cursor_down(30)
        app.grid.cursor_up(4)
        await settled(pilot)
        line = cursor_line(app.grid)
        for n in range(20):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", price=f"{500 + n}"))
        app.grid.set_row("new", a_row("NEW", price="0"))
        await settled(pilot)
        assert (app.grid.cursor, cursor_line(app.grid)) == ("k26", line)
        app.grid.sort_by("price", descending=True)
        await settled(pilot)
        assert (app.grid.cursor, cursor_line(app.grid)) == ("k26", line)


async def test_untouched_and_after_go_top_the_list_stays_at_its_top() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 6)) as pilot:
        app.grid.set_rows(rows_of(20))
        await settled(pilot)
        app.grid.set_rows({"n1": a_row("N1"), **rows_of(20)})
        await settled(pilot)
        assert (app.grid.cursor, cursor_line(app.grid)) == ("k0", 2)
        app.grid.go_bottom()
        await settled(pilot)
        assert cursor_line(app.grid) == 5
        app.grid.go_top()
        await settled(pilot)
        app.grid.set_rows({"n2": a_row("N2"), "n1": a_row("N1"), **rows_of(20)})
        await settled(pilot)
        assert screen_text(app.grid)[1].startswith("   N2")
        assert (app.grid.cursor, cursor_line(app.grid)) == ("n1", 2)


async def test_pages_move_the_cursor_by_what_is_seen() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 11)) as pilot:
        app.grid.set_rows(rows_of(50))
        await settled(pilot)
        app.grid.page_down()
        assert app.grid.cursor == "k9"
        app.grid.page_down()
        app.grid.page_up()
        await settled(pilot)
        assert app.grid.cursor == "k9"
        app.grid.page_up()
        assert app.grid.cursor == "k0"


async def test_removing_the_last_page_leaves_the_cursor_in_sight() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 6)) as pilot:
        app.grid.set_rows(rows_of(50))
        await settled(pilot)
        app.grid.go_bottom()
        await settled(pilot)
        app.grid.set_rows(rows_of(3))
        await settled(pilot)
        assert (app.grid.cursor, cursor_line(app.grid)) == ("k2", 3)


async def test_scrollbars_and_a_smaller_screen_never_cover_the_cursor() -> None:
    columns = tuple(Column(f"c{n}", f"title{n}", 8) for n in range(9))
    app = GridApp(columns)
    async with app.run_test(size=(40, 10)) as pilot:
        app.grid.set_rows({f"r{n}": (Cell(f"{n}"),) for n in range(30)})
        app.grid.go_bottom()
        await settled(pilot)
        assert cursor_line(app.grid) == 8
        await pilot.resize_terminal(40, 6)
        await settled(pilot)
        assert cursor_line(app.grid) == 4


async def test_a_hidden_grid_paints_nothing_and_catches_up_when_shown() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows(rows_of(50))
        app.grid.sort_by("price")
        app.grid.cursor_down(20)
        await settled(pilot)
        app.grid.display = False
        await settled(pilot)
        built = app.grid.strips_built
        for n in range(15):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", price=f"{500 + n}"))
        app.grid.move_to("k40")
        await settled(pilot)
        assert app.grid.strips_built == built
        app.grid.display = True
        await settled(pilot)
        assert app.grid.cursor == "k40"
        assert "FAM-040" in screen_text(app.grid)[cursor_line(app.grid)]
        assert app.grid.shown_columns == ("account", "state", "price", "note")


async def test_marks_show_and_are_told() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows(rows_of(4))
        app.grid.cursor_down()
        app.grid.toggle_mark()
        app.grid.start_range()
        app.grid.cursor_down()
        await settled(pilot)
        assert [text[:2] for text in screen_text(app.grid)[1:5]] == ["  ", " *", ">*", "  "]
        assert app.grid.marks == ("k1", "k2")
        told = [m.keys for m in app.told if isinstance(m, LiveGrid.MarksChanged)]
        assert told == [("k1",), ("k1", "k2")]
        app.grid.set_filter("FAM-001")
        assert app.grid.hidden_marks == 1
        app.grid.set_filter("")
        app.grid.mark_none()
        app.grid.mark_all()
        assert len(app.grid.marks) == 4


async def test_messages_name_the_row_and_the_grid() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_row("a", a_row("A"))
        app.grid.set_row("b", a_row("B"), parent="a")
        await settled(pilot)
        app.grid.activate()
        app.grid.move_to("b")
        app.grid.activate()
        await settled(pilot)
        told = [(type(m), getattr(m, "key", None)) for m in app.told]
        assert told == [
            (LiveGrid.CursorMoved, "a"),
            (LiveGrid.Toggled, "a"),
            (LiveGrid.CursorMoved, "b"),
            (LiveGrid.Activated, "b"),
        ]
        assert all(message.control is app.grid for message in app.told)


async def test_a_tree_folds_and_shows_its_levels() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_row("spy", a_row("SPY"))
        app.grid.set_row("fam", a_row("FAM-01"), parent="spy")
        app.grid.set_row("aapl", a_row("AAPL"), expandable=True)
        await settled(pilot)
        assert [text[3:13] for text in screen_text(app.grid)[1:3]] == ["▸ SPY     ", "▸ AAPL    "]
        app.grid.toggle("spy")
        await settled(pilot)
        assert [text[3:13] for text in screen_text(app.grid)[1:4]] == [
            "▾ SPY     ",
            "    FAM-01",
            "▸ AAPL    ",
        ]
        app.grid.remove_row("fam")
        await settled(pilot)
        assert screen_text(app.grid)[1][3:13] == "  SPY     "


async def test_rows_that_move_in_the_tree_are_painted_anew_and_the_others_are_not() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        rows = {key: a_row(key.upper()) for key in ("a", "b", "c", "d")}
        app.grid.set_rows(rows, expandable=["a"])
        app.grid.toggle("a")
        await settled(pilot)
        built = app.grid.strips_built
        app.grid.set_rows(rows, parents={"b": "a"})
        await settled(pilot)
        assert [text[3:8] for text in screen_text(app.grid)[1:5]] == [
            "▾ A  ",
            "    B",
            "  C  ",
            "  D  ",
        ]
        assert app.grid.strips_built == built + 1


# --- mouse


async def test_a_click_moves_a_second_one_opens_and_one_on_the_title_sorts() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows(rows_of(4))
        await settled(pilot)
        await pilot.click(app.grid, offset=(6, 3))
        assert app.grid.cursor == "k2"
        await pilot.double_click(app.grid, offset=(6, 4))
        assert [m.key for m in app.told if isinstance(m, LiveGrid.Activated)] == ["k3"]
        await pilot.click(app.grid, offset=(30, 0))
        sorts = [app.grid.sort]
        await settled(pilot)
        assert screen_text(app.grid)[0] == "   account    state        price▲ note"
        for _ in range(2):
            await pilot.click(app.grid, offset=(30, 0))
            sorts.append(app.grid.sort)
        assert sorts == [SortOrder(2), SortOrder(2, is_descending=True), None]
        await pilot.click(app.grid, offset=(30, 7))
        assert app.grid.cursor == "k3"


async def test_a_click_on_the_sign_of_a_tree_unfolds_it() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_row("a", a_row("A"))
        app.grid.set_row("b", a_row("B"), parent="a")
        await settled(pilot)
        await pilot.click(app.grid, offset=(3, 1))
        assert app.grid.is_expanded("a")


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows(rows_of(50))
        await settled(pilot)
        for _ in range(5):
            app.grid.post_message(
                events.MouseScrollDown(app.grid, 5, 3, 0, 0, 0, False, False, False)
            )
        await settled(pilot)
        first = app.grid.scroll_offset.y
        assert first > 0
        app.grid.set_row(f"k{first}", a_row("FAM-0", state="filled"))
        await settled(pilot)
        assert app.grid.cursor == "k0"
        assert app.grid.scroll_offset.y == first
        assert "filled" in screen_text(app.grid)[1]


async def test_the_grid_binds_no_keys_of_its_own() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows(rows_of(50))
        await settled(pilot)
        await pilot.press("down", "pagedown", "end", "j", "space", "enter")
        assert app.grid.scroll_offset.y == 0
        assert app.grid.cursor == "k0"
        assert app.grid.marks == ()


# --- copies


async def test_copies_take_the_marked_rows_else_the_cursors() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.grid.set_rows({**rows_of(2), "x": tuple(map(Cell, ("=X", "a", "-1", "")))})
        await settled(pilot)
        assert app.grid.as_text() == "FAM-000\tworking\t0.50\t"
        app.grid.mark_all()
        assert len(app.grid.as_text().splitlines()) == 3
        assert app.grid.as_text(["k1"]) == "FAM-001\tworking\t1.50\t"
        assert app.grid.as_csv().splitlines()[0] == "account,state,price,note"
        assert app.grid.as_csv(["x"]).splitlines()[1] == "'=X,a,-1,"


# --- whatever happens

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "remove", "sort", "filter", "move", "wheel", "replace"]),
        st.integers(0, 30),
    ),
    max_size=8,
)
ACTS: dict[str, Callable[[LiveGrid, int], None]] = {
    "set": lambda grid, n: grid.set_row(f"k{n}", a_row(f"A{n}", price=f"{n * 7 % 31}")),
    "remove": lambda grid, n: grid.remove_row(f"k{n}"),
    "sort": lambda grid, n: grid.sort_by("price", descending=bool(n % 2)),
    "filter": lambda grid, n: grid.set_filter(str(n % 4) if n > 15 else ""),
    "move": lambda grid, n: grid.cursor_down(n - 15),
    "wheel": lambda grid, n: grid.scroll_to(y=n, animate=False),
    "replace": lambda grid, n: grid.set_rows(rows_of(n)),
}


@given(STEPS)
@settings(max_examples=15)
async def test_what_is_painted_is_what_the_rows_say(steps: list[tuple[str, int]]) -> None:
    app = GridApp()
    async with app.run_test(size=(60, 9)) as pilot:
        app.grid.set_rows(rows_of(20))
        await settled(pilot)
        for what, n in steps:
            cursor = app.grid.cursor
            was_seen = is_cursor_seen(app.grid)
            ACTS[what](app.grid, n)
            await settled(pilot)
            first = app.grid.scroll_offset.y
            seen = app.grid.shown_keys[first : first + 8]
            painted = [text[3:10].strip() for text in screen_text(app.grid)[1:]]
            assert (
                painted
                == [app.grid.as_text([key]).split("\t")[0] for key in seen] + [""] * (8 - len(seen))
                or not app.grid.shown_keys
            )
            if what not in {"move", "wheel"} and cursor in app.grid.shown_keys:
                assert app.grid.cursor == cursor
                assert is_cursor_seen(app.grid) or not was_seen
