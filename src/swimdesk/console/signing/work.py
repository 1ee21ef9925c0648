"""One sign-in from its begin to its end: what was told, what is asked, and how it ended.

The console owns it, not the modal that shows it: a widget's workers die with the widget, and a
browser or an attempt at the desk would be left behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from swimdesk.console.formats import EASTERN, age
from swimdesk.console.shell.standing import Tone
from swimdesk.errors import SwimdeskError
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.plain import plain_text
from swimdesk.views.signing import LoginView


class Step(Protocol):
    """Something that happened on the way; never anything secret."""

    @property
    def text(self) -> str:
        """What happened, in words."""
        ...


class Question(Protocol):
    """Something that only the operator can answer."""

    @property
    def text(self) -> str:
        """What is asked."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """What the answer is one of; empty where it is typed."""
        ...


class Person(Protocol):
    """Who is told and asked on the way."""

    def told(self, step: Step) -> None:
        """Show a step."""
        ...

    async def asked(self, question: Question) -> Secret:
        """Return the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which login to sign in; ``way`` is empty for the configured one."""

    login: str
    way: str = ""
    is_headed: bool = False


SignIn: TypeAlias = Callable[[Wanted, Person], Awaitable[LoginView]]
"""Signs a login in; a cancellation leaves neither a browser nor an attempt."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was told, as it is shown."""

    at: datetime
    text: str
    tone: Tone = Tone.PLAIN


class OneSignIn:
    """A sign-in under way, and the person it tells and asks; who shows it is told of changes."""

    def __init__(self, wanted: Wanted, now: Callable[[], datetime]) -> None:
        self.wanted = wanted
        self.lines: list[Line] = []
        self.question: Question | None = None
        self.is_stopping = False
        self.changed: Callable[[], None] = lambda: None
        self._now = now
        self._answer: asyncio.Future[Secret] | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self._task is not None and self._task.done()

    @property
    def has_broken(self) -> bool:
        """Whether a bug of ours ended it."""
        task = self._task
        return task is not None and task.done() and not task.cancelled() and bool(task.exception())

    @property
    def address(self) -> str | None:
        """The address that was told last; it is to be opened in a browser."""
        told = (line.text for line in reversed(self.lines) if line.text.startswith("https://"))
        return next(told, None)

    def begin(self, sign_in: SignIn) -> None:
        """Start it."""
        self._task = asyncio.create_task(self._run(sign_in), name=f"sign-in {self.wanted.login}")
        self._task.add_done_callback(lambda _: self.changed())

    async def end(self) -> None:
        """Wait for its end; a bug of ours is raised, how it ended else stands in the lines."""
        if self._task is not None:
            # Not awaited itself: whoever stops waiting would cancel it once more.
            await asyncio.wait({self._task})
            self._task.result()

    def stop(self) -> None:
        """Ask for its end; until it is over the browser may still be closing."""
        if self._task is None or self._task.done() or self.is_stopping:
            return
        self.is_stopping = True
        self._task.cancel()
        self.changed()

    def answer(self, answer: Secret) -> None:
        """Answer the question that is open."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    # --- the person --------------------------------------------------------------------------

    def told(self, step: Step) -> None:
        """Show a step."""
        self._tell(step.text)

    async def asked(self, question: Question) -> Secret:
        """Return the operator's answer; one question stands at a time."""
        async with self._turn:
            self.question, self._answer = question, asyncio.get_running_loop().create_future()
            self.changed()
            try:
                return await self._answer
            finally:
                self.question = self._answer = None
                self.changed()

    async def _run(self, sign_in: SignIn) -> None:
        try:
            view = await sign_in(self.wanted, self)
        except SwimdeskError as error:
            self._tell(f"{error.title}: {error.detail}", Tone.DANGER)
        except asyncio.CancelledError:
            self._tell("Stopped. LOGINS shows how the login stands.", Tone.WARN)
        else:
            self._tell(f"Signed in. {lasts(view, self._now())}")

    def _tell(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.lines.append(Line(self._now(), plain_text(text), tone))
        self.changed()


def lasts(view: LoginView, now: datetime) -> str:
    """Tell how long a grant lasts, in a sentence."""
    if view.refresh_expires is None:
        return f"The login is {view.state.replace('_', ' ')}."
    end = view.refresh_expires.astimezone(EASTERN)
    return f"Lasts {age(view.refresh_expires - now)}, until {end:%a %d %b %H:%M} ET."
