"""Signing logins in from the screens: which one, one at a time, and none left running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from swimdesk.console.modals.logins import LoginList
from swimdesk.console.modals.sign_in import SignInModal
from swimdesk.console.signing.typed import needs_sign_in, read_wanted
from swimdesk.console.signing.work import OneSignIn, SignIn, Wanted
from swimdesk.errors import InputError
from swimdesk.views.signing import LoginView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

WHY_NOT = "this console has no way to sign in; run `swimdesk login NAME`"


class SigningIn:
    """Begins sign-ins, shows them, and ends the one that runs when the console is left."""

    def __init__(self, console: Console, sign_in: SignIn | None) -> None:
        self._console = console
        self._sign_in = sign_in
        self._work: OneSignIn | None = None

    @property
    def why_not(self) -> str | None:
        """Why nothing can be signed in; None if it can."""
        return WHY_NOT if self._sign_in is None else None

    @property
    def is_due(self) -> bool:
        """Whether a login should be signed in now or within a day."""
        now = self._console.now()
        return any(needs_sign_in(one, now) for one in self.logins())

    def logins(self) -> Sequence[LoginView]:
        """Return every login as it was told last."""
        status = self._console.board.status
        return status.logins if status is not None else ()

    async def choose(self) -> None:
        """Show the logins, and sign in the one that is chosen."""
        console = self._console
        wanted = await console.ask(LoginList(self.logins, console.now))
        if wanted is not None:
            await self.run(wanted)

    async def typed(self, text: str) -> None:
        """Sign in what was typed; InputError."""
        await self.run(read_wanted(text, self.logins()))

    async def run(self, wanted: Wanted) -> None:
        """Sign a login in and show it until it is over."""
        if self._sign_in is None:
            raise InputError(f"{wanted.login} cannot be signed in here: {WHY_NOT}.")
        console = self._console
        if self._work is not None or console.is_asking:
            raise InputError("Another question is open: answer that one first.")
        self._work = work = OneSignIn(wanted, console.now)
        work.begin(self._sign_in)
        try:
            await console.ask(SignInModal(work))
        finally:
            await self.close()
        last = work.lines[-1]
        console.say(f"{wanted.login}: {last.text}", last.tone)

    async def close(self) -> None:
        """End what runs, and wait until nothing of it is left."""
        work = self._work
        if work is not None:
            work.stop()
            try:
                await work.end()
            finally:
                self._work = None
