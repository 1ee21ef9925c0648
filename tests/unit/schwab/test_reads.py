from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import stamina
from tests.unit.schwab.site import Site, Tokens, broken, document, text
from tests.unit.schwab.support import NOW, StoppedClock

from swimdesk.errors import (
    BrokerRefused,
    BrokerUnreachable,
    LoginRequired,
    ProtocolDrift,
    RateLimited,
)
from swimdesk.schwab.network import why_no_connection
from swimdesk.schwab.reads import ReadAgain, Reader, backoff, retry_after_s

PATH = "/trader/v1/thing"


@pytest.fixture(autouse=True)
def _repeat_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def reader(site: Site, tokens: Tokens | None = None) -> Reader:
    return Reader(
        "https://broker.test",
        ssl.create_default_context(),
        tokens or site.tokens,
        StoppedClock(),
        httpx.MockTransport(site.handle),
    )


async def get(site: Site) -> Any:
    return await reader(site).get("smith", PATH, "a thing")


TROUBLES = [
    pytest.param(text(500), id="500"),
    pytest.param(text(502), id="502"),
    pytest.param(text(408), id="408"),
    pytest.param(text(429), id="429"),
    pytest.param(document({"errors": [{"status": 500}]}, 400), id="400 around 500"),
    pytest.param(broken(httpx.ConnectError("All connection attempts failed")), id="refused"),
    pytest.param(broken(httpx.ReadTimeout("timed out")), id="timeout"),
    pytest.param(broken(httpx.RemoteProtocolError("Server disconnected")), id="disconnect"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_read_is_repeated_until_it_succeeds(trouble: Any) -> None:
    site = Site()
    site.on(PATH, trouble, trouble, document({"a": 1}))
    assert await get(site) == {"a": 1}
    assert len(site.requests) == 3


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_read_is_given_up_after_three_tries(trouble: Any) -> None:
    site = Site()
    site.on(PATH, trouble)
    with pytest.raises((BrokerUnreachable, RateLimited)) as caught:
        await get(site)
    assert "broker.test" in caught.value.detail
    assert len(site.requests) == 3
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(document({"message": "no"}, 400), BrokerRefused, id="400"),
        pytest.param(text(403, "<html>Access Denied</html>"), BrokerRefused, id="403"),
        pytest.param(document({"message": "Not found"}, 404), BrokerRefused, id="404"),
        pytest.param(text(404, "Requested route does not exist"), BrokerUnreachable, id="route"),
        pytest.param(text(301, location="https://elsewhere.test/"), ProtocolDrift, id="301"),
        pytest.param(text(200, "<html>login</html>"), ProtocolDrift, id="page"),
        pytest.param(text(200, '{"a":'), ProtocolDrift, id="cut"),
        pytest.param(text(200, "[" * 100_000), ProtocolDrift, id="nested"),
        pytest.param(
            broken(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] no")),
            BrokerUnreachable,
            id="certificate",
        ),
    ],
)
async def test_what_will_not_change_is_not_asked_again(answer: Any, error: type) -> None:
    site = Site()
    site.on(PATH, answer)
    with pytest.raises(error):
        await get(site)
    assert len(site.requests) == 1


async def test_rejected_token_is_replaced_once() -> None:
    site = Site()
    site.on(PATH, text(401), document([]))
    assert await get(site) == []
    assert site.tokens.replaced == ["first.smith"]
    sent = [request.headers["authorization"] for request in site.requests]
    assert sent == ["Bearer first.smith", "Bearer second.smith"]


async def test_second_rejection_asks_for_a_sign_in() -> None:
    site = Site()
    site.on(PATH, text(401))
    with pytest.raises(LoginRequired, match="smith"):
        await get(site)
    assert len(site.requests) == 2


async def test_numbers_are_read_exactly() -> None:
    site = Site()
    site.on(PATH, text(200, '{"price": 0.1, "greek": NaN}'))
    found = await get(site)
    assert str(found["price"]) == "0.1"
    assert found["greek"] is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        ("0", 1.0),
        ("-3", 1.0),
        ("soon", None),
        ("nan", None),
        ("1e9", 1e9),
        ("Mon, 23 Nov 99999999999 15:00:00 GMT", None),
        (format_datetime(NOW + timedelta(seconds=4), usegmt=True), 4.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1.0),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(("header", "requests"), [("5", 3), ("600", 1), (None, 3)])
async def test_wait_beyond_patience_is_not_waited_for(header: str | None, requests: int) -> None:
    site = Site()
    site.on(PATH, text(429, **({"retry_after": header} if header else {})))
    with pytest.raises(RateLimited):
        await get(site)
    assert len(site.requests) == requests


def test_named_wait_is_kept_and_other_errors_are_not_repeated() -> None:
    slow_down = RateLimited("slow down")
    assert backoff(ReadAgain(slow_down, 5.0)) == 5.0
    assert backoff(ReadAgain(slow_down)) is True
    assert backoff(ReadAgain(slow_down, 600.0)) is False
    assert backoff(ValueError()) is False


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name broker.test is not found"),
        (ConnectionRefusedError(111, "refused"), "refuses the connection"),
        (ssl.SSLCertVerificationError(1, "x"), r"\[broker\] ca_file"),
        (ssl.SSLError(1, "handshake"), "TLS"),
        (TimeoutError(), "did not answer in time"),
        (ConnectionResetError(), "broke the connection"),
        (OSError(113, "No route to host"), "no route"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), r"\[broker\] ca_file"),
        (httpx.ConnectTimeout("timed out"), "did not answer in time"),
        (ExceptionGroup("x", [ConnectionRefusedError()]), "refuses the connection"),
        (ValueError("odd"), "no connection to broker.test"),
    ],
)
def test_cause_is_told_in_words(error: Exception, words: str) -> None:
    with pytest.raises(BrokerUnreachable, match=words):
        raise BrokerUnreachable(why_no_connection(error, "broker.test"))


def test_a_handshake_that_nobody_answers_is_slow_and_no_quarrel_over_tls() -> None:
    late = TimeoutError()
    late.__context__ = ssl.SSLWantReadError(2, "The operation did not complete (_ssl.c:1006)")
    error = httpx.ConnectTimeout("")
    error.__cause__ = late
    assert why_no_connection(error, "broker.test") == "broker.test did not answer in time"
