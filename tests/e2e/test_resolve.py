"""Lines in doubt settled by the operator, and a day's books that end without a difference."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

SMALL = ("--profile", "uniform", "--accounts", "6", "--logins", "2", "--latency-ms", "5:20")
HORIZONS = "[risk]\nbind_horizon_s = 10\nabsent_horizon_s = 20"
STORM = {
    "name": "storm",
    "rules": [
        {"account": "#0", "fault": "reset_before"},
        {"account": "#1", "fault": "500_before"},
        {"account": "#2", "fault": "reset_after"},
        {"account": "#3", "fault": "late_accept", "delay_s": 3},
        {"account": "#4", "fault": "no_location"},
    ],
}
BELOW_THE_MARKET = Decimal("0.92")


def differences(document: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in document["differences"]]


async def lines_of(stage: Stage, id_: str) -> dict[str, Any]:
    document = await stage.ask("broadcasts", id_)
    return {line["account"]: line for line in document["lines"]}


async def test_storm_is_weathered_resolved_and_reconciled(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZONS)
    order = await stage.condor()

    async with stage.daemon():
        assert (await stage.ask("reconcile"))["verdict"] == "no_difference"
        await stage.sim.control("PUT", "/faults", STORM)
        sent = (await stage.send(order, "--wait=1")).document(code=5)
        id_ = sent["broadcast"]
        during = await stage.ask("reconcile", code=5)
        assert {*differences(during)} == {"in_doubt"}
        absent = ("resolve", f"{id_}/FAM-01", "--as", "absent", "--reason", "asked the broker")
        assert (await stage.refusal(9, *absent))["code"] == "NO_EVIDENCE"
        placed = ("resolve", f"{id_}/FAM-01", "--as", "placed:1", "--reason", "a guess")
        assert (await stage.refusal(3, *placed))["code"] == "VERDICT_CONTRADICTED"

        async def horizon_is_over() -> bool:
            lines = (await lines_of(stage, id_)).values()
            doubts = [line["doubt"] for line in lines if line["state"] == "in_doubt"]
            return doubts == ["absent_candidate"] * 2

        await until_told(horizon_is_over, "only absence is left to decide", within_s=60)
        filled = (await lines_of(stage, id_))["FAM-03"]["order_id"]
        wrong = ("resolve", f"{id_}/FAM-03", "--as", "absent", "--reason", "x")
        assert (await stage.refusal(2, *wrong))["code"] == "NOT_IN_DOUBT"
        for account in ("FAM-01", "FAM-02"):
            reference = f"{id_}/{account}"
            told = await stage.ask(
                "resolve", reference, "--as", "absent", "--reason", "asked the broker"
            )
            assert {x["account"]: x["state"] for x in told["lines"]}[account] == "absent"
        after = await stage.ask("reconcile")

    assert (after["verdict"], after["differences"], after["unread"]) == ("no_difference", [], [])
    async with stage.daemon():
        assert (await stage.ask("reconcile"))["verdict"] == "no_difference"
        lines = await lines_of(stage, id_)
        assert lines["FAM-03"]["order_id"] == filled
        assert sorted(line["state"] for line in lines.values()) == ["absent"] * 2 + ["filled"] * 4
    assert await stage.posts() == 6
    assert (await stage.audit()).is_clean


async def test_orders_of_another_home_with_our_key_are_told_adopted_and_ignored(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZONS)
    (quote,) = (await stage.ask("quote", "SPY"))["quotes"]
    price = (Decimal(quote["last"]) * BELOW_THE_MARKET).quantize(Decimal("0.01"))
    order = f"BUY +1 SPY @{price} LMT"
    other = replace(stage, home=stage.home.with_name("other"))
    shutil.copytree(stage.home, other.home)
    await stage.send(await stage.condor(), "--wait", "5")  # teaches the mark of our orders

    await other.run("send", order, "--account", "FAM-01", "--account", "FAM-02", "--yes")
    found = await stage.ask("reconcile", code=4)
    assert differences(found) == ["foreign_key", "foreign_key"]
    shown = (await stage.ask("foreign"))["foreign"]
    assert {one["account"]: one["order"].split(" [")[0] for one in shown} == {
        "FAM-01": order, "FAM-02": order,
    }  # fmt: skip
    ids = {one["account"]: one["order_id"] for one in shown}
    adopted = await stage.ask("adopt", f"FAM-01/{ids['FAM-01']}", "--reason", "mine")
    await stage.ask("ignore", f"FAM-02/{ids['FAM-02']}", "--reason", "the other desk's")
    assert (await stage.ask("reconcile"))["verdict"] == "no_difference"

    posts = await stage.posts()
    done = await stage.ask("cancel", adopted["broadcast"])
    assert [line["state"] for line in done["lines"]] == ["canceled"]
    assert await stage.posts() == posts
    assert (await stage.ask("reconcile"))["verdict"] == "no_difference"
    view = view_of(await stage.ask("broadcasts", adopted["broadcast"]))
    assert (view.lines[0].order_id, view.lines[0].sent_ms) == (ids["FAM-01"], None)
