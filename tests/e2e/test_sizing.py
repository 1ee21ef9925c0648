"""Accounts chosen by their figures, each sized by its own: from the command line to the books."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import view_of

pytestmark = pytest.mark.slow

BUDGET = "netliq:2%"


async def test_budgets_go_to_the_accounts_that_meet_a_condition_and_are_kept(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "mixed", "--accounts", "8", "--logins", "2")
    order = await stage.condor()
    balances = (await stage.ask("balances"))["balances"]
    figures = {x["account"]: Decimal(x["option_buying_power"]) for x in balances}
    # Between two accounts: what they hold moves with the market.
    poorer, richer = sorted(figures.values())[3:5]
    middle = (poorer + richer) / 2
    where = f"bp >= {middle:f} and not holds(ZZZZ)"
    rich = {account for account, figure in figures.items() if figure >= middle}

    shown = {x["account"] for x in (await stage.ask("balances", "--where", where))["balances"]}
    sized = ("--where", where, "--size", BUDGET)
    plan = await stage.ask("preview", order, *sized)
    sent = await stage.run("send", order, *sized, "--yes", "--json")

    assert 0 < len(rich) < 8
    assert shown == {line["account"] for line in plan["lines"]} == rich
    worth = {x["account"]: Decimal(x["liquidation_value"]) for x in balances}
    leaving = [line for line in plan["lines"] if line["verdict"] == "send"]
    assert leaving
    for line in leaving:
        # The market moves what an account is worth a little, between the two reads.
        loss, own = Decimal(line["max_loss"]), worth[line["account"]]
        assert loss <= own * Decimal("0.0201")
        assert loss + loss / line["quantity"] > own * Decimal("0.0199")
    document = sent.document(sent.code)
    assert document["counts"]["accepted"] == len(leaving)
    assert (await stage.audit([view_of(document)])).is_clean

    error = await stage.refusal(2, "balances", "--where", "bp > lots")
    assert (error["code"], error["column"]) == ("WHERE_TEXT", 6)
    error = await stage.refusal(
        2, "preview", order, "--all", "--size", "pct:-50", "--remainder", "drop"
    )
    assert "--remainder" in error["detail"]
