"""Who is at the other end of a sign-in: is told each step, and is asked for what only they know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from swimdesk.telemetry.redaction import Secret


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened on the way, in words for the person; never anything secret."""

    login: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something only the person can answer.

    ``kind`` is user, password, code, choice (the answer is one of ``choices``) or callback.
    """

    login: str
    kind: str
    text: str
    choices: tuple[str, ...] = ()

    @property
    def is_hidden(self) -> bool:
        """Whether the answer must not be shown while it is typed."""
        return self.kind != "choice"


class Person(Protocol):
    """The operator, at a terminal or in the console; a cancelled question leaves nothing behind."""

    def told(self, step: Step) -> None:
        """Show a step."""
        ...

    async def asked(self, question: Question) -> Secret:
        """Return the answer; SignInFailed where nobody is there to give one."""
        ...
