"""A sign-in carried to the broker and back, as one application."""

from __future__ import annotations

from swimdesk.login.authorize import authorize_url, code_of
from swimdesk.login.tokens import TokenKeeper
from swimdesk.telemetry.redaction import Secret


class BrokerLogins:
    """The two ends of a sign-in at the broker, and the trade of its code by the keeper."""

    def __init__(
        self, keeper: TokenKeeper, *, api_url: str, app_key: Secret, callback_url: str
    ) -> None:
        self._keeper = keeper
        self._api_url = api_url
        self._app_key = app_key
        self._callback_url = callback_url

    @property
    def callback_url(self) -> str:
        """Where the broker's pages send the browser at the end."""
        return self._callback_url

    def authorize_url(self, login: str, state: str) -> Secret:
        """Return where a sign-in begins; the login is told by who signs in there."""
        return authorize_url(self._api_url, self._app_key, self._callback_url, state)

    def code_of(self, callback: Secret, state: str) -> Secret:
        """Return the code in an address that came back; SignInFailed says what is wrong."""
        return code_of(callback, self._callback_url, state)

    async def redeem(self, login: str, code: Secret) -> None:
        """Trade a code for a new grant; SignInFailed, BrokerUnreachable, StoreError."""
        await self._keeper.redeem(login, code)
