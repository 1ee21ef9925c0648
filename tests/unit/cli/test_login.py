"""`swimdesk login`: what fits together, and questions at a terminal."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import termios
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.unit.cli.support import Program

from swimdesk.cli.asking import TerminalPerson
from swimdesk.cli.output import Output
from swimdesk.errors import SignInFailed
from swimdesk.login.signin.person import Question, Step

HIDDEN = Question("smith", "code", "Code of the second factor: ")
SHOWN = Question("smith", "choice", "Second factor, one of sms, push: ", ("sms", "push"))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("smith", "--all"),
        ("--all", "--manual"),
        ("--all", "--import", "x.json"),
        ("smith", "--manual", "--automatic"),
        ("smith", "--manual", "--headed"),
        ("smith", "--import", "x.json", "--headed"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything(
    program: Program, arguments: tuple[str, ...]
) -> None:
    ran = program.run("login", *arguments)
    assert ran.code == 2
    assert program.opened == 0


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal, what was written beside it, and the person at it."""

    keyboard: int
    screen: int
    said: io.StringIO
    person: TerminalPerson

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def shown(self) -> bytes:
        os.set_blocking(self.keyboard, False)
        try:
            return os.read(self.keyboard, 1000)
        except BlockingIOError:
            return b""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    keyboard, screen = pty.openpty()
    said = io.StringIO()
    try:
        yield Terminal(
            keyboard, screen, said, TerminalPerson(Output(as_json=False, stderr=said), screen)
        )
    finally:
        os.close(keyboard)
        os.close(screen)


async def until_quiet(terminal: Terminal) -> None:
    """Wait until the terminal shows nothing of what is typed."""
    while terminal.echoes():  # noqa: ASYNC110 - a terminal tells nobody
        await asyncio.sleep(0)


async def test_secret_that_is_typed_is_not_shown(terminal: Terminal) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(terminal.person.asked(HIDDEN))
        await until_quiet(terminal)
        os.write(terminal.keyboard, b"123456\n")
    assert asked.result().reveal() == "123456"
    assert b"123456" not in terminal.shown()
    assert "123456" not in terminal.said.getvalue()
    assert terminal.echoes()


async def test_choice_is_shown_while_it_is_typed(terminal: Terminal) -> None:
    os.write(terminal.keyboard, b"sms\n")
    assert (await terminal.person.asked(SHOWN)).reveal() == "sms"
    assert b"sms" in terminal.shown()


async def test_cancelled_question_gives_the_terminal_back(terminal: Terminal) -> None:
    asked = asyncio.ensure_future(terminal.person.asked(HIDDEN))
    await until_quiet(terminal)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert terminal.echoes()


@pytest.mark.parametrize("question", [HIDDEN, SHOWN])
async def test_question_that_is_left_ends_its_line(terminal: Terminal, question: Question) -> None:
    asked = asyncio.ensure_future(terminal.person.asked(question))
    while not terminal.said.getvalue():  # noqa: ASYNC110 - a stream tells nobody
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert terminal.said.getvalue() == f"smith: {question.text}\n"


@pytest.mark.parametrize("question", [HIDDEN, SHOWN])
async def test_question_that_nobody_can_answer_ends_its_line(question: Question) -> None:
    said = io.StringIO()
    nothing = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(SignInFailed, match="nobody is here to answer"):
        await TerminalPerson(Output(as_json=False, stderr=said), nothing).asked(question)
    os.close(nothing)
    assert said.getvalue() == f"smith: {question.text}\n"


async def test_lines_of_a_pipe_answer_one_question_each() -> None:
    reader, writer = os.pipe()
    person = TerminalPerson(Output(as_json=False, stderr=io.StringIO()), reader)
    os.write(writer, b"first\nsecond\nrest")
    os.close(writer)
    answers = [(await person.asked(HIDDEN)).reveal() for _ in range(3)]
    assert answers == ["first", "second", "rest"]
    with pytest.raises(SignInFailed, match="nobody is here to answer"):
        await person.asked(HIDDEN)
    os.close(reader)


def test_step_with_control_characters_is_said_in_plain_text() -> None:
    said = io.StringIO()
    TerminalPerson(Output(as_json=False, stderr=said), 0).told(Step("smith", "a\x1b[2Jb"))
    assert said.getvalue() == "smith: a\\x1b[2Jb\n"
