"""Everything known of one thing: names and values, as plain text that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from swimdesk.views.plain import plain_text

Section: TypeAlias = tuple[str, Sequence[tuple[str, str]]]
"""A heading and the facts under it; a fact without a name is a line of its own."""


class Describe(ModalScreen[None]):
    """Facts in sections; Esc goes back."""

    DEFAULT_CSS = """
    Describe { align: center middle; }
    Describe > VerticalScroll {
        width: 100; max-width: 100%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Describe Static { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d,enter", "close", "close", show=False)
    ]

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Lay the facts out."""
        with VerticalScroll():
            yield Static(page(self._sections), markup=False)

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)


def page(sections: Sequence[Section]) -> Text:
    """Return the sections as text; values from outside lose what could steer the terminal."""
    text = Text()
    for heading, facts in sections:
        text.append(f"{plain_text(heading)}\n", "bold")
        widest = max((len(name) for name, _ in facts), default=0)
        for name, value in facts:
            text.append(f"  {name:<{widest}}  " if name else "  ", "dim")
            text.append(f"{plain_text(value)}\n")
    text.rstrip()
    return text
