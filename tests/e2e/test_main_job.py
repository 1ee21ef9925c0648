"""The main job: one order text, 48 accounts, one document that tells the truth."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import view_of

from swimdesk.domain.risk import DenialCode

pytestmark = pytest.mark.slow

NUMBER = (int, float)
MAYBE_NUMBER = (int, float, type(None))
MAYBE_TEXT = (str, type(None))
BROADCAST: dict[str, Any] = {
    "broadcast": str, "key": MAYBE_TEXT, "order": str, "mode": str, "state": str, "created": str,
    "agent": str, "counts": dict, "timing_ms": dict, "fills": dict, "lines": list,
}  # fmt: skip
COUNTS = (
    "accounts", "denied", "skipped", "accepted", "refused", "not_sent", "in_doubt", "working",
    "partial", "filled", "rejected", "canceled", "expired",
)  # fmt: skip
TIMING = ("journal", "dispatch_skew", "first_ack", "last_ack", "ack_p50", "ack_p95")
FILLS: dict[str, Any] = {
    "average": MAYBE_TEXT, "best": MAYBE_TEXT, "worst": MAYBE_TEXT, "dispersion_bps": MAYBE_NUMBER,
}  # fmt: skip
LINE: dict[str, Any] = {
    "account": str, "last4": str, "order": str, "quantity": int, "effect": str, "state": str,
    "doubt": MAYBE_TEXT, "order_id": MAYBE_TEXT, "filled": int, "average": MAYBE_TEXT,
    "reason": MAYBE_TEXT, "sent_ms": MAYBE_NUMBER, "acked_ms": MAYBE_NUMBER,
}  # fmt: skip
KEPT_BACK = {"denied", "skipped"}


def assert_shape(found: dict[str, Any], promised: dict[str, Any]) -> None:
    """Every promised key is there, with a value of the promised type; more may be there."""
    assert promised.keys() <= found.keys()
    wrong = {k: found[k] for k, kind in promised.items() if not isinstance(found[k], kind)}
    assert not wrong, wrong


@pytest.mark.slow
async def test_one_order_text_is_filled_once_in_each_of_48_accounts(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "48")
    order = await stage.wide_condor()

    document = (await stage.send(order)).document(code=0)

    assert document["state"] == "settled"
    assert document["mode"] == "paper"
    assert document["order"] == order
    assert document["counts"] == dict.fromkeys(COUNTS, 0) | {
        "accounts": 48, "accepted": 48, "filled": 48,
    }  # fmt: skip
    assert all(posts == 1 for posts in (await stage.posts_by_account()).values())
    assert (await stage.audit([view_of(document)])).is_clean


async def test_document_of_a_broadcast_has_every_promised_key(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "4", "--logins", "2")

    document = (await stage.send(await stage.condor(), "--key", "monday")).document()

    assert_shape(document, BROADCAST)
    assert document["key"] == "monday"
    assert datetime.fromisoformat(document["created"]).utcoffset() is not None
    assert_shape(document["counts"], dict.fromkeys(COUNTS, int))
    assert_shape(document["timing_ms"], dict.fromkeys(TIMING, NUMBER))
    assert_shape(document["fills"], FILLS)
    assert Decimal(document["fills"]["average"]) > 0
    assert len(document["lines"]) == 4
    for line in document["lines"]:
        assert_shape(line, LINE)
        assert 0 < line["sent_ms"] <= line["acked_ms"]
    assert await stage.ask("broadcasts", document["broadcast"]) == document


@pytest.mark.slow
async def test_unlike_accounts_each_get_their_own_verdict(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "mixed", "--accounts", "48")
    order = await stage.condor()

    document = (await stage.send(order)).document(code=4)

    counts, lines = document["counts"], document["lines"]
    assert counts["denied"] > 0
    assert counts["accepted"] > 0
    assert counts["accounts"] == len(lines) == 48
    for line in lines:
        codes = {denial["code"] for denial in line["denials"]}
        assert codes <= {code.value for code in DenialCode}
        assert bool(codes) == (line["state"] == "denied"), line
    posts = await stage.posts_by_account()
    assert {x["last4"]: int(x["state"] not in KEPT_BACK) for x in lines} == posts
    assert (await stage.audit([view_of(document)])).is_clean


@pytest.mark.parametrize("command", ["preview", "send"])
async def test_output_without_json_is_a_table_for_programs(
    set_stage: SetStage, command: str
) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "4", "--logins", "2")
    confirmation = ["--yes"] if command == "send" else []

    done = await stage.run(command, await stage.condor(), "--all", *confirmation)

    assert done.code == 0, done.err
    header, *rows = [line.split("\t") for line in done.out.splitlines()]
    assert header[:3] == ["account", "last4", "quantity"]
    assert [row[0] for row in rows] == ["FAM-01", "FAM-02", "FAM-03", "FAM-04"]
    assert all(len(row) == len(header) for row in rows)
    assert all(row[header.index("quantity")] == "1" for row in rows)
    assert await stage.posts() == (4 if command == "send" else 0)


async def test_without_confirmation_the_plan_is_shown_and_nothing_is_sent(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "2", "--logins", "1")

    done = await stage.run("send", await stage.condor(), "--all", "--json")

    assert done.error(code=2)["code"] == "INPUT_INVALID"
    assert len(done.document(code=2)["plan"]["lines"]) == 2
    assert await stage.posts() == 0
