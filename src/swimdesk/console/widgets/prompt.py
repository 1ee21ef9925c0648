"""The command line: order text and commands, with history and completion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester, SuggestionReady
from textual.widgets import Input

from swimdesk.domain.orderlang.completion import Completion

LONGEST: Final = 500
"""Characters; the longest order with its scope is far shorter."""

HISTORY_KEPT: Final = 500

Complete = Callable[[str, int], Sequence[Completion]]
"""Tells by text and cursor what may stand there."""


@dataclass(slots=True)
class Round:
    """Completions being tried in turn, and the text they began with."""

    before: str
    behind: str
    offers: Sequence[Completion]
    at: int
    shown: str


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
        Binding("ctrl+u,super+backspace", "empty", "empty the line", show=False),
        Binding("tab", "complete(1)", "complete", show=False),
        Binding("shift+tab", "complete(-1)", "complete backwards", show=False),
    ]

    class Entered(Message):
        """A line was entered."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The line was left without entering it."""

    class Offered(Message):
        """There are several ways to go on; ``at`` is the one shown."""

        def __init__(self, offers: Sequence[Completion], at: int) -> None:
            super().__init__()
            self.offers = offers
            self.at = at

    def __init__(self, complete: Complete, example: str) -> None:
        super().__init__(
            placeholder=f"order or command    {example}",
            max_length=LONGEST,
            suggester=Ghost(complete),
            select_on_focus=False,
            id="prompt",
        )
        self._complete = complete
        self._round: Round | None = None
        self._history: list[str] = []
        self._at = 0
        self._draft = ""

    def validate_value(self, value: str) -> str:
        """Keep what can be printed, however it came here."""
        if value.isprintable() and len(value) <= LONGEST:
            return value
        return "".join(char for char in value[: 2 * LONGEST] if char.isprintable())[:LONGEST]

    def take_keys(self) -> None:
        """Take the keys at once: what is typed next must not act on the screen."""
        self.screen.set_focus(self)

    def begin(self, text: str, at: int | None = None) -> None:
        """Take the keys, with this text typed already and the cursor at its end or at a place."""
        self.take_keys()
        self.value = text
        self.cursor_position = len(text) if at is None else min(at, len(text))

    # --- history -----------------------------------------------------------------------------

    def load_history(self, lines: Sequence[str]) -> None:
        """Take earlier lines, the newest last."""
        self._history = list(lines)[-HISTORY_KEPT:]
        self._at = len(self._history)

    def remember(self, text: str) -> None:
        """Keep a line for the key that brings it back."""
        if not self._history or self._history[-1] != text:
            self._history = [*self._history, text][-HISTORY_KEPT:]
        self._at = len(self._history)

    @property
    def history(self) -> Sequence[str]:
        """The lines kept, the newest last."""
        return self._history

    def action_earlier(self) -> None:
        """Show the line entered before."""
        self._show(self._at - 1)

    def action_later(self) -> None:
        """Show the line entered after; behind the newest stands what was being typed."""
        self._show(self._at + 1)

    def _show(self, at: int) -> None:
        if self._at == len(self._history):
            self._draft = self.value
        self._at = min(max(at, 0), len(self._history))
        self.value = self._history[self._at] if self._at < len(self._history) else self._draft
        self.cursor_position = len(self.value)

    # --- completion --------------------------------------------------------------------------

    def action_complete(self, step: int) -> None:
        """Complete the word at the cursor; again: the next word that fits."""
        tried = self._round
        if tried is None or tried.shown != self.value or len(tried.offers) < 2:
            tried = self._begin_round(step)
        else:
            tried.at = (tried.at + step) % len(tried.offers)
        self._round = tried
        if tried is None:
            return
        word = tried.offers[tried.at].text_to_insert
        tried.shown = self.validate_value(f"{tried.before}{word}{tried.behind}")
        self.value = tried.shown
        self.cursor_position = len(tried.before) + len(word)
        if len(tried.offers) > 1:
            self.post_message(self.Offered(tried.offers, tried.at))

    def _begin_round(self, step: int) -> Round | None:
        text, cursor = self.value, self.cursor_position
        offers = self._complete(text, cursor)
        if not offers:
            return None
        before = text[: cursor - offers[0].replaces]
        return Round(before, text[cursor:], offers, 0 if step > 0 else len(offers) - 1, "")

    async def offer_again(self) -> None:
        """Look anew for how the line may go on, because more is known now."""
        text = self.value
        ghost = await self.suggester.get_suggestion(text) if self.suggester else None
        if ghost is not None:
            self.post_message(SuggestionReady(text, ghost))

    # --- keys --------------------------------------------------------------------------------

    def action_empty(self) -> None:
        """Take away all that stands on the line, wherever the cursor is."""
        self.value = ""

    def action_leave(self) -> None:
        """Give the keys back to the screen; the text stays for the next time."""
        self.post_message(self.Left())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line on and begin a new one."""
        event.stop()
        text = event.value.strip()
        self.value = ""
        self._round, self._draft = None, ""
        if not text:
            self.post_message(self.Left())
            return
        self.remember(text)
        self.post_message(self.Entered(text))

    def _on_paste(self, event: events.Paste) -> None:
        """Take the first line of what is pasted, without control characters."""
        first = next(iter(event.text[: 8 * LONGEST].strip().splitlines()), "")
        plain = "".join(char for char in first if char.isprintable())
        room = max(LONGEST - len(self.value), 0)
        self.insert_text_at_cursor(plain[:room])
        event.stop()
        event.prevent_default()


class Ghost(Suggester):
    """Shows in grey how the word that is being typed most likely goes on."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole line as it would be; None between words."""
        if not value or value[-1].isspace():
            return None
        for offer in self._complete(value, len(value)):
            return f"{value[: len(value) - offer.replaces]}{offer.text_to_insert}"
        return None
