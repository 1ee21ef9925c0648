"""The broker's token endpoint: its request, and what its answers mean."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from swimdesk.telemetry.redaction import Secret, redact

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 - a path
ACCESS_LIFE_S = 1800

REQUEST_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 12.0
"""The other one bounds every wait for bytes, and this one all of them together."""

# The request never left: the endpoint cannot have exchanged the token.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# 4xx that ask for patience rather than for a person.
_PASSING = frozenset({408, 425, 429})
_MAX_TEXT = 200


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
        return self.error == "invalid_client" and "refresh" not in self.description.lower()


@dataclass(frozen=True, slots=True)
class TokensUnavailable:
    """No usable answer; ``is_ambiguous`` when the endpoint may have issued new tokens."""

    reason: str
    is_ambiguous: bool


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
    if status == httpx.codes.OK:
        return _granted(body)
    if 400 <= status < 500 and status not in _PASSING and not _is_page(response):
        return _refused(status, body or {})
    return TokensUnavailable(f"the token endpoint answered {status}", is_ambiguous=False)


def _granted(body: dict[str, Any] | None) -> TokenAnswer:
    access = body.get("access_token") if body else None
    if body is None or not isinstance(access, str) or not access:
        # Whatever answered, the endpoint behind it may have exchanged the token.
        return TokensUnavailable("the token endpoint's answer is not tokens", is_ambiguous=True)
    refresh = body.get("refresh_token")
    life_s = body.get("expires_in")
    return TokensGranted(
        access=Secret(access),
        refresh=Secret(refresh) if isinstance(refresh, str) and refresh else None,
        life_s=life_s if isinstance(life_s, int) and life_s > 0 else ACCESS_LIFE_S,
        scope=str(body.get("scope") or "api"),
    )


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
        except ValueError:
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
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
