"""The last question before money moves: count, contracts, worst loss; Y or the count answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from swimdesk.console.formats import countdown, hanging
from swimdesk.console.shell.standing import Tone
from swimdesk.console.widgets.lines import style_of
from swimdesk.views.plain import plain_text

DEAF: Final = timedelta(milliseconds=250)
"""Keys that come so soon after the question are left over from before it."""

LOOKS_S: Final = 0.25
"""So often the time that is left, and what moves with it, is shown anew."""

FactsOf = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a heading, facts by name, and a number to be typed or None for a plain Y.

    ``live`` are facts that move while the question stands; it ends by itself at ``expires``.
    """

    heading: str
    facts: FactsOf
    verb: str
    count: int | None = None
    expires: datetime | None = None
    warnings: tuple[str, ...] = ()
    mode: str = ""
    live: Callable[[], FactsOf] | None = None


class Heading(Widget):
    """The mode as a word in its colour, what is asked, and the time that is left for it."""

    DEFAULT_CSS = "Heading { height: 1; margin-bottom: 1; }"

    def __init__(self, question: Question, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._question = question
        self._now = now

    def render(self) -> RenderResult:
        """Draw the line."""
        question = self._question
        text = Text(no_wrap=True, overflow="crop", end="")
        if question.mode:
            tone = Tone.LIVE if question.mode == "live" else Tone.PAPER
            text.append(f" {question.mode.upper()} ", style_of(self, tone))
            text.append("  ")
        text.append(plain_text(question.heading), "bold")
        if question.expires is not None:
            left = f"dies in {countdown(question.expires - self._now())}"
            text.append(" " * max(self.size.width - text.cell_len - cell_len(left), 1))
            text.append(left, style_of(self, Tone.WARN))
        return text


class Facts(Widget):
    """The facts of a question as plain text; long ones wrap under themselves."""

    DEFAULT_CSS = "Facts { height: auto; }"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def render(self) -> RenderResult:
        """Draw facts and warnings."""
        question = self._question
        facts = question.facts + (question.live() if question.live else ())
        widest = max((len(name) for name, _ in facts), default=0)
        width = max(self.size.width or self.app.size.width, widest + 12)
        text = Text(end="")
        for number, (name, value) in enumerate(facts):
            rows = hanging(plain_text(value), width - widest - 3)
            for row, part in enumerate(rows):
                text.append("\n" if number or row else "")
                text.append(f" {'' if row else name:<{widest}}  ", style_of(self, Tone.DIM))
                text.append(part)
        for warning in question.warnings:
            for row, part in enumerate(hanging(plain_text(warning), width - 4)):
                text.append(f"\n {'  ' if row else '! '}{part}", style_of(self, Tone.WARN))
        return text


class Answers(Widget, can_focus=True):
    """Cancel and go on; Cancel has the focus, so that Enter alone changes nothing."""

    DEFAULT_CSS = "Answers { height: 1; }"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def render(self) -> RenderResult:
        """Draw the two ways on."""
        text = Text(" ", no_wrap=True, overflow="crop", end="")
        text.append("[Enter] Cancel", "reverse")
        text.append(f"    [Y] {self._question.verb}")
        return text


class Confirm(ModalScreen[bool]):
    """Ask once; yes only by Y, or by the number of accounts where the question wants it typed.

    A yes leaves the question standing until its owner closes it: nothing is laid out or painted
    between the key and what it starts. Everything else closes it at once.
    """

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        border: heavy $armed; background: $surface; padding: 0 1;
    }
    Confirm.-live > Vertical { border: double $live; }
    Confirm VerticalScroll { height: auto; max-height: 72vh; scrollbar-size-vertical: 1; }
    Confirm Answers, Confirm Input { margin-top: 1; }
    Confirm Input, Confirm Input:focus { border: none; height: 1; padding: 0 1; }
    Confirm Input, Confirm Input:focus { background: $panel; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,n", "refuse", "cancel", show=False),
        Binding("Y", "accept", "confirm", show=False),
        Binding("down,j", "scroll(1)", "more", show=False),
        Binding("up,k", "scroll(-1)", "less", show=False),
        Binding("pagedown", "scroll(8)", "more", show=False),
        Binding("pageup", "scroll(-8)", "less", show=False),
    ]

    def __init__(
        self,
        question: Question,
        now: Callable[[], datetime],
        accepted: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(classes="-live" if question.mode == "live" else "")
        self._question = question
        self._now = now
        self._accepted = accepted
        self._since = now()
        self._answered = asyncio.Event()
        self._is_yes = False
        self.is_expired = False
        """Whether the question ended by itself."""

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical():
            yield Heading(self._question, self._now)
            with VerticalScroll(can_focus=False):
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
        """Give the keys to the harmless answer and let the time run."""
        kind = Answers if self._question.count is None else Input
        self.query_one(kind).focus()
        self._since = self._now()
        if self._question.expires is not None or self._question.live is not None:
            self.set_interval(LOOKS_S, self._look)

    async def answer(self) -> bool:
        """Wait for the answer."""
        await self._answered.wait()
        return self._is_yes

    def _look(self) -> None:
        if self._answered.is_set():
            return
        expires = self._question.expires
        if expires is not None and self._now() >= expires:
            self.is_expired = True
            self._refuse()
            return
        self.query_one(Heading).refresh()
        if self._question.live is not None:
            self.query_one(Facts).refresh(layout=True)

    def _is_deaf(self) -> bool:
        return self._answered.is_set() or self._now() - self._since < DEAF

    def _refuse(self) -> None:
        self._answered.set()
        self.dismiss(False)

    def _accept(self) -> None:
        expires = self._question.expires
        if expires is not None and self._now() >= expires:
            self._look()
            return
        self._is_yes = True
        self._accepted()
        self._answered.set()

    def action_refuse(self) -> None:
        """Close the question; nothing happens."""
        if not self._is_deaf():
            self._refuse()

    def action_accept(self) -> None:
        """Go on, where a plain Y is enough."""
        if self._question.count is None and not self._is_deaf():
            self._accept()

    def action_scroll(self, lines: int) -> None:
        """Move the facts."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on if the number fits, cancel if there is none, otherwise ask again."""
        event.stop()
        if self._is_deaf():
            return
        typed = event.value.strip()
        if typed == str(self._question.count):
            self._accept()
        elif not typed:
            self._refuse()
        else:
            event.input.value = ""
            event.input.placeholder = (
                f"not that number: type {self._question.count}, or Esc to cancel"
            )
