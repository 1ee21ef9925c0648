"""All keys of a screen and what the words mean."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from swimdesk.console.actions import Context, actions_of
from swimdesk.console.keymap import shown

WORDS: Final = (
    ("denied", "our own checks said no; nothing was sent"),
    ("refused", "the broker said no at once"),
    ("rejected", "the broker took the order and said no later"),
    ("in doubt", "sent, and nobody knows yet: reads decide, nothing is sent again"),
    ("working", "the broker has the order and it can fill"),
    ("skipped", "the sizing gave this account nothing"),
    ("dispersion", "spread of fill prices over accounts, in basis points"),
    ("skew", "time between the first and the last request of a broadcast"),
)
"""Words of the field as this desk uses them."""


class Help(ModalScreen[None]):
    """A page made from the registry of actions."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll {
        width: 78; max-width: 100%; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "close", show=False)
    ]

    def __init__(self, contexts: tuple[Context, ...]) -> None:
        super().__init__()
        self._contexts = contexts

    def compose(self) -> ComposeResult:
        """Lay the page out."""
        with VerticalScroll():
            yield Static(page(self._contexts), markup=False)

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)


def page(contexts: tuple[Context, ...]) -> Text:
    """Return the help of a screen: its own keys, the lists', the global ones, the words."""
    text = Text()
    for context in (*contexts, Context.GLOBAL):
        ones = actions_of(context)
        if ones:
            text.append(f"{context.value.upper()}\n", "bold")
        for one in ones:
            keys = " ".join(shown(key) for key in one.keys)
            text.append(f"  {keys:<12} ", "bold")
            text.append(f"{one.typed:<9} ", "dim")
            text.append(f"{one.help}\n")
    text.append("WORDS\n", "bold")
    for word, meaning in WORDS:
        text.append(f"  {word:<12} ", "bold")
        text.append(f"{meaning}\n")
    return text
