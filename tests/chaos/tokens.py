"""Access tokens straight from the brokerage's counter, as good as the weather."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from urllib.parse import urlencode

from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.errors import BrokerUnreachable
from swimdesk.sim.core import TOKEN_PATH, SimBroker
from swimdesk.sim.messages import SimRequest, Transport
from swimdesk.telemetry.redaction import Secret
from tests.chaos.wire import Wire


class WireTokens:
    """Implements the desk's port TokenSource; one refresh at a time for a login."""

    def __init__(self, broker: SimBroker, wire: Wire) -> None:
        self._broker = broker
        self._wire = wire
        self._tokens: dict[str, Secret] = {}
        self._turns = {login.name: asyncio.Lock() for login in broker.logins}

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Give a token; BrokerUnreachable."""
        async with self._turns[login]:
            if login not in self._tokens:
                self._tokens[login] = await self._refreshed(login)
            return self._tokens[login]

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Give the token at hand."""
        return self._tokens.get(login)

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Give another token than the one that was refused."""
        async with self._turns[login]:
            known = self._tokens.get(login)
            if known is None or known.reveal() == rejected.reveal():
                self._tokens[login] = await self._refreshed(login)
            return self._tokens[login]

    def health(self) -> tuple[LoginHealth, ...]:
        """Say that all is well."""
        return tuple(LoginHealth(name, LoginState.OK, None, None, "") for name in self._turns)

    async def _refreshed(self, login: str) -> Secret:
        await asyncio.sleep(self._wire.way_s())
        response = self._wire.answer(token_request(self._broker, login))
        await asyncio.sleep(self._wire.way_s())
        if response.status == 200 and response.transport is Transport.DELIVER:
            with contextlib.suppress(ValueError):
                return Secret(str(json.loads(response.body)["access_token"]))
        raise BrokerUnreachable("the token endpoint does not answer")


def token_request(broker: SimBroker, login: str) -> SimRequest:
    """Return the request that exchanges a login's refresh token for an access token."""
    settings = broker.settings
    pair = f"{settings.client_id}:{settings.client_secret}".encode()
    headers = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    refresh = broker.grants.refresh_token(login) or ""
    form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh}).encode()
    return SimRequest("POST", TOKEN_PATH, {}, headers, form)
