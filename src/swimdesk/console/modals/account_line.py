"""One account's part of a plan: its order, its figures, every reason against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from swimdesk.console.formats import hanging

WIDTH = 68

Facts = Sequence[tuple[str, str]]


class AccountLine(ModalScreen[None]):
    """A page to read; any of the usual keys closes it."""

    DEFAULT_CSS = """
    AccountLine { align: center middle; }
    AccountLine > VerticalScroll {
        width: 74; max-width: 100%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    AccountLine Static { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,space", "close", "close", show=False)
    ]

    def __init__(self, title: str, groups: Sequence[Facts]) -> None:
        super().__init__()
        self._title = title
        self._groups = groups

    def compose(self) -> ComposeResult:
        """Lay the page out."""
        with VerticalScroll():
            yield Static(page(self._title, self._groups), markup=False)

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)


def page(title: str, groups: Sequence[Facts]) -> Text:
    """Return groups of facts, each wrapped under itself."""
    text = Text(title, "bold")
    for facts in groups:
        text.append("\n" if facts else "")
        widest = max((len(name) for name, _ in facts), default=0)
        for name, value in facts:
            for row, part in enumerate(hanging(value, WIDTH - widest - 3)):
                text.append(f"\n {'' if row else name:<{widest}}  ", "bold")
                text.append(part)
    return text
