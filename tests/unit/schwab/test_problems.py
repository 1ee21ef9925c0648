from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schwab.support import payloads

from swimdesk.schwab.problems import error_text, says_not_found, tells_of_internal_error

NONE: dict[str, str] = {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(b'{"message":"Invalid account number"}', "Invalid account number", id="A"),
        pytest.param(
            b'{"message":"Invalid request data","errors":["Field: a","Field: b"]}',
            "Invalid request data; Field: a; Field: b",
            id="B",
        ),
        pytest.param(
            b'{"errors":[{"id":"1","status":"401","title":"Unauthorized","detail":"Not ours"}]}',
            "Not ours",
            id="C",
        ),
        pytest.param(b'{"errors":[{"status":404,"title":"Not Found"}]}', "Not Found", id="C title"),
        pytest.param(
            b'{"fault":{"faultstring":"Body buffer overflow","detail":{"errorcode":"x"}}}',
            "Body buffer overflow",
            id="D",
        ),
        pytest.param(b"Service is\r\ncurrently", "Service is currently", id="E"),
        pytest.param(
            b"<html><head><title>Access Denied</title></head><body>x</body></html>",
            "status 418 with a web page: Access Denied",
            id="F",
        ),
        pytest.param(
            b"<h1>Access</h1><script>alert(1)</script>",
            "status 418 with a web page: Access",
            id="F2",
        ),
        pytest.param(b"", "status 418 without a text", id="empty"),
        pytest.param(b"{}", "{}", id="empty object"),
        pytest.param(b"[1,2]", "[1,2]", id="list"),
        pytest.param(b'"\\u001b[2Jx"', '"\\u001b[2Jx"', id="string"),
    ],
)
def test_every_shape_comes_down_to_one_line(body: bytes, text: str) -> None:
    assert error_text(418, NONE, body) == text


def test_control_and_invisible_characters_are_stripped_and_length_is_bounded() -> None:
    body = json.dumps({"message": "a\x1b[31mb\u202ec\x00" + "d" * 5000}).encode()
    text = error_text(400, NONE, body)
    assert text.startswith("a[31mbcd")
    assert len(text) == 300


def test_compressed_error_is_unpacked_and_a_damaged_one_is_said_to_be() -> None:
    packed = gzip.compress(b'{"message":"no"}')
    headers = {"content-encoding": "gzip"}
    assert error_text(400, headers, packed) == "no"
    assert not tells_of_internal_error(headers, packed)
    assert "damaged" in error_text(400, headers, packed[:-9])
    assert tells_of_internal_error(headers, packed[:-9])
    assert tells_of_internal_error({"content-encoding": "br"}, b"")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"errors":[{"status":500,"title":"Internal Server Error"}]}', True),
        (b'{"errors":[{"status":"503"}]}', True),
        (b'{"message":"Application encountered unexpected error that prevented it"}', True),
        (b'{"status":500}', True),
        (b'{"message":"no', True),
        (b'{"errors":[{"status":400,"title":"Bad Request"}]}', False),
        (b'{"message":"Invalid account number"}', False),
        (b"<html>Access Denied</html>", False),
        (b"", False),
    ],
)
def test_inner_failure_is_seen_whatever_the_outer_status(body: bytes, expected: bool) -> None:
    assert tells_of_internal_error(NONE, body) is expected


def test_not_found_is_believed_only_in_the_brokers_own_words() -> None:
    assert says_not_found(NONE, b'{"message":"Order not found"}')
    assert says_not_found(NONE, b'{"errors":[{"status":"404","title":"Not Found"}]}')
    assert not says_not_found(NONE, b"404 Not Found: Requested route ('x') does not exist.")
    assert not says_not_found(NONE, b'{"message":"Requested route (x) does not exist"}')
    assert not says_not_found(NONE, b"<html>404</html>")
    assert not says_not_found(NONE, b"")


@given(st.integers(100, 599), st.binary(max_size=300))
def test_any_body_gives_one_clean_line(status: int, body: bytes) -> None:
    text = error_text(status, NONE, body)
    assert text
    assert text.isprintable()
    assert len(text) <= 400


@pytest.mark.parametrize("path", payloads("error-*.json"), ids=lambda path: path.stem)
def test_recorded_errors_have_a_text(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    body = json.dumps(document.get("body", document)).encode()
    text = error_text(document.get("http_status", 400), NONE, body)
    assert "{" not in text
    assert len(text) > 5
