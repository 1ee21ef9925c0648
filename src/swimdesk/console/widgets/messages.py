"""What a live grid tells; handlers are named ``on_live_grid_cursor_moved`` and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from swimdesk.console.widgets.surface import GridSurface


class GridMessage(Message):
    """Something happened in a grid."""

    def __init__(self, grid: GridSurface) -> None:
        super().__init__()
        self.grid = grid

    @property
    def control(self) -> GridSurface:
        """Return the grid, for handlers bound to one by a selector."""
        return self.grid


class CursorMoved(GridMessage, namespace="live_grid"):
    """The cursor is on another row; None when there is none left."""

    def __init__(self, grid: GridSurface, key: str | None) -> None:
        super().__init__(grid)
        self.key = key


class Activated(GridMessage, namespace="live_grid"):
    """The operator wants to see more of a row that has no rows under it."""

    def __init__(self, grid: GridSurface, key: str) -> None:
        super().__init__(grid)
        self.key = key


class Toggled(GridMessage, namespace="live_grid"):
    """The rows under a row are shown or hidden now."""

    def __init__(self, grid: GridSurface, key: str, *, is_expanded: bool) -> None:
        super().__init__(grid)
        self.key = key
        self.is_expanded = is_expanded


class MarksChanged(GridMessage, namespace="live_grid"):
    """Other rows carry a mark now."""

    def __init__(self, grid: GridSurface, keys: tuple[str, ...]) -> None:
        super().__init__(grid)
        self.keys = keys
