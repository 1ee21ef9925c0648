"""What the answers of the token endpoint mean."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from swimdesk.login.oauth import (
    TokenAnswer,
    TokenEndpoint,
    TokensGranted,
    TokensRefused,
    TokensUnavailable,
    read_answer,
)
from swimdesk.telemetry.redaction import Secret

PAYLOADS = Path(__file__).parents[4] / "shared" / "schwab-payloads"

WRAPPED = (
    '400 Bad Request: "{"error_description":"Exception while authenticating refresh token'
    " [tokenDigest=abc, Exception=Failed refresh token authentication [tokenDigest=abc]]"
    '","error":"refresh_token_authentication_error"}"'
)


def refused(status: int, body: object) -> TokensRefused:
    answer = read_answer(httpx.Response(status, json=body))
    assert isinstance(answer, TokensRefused)
    return answer


def test_granted_tokens_are_read() -> None:
    body = {
        "expires_in": 1800,
        "token_type": "Bearer",
        "scope": "api",
        "refresh_token": "next@",
        "access_token": "I0.new@",
        "id_token": "a.b.c",
    }
    for status in (200, 201):
        answer = read_answer(httpx.Response(status, json=body))
        assert answer == TokensGranted(Secret("I0.new@"), Secret("next@"), 1800, "api")


@pytest.mark.parametrize("refresh", [None, "", 5])
def test_answer_without_a_refresh_token_keeps_the_old_one(refresh: object) -> None:
    answer = read_answer(httpx.Response(200, json={"access_token": "x", "refresh_token": refresh}))
    assert answer == TokensGranted(Secret("x"), None, 1800, "api")


@pytest.mark.parametrize(
    ("told", "life_s"),
    [
        (300, 300),
        ("300", 300),
        (300.0, 300),
        (None, 1800),
        ("soon", 1800),
        (-5, 1800),
        (0, 1800),
        (float("inf"), 1800),
        (10**15, 1800),
        ([], 1800),
    ],
)
def test_life_of_a_token_is_read_in_every_form_and_bounded(told: object, life_s: int) -> None:
    body = json.dumps({"access_token": "x", "expires_in": told})
    answer = read_answer(httpx.Response(200, content=body.encode()))
    assert answer == TokensGranted(Secret("x"), None, life_s, "api")


def test_wrapped_error_is_unwrapped() -> None:
    answer = refused(400, {"error": "unsupported_token_type", "error_description": WRAPPED})
    assert answer.error == "refresh_token_authentication_error"
    assert answer.description.startswith("Exception while authenticating refresh token")
    assert not answer.blames_application


def test_wrapped_error_with_escaped_quotes_is_unwrapped() -> None:
    escaped = WRAPPED.replace('"', '\\"')
    answer = refused(400, {"error": "unsupported_token_type", "error_description": escaped})
    assert answer.error == "refresh_token_authentication_error"


def test_endless_wrapper_leaves_the_outer_error() -> None:
    endless = '{"a":' * 100_000 + "}"
    assert refused(400, {"error": "outer", "error_description": endless}).error == "outer"


def test_broken_wrapper_leaves_the_outer_error() -> None:
    answer = refused(400, {"error": "outer", "error_description": "{not json} at all"})
    assert (answer.error, answer.description) == ("outer", "{not json} at all")


@pytest.mark.parametrize(
    ("description", "blames"),
    [
        ("Client authentication failed", True),
        ("refresh token invalid", False),
        ("refresh_token_invalid", False),
    ],
)
def test_wrong_application_is_told_from_a_dead_token(description: str, blames: bool) -> None:
    answer = refused(401, {"error": "invalid_client", "error_description": description})
    assert answer.blames_application is blames


@pytest.mark.parametrize(
    ("status", "body", "blames"),
    [
        (400, {"error": "unsupported_token_type", "error_description": WRAPPED}, True),
        (400, {"error": "unsupported_token_type"}, True),
        (400, {"error": "invalid_grant"}, True),
        (401, {"error": "invalid_client", "error_description": "refresh token invalid"}, True),
        (401, {"error": "invalid_client", "error_description": "unknown"}, False),
        (403, {}, False),
        (407, "", False),
        (404, {"fault": {"faultstring": "no route"}}, False),
        (400, {"error": "temporarily_unavailable"}, False),
        (400, {"error": "unauthorized_client"}, False),
    ],
)
def test_only_words_about_the_token_blame_the_sign_in(
    status: int, body: object, blames: bool
) -> None:
    assert refused(status, body).blames_sign_in is blames


@pytest.mark.parametrize("body", [[], "text", {}, {"message": "no"}])
def test_any_other_refusal_is_a_refusal(body: object) -> None:
    assert refused(403, body).error == "status 403"


def test_text_of_theirs_is_short_plain_and_without_secrets() -> None:
    token = "I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123@"
    answer = refused(400, {"error": "e\x1b[2J", "error_description": f"a\n{token} " + "z" * 999})
    assert "\x1b" not in answer.error
    assert token not in answer.description
    assert "\n" not in answer.description
    assert len(answer.description) <= 200


@pytest.mark.parametrize("status", [301, 408, 425, 429, 500, 502, 503, 504])
def test_passing_trouble_is_no_refusal(status: int) -> None:
    answer = read_answer(httpx.Response(status, json={"error": "busy"}))
    assert isinstance(answer, TokensUnavailable)
    assert answer.reason == f"the token endpoint answered {status}"
    assert not answer.is_ambiguous


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(403, html="<html>Access Denied</html>"),
        httpx.Response(403, content=b" \n<!DOCTYPE html>"),
    ],
)
def test_page_of_an_edge_server_is_no_refusal(response: httpx.Response) -> None:
    assert isinstance(read_answer(response), TokensUnavailable)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(204),
        httpx.Response(200, html="<html>welcome</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": 7}),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(200, json={"access_token": "x\r\nHost: y"}),
        httpx.Response(200, json={"access_token": "x\u20ac"}),
        httpx.Response(200, content=b'{"access_token": "x\\ud800"}'),
        httpx.Response(200, content=b'{"access_token": "x'),
        httpx.Response(200, content=b'{"a":' * 100_000),
    ],
)
def test_success_without_tokens_is_ambiguous(response: httpx.Response) -> None:
    answer = read_answer(response)
    assert isinstance(answer, TokensUnavailable)
    assert answer.is_ambiguous


async def test_request_is_the_brokers_form() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "x"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        endpoint = TokenEndpoint(http, "https://127.0.0.1:1", Secret("key"), Secret("s:t"))
        await endpoint.exchange(Secret("a+b/c=@"))
    (request,) = seen
    assert str(request.url) == "https://127.0.0.1:1/v1/oauth/token"
    assert request.method == "POST"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"key:s:t").decode()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    form = parse_qs(request.content.decode(), strict_parsing=True)
    assert form == {"grant_type": ["refresh_token"], "refresh_token": ["a+b/c=@"]}


async def redeemed(answer: Callable[[httpx.Request], httpx.Response]) -> TokenAnswer:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        endpoint = TokenEndpoint(http, "https://127.0.0.1:1", Secret("key"), Secret("s:t"))
        return await endpoint.redeem(Secret("C0.a+b/c=@"), "https://127.0.0.1:8182")


async def test_code_is_redeemed_with_the_brokers_form() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "x", "refresh_token": "y"})

    assert await redeemed(answer) == TokensGranted(Secret("x"), Secret("y"), 1800, "api")
    (request,) = seen
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"key:s:t").decode()
    assert parse_qs(request.content.decode(), strict_parsing=True) == {
        "grant_type": ["authorization_code"],
        "code": ["C0.a+b/c=@"],
        "redirect_uri": ["https://127.0.0.1:8182"],
    }


async def test_code_is_never_sent_twice() -> None:
    seen: list[httpx.Request] = []

    def lose(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ReadTimeout("too slow")

    assert await redeemed(lose) == TokensUnavailable("too slow", is_ambiguous=True)
    assert len(seen) == 1


if PAYLOADS.is_dir():

    def payload(name: str) -> httpx.Response:
        sample = json.loads((PAYLOADS / name).read_text(encoding="utf-8"))
        return httpx.Response(sample["http_status"], json=sample["body"])

    def test_recorded_refusal_is_understood() -> None:
        answer = read_answer(payload("oauth-error-refresh-expired.json"))
        assert isinstance(answer, TokensRefused)
        assert answer.error == "refresh_token_authentication_error"

    def test_recorded_tokens_are_understood() -> None:
        assert isinstance(read_answer(payload("oauth-token-response.json")), TokensGranted)
