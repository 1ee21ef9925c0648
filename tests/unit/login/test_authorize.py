"""Where a sign-in begins, and what is taken from the address at which it ends."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from swimdesk.errors import SignInFailed
from swimdesk.login.authorize import authorize_url, code_of
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182"
CODE = "C0.b2F1dGgy+x/y.aBcDeF"


def code(url: str, callback: str = CALLBACK, state: str = "st-1") -> str:
    return code_of(Secret(url), callback, state).reveal()


def test_sign_in_begins_at_the_authorize_page_with_our_state() -> None:
    url = authorize_url("https://api.schwabapi.com/", Secret("KEY"), CALLBACK, "a b&c").reveal()
    split = urlsplit(url)
    assert (split.scheme, split.netloc) == ("https", "api.schwabapi.com")
    assert split.path == "/v1/oauth/authorize"
    assert parse_qs(split.query, strict_parsing=True) == {
        "client_id": ["KEY"],
        "redirect_uri": [CALLBACK],
        "response_type": ["code"],
        "state": ["a b&c"],
    }


@pytest.mark.parametrize(
    "url",
    [
        f"{CALLBACK}/?code={CODE}%40&session=1-2&state=st-1",
        f"{CALLBACK}?state=st-1&code={CODE}%40",
        f"  HTTPS://127.0.0.1:8182/?code={CODE}%40&state=st-1#top\n",
    ],
)
def test_code_is_decoded_once(url: str) -> None:
    assert code(url) == f"{CODE}@"


def test_code_that_was_encoded_twice_is_decoded_once_only() -> None:
    assert code(f"{CALLBACK}/?code=C0.x%2540&state=st-1") == "C0.x%40"


def test_usual_port_may_be_left_out() -> None:
    assert code("https://127.0.0.1:443/?code=c&state=st-1", "https://127.0.0.1") == "c"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://127.0.0.1:8182/?code={CODE}&state=st-1", "scheme differs"),
        (f"https://127.0.0.2:8182/?code={CODE}&state=st-1", "host differs"),
        (f"https://127.0.0.1:8182@evil.example/?code={CODE}&state=st-1", "host differs"),
        (f"https://127.0.0.1/?code={CODE}&state=st-1", "port differs"),
        (f"{CALLBACK}/other?code={CODE}&state=st-1", "path differs"),
        (f"https://me@127.0.0.1:8182/?code={CODE}&state=st-1", "names a user"),
        (f"{CALLBACK}/?code={CODE}&state=st-2", "another attempt"),
        (f"{CALLBACK}/?code={CODE}&state=ßt-1", "another attempt"),
        (f"{CALLBACK}/?code={CODE}", "another attempt"),
        (f"{CALLBACK}/?code={CODE}&state=st-1&state=st-1", "another attempt"),
        (f"{CALLBACK}/?state=st-1", "without a code"),
        (f"{CALLBACK}/?error={CODE}&state=st-1", "without a code"),
        (f"{CALLBACK}/?code=&state=st-1", "without a code"),
        (f"{CALLBACK}/?code={CODE}&code=x&state=st-1", "without a code"),
        ("", "not an address"),
        (CODE, "not an address"),
        (f"https://[::1/?code={CODE}&state=st-1", "not an address"),
        (f"https://127.0.0.1:99999/?code={CODE}&state=st-1", "not an address"),
        (f"{CALLBACK}/?code={CODE}\x1b[2J&state=st-1", "not an address"),
        (f"{CALLBACK}/?code={CODE}&state=st-1{'x' * 9000}", "not an address"),
    ],
)
def test_address_that_is_not_our_callback_is_told_and_not_shown(url: str, words: str) -> None:
    with pytest.raises(SignInFailed, match=words) as caught:
        code(url)
    assert CODE not in caught.value.detail
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
