"""What the terminal shows after every single frame, not only once all has come to rest."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from textual._compositor import CompositorUpdate
from textual.app import ComposeResult
from textual.screen import Screen

from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.rolelines import RoleLines
from tests.console.grid_app import GridApp, settled

FIGURE = "+13,446"
COLUMNS = (
    Column("account", "account", 10, is_flexible=True, priority=2),
    Column("gain", "open p/l", 8, align="right", priority=2),
)
WIDTH, HEIGHT = 80, 24
_CONTROL = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z])")
_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")


class Terminal:
    """As much of a terminal as the program uses: places, and characters at them."""

    def __init__(self) -> None:
        self._cells = [[" "] * WIDTH for _ in range(HEIGHT)]
        self._x = self._y = 0

    def feed(self, text: str) -> None:
        """Take what the program wrote."""
        for part in _CONTROL.split(text):
            move = _MOVE.fullmatch(part)
            if move:
                self._y, self._x = int(move[1]) - 1, int(move[2]) - 1
            elif not part.startswith("\x1b"):
                for char in part:
                    self._put(char)

    def _put(self, char: str) -> None:
        if char == "\n":
            self._y, self._x = self._y + 1, 0
        else:
            self._cells[self._y][self._x] = char
            self._x += 1

    def lines(self) -> list[str]:
        """Return what stands there."""
        return ["".join(cells).rstrip() for cells in self._cells]


class FramedApp(GridApp):
    """A head above a grid, and what every frame showed."""

    CSS = "FramedApp { layout: vertical; } LiveGrid { height: 1fr; }"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self.head = RoleLines()
        self.frames: list[list[str]] = []
        self.terminal = Terminal()

    def compose(self) -> ComposeResult:
        """Show both."""
        yield self.head
        yield self.grid

    def _display(self, screen: Screen[object], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.terminal.feed(renderable.render_segments(self.console))
            self.frames.append(self.terminal.lines())
        super()._display(screen, renderable)

    def heads(self, count: int) -> None:
        """Show that many lines above the grid."""
        self.head.put([[(f"line {n}", Role.TEXT)] for n in range(count)])

    def cut(self) -> list[str]:
        """Return the lines of rows whose figure was not whole in a frame, and forget all frames."""
        seen = [line for frame in self.frames for line in frame if "FAM-" in line]
        self.frames.clear()
        return [line for line in seen if not line.rstrip("▁▂▃▄▅▆▇█ ").endswith(FIGURE)]


def rows(count: int) -> dict[str, Row]:
    return {f"k{n}": (Cell(f"FAM-{n:03}"), Cell(FIGURE)) for n in range(count)}


async def test_no_frame_cuts_a_figure_where_the_head_shrinks_and_the_scrollbar_goes() -> None:
    app = FramedApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.heads(2)
        app.grid.set_rows(rows(HEIGHT - 2))
        await settled(pilot)
        before = app.grid.show_vertical_scrollbar
        app.heads(1)
        await settled(pilot)
        assert (before, app.grid.show_vertical_scrollbar) == (True, False)
        assert app.cut() == []


async def test_no_frame_cuts_a_figure_where_rows_go_and_the_scrollbar_with_them() -> None:
    app = FramedApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        for count in (30, 5, 24, 23, 22, 40, 3):
            app.grid.set_rows(rows(count))
            await settled(pilot)
        assert app.cut() == []


async def test_no_frame_cuts_a_figure_where_the_terminal_becomes_narrower() -> None:
    app = FramedApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.grid.set_rows(rows(30))
        await settled(pilot)
        for width in (WIDTH - 1, WIDTH - 10, WIDTH - 3):
            app.terminal = Terminal()
            await pilot.resize_terminal(width, HEIGHT)
            await settled(pilot)
        assert app.cut() == []
