"""A few lines of plain text, each part in the tone of what it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from swimdesk.console.standing import Tone
from swimdesk.console.widgets.lines import style_of
from swimdesk.views.plain import plain_text

Span = tuple[str, Tone]
TextLine = Sequence[Span]


class Paragraph(Widget):
    """Shows lines that are asked for whenever it is painted; what does not fit is cut."""

    DEFAULT_CSS = "Paragraph { height: 1; }"

    def __init__(self, read: Callable[[int], Sequence[TextLine]], height: int) -> None:
        super().__init__()
        self._read = read
        self.styles.height = height

    def render(self) -> RenderResult:
        """Draw the lines for the width there is."""
        width = max(self.size.width, 1)
        page = Text(no_wrap=True, overflow="crop", end="")
        for number, line in enumerate(self._read(width)[: self.size.height]):
            text = Text(no_wrap=True, end="")
            for part, tone in line:
                text.append(plain_text(part), style_of(self, tone))
            text.truncate(width, overflow="ellipsis")
            page.append("\n" if number else "")
            page.append_text(text)
        return page
