"""The command line: order text and commands, with history."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

LONGEST: Final = 500
"""Characters; the longest order with its scope is far shorter."""

HISTORY_KEPT: Final = 200


class Prompt(Input):
    """One line of input; what is pasted is one plain line of it, and nothing is sent by it."""

    DEFAULT_CSS = """
    Prompt { height: 1; border: none; padding: 0 1; background: $surface; }
    Prompt:focus { border: none; background: $surface; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier", "earlier", show=False),
        Binding("down", "later", "later", show=False),
        Binding("escape", "leave", "leave", show=False),
    ]

    class Entered(Message):
        """A line was entered."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The line was left without entering it."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="order or command    SPX IC 18DEC26 6200/6220/5820/5800 -1 @1.60 all",
            max_length=LONGEST,
            id="prompt",
            select_on_focus=False,
        )
        self._history: list[str] = []
        self._at = 0

    def take_keys(self) -> None:
        """Take the keys at once: what is typed next must not act on the screen."""
        self.screen.set_focus(self)

    def begin(self, text: str) -> None:
        """Take the keys, with this text typed already."""
        self.take_keys()
        self.value = text
        self.cursor_position = len(text)

    def load_history(self, lines: list[str]) -> None:
        """Take earlier lines, the newest last."""
        self._history = lines[-HISTORY_KEPT:]
        self._at = len(self._history)

    def action_earlier(self) -> None:
        """Show the line entered before."""
        self._show(self._at - 1)

    def action_later(self) -> None:
        """Show the line entered after."""
        self._show(self._at + 1)

    def _show(self, at: int) -> None:
        self._at = min(max(at, 0), len(self._history))
        self.value = self._history[self._at] if self._at < len(self._history) else ""
        self.cursor_position = len(self.value)

    def action_leave(self) -> None:
        """Give the keys back to the screen; the text stays for the next time."""
        self.post_message(self.Left())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line on and begin a new one."""
        event.stop()
        text = event.value.strip()
        self.value = ""
        if not text:
            self.post_message(self.Left())
            return
        if not self._history or self._history[-1] != text:
            self._history.append(text)
        self._history = self._history[-HISTORY_KEPT:]
        self._at = len(self._history)
        self.post_message(self.Entered(text))

    def _on_paste(self, event: events.Paste) -> None:
        """Take the first line of what is pasted, without control characters."""
        first = next(iter(event.text.splitlines()), "")
        plain = "".join(char for char in first if char.isprintable())
        self.insert_text_at_cursor(plain[:LONGEST])
        event.stop()
        event.prevent_default()
