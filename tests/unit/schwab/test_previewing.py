"""The broker's previews, as it really answers: a reject inside a 200 is a reject."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.schwab.site import Answer, Site, broken, document, hash_of, text
from tests.unit.schwab.support import payloads

from swimdesk.desk.ports import LineOrder, PreparedOrder
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import Effect
from swimdesk.domain.plan import BrokerVerdict, BrokerWord
from swimdesk.schwab.values import parse_json

NUMBER = "22220001"
PATH = f"/trader/v1/accounts/{hash_of(NUMBER)}/previewOrder"
ACCOUNT = "jones-1"


def an_answer(status: Any = "ACCEPTED", **remarks: list[dict[str, str]]) -> Answer:
    """Answer with a preview of that status and these remarks."""
    balance = {
        "projectedAvailableFund": 14731.26,
        "projectedBuyingPower": 29462.52,
        "projectedCommission": 2.6,
    }
    return document(
        {
            "orderStrategy": {"status": status, "orderBalance": balance},
            "orderValidationResult": remarks,
        }
    )


def remark(message: str) -> dict[str, str]:
    return {"activityMessage": message, "originalSeverity": "WARN"}


async def asked(*answers: Answer, site: Site | None = None) -> BrokerVerdict:
    """Preview one order at a broker that answers so."""
    site = site or Site()
    site.on(PATH, *answers)
    broker = site.broker()
    await broker.discover()
    return (await broker.preview([prepared(broker.prepare)]))[ACCOUNT]


def content(path: Path) -> str:
    return path.read_text("utf-8")


def prepared(prepare: Any) -> PreparedOrder:
    ticket = parse("BUY +1 SPY @600.00 LMT").with_effect(Effect.OPEN)
    order: PreparedOrder = prepare([LineOrder("ref", ACCOUNT, ticket)]).orders[0]
    return order


@pytest.mark.parametrize("path", payloads("preview-order-[ar]*.json"), ids=lambda path: path.stem)
async def test_real_previews(path: Path) -> None:
    text_of = content(path)
    found = await asked(lambda _: httpx.Response(200, text=text_of))
    rejected = "rejected" in path.stem
    assert found.word is (BrokerWord.REJECT if rejected else BrokerWord.ACCEPT)
    assert ("not have enough available cash" in " ".join(found.texts)) is rejected
    balance = parse_json(text_of)["orderStrategy"]["orderBalance"]
    assert found.available_funds == balance["projectedAvailableFund"]
    assert found.buying_power == balance["projectedBuyingPower"]
    assert found.commission == 0


@pytest.mark.parametrize(
    ("answer", "word", "texts"),
    [
        (an_answer(), BrokerWord.ACCEPT, ()),
        (an_answer(warns=[remark("settled funds")]), BrokerWord.ALERT, ("settled funds",)),
        (an_answer(alerts=[remark("look here")]), BrokerWord.ALERT, ("look here",)),
        (an_answer(reviews=[remark("a person looks")]), BrokerWord.ALERT, ("a person looks",)),
        (an_answer(accepts=[remark("fine")]), BrokerWord.ACCEPT, ()),
        # Rejects count whatever the status says, and the status whatever the lists say.
        (an_answer(rejects=[remark("no")]), BrokerWord.REJECT, ("no",)),
        (an_answer("REJECTED"), BrokerWord.REJECT, ()),
        (an_answer("PENDING_REVIEW"), BrokerWord.UNREAD, ()),
        (an_answer(None), BrokerWord.UNREAD, ()),
        (document({}), BrokerWord.UNREAD, ()),
        (an_answer(warns=[remark("\x1b[31mred\x07\u202e [b]bold[/b]\n next")]), BrokerWord.ALERT,
         ("[31mred [b]bold[/b] next",)),
    ],
)  # fmt: skip
async def test_what_an_answer_says(
    answer: Answer, word: BrokerWord, texts: tuple[str, ...]
) -> None:
    found = await asked(answer)
    assert (found.word, found.texts) == (word, texts)


@pytest.mark.parametrize(
    "answer",
    [
        text(200, "<html>busy</html>"),
        text(200, ""),
        document([]),
        document({"orderStrategy": []}),
        text(500, "oops"),
        text(503, ""),
        text(429, "", retry_after="1"),
        text(302, "", location="/elsewhere"),
        text(404, "not here"),
        broken(httpx.ReadTimeout("slow")),
        broken(httpx.ConnectError("gone")),
    ],
)
async def test_an_answer_that_cannot_be_believed_is_no_yes(answer: Answer) -> None:
    site = Site()
    found = await asked(answer, site=site)
    assert found.word is BrokerWord.UNREAD
    assert found.texts
    assert hash_of(NUMBER) not in str(found)
    assert site.paths().count(PATH) == 1


async def test_a_plain_no_to_the_order_itself_is_a_reject() -> None:
    found = await asked(document({"message": "Order price is invalid"}, 400))
    assert found.word is BrokerWord.REJECT
    assert "Order price is invalid" in found.texts[0]


async def test_the_order_that_would_be_sent_is_what_is_previewed_also_with_a_fresh_token() -> None:
    site = Site()
    found = await asked(text(401, "expired"), an_answer(), site=site)
    assert found.word is BrokerWord.ACCEPT
    assert found.commission == Decimal("2.6")
    sent = [request for request in site.requests if request.url.path == PATH]
    assert {request.method for request in sent} == {"POST"}
    assert len({request.content for request in sent}) == 1
    assert b'"SPY"' in sent[0].content
    assert not [path for path in site.paths() if path.endswith("/orders")]


async def test_a_login_that_has_to_sign_in_leaves_its_previews_unread() -> None:
    site = Site()
    site.tokens.dead = {"jones"}
    broker = site.broker()
    found = await broker.preview([prepared(broker.prepare)])
    assert found[ACCOUNT].word is BrokerWord.UNREAD
