"""The token endpoint: grants, rotation, expiry, supersession, its odd errors."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.sim_client import Counter

from swimdesk.sim.messages import SimResponse


def body_of(response: SimResponse, status: int = 200) -> dict[str, Any]:
    assert response.status == status, response.body
    body = json.loads(response.body)
    assert isinstance(body, dict)
    return body


def refresh(counter: Counter, token: str) -> SimResponse:
    return counter.token({"grant_type": "refresh_token", "refresh_token": token})


def token_of(counter: Counter) -> str:
    token = counter.broker.grants.refresh_token(counter.login.name)
    assert token is not None
    return token


def code_form(counter: Counter, code: str) -> dict[str, str]:
    callback = counter.broker.settings.callback_url
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}


def assert_refused_refresh(response: SimResponse) -> None:
    body = body_of(response, 400)
    assert body["error"] == "unsupported_token_type"
    assert body["error_description"].startswith('400 Bad Request: "{"error_description":"Exception')
    assert "refresh_token_authentication_error" in body["error_description"]


def test_refresh_answers_the_six_keys_and_rotates() -> None:
    counter = Counter()
    before = token_of(counter)
    body = body_of(refresh(counter, before))
    assert set(body) == {
        "expires_in", "token_type", "scope", "refresh_token", "access_token", "id_token"
    }  # fmt: skip
    assert (body["expires_in"], body["token_type"], body["scope"]) == (1800, "Bearer", "api")
    assert body["refresh_token"] != before
    assert_refused_refresh(refresh(counter, before))


def test_rotation_can_be_switched_off() -> None:
    counter = Counter(rotate_refresh_tokens=False)
    token = token_of(counter)
    assert body_of(refresh(counter, token))["refresh_token"] == token
    assert refresh(counter, token).status == 200


def test_access_token_ends_after_half_an_hour() -> None:
    counter = Counter()
    counter.clock.advance(1799)
    assert counter.send("GET", "accounts/accountNumbers").status == 200
    counter.clock.advance(1)
    response = counter.send("GET", "accounts/accountNumbers")
    error = body_of(response, 401)["errors"][0]
    assert (error["status"], error["title"]) == (401, "Unauthorized")
    assert error["detail"] == "Client not authorized"


def test_an_access_token_outlives_a_refresh() -> None:
    counter = Counter()
    refresh(counter, token_of(counter))
    assert counter.send("GET", "accounts/accountNumbers").status == 200


def test_refresh_token_ends_seven_days_after_the_authorization_however_often_refreshed() -> None:
    counter = Counter()
    for _ in range(6):
        counter.clock.advance(24 * 3600)
        assert refresh(counter, token_of(counter)).status == 200
    counter.clock.advance(24 * 3600)
    assert_refused_refresh(refresh(counter, token_of(counter)))


def test_new_authorization_ends_the_older_grant_at_once() -> None:
    counter = Counter()
    older = token_of(counter)
    code = counter.broker.grants.mint_code(counter.login.name)
    body = body_of(counter.token(code_form(counter, code)))
    assert counter.send("GET", "accounts").status == 401
    assert_refused_refresh(refresh(counter, older))
    counter.bearer = body["access_token"]
    assert counter.send("GET", "accounts").status == 200


def test_code_works_once() -> None:
    counter = Counter()
    code = counter.broker.grants.mint_code(counter.login.name)
    assert code.endswith("@")
    assert counter.token(code_form(counter, code)).status == 200
    assert body_of(counter.token(code_form(counter, code)), 400)["error"] == "invalid_grant"


def test_code_dies_after_thirty_seconds() -> None:
    counter = Counter()
    code = counter.broker.grants.mint_code(counter.login.name)
    counter.clock.advance(30)
    body = body_of(counter.token(code_form(counter, code)), 400)
    assert body["error"] == "unsupported_token_type"
    assert "AuthorizationCode has expired,expiration=" in body["error_description"]


def test_redirect_must_match_the_callback_to_the_letter() -> None:
    counter = Counter()
    code = counter.broker.grants.mint_code(counter.login.name)
    form = code_form(counter, code)
    form["redirect_uri"] += "/"
    assert body_of(counter.token(form), 400)["error"] == "invalid_request"


def test_wrong_secret_is_an_invalid_client() -> None:
    counter = Counter()
    form = {"grant_type": "refresh_token", "refresh_token": token_of(counter)}
    assert body_of(counter.token(form, secret="wrong"), 401)["error"] == "invalid_client"


def test_unknown_grant_type_is_refused() -> None:
    response = Counter().token({"grant_type": "password"})
    assert body_of(response, 400)["error"] == "unsupported_grant_type"


def test_revoked_access_leaves_the_refresh_token_working() -> None:
    counter = Counter()
    counter.broker.grants.revoke_access(counter.login.name)
    assert counter.send("GET", "accounts").status == 401
    counter.bearer = counter.sign_in()
    assert counter.send("GET", "accounts").status == 200


def test_a_grant_of_one_login_does_not_touch_another() -> None:
    counter = Counter()
    other = counter.broker.logins[1].name
    bearer = counter.sign_in(other)
    counter.broker.grants.authorize(counter.login.name)
    counter.bearer = bearer
    assert counter.send("GET", "accounts").status == 200


def test_tokens_do_not_show_in_a_representation() -> None:
    counter = Counter()
    assert token_of(counter) not in repr(vars(counter.broker.grants)["_grants"])
    assert counter.login.password not in repr(counter.login)
