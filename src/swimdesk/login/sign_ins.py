"""Sign-ins at the broker: where they begin, what they come back with, the grant they end in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from swimdesk.login import authorize
from swimdesk.telemetry.redaction import Secret


class BrokerLogins:
    """The desk's port ``Logins`` for one application; ``redeem`` trades a login's code."""

    def __init__(
        self,
        redeem: Callable[[str, Secret], Awaitable[None]],
        *,
        api_url: str,
        app_key: Secret,
        callback_url: str,
    ) -> None:
        self._redeem = redeem
        self._api_url = api_url
        self._app_key = app_key
        self._callback_url = callback_url

    @property
    def callback_url(self) -> str:
        """Where the broker's pages send the browser at the end."""
        return self._callback_url

    def authorize_url(self, login: str, state: str) -> Secret:
        """Return where a sign-in begins; which user signs in there is up to who types."""
        return authorize.authorize_url(self._api_url, self._app_key, self._callback_url, state)

    def code_of(self, callback: Secret, state: str) -> Secret:
        """Return the code in a url that came back; SignInFailed says what is wrong with it."""
        return authorize.code_of(callback, self._callback_url, state)

    async def redeem(self, login: str, code: Secret) -> None:
        """Trade a code for a new grant, once; SignInFailed, BrokerUnreachable, StoreError."""
        await self._redeem(login, code)
