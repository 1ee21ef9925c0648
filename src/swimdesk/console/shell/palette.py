"""The palette: every action by its name or its typed word, with its key and what hinders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

_WIDEST: Final = 110
_AROUND: Final = 5
"""Columns that border, padding and scroll bar take."""
_TITLE: Final = 20
_KEYS: Final = 9
_TYPED: Final = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """An action as the palette shows it; ``hindered`` is why it cannot be done now."""

    action_id: str
    title: str
    keys: str
    typed: str
    help: str
    hindered: str | None


def ranked(entries: Sequence[Entry], query: str) -> list[Entry]:
    """Return the entries whose name or typed word is like the query, the likest first."""
    if not query.strip():
        return list(entries)
    matcher = Matcher(query.strip())
    scored = [(max(matcher.match(e.title), matcher.match(e.typed)), e) for e in entries]
    return [e for score, e in sorted(scored, key=lambda one: -one[0]) if score > 0]


class Palette(ModalScreen[str]):
    """Gives the id of the chosen action, empty for none."""

    DEFAULT_CSS = """
    Palette { align: center top; }
    Palette > Vertical {
        width: 100%; max-width: 110; height: auto; max-height: 100%; margin-top: 1;
        border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $dim;
    }
    Palette Input, Palette Input:focus { border: none; height: 1; padding: 0; }
    Palette OptionList, Palette OptionList:focus {
        border: none; height: auto; max-height: 18; padding: 0; background: $surface;
        scrollbar-size-vertical: 1;
    }
    Palette OptionList > .option-list--option-highlighted { text-style: reverse; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False),
        Binding("down,ctrl+n", "go(1)", "next", show=False),
        Binding("up,ctrl+p", "go(-1)", "previous", show=False),
        Binding("pagedown", "go(10)", "next page", show=False),
        Binding("pageup", "go(-10)", "previous page", show=False),
    ]

    def __init__(self, entries: Sequence[Entry], columns: int) -> None:
        super().__init__()
        self._entries = entries
        self._width = min(columns, _WIDEST) - _AROUND

    def compose(self) -> ComposeResult:
        """Lay the palette out."""
        with Vertical() as box:
            box.border_title = Text("palette")
            box.border_subtitle = Text("Enter does it   Esc closes")
            yield Input(placeholder="name of an action, or its typed word", max_length=40)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show everything."""
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, query: str) -> None:
        found = ranked(self._entries, query)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(one, self._width), id=one.action_id) for one in found])
        if found:
            options.highlighted = 0
        else:
            options.add_option(Option(Text("no action is called like this", "dim"), disabled=True))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what is like the text."""
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Choose the action under the cursor."""
        event.stop()
        option = self.query_one(OptionList).highlighted_option
        if option is not None and option.id:
            self.dismiss(option.id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the action that was clicked."""
        event.stop()
        self.dismiss(event.option.id or "")

    def action_go(self, steps: int) -> None:
        """Move the cursor of the list while the text keeps the keys."""
        options = self.query_one(OptionList)
        last = options.option_count - 1
        options.highlighted = min(max((options.highlighted or 0) + steps, 0), last)

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss("")


def _line(one: Entry, width: int) -> Text:
    text = Text()
    text.append(f"{one.title:<{_TITLE}} ", "bold" if one.hindered is None else "")
    text.append(f"{one.keys:<{_KEYS}} ")
    text.append(f"{one.typed:<{_TYPED}} ")
    text.append(f"not now: {one.hindered}" if one.hindered else one.help, "dim")
    text.truncate(width, overflow="ellipsis")
    return text
