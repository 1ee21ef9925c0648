"""The last question before money moves: count, contracts, worst loss; Y or the count answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

DEAF: Final = timedelta(milliseconds=250)
"""Keys that come so soon after the question are left over from before it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a heading, facts by name, and a number to be typed or None for a plain Y."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    verb: str
    count: int | None = None
    expires: datetime | None = None
    warnings: tuple[str, ...] = ()


class Facts(Widget):
    """The facts of a question as plain text."""

    DEFAULT_CSS = "Facts { height: auto; }"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def render(self) -> RenderResult:
        """Draw heading, facts and warnings."""
        question = self._question
        text = Text(f"{question.heading}\n", "bold")
        widest = max((len(name) for name, _ in question.facts), default=0)
        for name, value in question.facts:
            text.append(f"\n  {name:<{widest}}  ", "dim")
            text.append(value, "")
        for warning in question.warnings:
            text.append(f"\n  ! {warning}", "bold")
        return text


class Answers(Widget, can_focus=True):
    """Cancel and go on; Cancel has the focus, so that Enter alone changes nothing."""

    DEFAULT_CSS = "Answers { height: 1; margin-top: 1; }"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def render(self) -> RenderResult:
        """Draw the two ways on."""
        text = Text("  ")
        text.append("[Enter] Cancel", "reverse")
        text.append(f"    [Y] {self._question.verb}")
        return text


class Confirm(ModalScreen[bool]):
    """Ask; True only for Y, or for the number of accounts where the question wants it typed."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical {
        width: 76; max-width: 98%; height: auto; max-height: 100%;
        border: heavy $armed; background: $surface; padding: 0 1;
    }
    Confirm Input { border: none; height: 1; margin-top: 1; padding: 0 2; background: $panel; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,n", "refuse", "cancel", show=False),
        Binding("Y", "accept", "confirm", show=False),
    ]

    def __init__(self, question: Question, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._question = question
        self._now = now
        self._since = now()

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical():
            yield Facts(self._question)
            if self._question.count is None:
                yield Answers(self._question)
            else:
                yield Input(
                    placeholder=f"type {self._question.count} and Enter to"
                    f" {self._question.verb.lower()}, Esc to cancel",
                    max_length=6,
                    restrict=r"[0-9]*",
                )

    def on_mount(self) -> None:
        """Give the keys to the harmless answer."""
        kind = Answers if self._question.count is None else Input
        self.query_one(kind).focus()
        self._since = self._now()

    def _is_deaf(self) -> bool:
        return self._now() - self._since < DEAF

    def action_refuse(self) -> None:
        """Close the question; nothing happens."""
        if not self._is_deaf():
            self.dismiss(False)

    def action_accept(self) -> None:
        """Go on, where a plain Y is enough."""
        if self._question.count is None and not self._is_deaf():
            self.dismiss(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on if the number fits; otherwise ask again."""
        event.stop()
        if self._is_deaf():
            return
        if event.value.strip() == str(self._question.count):
            self.dismiss(True)
            return
        event.input.value = ""
        event.input.placeholder = f"not that number: type {self._question.count}, or Esc to cancel"
