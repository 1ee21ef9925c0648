"""The live grid on a screen: what is painted, and what is left as it was."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.pilot import Pilot

from swimdesk.console.widgets.cells import Cell, Role
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid
from tests.console.grid_app import COLUMNS, Clock, GridApp, a_row, rows_of, screen_text, settled


async def test_rows_stand_under_their_titles_with_points_in_line() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 6)) as pilot:
        app.grid.set_rows(
            {"a": a_row("FAM-01", price="1.6"), "b": a_row("FAM-02", price="-12.25", note="late")}
        )
        await settled(pilot)
        assert screen_text(app.grid)[:3] == [
            "   account    state         price note",
            ">  FAM-01     working        1.6",
            "   FAM-02     working      -12.25 late",
        ]


# --- counts


async def test_a_flush_of_45_changes_builds_the_changed_lines_on_the_page() -> None:
    app = GridApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.set_rows(rows_of(500))
        await settled(pilot)
        assert app.grid.strips_built == 23
        for n in range(0, 450, 10):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", state="filled", price=f"{n}.50"))
        await settled(pilot)
        assert app.grid.strips_built == 23 + 3
        assert "filled" in screen_text(app.grid)[1]


async def test_a_sorted_flush_of_45_changes_builds_no_row_that_only_moved() -> None:
    app = GridApp()
    async with app.run_test(size=(80, 60)) as pilot:
        app.grid.set_rows(rows_of(50))
        app.grid.sort_by("price")
        await settled(pilot)
        built = app.grid.strips_built
        assert built == 50
        for n in range(45):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", price=f"{100 - n}.50"))
        await settled(pilot)
        assert app.grid.strips_built == built + 45
        assert app.grid.shown_keys[:6] == ("k45", "k46", "k47", "k48", "k49", "k44")


async def test_rows_that_are_set_as_they_were_paint_nothing() -> None:
    app = GridApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.set_rows(rows_of(500))
        await settled(pilot)
        built = app.grid.strips_built
        app.grid.set_rows(rows_of(500))
        app.grid.set_row("k3", rows_of(4)["k3"])
        await settled(pilot)
        assert app.grid.strips_built == built


async def test_the_cursor_paints_two_rows_as_it_moves_and_scrolling_back_none() -> None:
    app = GridApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.set_rows(rows_of(100))
        await settled(pilot)
        built = app.grid.strips_built
        app.grid.cursor_down()
        await settled(pilot)
        assert app.grid.strips_built == built + 2
        app.grid.scroll_to(y=20, animate=False)
        await settled(pilot)
        built = app.grid.strips_built
        app.grid.scroll_to(y=0, animate=False)
        await settled(pilot)
        assert app.grid.strips_built == built


# --- what is seen


async def test_markup_and_escape_codes_are_shown_as_text_or_not_at_all() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 4)) as pilot:
        app.grid.set_row("a", (Cell("[/x][red]"), Cell("\x1b[31mno"), Cell("1"), Cell("\u202eyes")))
        await settled(pilot)
        assert screen_text(app.grid)[1] == ">  [/x][red]  [31mno         1    yes"


async def test_wide_characters_keep_the_columns_in_line() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 4)) as pilot:
        app.grid.set_row("a", a_row("日本語の口座名", note="🙂🙂"))
        await settled(pilot)
        line = app.grid.render_line(1)
        assert line.cell_length == app.grid.scrollable_size.width
        assert line.text.startswith(">  日本語の…  working ")


async def test_80_columns_drop_what_matters_least_and_a_resize_brings_it_back() -> None:
    columns = (*COLUMNS, Column("skew", "skew", 40, priority=1))
    app = GridApp(columns)
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.set_rows(rows_of(3))
        await settled(pilot)
        assert list(app.grid.shown_columns) == ["account", "state", "price", "skew"]
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert list(app.grid.shown_columns) == ["account", "state", "price", "note", "skew"]
        await pilot.resize_terminal(40, 24)
        await settled(pilot)
        assert list(app.grid.shown_columns) == ["account", "state", "price"]


async def test_header_and_first_column_stay_when_scrolled_both_ways() -> None:
    columns = tuple(Column(f"c{n}", f"title{n}", 8) for n in range(9))
    app = GridApp(columns)
    async with app.run_test(size=(40, 6)) as pilot:
        rows = {f"r{n}": tuple(Cell(f"{n}/{c}") for c in range(9)) for n in range(30)}
        app.grid.set_rows(rows)
        await settled(pilot)
        app.grid.scroll_to(x=18, y=5, animate=False)
        await settled(pilot)
        assert screen_text(app.grid)[:2] == [
            "   title0   title3   title4   title5",
            "   5/0      5/3      5/4      5/5",
        ]


async def test_sideways_scrolling_goes_by_whole_columns() -> None:
    app = GridApp(tuple(Column(f"c{n}", f"title{n}", 8) for n in range(9)))
    async with app.run_test(size=(40, 6)) as pilot:
        app.grid.set_row("a", tuple(Cell(str(c)) for c in range(9)))
        await settled(pilot)
        seen = []
        for by in (1, 1, -1, -9, 99):
            app.grid.scroll_columns(by)
            await settled(pilot)
            seen.append(screen_text(app.grid)[0].split()[:2])
        assert [first for first, _ in seen] == ["title0"] * 5
        assert [second for _, second in seen[:4]] == ["title2", "title3", "title2", "title1"]
        assert screen_text(app.grid)[0].endswith("title8")


async def test_a_figure_at_an_edge_that_is_seen_in_part_is_a_mark() -> None:
    columns = (
        Column("a", "account", 8),
        *(Column(f"c{n}", f"gain{n}", 8, align="right") for n in range(9)),
    )
    app = GridApp(columns)
    async with app.run_test(size=(34, 6)) as pilot:
        app.grid.drop_columns(False)
        app.grid.set_row("a", (Cell("FAM-01"), *(Cell("+123,446") for _ in range(9))))
        await settled(pilot)
        app.grid.scroll_to(x=3, animate=False, force=True)
        await settled(pilot)
        assert screen_text(app.grid)[1] == ">  FAM-01  …      +123,446      …"
        app.grid.scroll_to(x=app.grid.max_scroll_x, animate=False, force=True)
        await settled(pilot)
        assert screen_text(app.grid)[1] == ">  FAM-01  …    +123,446 +123,446"


async def test_columns_can_be_chosen_and_dropping_switched_off() -> None:
    app = GridApp()
    async with app.run_test(size=(30, 6)) as pilot:
        app.grid.set_rows(rows_of(2))
        await settled(pilot)
        assert list(app.grid.shown_columns) == ["account", "state", "price"]
        app.grid.drop_columns(False)
        assert list(app.grid.shown_columns) == ["account", "state", "price", "note"]
        app.grid.show_columns(["account", "price"])
        await settled(pilot)
        assert screen_text(app.grid)[1] == ">  FAM-000        0.50"
        app.grid.show_columns()
        assert len(app.grid.shown_columns) == 4


async def test_an_empty_grid_says_what_to_do_and_a_filter_that_it_hides_all() -> None:
    app = GridApp(placeholder="No broadcast yet: type an order and press Enter.")
    async with app.run_test(size=(60, 6)) as pilot:
        await settled(pilot)
        assert screen_text(app.grid)[1] == "   No broadcast yet: type an order and press Enter."
        app.grid.set_rows(rows_of(2))
        app.grid.set_filter("nothing like it")
        await settled(pilot)
        assert screen_text(app.grid)[1] == "   Nothing matches the filter; Esc takes it away."
        app.grid.set_filter("")
        await settled(pilot)
        assert screen_text(app.grid)[1].startswith(">  FAM-000")


async def test_every_role_has_a_style_in_every_theme() -> None:
    app = GridApp(tuple(Column(role, role, 6) for role in Role))
    async with app.run_test(size=(100, 4)) as pilot:
        app.grid.set_row("a", tuple(Cell(role, role) for role in Role))
        for theme in app.available_themes:
            app.theme = theme
            await settled(pilot)
            gain, loss = style_of(app.grid, "gain"), style_of(app.grid, "loss")
            assert gain.color != loss.color, theme
            assert gain.bgcolor is not None, theme


async def test_without_colour_a_change_is_bold_and_the_cursor_has_its_sign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = GridApp(flash=True, clock=Clock())
    async with app.run_test(size=(60, 4)) as pilot:
        app.grid.set_row("a", a_row("FAM-01", price="1.60"))
        await settled(pilot)
        app.grid.set_row("a", a_row("FAM-01", price="1.65"))
        await settled(pilot)
        assert screen_text(app.grid)[1] == ">  FAM-01     working   ▴    1.65"
        flashing = style_of(app.grid, "1.65")
        assert flashing.bold
        assert flashing.reverse


def style_of(grid: LiveGrid, text: str) -> Style:
    """Return the style the text is shown with on the first row."""
    (found,) = (segment for segment in grid.render_line(1) if text in segment.text)
    return found.style or Style.null()


# --- flash


async def rested(pilot: Pilot[None], grid: LiveGrid) -> None:
    """Wait until the grid runs no timer."""
    for _ in range(200):
        if not grid.is_flashing:
            return
        await pilot.pause(0.01)
    pytest.fail("the grid never came to rest")


async def test_changed_cells_flash_under_one_timer_and_come_to_rest() -> None:
    clock = Clock()
    app = GridApp(flash=True, clock=clock)
    async with app.run_test(size=(60, 12)) as pilot:
        app.grid.set_rows(rows_of(9))
        await settled(pilot)
        assert not app.grid.is_flashing
        for n in range(9):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", state="filled", price="0.25"))
        await settled(pilot)
        assert sum(timer.name == "flash" for timer in app.grid._timers) == 1
        assert screen_text(app.grid)[1] == ">  FAM-000   ▪filled    ▾    0.25"
        clock.now_s += 1
        await rested(pilot, app.grid)
        assert screen_text(app.grid)[1] == ">  FAM-000    filled         0.25"
        assert not style_of(app.grid, "0.25").reverse


async def test_rows_out_of_sight_do_not_flash() -> None:
    app = GridApp(flash=True, clock=Clock())
    async with app.run_test(size=(60, 6)) as pilot:
        app.grid.set_rows(rows_of(50))
        await settled(pilot)
        app.grid.set_row("k40", a_row("FAM-040", price="7"))
        await settled(pilot)
        assert not app.grid.is_flashing


async def test_flashing_can_be_switched_off() -> None:
    app = GridApp(flash=False)
    async with app.run_test(size=(60, 6)) as pilot:
        app.grid.set_rows(rows_of(5))
        await settled(pilot)
        app.grid.set_row("k0", a_row("FAM-000", price="7"))
        await settled(pilot)
        assert not app.grid.is_flashing
        assert screen_text(app.grid)[1] == ">  FAM-000    working        7"
