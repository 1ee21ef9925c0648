"""What a request to cancel is and what each answer to it means."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.schwab.site import Answer, Site, broken, document, hash_of, text

from swimdesk.domain.commands import CommandOutcome
from swimdesk.schwab.client import SchwabBroker

HASH = hash_of("11110001")
PATH = f"/trader/v1/accounts/{HASH}/orders/77"


async def a_broker(site: Site, *answers: Answer) -> SchwabBroker:
    """Return a broker that knows its accounts; only the request to cancel is still to come."""
    site.on(PATH, *answers)
    broker = site.broker()
    await broker.discover()
    site.requests.clear()
    return broker


async def test_request_names_the_order_and_carries_the_token_of_its_login() -> None:
    site = Site()
    broker = await a_broker(site, text(200))
    outcome = await broker.cancel("smith-1", "77")
    await broker.aclose()
    assert (outcome.kind, outcome.reason) == (CommandOutcome.TAKEN, None)
    (request,) = site.requests
    assert (request.method, request.url.path, request.content) == ("DELETE", PATH, b"")
    assert request.headers["authorization"] == "Bearer first.smith"
    assert "content-type" not in request.headers


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (document({"message": "cannot be canceled"}, 400), CommandOutcome.REFUSED, "canceled"),
        (document({"message": "Order not found"}, 404), CommandOutcome.REFUSED, "not found"),
        (text(401), CommandOutcome.REFUSED, "access"),
        (text(403), CommandOutcome.REFUSED, "access"),
        (text(429, retry_after="1"), CommandOutcome.REFUSED, "slow down"),
        (text(404, "<html><title>Lost</title>"), CommandOutcome.UNKNOWN, "proves nothing"),
        (document({"errors": [{"status": "500"}]}, 400), CommandOutcome.UNKNOWN, "proves nothing"),
        (text(201), CommandOutcome.UNKNOWN, "proves nothing"),
        (text(302, location="https://elsewhere.test"), CommandOutcome.UNKNOWN, "proves nothing"),
        (text(500, "Internal Server Error"), CommandOutcome.UNKNOWN, "proves nothing"),
        (text(503), CommandOutcome.UNKNOWN, "may or may not"),
        (broken(httpx.ReadTimeout("slow")), CommandOutcome.UNKNOWN, "no answer in time"),
        (broken(httpx.ReadError("reset")), CommandOutcome.UNKNOWN, "may or may not"),
        (broken(httpx.RemoteProtocolError("?")), CommandOutcome.UNKNOWN, "may or may not"),
        (broken(httpx.DecodingError("gzip")), CommandOutcome.UNKNOWN, "not understood"),
        (broken(httpx.ConnectError("refused")), CommandOutcome.NOT_SENT, ""),
        (broken(httpx.ConnectTimeout("slow")), CommandOutcome.NOT_SENT, ""),
    ],
)
async def test_each_answer_means_one_thing_and_is_never_followed_by_a_second_request(
    answer: Answer, kind: CommandOutcome, said: str
) -> None:
    site = Site()
    broker = await a_broker(site, answer)
    outcome = await broker.cancel("smith-1", "77")
    await broker.aclose()
    assert outcome.kind is kind
    assert said in (outcome.reason or "")
    assert HASH not in (outcome.reason or "")
    assert site.paths() == [PATH]
    assert not site.tokens.replaced


async def test_login_that_has_to_sign_in_sends_nothing_and_says_so() -> None:
    site = Site()
    broker = await a_broker(site, text(200))
    site.tokens.dead = {"smith"}
    outcome = await broker.cancel("smith-1", "77")
    assert outcome.kind is CommandOutcome.NOT_SENT
    assert "sign in" in (outcome.reason or "")
    assert not site.requests


async def test_token_that_cannot_be_saved_keeps_no_good_one_from_canceling() -> None:
    site = Site()
    broker = await a_broker(site, text(200))
    site.tokens.unsaved = {"smith"}
    assert (await broker.cancel("smith-1", "77")).kind is CommandOutcome.TAKEN
    await broker.aclose()


@pytest.mark.parametrize(("account", "order_id"), [("smith-1", "7/../8"), ("nobody", "77")])
async def test_what_the_broker_cannot_know_is_not_sent(account: str, order_id: str) -> None:
    site = Site()
    broker = await a_broker(site, text(200))
    assert (await broker.cancel(account, order_id)).kind is CommandOutcome.NOT_SENT
    assert "DELETE" not in {request.method for request in site.requests}


async def test_accounts_that_were_never_read_are_read_first() -> None:
    site = Site()
    site.on(PATH, text(200))
    broker = site.broker()
    assert (await broker.cancel("smith-1", "77")).kind is CommandOutcome.TAKEN
    await broker.aclose()
