"""The token endpoint: authorization codes, refresh and access tokens (schwab-api section 2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.answers import answer
from swimdesk.sim.clock import SimClock
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.settings import CODE_LIFE_S, SimSettings

_DIGEST = "tokenDigest=Zm9yIHRoZSByZWNvcmQ="
_BAD_REFRESH = (
    f"Exception while authenticating refresh token [{_DIGEST}, "
    f"Exception=Failed refresh token authentication [{_DIGEST}]]"
)


@dataclass(slots=True)
class _Grant:
    """What one authorization gave; tokens are never shown."""

    owner: SimLogin
    """With the accounts that were consented to, which may be fewer than the customer has."""
    authorized_at: datetime
    refresh_token: str = field(repr=False)


@dataclass(slots=True)
class _Access:
    """One access token's, or code's, owner and end."""

    owner: SimLogin
    expires_at: datetime


class Grants:
    """Issues and checks tokens; one live grant per login, a newer one ends the older."""

    def __init__(self, settings: SimSettings, logins: Iterable[SimLogin], clock: SimClock) -> None:
        self._settings = settings
        self._clock = clock
        self._random = Random(f"{settings.seed}:grants")
        self._logins = {login.name: login for login in logins}
        self._grants: dict[str, _Grant] = {}
        self._access: dict[str, _Access] = {}
        self._codes: dict[str, _Access] = {}

    def authorize(self, login: str) -> str:
        """Start a new grant for all accounts of a login; return its refresh token."""
        return self._start(self._logins[login]).refresh_token

    def mint_code(self, login: str, accounts: Collection[str] | None = None) -> str:
        """Return an authorization code: 30 s, single use, ends in ``@``.

        Tokens it is exchanged for see only the accounts of these numbers; None: all.
        """
        owner = self._seeing(login, accounts)
        code = self._new_text("C0.b2F1dGgy.", 40)
        life = timedelta(seconds=CODE_LIFE_S)
        self._codes[code] = _Access(owner, self._clock.now() + life)
        return code

    def refresh_token(self, login: str) -> str | None:
        """Return the refresh token in force, None where the login has no grant."""
        grant = self._grants.get(login)
        return grant.refresh_token if grant else None

    def revoke(self, login: str) -> None:
        """End a login's grant: its refresh token and all access tokens stop working."""
        self._grants.pop(login, None)
        self.revoke_access(login)

    def revoke_access(self, login: str) -> None:
        """End a login's access tokens; the refresh token goes on working."""
        self._access = {t: a for t, a in self._access.items() if a.owner.name != login}

    def login_of(self, request: SimRequest) -> SimLogin | None:
        """Return who sent the request by its bearer token; None when it is not valid (any more).

        The login that is returned has only the accounts that the token may see.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        access = self._access.get(token) if kind == "Bearer" else None
        if access is None or access.expires_at <= self._clock.now():
            return None
        return access.owner

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer ``POST /v1/oauth/token``."""
        if not self._knows_app(request.headers.get("authorization", "")):
            return _error("invalid_client", "Unauthorized: unknown client or wrong secret", 401)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        handler = self._grant_types().get(form.get("grant_type", ""))
        if handler is None:
            return _error("unsupported_grant_type", "grant_type is not supported")
        return handler(form)

    def login_of_form(self, request: SimRequest) -> str:
        """Return the login that a token request speaks for, empty when it is nobody's."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        code = self._codes.get(form.get("code", ""))
        if code is not None:
            return code.owner.name
        grant = self._grant_of(form.get("refresh_token", ""))
        return grant.owner.name if grant else ""

    def dump(self) -> list[dict[str, Any]]:
        """Return the grants in force as JSON-ready objects; access tokens are not kept."""
        return [
            {
                "login": grant.owner.name,
                "accounts": [account.number for account in grant.owner.accounts],
                "authorized_at": grant.authorized_at.isoformat(),
                "refresh_token": grant.refresh_token,
            }
            for grant in self._grants.values()
        ]

    def load(self, dumped: Iterable[dict[str, Any]]) -> None:
        """Put dumped grants in force, in place of all others."""
        self._grants.clear()
        self._access.clear()
        for raw in dumped:
            authorized_at = datetime.fromisoformat(raw["authorized_at"])
            owner = self._seeing(raw["login"], raw.get("accounts"))
            self._grants[owner.name] = _Grant(owner, authorized_at, raw["refresh_token"])
        # Tokens drawn so far must not be drawn again.
        self._random.seed(f"{self._settings.seed}:grants:{self._clock.now().isoformat()}")

    def _seeing(self, login: str, accounts: Collection[str] | None) -> SimLogin:
        owner = self._logins[login]
        if accounts is None:
            return owner
        return replace(owner, accounts=[a for a in owner.accounts if a.number in accounts])

    def _start(self, owner: SimLogin) -> _Grant:
        """Start a grant; the one before and all its tokens end at once."""
        self.revoke(owner.name)
        grant = _Grant(owner, self._clock.now(), self._new_text("xK3.", 48))
        self._grants[owner.name] = grant
        return grant

    def _grant_types(self) -> dict[str, Callable[[dict[str, str]], SimResponse]]:
        return {"refresh_token": self._refresh, "authorization_code": self._exchange}

    def _knows_app(self, header: str) -> bool:
        kind, _, encoded = header.partition(" ")
        if kind != "Basic":
            return False
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return pair == f"{self._settings.client_id}:{self._settings.client_secret}"

    def _grant_of(self, refresh_token: str) -> _Grant | None:
        return next((g for g in self._grants.values() if g.refresh_token == refresh_token), None)

    def _refresh(self, form: dict[str, str]) -> SimResponse:
        grant = self._grant_of(form.get("refresh_token", ""))
        life = timedelta(seconds=self._settings.refresh_life_s)
        if grant is None or grant.authorized_at + life <= self._clock.now():
            return _wrapped(_BAD_REFRESH, "refresh_token_authentication_error")
        if self._settings.rotate_refresh_tokens:
            grant.refresh_token = self._new_text("xK3.", 48)
        return self._tokens(grant)

    def _exchange(self, form: dict[str, str]) -> SimResponse:
        if form.get("redirect_uri") != self._settings.callback_url:
            return _error("invalid_request", "redirect_uri does not match a registered callback")
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            return _error("invalid_grant", "Bad authorization code")
        now = self._clock.now()
        if code.expires_at <= now:
            ends = f"expiration={_epoch_ms(code.expires_at)},now={_epoch_ms(now)}"
            text = f"Bad authorization code: AuthorizationCode has expired,{ends}"
            return _wrapped(text, "invalid_request")
        return self._tokens(self._start(code.owner))

    def _tokens(self, grant: _Grant) -> SimResponse:
        token = self._new_text("I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.", 64)
        now = self._clock.now()
        self._access = {t: a for t, a in self._access.items() if a.expires_at > now}
        life = timedelta(seconds=self._settings.access_life_s)
        self._access[token] = _Access(grant.owner, now + life)
        body: dict[str, Any] = {
            "expires_in": self._settings.access_life_s,
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": grant.refresh_token,
            "access_token": token,
            "id_token": f"eyJhbGciOiJSUzI1NiJ9.{self._new_text('', 40)[:-1]}.c2ln",
        }
        return answer(body)

    def _new_text(self, prefix: str, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return f"{prefix}{''.join(self._random.choices(letters, k=length))}@"


def _error(error: str, description: str, status: int = 400) -> SimResponse:
    return answer({"error": error, "error_description": description}, status)


def _wrapped(description: str, error: str) -> SimResponse:
    """Return the odd form in which the real endpoint pastes one error's text inside another."""
    inner = f'{{"error_description":"{description}","error":"{error}"}}'
    return _error("unsupported_token_type", f'400 Bad Request: "{inner}"')


def _epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
