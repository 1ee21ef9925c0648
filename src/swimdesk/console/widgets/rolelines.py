"""A few lines of plain text, each part in the colour of the part it plays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.color import Color
from textual.geometry import Size
from textual.widget import Widget

from swimdesk.console.widgets.cells import Role
from swimdesk.views.plain import plain_text

RoleLine = Sequence[tuple[str, Role]]

_COLOURS = {
    Role.GAIN: "gain",
    Role.LOSS: "loss",
    Role.WARN: "warning",
    Role.DANGER: "error",
    Role.ACCENT: "accent",
    Role.DOUBT: "doubt",
    Role.DIM: "dim",
}
_BOLD = frozenset({Role.STRONG, Role.DANGER, Role.DOUBT})


class RoleLines(Widget):
    """As many lines as it was given; what does not fit is cut with an ellipsis."""

    DEFAULT_CSS = "RoleLines { height: auto; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name every widget has
        super().__init__(id=id)
        self._lines: tuple[RoleLine, ...] = ()

    def put(self, lines: Iterable[RoleLine]) -> None:
        """Show other lines."""
        now = tuple(tuple(line) for line in lines)
        if now != self._lines:
            has_moved = len(now) != len(self._lines)
            self._lines = now
            self.refresh(layout=has_moved)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def render(self) -> RenderResult:
        """Draw the lines for the width there is."""
        page = Text(no_wrap=True, overflow="crop", end="")
        for number, pieces in enumerate(self._lines[: self.size.height]):
            line = Text(no_wrap=True, end="")
            for text, role in pieces:
                line.append(plain_text(text), self._style(role))
            line.truncate(max(self.size.width, 1), overflow="ellipsis")
            page.append("\n" if number else "")
            page.append_text(line)
        return page

    def _style(self, role: Role) -> Style:
        name = _COLOURS.get(role)
        is_bold = role in _BOLD or None
        if name is None:
            return Style(bold=is_bold)
        return Style(color=Color.parse(self.app.theme_variables[name]).rich_color, bold=is_bold)
