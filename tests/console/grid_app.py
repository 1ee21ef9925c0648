"""A program that shows nothing but a grid, and eyes on what it shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid

COLUMNS = (
    Column("account", "account", 10, priority=2),
    Column("state", "state", 10, priority=2),
    Column("price", "price", 8, align="decimal", priority=2),
    Column("note", "note", 12, is_flexible=True, least=6),
)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Return the seconds of now."""
        return self.now_s


class GridApp(App[None]):
    """One grid on the whole screen, and the messages it sent."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours that the console's themes have beside those of every theme."""
        return {"doubt": "#ff5fd7"}

    def __init__(
        self,
        columns: Sequence[Column] = COLUMNS,
        *,
        flash: bool = False,
        clock: Callable[[], float] = time.monotonic,
        placeholder: str = "",
    ) -> None:
        super().__init__()
        self.grid = LiveGrid(
            columns, flash=flash, placeholder=placeholder, clock=clock, flash_s=0.02
        )
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        """Show the grid."""
        yield self.grid

    def on_mount(self) -> None:
        """Let the keyboard act on it."""
        self.grid.focus()

    def on_live_grid_cursor_moved(self, message: LiveGrid.CursorMoved) -> None:
        """Keep what it told."""
        self.told.append(message)

    def on_live_grid_activated(self, message: LiveGrid.Activated) -> None:
        """Keep what it told."""
        self.told.append(message)

    def on_live_grid_toggled(self, message: LiveGrid.Toggled) -> None:
        """Keep what it told."""
        self.told.append(message)

    def on_live_grid_marks_changed(self, message: LiveGrid.MarksChanged) -> None:
        """Keep what it told."""
        self.told.append(message)


def a_row(account: str, state: str = "working", price: str = "1.60", note: str = "") -> Row:
    """Return a row of the four columns."""
    role = Role.GAIN if Decimal(price) >= 0 else Role.LOSS
    return (Cell(account), Cell(state), Cell(price, role), Cell(note))


def rows_of(count: int) -> dict[str, Row]:
    """Return that many rows with rising prices, keyed k0, k1 and so on."""
    return {f"k{n}": a_row(f"FAM-{n:03}", price=f"{n}.50") for n in range(count)}


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what was asked for is painted."""
    await pilot.pause()
    await pilot.pause()


def screen_text(grid: LiveGrid) -> list[str]:
    """Return the lines of the grid as they are seen, lines not marked as changed as they were."""
    # Through the compositor on purpose: what a grid forgets to refresh shows its old text here.
    width, height = grid.scrollable_size
    lines = grid.screen._compositor.render_strips()[:height]
    return [line.crop(0, width).text.rstrip() for line in lines]
