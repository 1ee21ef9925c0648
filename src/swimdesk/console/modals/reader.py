"""A page to be read above the screen: help, alarms, messages, what a line would do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

WIDEST: Final = 110
_AROUND: Final = 6
"""Columns that border, padding and scroll bar take."""

Page = Callable[[int], Text]
"""Makes the text for so many columns."""


class Reader(ModalScreen[None]):
    """Shows a page until it is closed; changes nothing."""

    DEFAULT_CSS = """
    Reader { align: center middle; }
    Reader > VerticalScroll {
        width: 100%; max-width: 110; height: auto; max-height: 100%; margin-top: 1;
        border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $dim;
        scrollbar-size-vertical: 1;
    }
    Reader Static { width: 100%; height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "close", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("space,pagedown", "page(1)", "page down", show=False),
        Binding("b,pageup", "page(-1)", "page up", show=False),
        Binding("g,home", "end(-1)", "top", show=False),
        Binding("G,end", "end(1)", "bottom", show=False),
    ]

    def __init__(self, title: str, page: Page) -> None:
        super().__init__()
        self._heading = title
        self._page = page

    def compose(self) -> ComposeResult:
        """Lay the page out."""
        with VerticalScroll() as scroll:
            scroll.border_title = Text(self._heading)
            scroll.border_subtitle = Text("j k scroll   Esc closes")
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Write the page and give it the keys."""
        self._write(self.app.size.width)
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Write the page anew for another width."""
        self._write(self.app.size.width)

    def _write(self, columns: int) -> None:
        self.query_one(Static).update(self._page(min(columns, WIDEST) - _AROUND))

    def action_scroll(self, lines: int) -> None:
        """Go some lines down or up."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Go a page down or up."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * (scroll.size.height - 1), animate=False)

    def action_end(self, direction: int) -> None:
        """Go to the end or the beginning."""
        scroll = self.query_one(VerticalScroll)
        if direction > 0:
            scroll.scroll_end(animate=False)
        else:
            scroll.scroll_home(animate=False)

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)


def paragraph(text: Text, heads: Sequence[tuple[str, int, str]], body: str, width: int) -> None:
    """Append words in columns of their own, then a text that wraps beside them.

    ``heads`` are words, columns and styles.
    """
    used = sum(columns for _, columns, _ in heads)
    lines = textwrap.wrap(body, max(width - used, 20)) or [""]
    for word, columns, style in heads:
        text.append(f"{word:<{columns - 1}} ", style)
    text.append(f"{lines[0]}\n")
    for line in lines[1:]:
        text.append(f"{' ' * used}{line}\n")


def facts(pairs: Sequence[tuple[str, str]]) -> Page:
    """Return a page of names and values, the values in one column."""
    widest = max((len(name) for name, _ in pairs), default=0) + 2

    def page(width: int) -> Text:
        text = Text()
        for name, value in pairs:
            paragraph(text, [(name, widest, "bold")], value, width)
        text.rstrip()
        return text

    return page
