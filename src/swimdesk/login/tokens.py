"""The keeper of access tokens: one refresh at a time per login, saved before it is used."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from swimdesk.desk.ports import LoginHealth
from swimdesk.errors import BrokerRefused, BrokerUnreachable, UnknownReference
from swimdesk.login.grants import AccessCache, GrantStore
from swimdesk.login.oauth import TokenEndpoint
from swimdesk.login.renewing import Means, Renewing
from swimdesk.login.standing import LAST_MINUTE_S, Standing
from swimdesk.login.token_files import Grant, TokenFiles, import_token_file
from swimdesk.telemetry.redaction import Secret

__all__ = ["Grant", "TokenFiles", "TokenKeeper", "import_token_file"]

FORCED_PER_MINUTE = 3
PATIENCE_S = 4.0


class TokenKeeper:
    """Give out access tokens of the configured logins, renewing them before they end.

    ``locks`` is the folder of the locks that keep two processes of a home from renewing at once;
    ``draw`` returns a number from 0 up to 1 and spreads the renewals of several logins. What is
    kept is read when the keeper is made: make it outside the event loop.
    """

    def __init__(
        self,
        logins: Sequence[str],
        store: GrantStore,
        http: httpx.AsyncClient,
        *,
        api_url: str,
        app_key: Secret,
        app_secret: Secret,
        callback_url: str,
        locks: Path,
        now: Callable[[], datetime],
        cache: AccessCache | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        endpoint = TokenEndpoint(http, api_url, app_key, app_secret)
        means = Means(store, endpoint, locks, callback_url, cache, now, draw)
        self._now = now
        self._logins = {name: Renewing(name, means) for name in logins}
        self._forced = {name: deque[datetime](maxlen=FORCED_PER_MINUTE) for name in logins}

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Return a token that lives at least that long, waiting for a new one below a minute.

        Before that a token is renewed, in its last minutes, while it goes on being used.
        LoginRequired if a person has to sign in; BrokerUnreachable if the endpoint does not answer
        or issues shorter ones, or StoreError if new tokens cannot be saved, and the one at hand
        does not live that long.
        """
        renewing = self._renewing(login)
        standing = renewing.standing
        # Twice, because a sibling's tokens taken from the store may be too short-lived.
        for _ in range(2):
            if standing.lives(self._now(), max(min_life_s, LAST_MINUTE_S)):
                break
            # Nobody waits long beside a token that is good for a while.
            wait_s = PATIENCE_S if standing.lives(self._now()) else None
            trouble = await renewing.renewed(min_life_s, wait_s)
            if trouble and not standing.lives(self._now(), min_life_s):
                raise trouble
            if trouble:
                break
        if not standing.is_fresh(self._now()):
            renewing.begin()
        token = _access_of(standing)
        if standing.lives(self._now(), min_life_s):
            return token
        raise BrokerUnreachable(
            f"login {login}: the broker issues tokens that live for less than {min_life_s:g} s"
        )

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Return the token if it is alive now and for that long, without waiting."""
        standing = self._renewing(login).standing
        return _access_of(standing) if standing.lives(self._now(), min_life_s) else None

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Return another token after the broker refused this one on a read.

        Whoever comes late gets the replacement that is there already. BrokerRefused when
        replacements are refused one after the other.
        """
        renewing = self._renewing(login)
        standing = renewing.standing
        is_current = standing.grant is not None and standing.grant.access == rejected
        if not is_current and standing.lives(self._now()):
            return _access_of(standing)
        if is_current and standing.rejected != rejected:
            self._count_forced(login)
            standing.rejected = rejected
        trouble = await renewing.renewed(0.0)
        if trouble:
            raise trouble
        return _access_of(standing)

    async def redeem(self, login: str, code: Secret) -> None:
        """Take in a new sign-in by its authorization code; it replaces every token of the login.

        SignInFailed if the broker does not accept the code, BrokerUnreachable if no usable answer
        came (the code is spent all the same), StoreError if the tokens cannot be saved now.
        """
        await self._renewing(login).redeem(code)

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell how each login stands, as last known."""
        now = self._now()
        return tuple(renewing.standing.health(now) for renewing in self._logins.values())

    async def aclose(self) -> None:
        """Wait for what is under way, so that no exchanged token is lost; bounded by timeouts."""
        await asyncio.gather(*(renewing.aclose() for renewing in self._logins.values()))

    def _renewing(self, login: str) -> Renewing:
        renewing = self._logins.get(login)
        if renewing is None:
            raise UnknownReference(f"there is no login {login} in the configuration")
        return renewing

    def _count_forced(self, login: str) -> None:
        """Keep a broker that refuses every token from being asked for more without end."""
        now, forced = self._now(), self._forced[login]
        # Not those that seem to come: the clock was set back.
        if len(forced) == FORCED_PER_MINUTE and abs(now - forced[0]) < timedelta(minutes=1):
            raise BrokerRefused(
                f"login {login}: the broker refuses the tokens that it has just issued"
            )
        forced.append(now)


def _access_of(standing: Standing) -> Secret:
    if standing.grant is None:
        raise standing.sign_in_needed()
    return standing.grant.access
