"""What may be printed, and what may not."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.telemetry.redaction import Secret, mask_account, redact

TEXT = "xK3abcDEF0123456789ghiJKL0123456789"
HASH = "0123456789ABCDEF" * 4
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


def test_secret_is_masked_in_every_way_of_printing() -> None:
    secret = Secret(TEXT)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>20}"]
    shown += ["%s %r" % (secret, secret), repr([secret]), repr({"k": secret})]  # noqa: UP031 - the old form is what is tested
    assert not any(TEXT in line for line in shown)
    assert secret.reveal() == TEXT


def test_secret_inside_a_dataclass_is_masked() -> None:
    @dataclass(frozen=True, slots=True)
    class Holder:
        token: Secret

    assert TEXT not in repr(Holder(Secret(TEXT)))


def test_secret_equals_only_a_secret_with_the_same_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT + "x")
    assert Secret("é") == Secret("é")
    assert Secret(TEXT) != TEXT


def test_secret_is_not_pickled_copied_or_hashed() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TEXT))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(TEXT))
    with pytest.raises(TypeError):
        hash(Secret(TEXT))


def test_secret_has_no_attribute_dictionary_to_dump() -> None:
    assert not hasattr(Secret(TEXT), "__dict__")


@pytest.mark.parametrize(
    ("number", "shown"),
    [("123454821", "…4821"), ("12344821", "…4821"), ("4821", "…"), ("", "…")],
)
def test_account_number_shows_its_last_four(number: str, shown: str) -> None:
    assert mask_account(number) == shown


@pytest.mark.parametrize(
    "planted",
    [
        "I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123@",
        "C0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123%40",
        "xK3abcDEF0123456789-_ghiJKL0123456789Qz@",
        JWT,
        HASH,
        HASH.lower(),
        "JBSWY3DPEHPK3PXP",
        "ORSXG5BAORSXG5BAORSXG5BAORSXG5BA",
        "123454821",
        "12344821",
        "1234-4821",
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "token={} end",
        '{{"value": "{}"}}',
        "GET https://host/v1/accounts/{}/orders?x=1",
        "[{}]",
        "Authorization: Bearer {}",
        "code={}&session=1",
    ],
)
def test_planted_secret_does_not_survive_in_any_line(planted: str, line: str) -> None:
    shown = redact(line.format(planted))
    assert planted not in shown
    assert planted[:12] not in shown or len(planted) < 12


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "refresh_token=dXNlcjpwYXNzd29yZA",
        '{"access_token": "dXNlcjpwYXNzd29yZA", "expires_in": 1800}',
        r"{\"refresh_token\":\"dXNlcjpwYXNzd29yZA\"}",
        "client_secret: dXNlcjpwYXNzd29yZA",
        '{"totp_secret": "dXNlcjpwYXNzd29yZA"}',
        "client_id=dXNlcjpwYXNzd29yZA&redirect_uri=x",
        "https://127.0.0.1:8182/?code=dXNlcjpwYXNzd29yZA&session=1",
        "https://127.0.0.1:8182/?session=1&state=dXNlcjpwYXNzd29yZA",
        "password='dXNlcjpwYXNzd29yZA'",
    ],
)
def test_named_secret_is_masked_by_its_name(line: str) -> None:
    assert "dXNlcjpwYXNzd29yZA" not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT",
        "SPXW  261211C06200000",
        "SPY   261218P00600000 x 2",
        "order 1005000000001 at 2026-11-23T15:04:05.123456789Z",
        "ratio 0.12345678 of 12345678.50",
        "write to operator.with.a.long.name@example.com",
        "ref 01JDZ3K8Q5W7R9T2Y4V6X8B0N1",
        "code=STORE_FULL title=The disk is full",
        "SIGN_IN_REFUSED IN_DOUBT UNBALANCED_IRON_CONDOR 2222222222222222",
        "login smith, sign-in 01M8R5GZPPH98NK3WVECBKBVFC (automatic): begun",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


@given(st.text(), st.from_regex(r"[0-9]{8,9}", fullmatch=True), st.text())
def test_lone_account_number_never_survives(before: str, number: str, after: str) -> None:
    assert number not in redact(f"{before} {number} {after}").split(" ")


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
