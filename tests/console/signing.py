"""Sign-ins in a test's hand: what a console is given to sign logins in with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from swimdesk.console.signing.work import Person, Wanted
from swimdesk.login.signin.person import Question, Step
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.signing import LoginView
from tests.fakes.logins import FakeTokens

ADDRESS = "https://broker.test/v1/oauth/authorize?client_id=app&redirect_uri=" + "x" * 150
SIGNED = LoginView("smith", "ok", None, datetime(2026, 11, 30, 15, tzinfo=UTC), "")

Script = Callable[["Scripted", Person], Awaitable[None]]


@dataclass
class Scripted:
    """Signs in as a script says; remembers what was wanted, answered and tidied away."""

    script: Script
    wanted: list[Wanted] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    is_running: bool = False

    def __post_init__(self) -> None:
        self.closed.set()

    async def __call__(self, wanted: Wanted, person: Person) -> LoginView:
        """Sign in; like the real one it takes a while to close its browser."""
        self.wanted.append(wanted)
        self.is_running = True
        try:
            await self.script(self, person)
            return SIGNED
        finally:
            self.closing.set()
            await self.closed.wait()
            self.is_running = False

    async def ask(self, person: Person, kind: str, text: str, *choices: str) -> None:
        """Ask, and remember the answer."""
        answer: Secret = await person.asked(Question("smith", kind, text, choices))
        self.answers.append(answer.reveal())


def tell(person: Person, *texts: str) -> None:
    """Tell steps."""
    for text in texts:
        person.told(Step("smith", text))


async def with_code(sign_in: Scripted, person: Person) -> None:
    """Sign in with a code that the operator types."""
    tell(person, "opening the broker's sign-in", "typed login id and password")
    await sign_in.ask(person, "code", "Code of the authenticator: ")
    tell(person, "trading the code for tokens")


async def with_choice(sign_in: Scripted, person: Person) -> None:
    """Sign in with a way that the operator chooses."""
    choices = ("Text message to …1234", "Call to [red]…5678[/red]")
    await sign_in.ask(person, "choice", "Which second step?", *choices)


async def by_hand(sign_in: Scripted, person: Person) -> None:
    """Sign in by an address that the operator opens himself."""
    tell(person, "open this address in a browser:", ADDRESS)
    await sign_in.ask(person, "callback", "Paste the whole address at which the browser ended: ")


async def waiting(sign_in: Scripted, person: Person) -> None:
    """Wait for ever, as for a phone that nobody answers."""
    del sign_in
    tell(person, "waiting for the approval on the phone")
    await asyncio.Event().wait()


async def silent(sign_in: Scripted, person: Person) -> None:
    """Tell nothing for ever, as before the browser is there."""
    del sign_in, person
    await asyncio.Event().wait()


def some_grants(tokens: FakeTokens) -> None:
    """Give one login a fresh grant, one that ends soon, and one none."""
    tokens.sign_in("login-01")
    tokens.sign_in("smith", age=timedelta(days=6, hours=8))
    tokens.held["jones"] = None
