"""The one-line parts of the frame: status above, messages and hints below."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.color import Color
from textual.geometry import Size
from textual.widget import Widget

from swimdesk.console.shell.standing import Piece, Tone, fit

_REVERSED = frozenset({Tone.LIVE, Tone.PAPER, Tone.HALTED})
_VARIABLES = {
    Tone.LIVE: "live",
    Tone.PAPER: "paper",
    Tone.HALTED: "halted",
    Tone.ARMED: "armed",
    Tone.DOUBT: "doubt",
    Tone.DANGER: "error",
    Tone.WARN: "warning",
    Tone.DIM: "dim",
}
_BOLD = frozenset({Tone.LIVE, Tone.PAPER, Tone.HALTED, Tone.ARMED, Tone.DOUBT, Tone.DANGER})


_LIVE_BAND = "-live"
"""The class of a line that is a red band from edge to edge, because orders are real."""


def style_of(widget: Widget, tone: Tone) -> Style:
    """Return the style that the theme gives to a tone."""
    if widget.has_class(_LIVE_BAND):
        return _on_live(widget, tone)
    name = _VARIABLES.get(tone)
    if name is None:
        return Style()
    colour = Color.parse(widget.app.theme_variables[name])
    if tone in _REVERSED:
        return Style(
            color=colour.get_contrast_text(1.0).rich_color, bgcolor=colour.rich_color, bold=True
        )
    return Style(color=colour.rich_color, bold=tone in _BOLD)


def _on_live(widget: Widget, tone: Tone) -> Style:
    """Return a style that is read on the live band: what matters is turned round."""
    band = Color.parse(widget.app.theme_variables["live"])
    ink = band.get_contrast_text(1.0)
    if tone in (Tone.PLAIN, Tone.DIM):
        return Style(color=ink.rich_color, bold=tone is Tone.PLAIN)
    return Style(color=band.rich_color, bgcolor=ink.rich_color, bold=True)


class PieceLine(Widget):
    """A line of pieces: as many as fit, the last one at the right."""

    def __init__(self, read: Callable[[], Sequence[Piece]]) -> None:
        super().__init__()
        self._read = read

    def render(self) -> RenderResult:
        """Draw the pieces that fit, the last one at the right."""
        width = self.size.width
        parts = fit(self._read(), width)
        line = Text(no_wrap=True, overflow="crop", end="")
        for number, piece in enumerate(parts):
            if number and number == len(parts) - 1:
                used = line.cell_len + len(piece.text)
                line.append(" " * max(width - used, 1))
            elif number:
                line.append("  ")
            line.append(piece.text, style_of(self, piece.tone))
        return line


class StatusLine(PieceLine):
    """What decides whether it is safe to act, always in sight."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; }
    StatusLine.-live { background: $live; }
    """


class MarketLine(PieceLine):
    """A few indices, and what all accounts are worth; only where there is room."""

    DEFAULT_CSS = "MarketLine { height: 1; background: $surface; }"


_MESSAGE_LINES = 2


class MessageLine(Widget):
    """The last thing that was said to the operator."""

    DEFAULT_CSS = "MessageLine { height: auto; max-height: 2; }"

    def __init__(self, more: Callable[[], str]) -> None:
        super().__init__()
        self.more = more
        """What stands behind a message that is cut: the key that shows all of it."""
        self.text = ""
        self.tone = Tone.DIM

    def say(self, text: str, tone: Tone) -> None:
        """Show another message."""
        self.text, self.tone = text, tone
        lines = min(len(self._rows(self.size.width)), _MESSAGE_LINES)
        self.refresh(layout=lines != self.size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return two where one line does not hold what has to be read."""
        return min(len(self._rows(width)), _MESSAGE_LINES)

    def _rows(self, width: int) -> list[str]:
        room = max(width - 1, 1)
        if self.tone is Tone.DIM or cell_len(self.text) <= room:
            return [self.text]
        return textwrap.wrap(self.text, room) or [""]

    def render(self) -> RenderResult:
        """Draw the message as plain text; where it is cut, say how the whole is read."""
        style, width = style_of(self, self.tone), max(self.size.width, 1)
        rows = self._rows(width)
        shown, rest = rows[: max(self.size.height, 1)], rows[max(self.size.height, 1) :]
        page = Text(no_wrap=True, end="")
        for row in shown[:-1]:
            page.append(f" {row}\n", style)
        more = self.more() if rest else ""
        last = shown[-1] if not rest else _at_a_word(shown[-1], width - len(more) - 1)
        line = Text(f" {last}", style, no_wrap=True, end="")
        line.truncate(max(width - len(more), 1), overflow="ellipsis")
        line.append(more, style_of(self, Tone.PLAIN))
        page.append_text(line)
        return page


def _at_a_word(text: str, room: int) -> str:
    """Return as many whole words as fit with the mark that others follow."""
    return textwrap.wrap(text, max(room - 2, 1))[0] + " …"


Hint = tuple[str, str, str, bool]
"""Id of an action, its key, its title, whether it can be done now."""


def _width(hint: Hint) -> int:
    return len(hint[1]) + 1 + len(hint[2])


class Hints(Widget):
    """The keys that matter now, most important first; a click on one is its key."""

    DEFAULT_CSS = """
    Hints { height: 1; background: $panel; }
    Hints.-live { background: $live; }
    """

    def __init__(self, read: Callable[[], Sequence[Hint]], do: Callable[[str], None]) -> None:
        super().__init__()
        self._read = read
        self._do = do
        self._spans: list[tuple[int, int, str]] = []

    def render(self) -> RenderResult:
        """Draw as many hints as fit, the last one always and at the right; dim ones cannot act."""
        hints = list(self._read())
        last = hints.pop() if hints else None
        room = self.size.width - (_width(last) + 3 if last else 0)
        line = Text(" ", no_wrap=True, overflow="crop", end="")
        self._spans = []
        for hint in hints:
            if line.cell_len + _width(hint) <= room:
                self._append(line, hint)
                line.append("  ")
        if last:
            line.append(" " * max(self.size.width - _width(last) - 1 - line.cell_len, 0))
            self._append(line, last)
        return line

    def _append(self, line: Text, hint: Hint) -> None:
        action_id, key, title, is_possible = hint
        style = style_of(self, Tone.PLAIN if is_possible else Tone.DIM)
        start = line.cell_len
        line.append(key, style + Style(bold=True) if is_possible else style)
        line.append(f" {title}", style)
        self._spans.append((start, line.cell_len, action_id))

    def on_click(self, event: events.Click) -> None:
        """Do what the hint under the mouse says."""
        for start, end, action_id in self._spans:
            if start <= event.x < end:
                self._do(action_id)
