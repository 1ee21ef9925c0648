"""Sign-ins over the broker's own pages: where they begin, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

from swimdesk.login.authorize import authorize_url, code_of
from swimdesk.login.tokens import TokenKeeper
from swimdesk.telemetry.redaction import Secret


@dataclass(frozen=True, slots=True)
class BrokerLogins:
    """Implements the desk's port Logins for one application and its registered callback."""

    keeper: TokenKeeper
    api_url: str
    app_key: Secret = field(repr=False)
    callback_url: str

    def authorize_url(self, login: str, state: str) -> Secret:
        """Return where a sign-in begins: the same page for every login, told apart by state."""
        return authorize_url(self.api_url, self.app_key, self.callback_url, state)

    def code_of(self, callback: Secret, state: str) -> Secret:
        """Return the code of a callback address; SignInFailed says what is wrong with it."""
        return code_of(callback, self.callback_url, state)

    async def redeem(self, login: str, code: Secret) -> None:
        """Trade a code for a new grant, once; SignInFailed, BrokerUnreachable, StoreError."""
        await self.keeper.redeem(login, code)
