"""The figures of one broadcast, under the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.widget import Widget

from swimdesk.console.blotter.figures import answers, figures, histogram, tally
from swimdesk.console.formats import clock, ending
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shortorder import short_order
from swimdesk.console.widgets.lines import style_of
from swimdesk.views.models import BroadcastRow, BroadcastView

WIDE: Final = 100
"""From so many columns on the broker's times are drawn as well."""


class Foot(Widget):
    """What the broadcast under the cursor adds up to: counts, prices, times."""

    DEFAULT_CSS = "Foot { height: 4; background: $panel; }"

    def __init__(self, read: Callable[[], BroadcastView | BroadcastRow | None]) -> None:
        super().__init__()
        self._read = read

    def on_resize(self, event: events.Resize) -> None:
        """Take a line more where there is room for the broker's times."""
        self.styles.height = 5 if event.size.width >= WIDE else 4

    def render(self) -> RenderResult:
        """Draw the lines, each cut at the edge."""
        view = self._read()
        width = self.size.width
        dim = style_of(self, Tone.DIM)
        styles = (Style(bold=True), Style(), dim, dim, dim)
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        for number, line in enumerate(_lines(view, width) if view else ()):
            shown = Text(f" {line}", styles[number])
            shown.truncate(max(width, 1), overflow="ellipsis")
            text.append("\n" if number else "")
            text.append_text(shown)
        return text


def _lines(view: BroadcastView | BroadcastRow, width: int) -> list[str]:
    order = short_order(view.order, view.created.year).whole
    head = f"{clock(view.created)} …{ending(view.broadcast)}  {order}"
    if isinstance(view, BroadcastRow):
        return [head, tally(view)]
    room = width - 2
    lines = [head, tally(view), figures(view, room), answers(view, room)]
    return [*lines, histogram(view, room)] if width >= WIDE else lines
