"""The line to the browser's process: questions, answers, and questions that are taken back."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from swimdesk.errors import SignInFailed
from swimdesk.login.signin.browser import PipeTalk
from swimdesk.login.signin.child import Browser
from swimdesk.login.signin.job import BrowserJob
from swimdesk.login.signin.person import Question, Step
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182/?code=x"
JOB = BrowserJob("smith", Secret("https://pages.example"), CALLBACK, Path("picture.png"))
BEGIN = "import json, sys\ninput()\nsay = lambda **m: print(json.dumps(m), flush=True)\n"
ASK = "say(ask={'number': %d, 'kind': '%s', 'text': '', 'choices': []})\n"
END = f"say(end={{'callback': json.loads(input())['answer'] if answers else '{CALLBACK}'}})\n"


@dataclass(slots=True)
class Person:
    """Leaves the choice open, and answers everything else at once."""

    taken_back: list[str] = field(default_factory=list)

    def told(self, step: Step) -> None:
        raise AssertionError(step.text)

    async def asked(self, question: Question) -> Secret:
        if question.kind == "code":
            return Secret("123456")
        if question.kind == "user":
            raise SignInFailed("nobody is here")
        never: asyncio.Future[Secret] = asyncio.get_running_loop().create_future()
        try:
            return await never
        except asyncio.CancelledError:
            self.taken_back.append(question.kind)
            raise


@asynccontextmanager
async def played(script: str, *, answers: bool) -> AsyncIterator[Browser]:
    """Start a process that plays the browser's."""
    text = f"{BEGIN}answers = {answers}\n{script}{END}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, stdin=PIPE, stdout=PIPE
    )
    try:
        yield Browser(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_question_that_is_taken_back_is_not_asked_any_longer() -> None:
    person = Person()
    script = ASK % (1, "choice") + "say(withdrawn=1)\n" + ASK % (2, "code")
    async with played(script, answers=True) as browser:
        assert (await browser.drive(JOB, person)).reveal() == "123456"
    assert person.taken_back == ["choice"]


async def test_question_that_is_open_at_the_end_is_taken_back() -> None:
    person = Person()
    async with played(ASK % (1, "choice"), answers=False) as browser:
        assert (await browser.drive(JOB, person)).reveal() == CALLBACK
    assert person.taken_back == ["choice"]


async def test_question_that_nobody_answers_ends_the_sign_in() -> None:
    async with played(ASK % (1, "user") + "input()\n", answers=False) as browser:
        with pytest.raises(SignInFailed, match="nobody is here"):
            await browser.drive(JOB, Person())


async def test_answer_to_a_question_that_was_taken_back_is_none_to_the_next() -> None:
    out = io.BytesIO()
    talk = PipeTalk(out)
    first = asyncio.ensure_future(talk.asked("choice", "Which: "))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    talk.answers.put_nowait((1, Secret("sms")))
    talk.answers.put_nowait((2, Secret("123456")))
    assert (await talk.asked("code", "Code: ")).reveal() == "123456"
    sent = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [next(iter(one)) for one in sent] == ["ask", "withdrawn", "ask"]
