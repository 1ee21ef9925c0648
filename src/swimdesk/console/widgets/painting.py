"""Rows as strips: texts cut and aligned to their columns, styles by role and state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from swimdesk.console.widgets.cells import Cell, Role, Row, number_in
from swimdesk.console.widgets.columns import GUTTER, Column, Fit
from swimdesk.console.widgets.flash import Signs

CURSOR, MARK, ASCENDING, DESCENDING = ">", "*", "▲", "▼"
COLLAPSED, EXPANDED, LEAF = "▸ ", "▾ ", "  "
CUT = "…"
_NO_ROOM = "#"
_FLASH = Style(bold=True, reverse=True)


def fitted(text: str, width: int, column: Column) -> str:
    """Return the text in exactly ``width`` terminal cells, aligned as its column is.

    A figure that does not fit is never shown in part, it could be read as another one: ``###``.
    """
    if column.align == "decimal":
        text += " " * max(0, column.decimals + bool(column.decimals) - _behind_the_digits(text))
    cells = cell_len(text)
    if cells > width:
        text = text.rstrip()
        cells = cell_len(text)
    if cells <= width:
        pad = " " * (width - cells)
        return text + pad if column.align == "left" else pad + text
    if number_in(text) is not None:
        return _NO_ROOM * width
    return set_cell_size(set_cell_size(text, max(0, width - 1)).rstrip() + CUT, width)


def _behind_the_digits(text: str) -> int:
    """Return how many characters stand from the point, or from behind the last digit."""
    point = text.rfind(".")
    if point < 0:
        digits = [place for place, char in enumerate(text) if char.isdigit()]
        point = digits[-1] + 1 if digits else len(text)
    return len(text) - point


@dataclass(frozen=True, slots=True)
class Look:
    """How a row is painted beside its cells."""

    is_cursor: bool = False
    is_marked: bool = False
    indent: int = 0
    tree: str = ""
    """The sign before the first text in a tree: ``COLLAPSED``, ``EXPANDED`` or ``LEAF``."""
    signs: Signs = field(default_factory=dict)


class Palette:
    """Styles by role and state, each combined once; made anew when the theme changes."""

    def __init__(self, base: Style, component: Callable[[str], Style]) -> None:
        self._base = base
        self._component = component
        self._styles: dict[tuple[Role | str, bool, bool, bool], Style] = {}

    def style(
        self,
        role: Role | str,
        *,
        is_cursor: bool = False,
        is_marked: bool = False,
        is_flashing: bool = False,
    ) -> Style:
        """Return the style of a text; the state lies over its role."""
        key = (role, is_cursor, is_marked, is_flashing)
        style = self._styles.get(key)
        if style is None:
            style = self._base + self._component(str(role))
            for name, is_on in (("mark", is_marked), ("cursor", is_cursor)):
                style = style + self._component(name) if is_on else style
            style = style + _FLASH if is_flashing else style
            self._styles[key] = style
        return style


def row_strip(row: Row, fit: Fit, look: Look, palette: Palette) -> Strip:
    """Return a row over the whole width of its columns."""

    def style(role: Role, *, is_flashing: bool = False) -> Style:
        return palette.style(
            role,
            is_cursor=look.is_cursor,
            is_marked=look.is_marked,
            is_flashing=is_flashing,
        )

    rest = style(Role.TEXT)
    gutter = (CURSOR if look.is_cursor else " ") + (MARK if look.is_marked else " ")
    pieces = [(gutter, rest)]
    for place, slot in enumerate(fit.slots):
        cell = row[slot.index] if slot.index < len(row) else Cell("")
        sign = look.signs.get(slot.index)
        lead = " " * (2 * look.indent) + look.tree if place == 0 else ""
        text = lead + fitted(cell.text, max(0, slot.width - cell_len(lead)), slot.column)
        pieces.append((sign or " ", style(cell.role) if sign else rest))
        pieces.append((set_cell_size(text, slot.width), style(cell.role, is_flashing=bool(sign))))
    return _strip(pieces, fit.width)


def header_strip(
    fit: Fit, palette: Palette, sorted_by: int | None, *, is_descending: bool
) -> Strip:
    """Return the titles, the one sorted by with its direction."""
    style = palette.style("header")
    text = " " * GUTTER
    for slot in fit.slots:
        title = slot.column.title
        if slot.index == sorted_by:
            sign = DESCENDING if is_descending else ASCENDING
            title = set_cell_size(title, min(cell_len(title), max(0, slot.width - 1))) + sign
        cells = min(cell_len(title), slot.width)
        pad = " " * (slot.width - cells)
        title = set_cell_size(title, cells)
        text += " " + (title + pad if slot.column.align == "left" else pad + title)
    return _strip([(text, style)], fit.width)


def window(strip: Strip, fit: Fit, scroll_x: int, width: int, rest: Style) -> Strip:
    """Return what is seen of a row: the sticky columns, then the rest from ``scroll_x``.

    A column at an edge that is seen in part only is a mark: part of a figure is another figure.
    """
    if scroll_x:
        sticky = strip.crop(0, fit.sticky_width)
        strip = Strip.join((sticky, strip.crop(fit.sticky_width + scroll_x)))
    strip = strip.adjust_cell_length(width, rest)
    if fit.width <= width:
        return strip
    for slot in fit.slots:
        is_sticky = slot.start < fit.sticky_width
        start = slot.start - (0 if is_sticky else scroll_x)
        first = start if is_sticky else max(start, fit.sticky_width)
        last = min(start + slot.width, width)
        if first < last and last - first < slot.width:
            strip = _cut(strip, first, last, rest, is_left=first > start)
    return strip


def _cut(strip: Strip, first: int, last: int, rest: Style, *, is_left: bool) -> Strip:
    """Put a mark at the edge in place of the part of a column that is seen."""
    gap = " " * (last - first - 1)
    mark = Segment(CUT + gap if is_left else gap + CUT, rest)
    return Strip.join((strip.crop(0, first), Strip([mark], last - first), strip.crop(last)))


def _strip(pieces: Iterable[tuple[str, Style]], width: int) -> Strip:
    """Join neighbours of one style: what the terminal gets grows with the number of segments."""
    segments: list[Segment] = []
    text, style = "", Style.null()
    for piece, its_style in pieces:
        if its_style is style or not text:
            text, style = text + piece, its_style
        else:
            segments.append(Segment(text, style))
            text, style = piece, its_style
    segments.append(Segment(text, style))
    return Strip(segments, width)
