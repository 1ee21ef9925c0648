"""Resting orders taken back, at a brokerage that behaves and at one that does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.books import commands_without_outcome
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "4", "--logins", "2", "--latency-ms", "5:20")
BELOW_THE_MARKET = Decimal("0.92")
"""So far below that nothing fills, and near enough not to be asked about."""


async def resting(stage: Stage) -> dict[str, Any]:
    """Send an order to every account that no market fills; return its broadcast."""
    (quote,) = (await stage.ask("quote", "SPY"))["quotes"]
    price = (Decimal(quote["last"]) * BELOW_THE_MARKET).quantize(Decimal("0.01"))
    document = (await stage.send(f"BUY +1 SPY @{price} LMT", "--wait", "2")).document()
    assert states(document) == ["working"] * 4
    return document


def states(document: dict[str, Any]) -> list[str]:
    return [line["state"] for line in document["lines"]]


def outcomes(document: dict[str, Any]) -> list[str | None]:
    return [command["outcome"] for command in document["commands"]]


async def cancels_asked(stage: Stage) -> int:
    return (await stage.requests())["order_cancel"]


async def test_resting_orders_are_canceled_while_halted(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    id_ = (await resting(stage))["broadcast"]
    await stage.ask("halt")

    one = await stage.ask("cancel", f"{id_}/FAM-02")
    assert states(one) == ["working", "canceled", "working", "working"]
    document = await stage.ask("cancel", id_)

    assert states(document) == ["canceled"] * 4
    assert document["state"] == "settled"
    assert outcomes(document) == ["taken", "taken", "ended", "taken", "taken"]
    assert await stage.ask("broadcasts", id_) == document
    assert await cancels_asked(stage) == 4
    assert (await stage.audit([view_of(document)])).is_clean


async def test_cancel_of_what_has_filled_sends_nothing(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    sent = (await stage.send(await stage.condor())).document()

    document = await stage.ask("cancel", sent["broadcast"])

    assert states(document) == ["filled"] * 4
    assert outcomes(document) == ["ended"] * 4
    assert await cancels_asked(stage) == 0


async def test_cancel_of_a_broadcast_that_is_not_there_is_told(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    assert (await stage.refusal(2, "cancel", "01JNEVER"))["code"] == "REFERENCE_UNKNOWN"


@pytest.mark.slow
async def test_each_fault_of_a_cancel_is_told_and_a_second_one_ends_it(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    faults = ("refuse", "reset_after", "reset_before", "500_before")
    rules = [
        {"account": f"#{n}", "operation": "cancel", "nth": 1, "fault": fault}
        for n, fault in enumerate(faults)
    ]
    await stage.sim.control("PUT", "/faults", {"name": "cancels", "rules": rules})

    async with stage.daemon():
        id_ = (await resting(stage))["broadcast"]
        first = await stage.ask("cancel", id_, "--wait", "3", code=5)
        second = await stage.ask("cancel", id_)

    assert outcomes(first) == ["refused", "unknown", "unknown", "unknown"]
    assert states(first) == ["working", "canceled", "working", "working"]
    assert states(second) == ["canceled"] * 4
    assert outcomes(second)[4:] == ["taken", "ended", "taken", "taken"]
    assert (await stage.audit([view_of(second)])).is_clean


@pytest.mark.slow
async def test_desk_that_is_killed_while_it_cancels_does_not_cancel_again(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    rule = {"account": "*", "operation": "cancel", "every": True, "fault": "hang_before"}

    async with stage.daemon() as daemon:
        id_ = (await resting(stage))["broadcast"]
        await stage.sim.control("PUT", "/faults", {"name": "silence", "rules": [rule]})
        command = await stage.start("cancel", id_, "--json")
        await until(lambda: commands_without_outcome(stage.home) == 4, "the commands are written")
        await command.kill()
        await daemon.kill()
    await stage.sim.control("PUT", "/faults", {"name": "none", "rules": []})
    asked_before = await cancels_asked(stage)

    async with stage.daemon():
        document = await stage.ask("broadcasts", id_)
        assert outcomes(document) == [None] * 4
        assert states(document) == ["working"] * 4
        assert await cancels_asked(stage) == asked_before
        assert states(await stage.ask("cancel", id_)) == ["canceled"] * 4
