"""Resting orders given another price, at a brokerage that behaves and at one that does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.books import commands_without_outcome
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until, until_told

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "4", "--logins", "2", "--latency-ms", "5:20")
HORIZON = "[risk]\nbind_horizon_s = 10"
BELOW_THE_MARKET = Decimal("0.92")
"""So far below that nothing fills, and near enough for the brokerage to take the order."""
HIGHER = Decimal("1.02")
"""Still below the market."""
ABOVE_THE_MARKET = Decimal("1.12")


FAULTS = {
    "refuse": "refused",
    "429": "refused",
    "500_after": "unknown",
    "reset_after": "unknown",
    "cut_after": "unknown",
    "502_after": "unknown",
    "no_location": "taken",
    "wrong_location": "taken",
    "async_reject": "taken",
    "late_accept": "unknown",
    "500_before": "unknown",
    "reset_before": "unknown",
    "400_wrapping_500": "unknown",
    "list_lag": "taken",
}
"""What each fault is to the one who asked."""

CAME = {
    "500_after", "reset_after", "cut_after", "502_after", "no_location", "wrong_location",
    "late_accept", "list_lag",
}  # fmt: skip
"""The faults behind which the replacement came all the same."""


async def resting(stage: Stage) -> tuple[dict[str, Any], Decimal]:
    """Send an order to every account that no market fills; return its broadcast and price."""
    (quote,) = (await stage.ask("quote", "SPY"))["quotes"]
    price = (Decimal(quote["last"]) * BELOW_THE_MARKET).quantize(Decimal("0.01"))
    document = (await stage.send(f"BUY +1 SPY @{price} LMT", "--wait", "2")).document()
    assert states(document) == ["working"] * 4
    return document, price


def times(price: Decimal, factor: Decimal) -> str:
    return str((price * factor).quantize(Decimal("0.01")))


def states(document: dict[str, Any]) -> list[str]:
    return [line["state"] for line in document["lines"]]


def outcomes(document: dict[str, Any]) -> list[str | None]:
    return [command["outcome"] for command in document["commands"]]


def prices(document: dict[str, Any]) -> set[str]:
    return {line["order"].split("@")[1].split()[0] for line in document["lines"]}


async def puts(stage: Stage) -> int:
    return (await stage.requests())["order_replace"]


async def faults_met(stage: Stage) -> dict[str, str]:
    """Tell which fault the replacement of each account met, by its last four digits."""
    return {
        account["last4"]: arrival["fault"]
        for account in (await stage.sim.ledger())["accounts"].values()
        for arrival in account["arrivals"]
        if arrival["operation"] == "replace"
    }


async def is_clean(stage: Stage, document: dict[str, Any]) -> bool:
    found = await stage.audit([view_of(document)])
    assert found.is_clean, found
    return not found.waiting


async def test_resting_orders_are_replaced_and_then_canceled(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    async with stage.daemon():
        sent, price = await resting(stage)
        id_, wanted = sent["broadcast"], times(price, HIGHER)
        one = await stage.ask("replace", f"{id_}/FAM-02", "--price", wanted)
        assert [len(line["lineage"]) for line in one["lines"]] == [0, 1, 0, 0]
    document = await stage.ask("replace", id_, "--price", wanted, code=4)

    assert outcomes(document) == ["taken", "taken", "denied", "taken", "taken"]
    assert (
        "SAME_PRICE" in next(c for c in document["commands"] if c["outcome"] == "denied")["reason"]
    )
    assert states(document) == ["working"] * 4
    assert prices(document) == {wanted}
    assert [len(line["lineage"]) for line in document["lines"]] == [1, 1, 1, 1]
    assert await stage.ask("broadcasts", id_) == document
    assert await puts(stage) == 4
    assert await is_clean(stage, document)

    canceled = await stage.ask("cancel", "--all")
    assert states(canceled["broadcasts"][0]) == ["canceled"] * 4
    assert await is_clean(stage, canceled["broadcasts"][0])


async def test_replacement_that_crosses_the_market_fills(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    async with stage.daemon():
        sent, price = await resting(stage)
        wanted = times(price, ABOVE_THE_MARKET)
        document = await stage.ask("replace", sent["broadcast"], "--price", wanted)
        assert prices(document) == {wanted}

        async def filled() -> dict[str, Any] | None:
            found = await stage.ask("broadcasts", sent["broadcast"])
            return found if states(found) == ["filled"] * 4 else None

        document = await until_told(filled, "the new orders fill")
    assert await is_clean(stage, document)


async def test_halt_keeps_replacements_back_and_cancels_what_works(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    sent, price = await resting(stage)

    halted = await stage.ask("halt", "--cancel", "--reason", "lunch")
    assert halted["state"] == "halted"
    (document,) = halted["broadcasts"]
    assert states(document) == ["canceled"] * 4
    refusal = await stage.refusal(7, "replace", sent["broadcast"], "--price", times(price, HIGHER))
    assert refusal["code"] == "TRADING_HALTED"
    assert await puts(stage) == 0
    assert await is_clean(stage, document)


async def test_halt_beside_a_brokerage_that_is_gone_names_what_was_not_delivered(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    async with stage.daemon():
        await resting(stage)
        rule = {"account": "*", "operation": "cancel", "every": True, "fault": "reset_before"}
        await stage.sim.control("PUT", "/faults", {"name": "deaf", "rules": [rule]})
        ran = await stage.run("halt", "--cancel", "--wait", "1", "--json")
        document = ran.document(5)
        assert document["state"] == "halted"
        assert states(document["broadcasts"][0]) == ["working"] * 4
        assert ran.err.count("not delivered") == 4

        await stage.sim.stop()
        ran = await stage.run("halt", "--cancel", "--wait", "0", "--json")
        document = ran.document(4)
        assert document["state"] == "halted"
        latest = document["broadcasts"][0]["commands"][-4:]
        assert [command["outcome"] for command in latest] == ["not_sent"] * 4
        assert ran.err.count("not delivered") == 4
    ran = await stage.run("halt", "--cancel", "--wait", "0", "--json")
    assert ran.document(4)["state"] == "halted"
    assert ran.err.count("not delivered") == 4


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_each_fault_of_a_replacement_is_told_truly_and_none_is_sent_twice(
    set_stage: SetStage,
) -> None:
    count = len(FAULTS)
    stage = await set_stage(
        "--profile", "uniform", "--accounts", str(count), "--logins", "3", "--latency-ms", "5:20"
    )
    stage.configure(HORIZON)
    rules = [
        {"account": f"#{n}", "operation": "replace", "nth": 1, "fault": fault}
        for n, fault in enumerate(FAULTS)
    ]
    await stage.sim.control("PUT", "/faults", {"name": "replacements", "rules": rules})
    async with stage.daemon():
        (quote,) = (await stage.ask("quote", "SPY"))["quotes"]
        price = (Decimal(quote["last"]) * BELOW_THE_MARKET).quantize(Decimal("0.01"))
        sent = (await stage.send(f"BUY +1 SPY @{price} LMT", "--wait", "2")).document()
        wanted = times(price, HIGHER)
        early = await stage.ask(
            "replace", sent["broadcast"], "--price", wanted, "--wait", "1", code=5
        )
        await is_clean(stage, early)

        async def decided() -> dict[str, Any] | None:
            found = await stage.ask("broadcasts", sent["broadcast"])
            await is_clean(stage, found)
            return found if set(states(found)) == {"working"} else None

        late = await until_told(decided, "it is known which orders work", within_s=90)
        assert await is_clean(stage, late)
    met = await faults_met(stage)
    assert await puts(stage) == count
    last4 = {line["account"]: line["last4"] for line in late["lines"]}
    told = {met[last4[c["account"]]]: c["outcome"] for c in late["commands"]}
    assert told == FAULTS
    replaced = {met[x["last4"]] for x in late["lines"] if f"@{wanted} " in x["order"]}
    assert replaced == CAME


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
async def test_desk_that_is_killed_while_it_replaces_does_not_send_again(
    set_stage: SetStage, fault: str
) -> None:
    stage = await set_stage(*SMALL)
    stage.configure(HORIZON)
    rule = {"account": "*", "operation": "replace", "every": True, "fault": fault}

    async with stage.daemon() as daemon:
        sent, price = await resting(stage)
        id_, wanted = sent["broadcast"], times(price, HIGHER)
        await stage.sim.control("PUT", "/faults", {"name": "silence", "rules": [rule]})
        command = await stage.start("replace", id_, "--price", wanted, "--json")
        await until(lambda: commands_without_outcome(stage.home) == 4, "the commands are written")

        async def arrived() -> bool:
            counts = await stage.sim.control("GET", "/counts")
            return bool(counts["requests"].get("order_replace", 0) >= 4)

        await until_told(arrived, "the requests have arrived")
        await command.kill()
        await daemon.kill()
    await stage.sim.control("PUT", "/faults", {"name": "none", "rules": []})

    async with stage.daemon():
        document = await stage.ask("broadcasts", id_)
        assert outcomes(document) == [None] * 4
        await is_clean(stage, document)

        async def decided() -> dict[str, Any] | None:
            found = await stage.ask("broadcasts", id_)
            return found if states(found) == ["working"] * 4 else None

        document = await until_told(decided, "it is known which orders work", within_s=60)
        assert await is_clean(stage, document)
        assert prices(document) == {wanted if fault == "hang_after" else str(price)}
    assert (await stage.sim.control("GET", "/counts"))["requests"]["order_replace"] == 4
