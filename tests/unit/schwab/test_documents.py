"""Kept documents name no account, and hide the same account in the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.schwab.site import ORDERS_PATH, Site, an_order, document, hash_of
from tests.unit.schwab.support import NOW

from swimdesk.schwab.documents import Documents
from swimdesk.store.evidence import order_text
from swimdesk.telemetry.redaction import Secret

NUMBER = "11110001"
HASH = hash_of(NUMBER)


def documents(key: str = "0f", hashes: Mapping[str, str] | None = None) -> Documents:
    return Documents(Secret(key * 32), dict[str, str](hashes or {}).get)


DOCUMENTS = documents(hashes={NUMBER: HASH})


@pytest.mark.parametrize(
    "row",
    [
        {"accountNumber": int(NUMBER)},
        {"accountNumber": NUMBER, "statusDescription": f"account {NUMBER} is closed"},
        {"accountNumber": NUMBER, "childOrderStrategies": [{"accountNumber": int(NUMBER)}]},
        {"accountNumber": NUMBER, "link": f"/accounts/{HASH}/orders/7"},
        {"accountNumber": NUMBER, NUMBER: 1, "of": [int(NUMBER), NUMBER]},
        {"securitiesAccount": {"accountNumber": NUMBER}, "about": NUMBER},
    ],
)
def test_number_and_hash_are_hidden_wherever_they_stand(row: dict[str, Any]) -> None:
    text = DOCUMENTS.text(row)
    assert NUMBER not in text
    assert HASH not in text
    assert DOCUMENTS.digest(NUMBER) in text
    assert isinstance(json.loads(text), dict)


def test_hash_of_an_unknown_account_is_hidden_by_its_shape() -> None:
    text = documents().text({"link": f"/accounts/{HASH}/orders"})
    assert HASH not in text


@pytest.mark.parametrize(
    "slipped",
    [
        "I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123@",
        "C0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123%40",
        "xK3abcDEF0123456789-_ghiJKL0123456789Qz@",
        "87654321",
    ],
)
def test_whatever_the_broker_lets_slip_in_a_text_is_masked(slipped: str) -> None:
    row = {"accountNumber": NUMBER, "statusDescription": f"{NUMBER} REJECTED FOR {slipped}"}
    kept = json.loads(DOCUMENTS.text(row))
    assert slipped not in kept["statusDescription"]
    assert kept["statusDescription"].startswith(f"{DOCUMENTS.digest(NUMBER)} REJECTED FOR ")


def test_a_digest_of_figures_alone_is_not_masked_once_more() -> None:
    number = next(
        f"{n}" for n in range(10_000_000, 11_000_000)
        if re.search("[a-f][0-9]{8,9}[a-f]", DOCUMENTS.digest(f"{n}"))
    )  # fmt: skip
    kept = json.loads(DOCUMENTS.text({"accountNumber": number, "about": f"account {number}"}))
    assert kept["about"] == f"account {DOCUMENTS.digest(number)}"


def test_a_cusip_is_no_account_number() -> None:
    row = {"instrument": {"cusip": "037833100", "symbol": "AAPL"}}
    assert json.loads(DOCUMENTS.text(row)) == row


def test_everything_else_stays_as_the_broker_said_it() -> None:
    row = an_order(NUMBER, 1005000000001)
    kept = json.loads(DOCUMENTS.text(row))
    assert kept.pop("accountNumber") == DOCUMENTS.digest(NUMBER)
    assert kept == {name: value for name, value in row.items() if name != "accountNumber"}


def test_digests_are_equal_within_a_home_and_differ_between_homes() -> None:
    other = documents("1e")
    assert DOCUMENTS.digest(NUMBER) == documents().digest(NUMBER)
    assert DOCUMENTS.digest(NUMBER) != other.digest(NUMBER)


async def test_order_read_carries_its_document() -> None:
    site = Site()
    site.on(ORDERS_PATH, document([an_order(NUMBER, 7)]))
    read = await site.broker().orders(["smith-1"], NOW)
    (order,) = read.orders
    assert json.loads(order.document)["orderId"] == 7
    assert NUMBER not in order.document


async def test_reason_that_names_the_account_is_shown_and_kept_without_its_number() -> None:
    site = Site()
    row = an_order(NUMBER, 7) | {"statusDescription": f"account {NUMBER} is closed"}
    site.on(ORDERS_PATH, document([row]))
    (order,) = (await site.broker().orders(["smith-1"], NOW)).orders
    assert order.reason == "account …0001 is closed"
    assert NUMBER not in order_text(order)
