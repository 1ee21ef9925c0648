"""The broker's token endpoint: its request, and what its answers mean."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from swimdesk.login.token_files import is_token
from swimdesk.telemetry.redaction import Secret, redact

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 - a path
ACCESS_LIFE_S = 1800
"""What an access token lives; one that is told to live longer is renewed as if it did not."""

REQUEST_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 12.0
"""The other one bounds every wait for bytes, and this one all of them together."""

# The request never left: the endpoint cannot have exchanged the token.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# 4xx that ask for patience rather than for a person.
_PASSING = frozenset({408, 425, 429})
_OF_APPLICATION = frozenset({"invalid_client", "unauthorized_client"})
# The first two are Schwab's: schwab-api.md 2.5.
_OF_GRANT = frozenset(
    {"unsupported_token_type", "refresh_token_authentication_error", "invalid_grant"}
)
_MAX_TEXT = 200
_BUSY_S = 5
"""How long to leave an endpoint alone that has too much to do and does not say for how long."""
_LONGEST_WISH_S = 120


@dataclass(frozen=True, slots=True)
class TokensGranted:
    """New tokens; ``refresh`` is None when the answer has none and the old one stays."""

    access: Secret
    refresh: Secret | None
    life_s: int
    scope: str


@dataclass(frozen=True, slots=True)
class TokensRefused:
    """The endpoint said no: this refresh token or this application is not accepted."""

    error: str
    description: str

    @property
    def blames_application(self) -> bool:
        """Tell whether the application's key or secret was refused rather than the token."""
        return self.error in _OF_APPLICATION and not self._names_token

    @property
    def blames_sign_in(self) -> bool:
        """Tell whether the endpoint's own words say that the grant is dead: a new one helps."""
        return self.error in _OF_GRANT or self._names_token

    @property
    def _names_token(self) -> bool:
        return "refresh" in self.description.lower()


@dataclass(frozen=True, slots=True)
class TokensUnavailable:
    """No usable answer; ``is_ambiguous`` when the endpoint may have issued new tokens.

    ``wished_s`` is how long the endpoint wishes to be left alone.
    """

    reason: str
    is_ambiguous: bool
    wished_s: int = 0


TokenAnswer: TypeAlias = TokensGranted | TokensRefused | TokensUnavailable


class TokenEndpoint:
    """Trade refresh tokens and authorization codes for new tokens, as one application."""

    def __init__(
        self, http: httpx.AsyncClient, api_url: str, app_key: Secret, app_secret: Secret
    ) -> None:
        self._http = http
        self._url = f"{api_url}{TOKEN_PATH}"
        self._app_key = app_key
        self._app_secret = app_secret

    async def exchange(self, refresh: Secret) -> TokenAnswer:
        """Send a refresh token, a second time where the first answer was lost on the way."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh.reveal()}
        answer = await self._send(form)
        if isinstance(answer, TokensUnavailable) and answer.is_ambiguous:
            answer = await self._send(form)
        return answer

    async def redeem(self, code: Secret, redirect_uri: str) -> TokenAnswer:
        """Send an authorization code once: it is single use, whatever became of the answer.

        ``redirect_uri`` is the registered callback, character for character.
        """
        form = {"grant_type": "authorization_code", "code": code.reveal()}
        return await self._send(form | {"redirect_uri": redirect_uri})

    async def _send(self, form: dict[str, str]) -> TokenAnswer:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return read_answer(await self._http.send(self._request(form)))
        except TimeoutError:
            reason = f"its answer was not complete after {ANSWER_TIMEOUT_S:g} s"
            return TokensUnavailable(reason, is_ambiguous=True)
        except httpx.HTTPError as error:
            reason = redact(str(error)) or type(error).__name__
            return TokensUnavailable(reason, is_ambiguous=not isinstance(error, _NOT_SENT))

    def _request(self, form: dict[str, str]) -> httpx.Request:
        pair = f"{self._app_key.reveal()}:{self._app_secret.reveal()}".encode()
        return self._http.build_request(
            "POST",
            self._url,
            headers={
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
                "Accept": "application/json",
            },
            data=form,
            timeout=REQUEST_TIMEOUT_S,
        )


def read_answer(response: httpx.Response) -> TokenAnswer:
    """Tell what a complete answer of the token endpoint means."""
    status = response.status_code
    body = _json_object(response)
    if response.is_success:
        return _granted(body)
    if 400 <= status < 500 and status not in _PASSING and not _is_page(response):
        return _refused(status, body or {})
    reason = f"the token endpoint answered {status}"
    return TokensUnavailable(reason, is_ambiguous=False, wished_s=_wished_s(response))


def _granted(body: dict[str, Any] | None) -> TokenAnswer:
    access = _token(body.get("access_token")) if body else None
    if body is None or access is None:
        # Whatever answered, the endpoint behind it may have exchanged the token.
        return TokensUnavailable("the token endpoint's answer is not tokens", is_ambiguous=True)
    return TokensGranted(
        access=access,
        refresh=_token(body.get("refresh_token")),
        life_s=_life_s(body.get("expires_in")),
        scope=str(body.get("scope") or "api"),
    )


def _token(value: object) -> Secret | None:
    """Return a token that fits into a header and a file; None where it is not one."""
    return Secret(value) if isinstance(value, str) and is_token(value) else None


def _life_s(value: object) -> int:
    """Return how long a token lives: as told, as a number or a text, and no longer than usual."""
    try:
        told_s = int(value) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        told_s = 0
    return min(told_s, ACCESS_LIFE_S) if told_s > 0 else ACCESS_LIFE_S


def _wished_s(response: httpx.Response) -> int:
    """Return for how many seconds the endpoint wishes not to be asked."""
    told = response.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return min(int(told[:9]), _LONGEST_WISH_S)
    return _BUSY_S if response.status_code == httpx.codes.TOO_MANY_REQUESTS else 0


def _refused(status: int, body: dict[str, Any]) -> TokensRefused:
    error = str(body.get("error") or f"status {status}")
    description = str(body.get("error_description") or "")
    inner = _unwrapped(description)
    if inner:
        error = str(inner.get("error") or error)
        description = str(inner.get("error_description") or description)
    return TokensRefused(_plain(error), _plain(description))


def _unwrapped(description: str) -> dict[str, Any] | None:
    """Return the JSON object that the endpoint pastes, in quotes, into its description."""
    pasted = re.search(r"\{.*\}", description, re.DOTALL)
    if not pasted:
        return None
    for text in (pasted[0], pasted[0].replace('\\"', '"')):
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(inner, dict):
            return inner
    return None


def _plain(text: str) -> str:
    """Return text of theirs, short, on one line and without anything secret."""
    line = " ".join(text.split())
    return redact("".join(c for c in line if c.isprintable()))[:_MAX_TEXT]


def _is_page(response: httpx.Response) -> bool:
    """Tell whether an edge server answered with a page of its own."""
    kind = response.headers.get("content-type", "")
    return "html" in kind.lower() or response.content.lstrip()[:1] == b"<"


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
