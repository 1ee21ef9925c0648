"""The keeper of access tokens: one refresh at a time per login, saved before it is used."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.errors import (
    BrokerRefused,
    BrokerUnreachable,
    LoginRequired,
    StoreError,
    SwimdeskError,
    UnknownReference,
)
from swimdesk.login.grants import GrantStore
from swimdesk.login.oauth import TokenEndpoint, TokensRefused, TokensUnavailable
from swimdesk.login.token_files import Grant, TokenFiles, import_token_file
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

__all__ = ["Grant", "TokenFiles", "TokenKeeper", "import_token_file"]

REFRESH_MARGIN_S = 60.0
EXPIRING = timedelta(days=1)
MAX_PAUSE_S = 60
FORCED_PER_MINUTE = 3

_log = get_log(__name__)


@dataclass(slots=True)
class _Login:
    """What is known about one login."""

    name: str
    grant: Grant | None = None
    pending: Grant | None = None
    """Tokens received and not yet saved; the older ones may be dead already."""
    rejected: Secret | None = None
    """The access token that the broker refused on a read, though it had not ended."""
    refused: Secret | None = None
    """The refresh token that the endpoint refused; it is not sent again."""
    reason: str = ""
    """Why a person is needed, or what the last trouble was."""
    failures: int = 0
    quiet_until: datetime | None = None
    forced: deque[datetime] = field(default_factory=lambda: deque(maxlen=FORCED_PER_MINUTE))
    flight: asyncio.Task[SwimdeskError | None] | None = None


class TokenKeeper:
    """Give out access tokens of the configured logins, refreshing them before they end."""

    def __init__(
        self,
        logins: Sequence[str],
        files: GrantStore,
        http: httpx.AsyncClient,
        *,
        api_url: str,
        app_key: Secret,
        app_secret: Secret,
        now: Callable[[], datetime],
    ) -> None:
        self._files = files
        self._endpoint = TokenEndpoint(http, api_url, app_key, app_secret)
        self._now = now
        self._logins = {name: self._loaded(name) for name in logins}

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Return a token that lives at least that long, refreshing it below a minute.

        LoginRequired if a person has to sign in; BrokerUnreachable if the endpoint does not answer,
        or StoreError if new tokens cannot be saved, and the one at hand does not live that long.
        """
        state = self._state(login)
        # Twice, because a sibling's tokens taken from the file may be too short-lived.
        for _ in range(2):
            if self._lives(state, max(min_life_s, REFRESH_MARGIN_S)):
                break
            trouble = await self._renewed(state)
            passing = isinstance(trouble, BrokerUnreachable | StoreError)
            if passing and self._lives(state, min_life_s):
                break
            if trouble:
                raise trouble
        return self._access_of(state)

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Return the token if it is alive now and for that long, without waiting."""
        state = self._state(login)
        return self._access_of(state) if self._lives(state, min_life_s) else None

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Return another token after the broker refused this one on a read.

        Whoever comes late gets the replacement that is there already. BrokerRefused when
        replacements are refused one after the other.
        """
        state = self._state(login)
        is_current = state.grant is not None and state.grant.access == rejected
        if not is_current and self._lives(state):
            return self._access_of(state)
        if is_current and state.rejected != rejected:
            self._count_forced(state)
            state.rejected = rejected
        trouble = await self._renewed(state)
        if trouble:
            raise trouble
        return self._access_of(state)

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell how each login stands, as last known."""
        return tuple(self._health_of(state) for state in self._logins.values())

    async def aclose(self) -> None:
        """Wait for refreshes under way, so that no exchanged token is lost; bounded by timeouts."""
        flights = [state.flight for state in self._logins.values() if state.flight]
        await asyncio.gather(*flights, return_exceptions=True)

    # --- what is at hand

    def _loaded(self, name: str) -> _Login:
        try:
            return _Login(name, grant=self._files.load(name))
        except StoreError as error:
            return _Login(name, reason=error.detail)

    def _state(self, login: str) -> _Login:
        state = self._logins.get(login)
        if state is None:
            raise UnknownReference(f"there is no login {login} in the configuration")
        return state

    def _lives(self, state: _Login, span_s: float = 0.0) -> bool:
        """Tell whether the token at hand can be used now and for that long."""
        grant = state.grant
        if grant is None or (state.rejected is not None and grant.access == state.rejected):
            return False
        left_s = (grant.access_expires - self._now()).total_seconds()
        return left_s > 0 and left_s >= span_s

    def _access_of(self, state: _Login) -> Secret:
        if state.grant is None:
            raise self._sign_in(state)
        return state.grant.access

    def _count_forced(self, state: _Login) -> None:
        """Keep a broker that refuses every token from being asked for more without end."""
        now = self._now()
        recent = len(state.forced) == FORCED_PER_MINUTE
        if recent and now - state.forced[0] < timedelta(minutes=1):
            raise BrokerRefused(
                f"login {state.name}: the broker refuses the tokens that it has just issued"
            )
        state.forced.append(now)

    # --- renewing: one flight per login

    async def _renewed(self, state: _Login) -> SwimdeskError | None:
        """Join the refresh under way, or start one; the caller's end does not end it."""
        if state.flight is None:
            state.flight = asyncio.create_task(self._fly(state), name=f"tokens of {state.name}")
        return await asyncio.shield(state.flight)

    async def _fly(self, state: _Login) -> SwimdeskError | None:
        """Renew and return the trouble, which every waiting caller raises or not on its own."""
        try:
            return await self._renew(state)
        except SwimdeskError as trouble:
            state.reason = trouble.detail
            _log.error("tokens.not_renewed", login=state.name, reason=trouble.detail)
            return trouble
        finally:
            state.flight = None

    async def _renew(self, state: _Login) -> SwimdeskError | None:
        if state.pending:
            await self._save(state, state.pending)
            if self._lives(state, REFRESH_MARGIN_S):
                return None
        if state.quiet_until and self._now() < state.quiet_until:
            return BrokerUnreachable(state.reason)
        # Twice: once with what is at hand, once with what a sibling may have left in the file.
        for _ in range(2):
            grant = state.grant
            if grant is None or grant.refresh == state.refused:
                grant = await self._reread(state)
                if grant is None:
                    break
                if self._lives(state, REFRESH_MARGIN_S):
                    return None
            trouble = await self._exchange(state, grant)
            if not isinstance(trouble, LoginRequired):
                return trouble
        return self._sign_in(state)

    async def _exchange(self, state: _Login, grant: Grant) -> SwimdeskError | None:
        """Trade the refresh token once and take in what comes back."""
        asked = self._now()
        answer = await self._endpoint.exchange(grant.refresh)
        if isinstance(answer, TokensUnavailable):
            return self._unreachable(state, answer.reason)
        if isinstance(answer, TokensRefused):
            return self._refused(state, grant, answer)
        renewed = Grant(
            access=answer.access,
            refresh=answer.refresh or grant.refresh,
            access_expires=asked + timedelta(seconds=answer.life_s),
            signed_in=grant.signed_in,
            scope=answer.scope,
        )
        await self._save(state, renewed)
        if answer.access == state.rejected:
            return self._unreachable(state, "the broker issues the token again that it refuses")
        state.failures = 0
        return None

    async def _save(self, state: _Login, grant: Grant) -> None:
        """Write new tokens down, then use them; unsaved ones are kept for the next attempt."""
        state.pending = grant
        await asyncio.to_thread(self._files.save, state.name, grant)
        state.grant, state.pending = grant, None
        state.refused = state.quiet_until = None
        state.reason = ""
        _log.info("tokens.renewed", login=state.name, ends=grant.access_expires)

    async def _reread(self, state: _Login) -> Grant | None:
        """Take tokens from the file if they are other ones than were refused."""
        grant = await asyncio.to_thread(self._files.load, state.name)
        if grant is None or grant.refresh == state.refused:
            return None
        state.grant = grant
        return grant

    # --- trouble

    def _unreachable(self, state: _Login, reason: str) -> BrokerUnreachable:
        state.failures += 1
        pause_s = min(2 ** (state.failures - 1), MAX_PAUSE_S)
        state.quiet_until = self._now() + timedelta(seconds=pause_s)
        state.reason = f"login {state.name}: no new token yet, and none is lost: {reason}"
        _log.warning("tokens.unreachable", login=state.name, reason=reason, pause_s=pause_s)
        return BrokerUnreachable(state.reason)

    def _refused(self, state: _Login, grant: Grant, answer: TokensRefused) -> LoginRequired:
        state.refused = grant.refresh
        state.reason = (
            "the broker refuses the application: check app_key and app_secret in config.toml"
            if answer.blames_application
            else f"the broker no longer accepts its sign-in ({answer.error})"
        )
        _log.warning(
            "tokens.refused",
            login=state.name,
            error=answer.error,
            description=answer.description,
        )
        return self._sign_in(state)

    def _sign_in(self, state: _Login) -> LoginRequired:
        reason = "its sign-in has ended, as it does after seven days"
        if state.grant is None:
            reason = "it has no tokens yet"
        elif state.grant.refresh == state.refused:
            reason = state.reason
        return LoginRequired(
            f"login {state.name}: {reason}; sign in and run"
            f" `swimdesk login {state.name} --import FILE`"
        )

    def _health_of(self, state: _Login) -> LoginHealth:
        grant = state.grant
        if grant is None:
            detail = state.reason or self._sign_in(state).detail
            return LoginHealth(state.name, LoginState.NO_TOKEN, None, None, detail)
        left = grant.refresh_expires - self._now()
        if grant.refresh == state.refused or left <= timedelta(0):
            kind, detail = LoginState.SIGN_IN_NEEDED, self._sign_in(state).detail
        elif left <= EXPIRING:
            kind = LoginState.EXPIRING
            detail = f"sign in again before {grant.refresh_expires:%Y-%m-%d %H:%M} UTC"
        else:
            kind, detail = LoginState.OK, state.reason
        return LoginHealth(state.name, kind, grant.access_expires, grant.refresh_expires, detail)
