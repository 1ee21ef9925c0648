"""Everything known of one thing: names and values, as plain text that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from rich.console import Group
from rich.table import Table
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


def page(sections: Sequence[Section]) -> Group:
    """Return the sections as text; values from outside lose what could steer the terminal."""
    parts: list[Text | Table] = []
    for heading, facts in sections:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(Text(f"  {name}", "dim"), Text(plain_text(value)))
        parts += [Text(plain_text(heading), "bold"), table]
    return Group(*parts)
