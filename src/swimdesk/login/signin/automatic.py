"""The person's place in a sign-in that needs nobody: codes come from the seed in the vault."""

from __future__ import annotations

from swimdesk.errors import SignInFailed
from swimdesk.login.signin.person import Person, Question, Step
from swimdesk.login.signin.totp import Codes
from swimdesk.telemetry.redaction import Secret


class Automatic:
    """Answers for the authenticator and nothing else; steps go on to the person."""

    def __init__(self, person: Person, codes: Codes) -> None:
        self._person = person
        self._codes = codes

    def told(self, step: Step) -> None:
        """Show a step."""
        self._person.told(step)

    async def asked(self, question: Question) -> Secret:
        """Return the next code; SignInFailed for everything that a person would have to answer."""
        if question.kind != "code":
            raise SignInFailed(
                f"login {question.login}: the broker's pages ask for what only a person knows"
                f" ({question.kind}); sign in without --automatic"
            )
        return await self._codes.next()
