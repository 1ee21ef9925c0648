"""A sign-in, step by step: what happens, what is asked, how it ends."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from swimdesk.console.formats import clock, hanging
from swimdesk.console.shell.standing import Tone
from swimdesk.console.signing.work import OneSignIn, Question
from swimdesk.console.widgets.lines import style_of
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.plain import plain_text

_CLOCK: Final = 10
"""Columns of the time in front of a step."""


class SecretInput(Input):
    """An input that shows nothing of what is typed and gives nothing to the clipboard."""

    def __init__(self) -> None:
        super().__init__(password=True, select_on_focus=False)
        # A cursor that comes and goes repaints twice a second, over SSH too.
        self.cursor_blink = False

    def action_copy(self) -> None:
        """Copy nothing: the clipboard goes through the terminal in plain text."""

    def action_cut(self) -> None:
        """Copy nothing."""

    def taken(self) -> Secret:
        """Return what was typed, and keep none of it."""
        typed, self.value = self.value, ""
        return Secret(typed)


class Steps(Widget):
    """What was told, each with its time; addresses are never broken at words."""

    DEFAULT_CSS = "Steps { height: auto; }"

    def __init__(self, work: OneSignIn) -> None:
        super().__init__()
        self._work = work

    def render(self) -> RenderResult:
        """Draw the lines."""
        if not self._work.lines and self._work.question is None:
            return Text("starting …", style_of(self, Tone.DIM), end="")
        text = Text(end="")
        width = max((self.size.width or self.app.size.width) - _CLOCK, 20)
        for number, line in enumerate(self._work.lines):
            text.append("\n" if number else "")
            text.append(f"{clock(line.at)}  ", style_of(self, Tone.DIM))
            is_address = line.text.startswith("https://")
            rows = _cut(line.text, width) if is_address else hanging(line.text, width, "")
            gap = "\n" + " " * _CLOCK
            text.append(gap.join(rows), style_of(self, line.tone))
        return text


def _cut(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)] or [""]


class SignInModal(ModalScreen[None]):
    """Shows a sign-in until it is over and the operator has read how; Esc asks for its end."""

    # What is asked has the focus: an input out of sight would take keys, Enter among them.
    AUTO_FOCUS: ClassVar[str | None] = ""

    DEFAULT_CSS = """
    SignInModal { align: center middle; }
    SignInModal > Vertical {
        width: 100%; max-width: 110; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $dim;
    }
    SignInModal VerticalScroll { height: auto; max-height: 60vh; scrollbar-size-vertical: 1; }
    SignInModal #asked { height: auto; margin-top: 1; text-style: bold; }
    SignInModal Input, SignInModal Input:focus { border: none; height: 1; padding: 0 1; }
    SignInModal Input, SignInModal Input:focus { background: $panel; }
    SignInModal OptionList, SignInModal OptionList:focus {
        border: none; height: auto; max-height: 8; padding: 0; background: $surface;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "stop", show=False),
        Binding("enter", "close", "close", show=False),
        Binding("ctrl+y", "copy_address", "copy the address", show=False, priority=True),
    ]

    def __init__(self, work: OneSignIn) -> None:
        super().__init__()
        self._work = work
        self._asked: Question | None = None

    def compose(self) -> ComposeResult:
        """Lay the steps out, and below them what is asked."""
        with Vertical() as box:
            box.border_title = Text(plain_text(f"sign in {self._work.wanted.login}"))
            with VerticalScroll(can_focus=False):
                yield Steps(self._work)
            yield Asked(id="asked")
            yield SecretInput()
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show what has happened so far, and from now on what happens."""
        self._work.changed = self._show
        self._asked = self._work.question
        self._put(self._asked)
        self._show()

    def on_unmount(self) -> None:
        """Show nothing any more."""
        self._work.changed = lambda: None

    def _show(self) -> None:
        """Paint the steps and the question as they are now."""
        work = self._work
        self.query_one(Steps).refresh(layout=True)
        self.query_one(VerticalScroll).scroll_end(animate=False)
        self.query_one(Vertical).border_subtitle = Text(_ways_on(work))
        if work.question is not self._asked:
            self._asked = work.question
            self._put(work.question)
        if work.has_broken:
            self.dismiss(None)

    def _put(self, question: Question | None) -> None:
        entry, choices = self.query_one(SecretInput), self.query_one(OptionList)
        entry.value = ""
        is_choice = question is not None and bool(question.choices)
        entry.display = question is not None and not is_choice
        choices.display = is_choice
        self.query_one(Asked).tell(question.text if question else "")
        choices.clear_options()
        if question is None:
            self.set_focus(None)
            return
        choices.add_options(Option(Text(plain_text(one))) for one in question.choices)
        if is_choice:
            choices.highlighted = 0
        self.set_focus(choices if is_choice else entry)

    def on_paste(self, event: events.Paste) -> None:
        """Let nothing that was pasted go further."""
        event.stop()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep what is typed away from everybody else."""
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer; an empty one is none."""
        event.stop()
        typed = self.query_one(SecretInput).taken()
        if typed.reveal().strip():
            self._work.answer(typed)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the choice."""
        event.stop()
        if self._asked is not None:
            self._work.answer(Secret(self._asked.choices[event.option_index]))

    def action_leave(self) -> None:
        """Ask for the end of the sign-in; once it is over, close."""
        if self._work.is_over:
            self.dismiss(None)
        else:
            self._work.stop()

    def action_close(self) -> None:
        """Close once it is over."""
        if self._work.is_over:
            self.dismiss(None)

    def action_copy_address(self) -> None:
        """Copy the address that is to be opened, by way of the terminal."""
        if self._work.address is not None:
            self.app.copy_to_clipboard(self._work.address)


class Asked(Widget):
    """The question that is open, as plain text."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._text = ""

    def tell(self, text: str) -> None:
        """Show a question; nothing where there is none."""
        self._text = plain_text(text).strip()
        self.display = bool(self._text)
        self.refresh(layout=True)

    def render(self) -> RenderResult:
        """Draw it."""
        return Text(self._text, "bold", end="")


def _ways_on(work: OneSignIn) -> str:
    if work.is_over:
        return "Enter closes"
    if work.is_stopping:
        return "stopping: the browser is being closed …"
    copies = "   Ctrl-Y copies the address" if work.address else ""
    answers = "Enter answers   " if work.question else ""
    return f"{answers}Esc stops the sign-in{copies}"
