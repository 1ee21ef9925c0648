"""A map of small cells, one for each account, under a cursor that stays with its account."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from swimdesk.console.widgets.cells import Cell, Role
from swimdesk.console.widgets.looks import COMPONENTS, GRID_CSS, STATES
from swimdesk.console.widgets.painting import CURSOR, MARK, Palette

LONGEST_NAME = 12
FIGURE = 7
LETTERS = 4
_GUTTER = 2


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell: name, a dim detail where there is room, a figure, and letters of their own."""

    name: str
    detail: str
    figure: Cell
    letters: tuple[Cell, ...] = ()


class HeatMap(ScrollView, can_focus=True, inherit_bindings=False):
    """Cells by key, as many beside each other as fit; only lines that changed are painted."""

    DEFAULT_CSS = GRID_CSS.replace("GridSurface", "HeatMap")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"livegrid--{name}" for name in COMPONENTS}
    ALLOW_SELECT = False

    class Pointed(Message):
        """The cursor is on another cell."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """A cell was clicked twice."""

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self._placeholder = placeholder
        self._cells: dict[str, HeatCell] = {}
        self._keys: list[str] = []
        self._marks: frozenset[str] = frozenset()
        self._cursor: str | None = None
        self._palette: Palette | None = None
        self._across = 1
        self._has_details = False
        self._room = 0

    @property
    def cursor(self) -> str | None:
        """Return the key of the cell under the cursor."""
        return self._cursor

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys in the order of the cells."""
        return tuple(self._keys)

    @property
    def across(self) -> int:
        """Return how many cells stand beside each other."""
        return self._across

    @property
    def lines(self) -> int:
        """Return how many lines all cells need at this width."""
        return self._lines(self._across)

    def set_cells(self, cells: dict[str, HeatCell], marks: Collection[str]) -> None:
        """Hold exactly these cells; paint the lines of those that are different."""
        before, keys = self._cells, self._keys
        changed = {key for key in cells if before.get(key) != cells[key]}
        changed |= self._marks ^ frozenset(marks)
        self._cells, self._keys, self._marks = dict(cells), list(cells), frozenset(marks)
        if self._cursor not in self._cells:
            self._cursor = self._keys[0] if self._keys else None
        if self._keys != keys:
            self._refit()
            self.refresh()
            return
        for key in changed & self._cells.keys():
            self._refresh_line_of(key)

    def move(self, right: int = 0, down: int = 0) -> None:
        """Move the cursor; nothing happens at an edge."""
        if self._cursor is None:
            return
        place = self._keys.index(self._cursor) + right + down * self._across
        if 0 <= place < len(self._keys):
            self.point(self._keys[place])

    def point(self, key: str) -> None:
        """Put the cursor on a cell; nothing happens where there is none of that key."""
        if key not in self._cells:
            return
        before, self._cursor = self._cursor, key
        for each in (before, key):
            if each in self._cells:
                self._refresh_line_of(each)
        self._reveal()
        if before != key:
            self.post_message(self.Pointed(key))

    # --- painting ----------------------------------------------------------------------------

    def set_room(self, lines: int) -> None:
        """Take as many lines as the cells need, but no more than these."""
        if lines != self._room:
            self._room = lines
            self._refit()

    def _refit(self) -> None:
        width = self.scrollable_size.width
        if not width:
            return
        with_details = max(1, width // self._cell_width(has_details=True))
        self._has_details = self._lines(with_details) <= self._room
        self._across = max(1, width // self._cell_width(has_details=self._has_details))
        lines = self._lines(self._across)
        self.styles.height = max(1, min(lines, self._room))
        self.virtual_size = Size(1, lines)
        self._reveal()

    def _lines(self, across: int) -> int:
        return -(-len(self._keys) // across)

    def _name_width(self) -> int:
        return min(max((len(cell.name) for cell in self._cells.values()), default=1), LONGEST_NAME)

    def _detail_width(self) -> int:
        return max((len(cell.detail) for cell in self._cells.values()), default=0)

    def _cell_width(self, *, has_details: bool) -> int:
        detail = 1 + self._detail_width() if has_details else 0
        return _GUTTER + self._name_width() + detail + 1 + FIGURE + 1 + LETTERS + 1

    def _reveal(self) -> None:
        """Scroll by as little as brings the cursor into sight."""
        height = self.scrollable_size.height
        if self._cursor is None or not height:
            return
        row = self._keys.index(self._cursor) // self._across
        top = min(row, max(self.scroll_offset.y, row - height + 1))
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def _refresh_line_of(self, key: str) -> None:
        line = self._keys.index(key) // self._across - self.scroll_offset.y
        self.refresh(Region(0, line, self.size.width, 1))

    def on_resize(self) -> None:
        self._refit()
        self.refresh()

    def on_focus(self) -> None:
        self._palette = None

    def on_blur(self) -> None:
        self._palette = None

    def notify_style_update(self) -> None:
        """Paint everything anew after a change of theme or style."""
        super().notify_style_update()
        self._palette = None
        self.refresh()

    def _styles(self) -> Palette:
        if self._palette is None:
            self._palette = Palette(self.rich_style, self._component_style)
        return self._palette

    def _component_style(self, name: str) -> Style:
        style = self.get_component_rich_style(f"livegrid--{name}")
        if name in STATES:
            return Style(bgcolor=style.bgcolor, bold=style.bold or None)
        return style

    def render_line(self, y: int) -> Strip:
        """Return one line of cells."""
        width, palette = self.scrollable_size.width, self._styles()
        first = (y + self.scroll_offset.y) * self._across
        keys = self._keys[first : first + self._across]
        segments = [piece for key in keys for piece in self._cell(key, palette)]
        if not self._keys and y == 0:
            segments = [Segment(f" {self._placeholder}", palette.style("placeholder"))]
        return Strip(segments).adjust_cell_length(width, palette.style(Role.TEXT))

    def _cell(self, key: str, palette: Palette) -> Sequence[Segment]:
        cell = self._cells[key]
        is_cursor, is_marked = key == self._cursor, key in self._marks

        def piece(text: str, role: Role) -> Segment:
            style = palette.style(role, is_cursor=is_cursor, is_marked=is_marked)
            return Segment(text, style)

        gutter = (CURSOR if is_cursor else " ") + (MARK if is_marked else " ")
        name = set_cell_size(cell.name, self._name_width())
        pieces = [piece(gutter, Role.TEXT), piece(name, Role.STRONG)]
        if self._has_details:
            detail = set_cell_size(cell.detail, self._detail_width())
            pieces.append(piece(f" {detail}", Role.DIM))
        pieces.append(piece(cell.figure.text.rjust(FIGURE + 1) + " ", cell.figure.role))
        shown = cell.letters[:LETTERS]
        pieces += [piece(letter.text, letter.role) for letter in shown]
        pieces.append(piece(" " * (LETTERS - len(shown)), Role.TEXT))
        # The gap between cells belongs to none: the cursor's and the mark's colour end before it.
        pieces.append(Segment(" ", palette.style(Role.TEXT)))
        return pieces

    # --- mouse -------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Point at the cell under the mouse; twice opens it."""
        at = event.get_content_offset(self)
        column = -1 if at is None else at.x // self._cell_width(has_details=self._has_details)
        if at is None or column >= self._across:
            return
        place = (at.y + self.scroll_offset.y) * self._across + column
        if place < len(self._keys):
            self.point(self._keys[place])
            if event.chain == 2:
                self.post_message(self.Opened())
