"""The file of the sign-in pages: what it must say, and which page an address shows."""

from __future__ import annotations

import pytest

from swimdesk.errors import InvariantBroken
from swimdesk.login.signin.deciding import DECISIONS, ENDS
from swimdesk.login.signin.pages import PARTS_OF, known_pages, read_pages

LOGIN = """
hosts = []
errors = []
[[page]]
name = "login"
fragments = ["/login-one-step"]
wants = "credentials"
needs = ["user"]
says = "typing"
[page.parts]
user = ["#loginIdInput"]
"""


def at(fragment: str) -> str | None:
    page = known_pages().at(f"https://sws.example/ui/host/#{fragment}")
    return page.name if page else None


@pytest.mark.parametrize(
    ("fragment", "name"),
    [
        ("/login-one-step", "login"),
        ("/login-one-step?x=1", "login"),
        ("/authenticators", "second factor"),
        ("/otp-code", "text message"),
        ("/placeholder", "authenticator"),
        ("/mobile-approve", "approval"),
        ("/third-party-auth/cag", "terms"),
        ("/third-party-auth/account", "accounts"),
        ("/third-party-auth/confirmation", "confirmation"),
        ("/information/4711", "notice"),
        ("/information/locked", "locked"),
        ("/profile/verify-contact", None),
        ("", None),
    ],
)
def test_page_is_known_by_its_fragment(fragment: str, name: str | None) -> None:
    assert at(fragment) == name


def test_text_of_an_address_before_the_fragment_says_nothing() -> None:
    assert known_pages().at("https://sws.example/login-one-step") is None


@pytest.mark.parametrize(
    "begin", ["http://sws-gateway.schwab.com/ui/host/", "about:blank", "data:,"]
)
def test_page_that_does_not_come_over_tls_is_not_known(begin: str) -> None:
    assert known_pages().at(f"{begin}#/login-one-step") is None


def test_every_want_has_a_decision_and_every_decision_a_page() -> None:
    assert set(PARTS_OF) == set(DECISIONS) | set(ENDS)
    assert {page.wants for page in known_pages().pages} == set(PARTS_OF)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('wants = "credentials"', 'wants = "tea"'), "wants tea"),
        (('needs = ["user"]', 'needs = ["password"]'), "without selector"),
        (('user = ["#loginIdInput"]', "user = []"), "part without a selector"),
        (('user = ["#loginIdInput"]', 'user = ["#a"]\ncup = ["#b"]'), "unknown parts ['cup']"),
        (('says = "typing"', 'says = "typing"\nboxes = ["input"]'), "boxes belong"),
        (('says = "typing"', 'says = "typing"\ncolour = "red"'), "unknown keys ['colour']"),
        (('fragments = ["/login-one-step"]', "fragments = []"), "fragments that begin with /"),
        (('says = "typing"', 'says = "typing"\nknown_by = "cup"'), "does not have"),
        (("hosts = []", ""), "not in order"),
        (("hosts = []", "hosts = ["), "not in order"),
    ],
)
def test_mistake_in_the_file_is_named(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(InvariantBroken) as caught:
        read_pages(LOGIN.replace(*change))
    assert complaint in caught.value.detail


def test_page_that_stands_there_twice_is_a_mistake() -> None:
    with pytest.raises(InvariantBroken, match="name login stands there twice"):
        read_pages(LOGIN + LOGIN[LOGIN.index("[[page]]") :])
