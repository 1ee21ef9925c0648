"""The painted half of the live grid: columns, strips by row, flashes and the scroll position."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from swimdesk.console.widgets.cells import Row
from swimdesk.console.widgets.columns import GAP, Column, fit
from swimdesk.console.widgets.flash import FLASH_S, Flashes
from swimdesk.console.widgets.looks import COMPONENTS, GRID_CSS, STATES
from swimdesk.console.widgets.painting import (
    COLLAPSED,
    EXPANDED,
    LEAF,
    Look,
    Palette,
    header_strip,
    row_strip,
    window,
)
from swimdesk.console.widgets.picks import Picks
from swimdesk.console.widgets.rows import Rows

HEADER = 1
"""Lines above the first row."""
NO_MATCH = "Nothing matches the filter; Esc takes it away."
_SHORTEST_WAIT_S = 0.01


class GridSurface(ScrollView, can_focus=True, inherit_bindings=False):
    """Paint rows by key: one cached strip each, and only the lines that changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = GRID_CSS
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"livegrid--{name}" for name in COMPONENTS}

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        placeholder: str = "",
        flash: bool = True,
        clock: Callable[[], float] = time.monotonic,
        flash_s: float = FLASH_S,
        id: str | None = None,  # noqa: A002 - the name every widget has for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.placeholder = placeholder
        self.strips_built = 0
        """How many rows were painted anew since the start, for tests and measurements."""
        self._rows = Rows()
        self._picks = Picks(self._rows)
        self._is_flashing_on = flash
        self._flashes = Flashes(clock, flash_s)
        self._flash_timer: Timer | None = None
        self._lines: list[str] = []
        self._places: dict[str, int] = {}
        self._chosen: tuple[int, ...] | None = None
        self._drops_columns = True
        self._fit = fit(self.columns, 0)
        self._fitted_to: int | None = 0
        self._strips: dict[str, Strip] = {}
        self._header: Strip | None = None
        self._palette: Palette | None = None
        self._was_tree = False

    @property
    def page_lines(self) -> int:
        """Return how many rows fit under the header."""
        return max(0, self.scrollable_size.height - HEADER)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """Return the keys of the columns there is room for, from left to right."""
        return tuple(slot.column.key for slot in self._fit.slots)

    @property
    def is_flashing(self) -> bool:
        """Tell whether changed cells are still to come to rest; no timer runs while none are."""
        return self._flash_timer is not None

    def show_columns(self, keys: Sequence[str] | None = None) -> None:
        """Show only these columns, in this order; None for all as declared."""
        places = {column.key: place for place, column in enumerate(self.columns)}
        self._chosen = None if keys is None else tuple(places[key] for key in keys)
        self._refit()

    def drop_columns(self, is_on: bool) -> None:
        """Drop columns where the width is short, or keep all and let them be scrolled sideways."""
        self._drops_columns = is_on
        self._refit()

    def scroll_columns(self, by: int) -> None:
        """Scroll sideways by whole columns, behind those that stay."""
        starts = [slot.start - GAP - self._fit.sticky_width for slot in self._fit.slots]
        starts = [start for start in starts if start >= 0] or [0]
        now = sum(start <= self.scroll_offset.x for start in starts) - 1
        x = starts[max(0, min(len(starts) - 1, now + by))]
        self.scroll_to(x=min(x, self.max_scroll_x), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Return a line of the widget: the header, a row, or nothing."""
        width = self.scrollable_size.width
        self._fit_to(width)
        palette = self._styles()
        if y < HEADER:
            strip, rest = self._header_strip(palette), palette.style("header")
        else:
            key = self._key_at_line(y)
            if key is None:
                return self._blank_line(y, width, palette)
            strip = self._strips.get(key) or self._build(key, palette)
            rest = self._state_style(key, palette)
        return window(strip, self._fit, self.scroll_offset.x, width, rest)

    def notify_style_update(self) -> None:
        """Paint everything anew after a change of theme or style."""
        super().notify_style_update()
        self._forget_paint()

    def on_resize(self) -> None:
        self._refit()

    def watch_show_horizontal_scrollbar(self) -> None:
        """Keep the cursor in sight: a scrollbar takes its line from the rows."""
        self._refit()

    def on_focus(self) -> None:
        self._repaint_cursor()

    def on_blur(self) -> None:
        self._repaint_cursor()

    def _repaint_cursor(self) -> None:
        self._palette = None
        if self._picks.cursor is not None:
            self._repaint(self._picks.cursor)

    def _key_at_line(self, y: int) -> str | None:
        """Return the row on a line of the widget; rows that went before the next frame are none."""
        place = y - HEADER + self.scroll_offset.y
        if y < HEADER or place >= len(self._lines):
            return None
        key = self._lines[place]
        return key if key in self._rows else None

    def _line_of(self, key: str | None) -> int | None:
        """Return the line of the widget a row is seen on, None where it is not."""
        # By what is painted: to ask the rows would sort them anew after every change.
        place = None if key is None else self._places.get(key)
        if place is None:
            return None
        line = place - self.scroll_offset.y
        return line + HEADER if 0 <= line < self.page_lines else None

    def _repaint(self, key: str) -> None:
        self._strips.pop(key, None)
        line = self._line_of(key)
        if line is not None:
            self._refresh_line_at(line)

    def _refresh_line_at(self, y: int) -> None:
        self.refresh(Region(0, y, self.scrollable_size.width, 1))

    def _repaint_header(self) -> None:
        self._header = None
        self._refresh_line_at(0)

    def _forget_paint(self) -> None:
        self._strips.clear()
        self._header = self._palette = None
        self.refresh()

    def _refit(self) -> None:
        if not self.scrollable_size:
            return  # hidden, or not laid out yet: nothing to fit to
        self._fitted_to = None
        self._fit_to(self.scrollable_size.width)
        self._resize_content()
        self._reveal_cursor()

    def _fit_to(self, width: int) -> None:
        # While painting too: a frame in a new size comes before the news of that size.
        if width == self._fitted_to:
            return
        self._fitted_to = width
        now = fit(self.columns, width, chosen=self._chosen, drop=self._drops_columns)
        if now != self._fit:
            self._fit = now
            self._forget_paint()

    def _resize_content(self) -> None:
        # What fits is given no width at all: else a scrollbar at the side would bring one below.
        width = self._fit.width if self._fit.width > self.scrollable_size.width else 1
        self.virtual_size = Size(width, HEADER + len(self._lines))

    def _show_lines(self, lines: list[str]) -> None:
        """Take a new order of rows and paint the lines of the page that hold another row."""
        before, self._lines = self._lines, lines
        self._places = {key: place for place, key in enumerate(lines)}
        if self._rows.is_tree != self._was_tree:
            self._was_tree = self._rows.is_tree
            self._forget_paint()
        if len(before) != len(lines):
            self._resize_content()
        if not before or not lines:
            self.refresh()
        first = self.scroll_offset.y
        for line in range(self.page_lines):
            place = first + line
            if before[place : place + 1] != lines[place : place + 1]:
                self._refresh_line_at(line + HEADER)

    def _scroll_to_line(self, y: int) -> None:
        # By force: the scrollbar that allows it comes only with the frame after the rows.
        y = max(0, min(y, self.max_scroll_y))
        if y != self.scroll_offset.y:
            self.scroll_to(y=y, animate=False, force=True)

    def _reveal_cursor(self) -> None:
        """Scroll by as little as brings the cursor into sight."""
        place = self._places.get(self._picks.cursor or "")
        if place is not None and self.page_lines:
            last = max(0, place - self.page_lines + 1)
            self._scroll_to_line(min(place, max(self.scroll_offset.y, last)))

    def _note_change(self, key: str, before: Row, now: Row) -> None:
        """Let the changed cells of a row that is seen flash, and see that they come to rest."""
        if not self._is_flashing_on or self._line_of(key) is None:
            return
        signs_for = [not column.is_calm for column in self.columns]
        self._flashes.note(key, before, now, signs_for)
        self._await_rest()

    def _await_rest(self) -> None:
        wait_s = self._flashes.wait_s()
        if wait_s is not None and self._flash_timer is None and self.is_mounted:
            self._flash_timer = self.set_timer(
                max(wait_s, _SHORTEST_WAIT_S), self._let_rest, name="flash"
            )

    def _let_rest(self) -> None:
        self._flash_timer = None
        for key in self._flashes.rest():
            self._repaint(key)
        self._await_rest()

    def _styles(self) -> Palette:
        if self._palette is None:
            self._palette = Palette(self.rich_style, self._component_style)
        return self._palette

    def _component_style(self, name: str) -> Style:
        if name == "cursor" and not self.has_focus:
            name = "cursor-blurred"
        style = self.get_component_rich_style(f"livegrid--{name}")
        if name in STATES:
            # A state lies behind the text: the colours that carry a meaning stay.
            return Style(bgcolor=style.bgcolor, bold=style.bold or None)
        return style

    def _state_style(self, key: str, palette: Palette) -> Style:
        is_cursor, is_marked = key == self._picks.cursor, self._picks.is_marked(key)
        return palette.style("text", is_cursor=is_cursor, is_marked=is_marked)

    def _header_strip(self, palette: Palette) -> Strip:
        if self._header is None:
            sort = self._rows.sort
            self._header = header_strip(
                self._fit,
                palette,
                sort.index if sort else None,
                is_descending=bool(sort and sort.is_descending),
            )
        return self._header

    def _build(self, key: str, palette: Palette) -> Strip:
        rows = self._rows
        tree = ""
        if self._was_tree:
            opened = EXPANDED if rows.is_expanded(key) else COLLAPSED
            tree = opened if rows.is_expandable(key) else LEAF
        look = Look(
            is_cursor=key == self._picks.cursor,
            is_marked=self._picks.is_marked(key),
            indent=rows.depth(key),
            tree=tree,
            signs=self._flashes.signs(key),
        )
        strip = self._strips[key] = row_strip(rows[key], self._fit, look, palette)
        self.strips_built += 1
        return strip

    def _blank_line(self, y: int, width: int, palette: Palette) -> Strip:
        if self._lines or y != HEADER:
            return Strip.blank(width, palette.style("text"))
        text = NO_MATCH if len(self._rows) else self.placeholder
        style = palette.style("placeholder")
        return Strip([Segment(set_cell_size(f"   {text}", width), style)], width)
