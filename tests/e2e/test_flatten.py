"""Accounts left with nothing, and a broadcast taken back, at a brokerage with books of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "4", "--logins", "2", "--latency-ms", "5:20")
STILL = ("--speed", "0.001")
"""A market that waits for an order that was priced by it a moment ago."""

BELOW_THE_MARKET = Decimal("0.92")
"""So far below that nothing fills, and near enough not to be asked about."""


async def rest(stage: Stage, account: str) -> dict[str, Any]:
    """Send an order to one account that no market fills."""
    (quote,) = (await stage.ask("quote", "SPY"))["quotes"]
    price = (Decimal(quote["last"]) * BELOW_THE_MARKET).quantize(Decimal("0.01"))
    order = f"BUY +1 SPY @{price} LMT"
    document = await stage.ask("send", order, "--account", account, "--yes", "--wait", "1")
    assert [line["state"] for line in document["lines"]] == ["working"]
    return document


async def holdings(stage: Stage) -> set[str]:
    """Return the accounts that hold anything, as the brokerage says."""
    return {row["account"] for row in (await stage.ask("positions"))["positions"]}


async def open_orders(stage: Stage) -> list[str]:
    """Return the orders that may still trade, as the brokerage says."""
    orders = (await stage.ask("orders"))["orders"]
    ended = {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "REPLACED"}
    return [order["order_id"] for order in orders if order["status"] not in ended]


def states(document: dict[str, Any]) -> set[str]:
    return {part["state"] for part in document["parts"]}


async def test_flatten_leaves_no_position_and_no_open_order(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL, *STILL)
    condor = await stage.wide_condor()
    async with stage.daemon():
        assert (await stage.send(condor)).code == 0
        for account in ("FAM-01", "FAM-02"):
            await stage.ask("send", "BUY +3 SPY @MKT", "--account", account, "--yes")
        await rest(stage, "FAM-03")
        posts = await stage.posts()

        shown = (await stage.run("flatten", "--all", "--json")).document(code=2)["plan"]
        found = (shown["accounts"], shown["orders"], len(shown["cancels"]))
        assert found == (4, 6, 1), shown
        assert states(shown) == {"close"}
        wrong = await stage.refusal(2, "flatten", "--all", "--yes", "--confirm", "3")
        assert wrong["code"] == "INPUT_INVALID"
        assert await stage.posts() == posts

        done = await stage.ask("flatten", "--all", "--yes", "--confirm", "4")
        assert states(done) == {"filled"}
        assert await holdings(stage) == set()
        assert await open_orders(stage) == []
        posts = await stage.posts()
        again = await stage.ask("flatten", "--all", "--yes", "--confirm", "4")
        assert (again["accounts"], again["parts"]) == (0, [])
        assert await stage.posts() == posts
        assert (await stage.audit()).is_clean


async def test_desk_that_is_reducing_over_a_restart_opens_nothing_and_flattens(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    await stage.ask("send", "BUY +3 SPY @MKT", "--all", "--yes")
    async with stage.daemon():
        assert (await stage.ask("halt", "--reduce", "--reason", "lunch"))["state"] == "reducing"
        assert await stage.refusal(3, "send", "BUY +1 SPY @MKT", "--all", "--yes")
    assert (await stage.ask("status"))["guard"]["state"] == "reducing"
    async with stage.daemon():
        assert (await stage.ask("status"))["guard"]["reason"] == "lunch"
        assert await stage.refusal(3, "send", "BUY +1 SPY @MKT", "--all", "--yes")
        done = await stage.ask("flatten", "--all", "--price", "@MKT", "--yes", "--confirm", "4")
        assert states(done) == {"filled"}
        await stage.ask("halt")
        assert await stage.refusal(7, "send", "BUY +1 SPY @MKT", "--all", "--yes")
    assert (await stage.ask("resume"))["state"] == "active"
    assert (await stage.ask("halt", "--reduce"))["state"] == "reducing"
    assert await holdings(stage) == set()


async def test_closing_order_of_which_nobody_knows_is_not_sent_again(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    await stage.ask("send", "BUY +3 SPY @MKT", "--all", "--yes")
    rule = {"account": "#0", "operation": "place", "nth": 1, "fault": "reset_after"}
    await stage.sim.control("PUT", "/faults", {"name": "lost", "rules": [rule]})
    posts = await stage.posts()

    async with stage.daemon():
        done = await stage.ask(
            "flatten", "--all", "--price", "@MKT", "--yes", "--confirm", "4", code=5
        )
        assert states(done) == {"filled", "in_doubt"}
        again = await stage.ask("flatten", "--all", code=5)
        assert again["accounts"] == 0
        assert {part["in_doubt"] for part in again["parts"]} == {True}
    assert await stage.posts() == posts + 4
    assert await holdings(stage) == set()


async def test_undo_takes_a_broadcast_back_once(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    async with stage.daemon():
        await stage.ask("send", "BUY +5 SPY @MKT", "--account", "FAM-01", "--yes")
        sent = (await stage.send("BUY +3 SPY @MKT")).document()
        resting = await rest(stage, "FAM-02")

        shown = (await stage.run("undo", sent["broadcast"], "--json")).document(code=2)["plan"]
        assert (shown["accounts"], shown["orders"], shown["cancels"]) == (4, 4, [])
        done = await stage.ask("undo", sent["broadcast"], "--price", "@MKT", "--yes")
        assert states(done) == {"filled"}
        assert await holdings(stage) == {"FAM-01"}, "what another broadcast opened is left"
        assert (await stage.ask("undo", sent["broadcast"], "--yes"))["parts"] == []
        assert await holdings(stage) == {"FAM-01"}

        canceled = await stage.ask("undo", resting["broadcast"], "--yes")
        assert [one["state"] for one in canceled["cancels"]] == ["canceled"]
        assert await open_orders(stage) == []
        assert (await stage.audit()).is_clean
