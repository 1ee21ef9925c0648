"""Lines made of texts with the part they play, and the widget that paints them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Final, TypeAlias

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.color import Color
from textual.geometry import Size
from textual.widget import Widget

from swimdesk.console.widgets.cells import Role
from swimdesk.views.plain import plain_text

Span: TypeAlias = tuple[str, Role]
"""A text, never parsed as markup, and the part it plays."""

Line: TypeAlias = list[Span]

_COLOURS: Final = {
    Role.DIM: "dim",
    Role.GAIN: "gain",
    Role.LOSS: "loss",
    Role.WARN: "warning",
    Role.DANGER: "error",
    Role.ACCENT: "accent",
    Role.DOUBT: "doubt",
}
_BOLD: Final = frozenset({Role.STRONG, Role.DANGER, Role.DOUBT})


def width_of(line: Sequence[Span]) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def filled(line: Line, width: int) -> Line:
    """Return the line with blanks behind it up to a width."""
    return [*line, (" " * max(width - width_of(line), 0), Role.TEXT)]


def apart(left: Line, right: Line, width: int) -> Line:
    """Return two lines as one, the second at the right edge."""
    return [*filled(left, width - width_of(right)), *right]


def beside(blocks: Sequence[Sequence[Line]], widths: Sequence[int], gap: int = 3) -> list[Line]:
    """Return blocks of lines next to each other; the last one needs no width."""
    lines = []
    for row in zip_longest(*blocks, fillvalue=[]):
        line: Line = []
        for part, width in zip(row[:-1], widths, strict=True):
            line += [*filled(part, width), (" " * gap, Role.TEXT)]
        lines.append([*line, *row[-1]])
    return lines


def flowing(parts: Sequence[Line], width: int, gap: int = 3, margin: int = 1) -> list[Line]:
    """Return parts behind each other, on as many lines as they need; no part is broken."""
    lines: list[Line] = []
    for part in parts:
        if lines and width_of(lines[-1]) + gap + width_of(part) <= width:
            lines[-1] += [(" " * gap, Role.TEXT), *part]
        else:
            lines.append([(" " * margin, Role.TEXT), *part])
    return lines


class SpanView(Widget):
    """Lines of spans, asked for anew whenever they are painted; too long ones are cut."""

    DEFAULT_CSS = "SpanView { height: auto; }"

    def __init__(
        self, lines: Callable[[Size], Sequence[Line]], *, classes: str | None = None
    ) -> None:
        super().__init__(classes=classes)
        self._ask = lines
        self._height = 0

    def show(self) -> None:
        """Paint the lines anew; their number may be another one."""
        if not self.is_mounted:
            return
        height = len(self._ask(self.size))
        self.refresh(layout=height != self._height)
        self._height = height

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are at a width."""
        del viewport
        self._height = len(self._ask(Size(width, container.height)))
        return self._height

    def render(self) -> RenderResult:
        """Draw the lines."""
        # What does not fit is cut: a line that wrapped would push the others down.
        width = max(self.size.width, 1)
        lines = []
        for line in self._ask(self.size):
            text = Text(end="")
            for part, role in line:
                text.append(plain_text(part), self._style(role))
            text.truncate(width, overflow="ellipsis")
            lines.append(text)
        return Text("\n", end="").join(lines)

    def _style(self, role: Role) -> Style:
        name = _COLOURS.get(role)
        colour = Color.parse(self.app.theme_variables[name]).rich_color if name else None
        return Style(color=colour, bold=role in _BOLD, reverse=role is Role.DOUBT)
