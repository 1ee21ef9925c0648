"""The live grid on a screen: what is painted, what is not, and where the cursor stays."""

from __future__ import annotations

from tests.console.grid_app import GridApp, a_row, rows_of, screen_text, settled


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


async def test_a_flush_of_45_changes_builds_no_more_strips_than_lines_that_changed_and_show() -> (
    None
):
    app = GridApp()
    async with app.run_test(size=(80, 24)) as pilot:
        rows = rows_of(500)
        app.grid.set_rows(rows)
        await settled(pilot)
        assert app.grid.strips_built == 23
        for n in range(0, 450, 10):
            app.grid.set_row(f"k{n}", a_row(f"FAM-{n:03}", state="filled", price=f"{n}.50"))
        await settled(pilot)
        assert app.grid.strips_built == 23 + 3
        assert "filled" in screen_text(app.grid)[1]


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
