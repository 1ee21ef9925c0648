"""A brokerage whose pages a real browser is sent to, and the person who watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyotp

from swimdesk.login.authorize import authorize_url, code_of
from swimdesk.login.signin.child import drive
from swimdesk.login.signin.chromium import hosts_of
from swimdesk.login.signin.job import BrowserJob, Launch
from swimdesk.login.signin.person import Question, Step
from swimdesk.login.signin.pins import pin_of
from swimdesk.telemetry.redaction import Secret
from tests.fakes.sim_process import SimProcess
from tests.signin.homes import names, one_login

STATE = "state-of-this-attempt"

Answers = dict[str, Callable[[], Any]]


@dataclass(slots=True)
class Played:
    """A person with an answer for each kind of question, and an eye on a step."""

    answers: Answers = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    watched: dict[str, asyncio.Event] = field(default_factory=dict)

    def told(self, step: Step) -> None:
        """Keep a step, and tell whoever waits for it."""
        self.steps.append(step.text)
        for words, event in self.watched.items():
            if words in step.text:
                event.set()

    async def asked(self, question: Question) -> Secret:
        """Answer as planned."""
        self.questions.append(question)
        answer = self.answers[question.kind]()
        return Secret(await answer if asyncio.iscoroutine(answer) else answer)

    def sees(self, words: str) -> asyncio.Event:
        """Return what is set once a step has these words."""
        return self.watched.setdefault(words, asyncio.Event())


@dataclass(frozen=True, slots=True)
class Stage:
    """A brokerage with one plan for all its logins, and the job of signing its first one in."""

    sim: SimProcess
    folder: Path

    @property
    def login(self) -> str:
        """The login that signs in."""
        return names(self.sim)[0]

    @property
    def known(self) -> dict[str, Any]:
        """What the brokerage says of it."""
        return {**one_login(self.sim, self.login)}

    @property
    def port(self) -> str:
        """What tells the browsers of this stage from all others."""
        return str(self.sim.description["base_url"].rpartition(":")[2])

    async def plan(self, **plan: Any) -> None:
        """Say how all logins sign in from now on."""
        await self.sim.control("PUT", "/sign-ins", {"plans": {"*": plan}})

    async def stands(self) -> dict[str, Any]:
        """Return what the brokerage counted of the login."""
        found: dict[str, Any] = (await self.sim.control("GET", "/sign-ins"))[self.login]
        return found

    async def sent_code(self) -> str:
        """Return the code that the brokerage sent to the phone."""
        return str((await self.stands())["sent_code"])

    def totp(self) -> str:
        """Return the code that the login's authenticator shows."""
        return pyotp.TOTP(self.known["totp_secret"]).now()

    def launch(self, **changed: Any) -> Launch:
        """Return how the browser is started, but for what is changed."""
        url = self.sim.description["base_url"]
        usual = {"hosts": hosts_of(url, "paper", ()), "pin": pin_of(url, self.sim.trust)}
        return Launch(**{**usual, **changed})

    def job(self, **changed: Any) -> BrowserJob:
        """Return the job, but for what is changed."""
        said = self.sim.description
        url, callback = said["base_url"], said["callback_url"]
        usual: dict[str, Any] = {
            "login": self.login,
            "authorize_url": authorize_url(url, Secret(said["client_id"]), callback, STATE),
            "callback_url": callback,
            "picture": self.folder / "picture.png",
            "accounts": tuple(number[-4:] for number in self.known["accounts"]),
            "user": Secret(self.known["user"]),
            "password": Secret(self.known["password"]),
        }
        return BrowserJob(**{**usual, **changed})

    async def code(self, person: Played, **changed: Any) -> str:
        """Sign in and return the code that came back."""
        known = {field.name for field in fields(Launch)}
        launch = {name: value for name, value in changed.items() if name in known}
        job = {name: value for name, value in changed.items() if name not in known}
        callback = await drive(self.launch(**launch), self.job(**job), person)
        return code_of(callback, self.sim.description["callback_url"], STATE).reveal()
