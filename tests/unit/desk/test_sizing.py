"""Sizing in plans: budgets, shares of holdings, whose turn the remainder is, who has no share."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import CONDOR, a_position, some_accounts, some_balances
from tests.fakes.desk import Bench, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import run_virtual

from swimdesk.domain.risk import RiskLimits
from swimdesk.errors import InputError
from swimdesk.views.models import PlanView

ONE_SHARE = "BUY +1 AAPL @187.50 LMT"
SELL_ONE = "SELL -1 AAPL @MKT"


def quantities(plan: PlanView) -> list[int]:
    return [line.quantity for line in plan.lines]


def test_a_budget_is_measured_in_each_account_by_itself() -> None:
    async def scenario() -> None:
        async with a_desk(3) as bench:
            for alias, figure in (("A-01", 400_000), ("A-02", 190_000), ("A-03", 1_000)):
                bench.broker.balances[alias] = replace(
                    some_balances(), liquidation_value=Decimal(figure)
                )
            plan = await bench.plan(CONDOR, sizing="netliq:1%")
            # One condor may lose 20 points less 1.60, and fees: some $1,845.
            assert quantities(plan) == [2, 1, 0]
            assert [line.verdict for line in plan.lines] == ["send", "send", "skipped"]
            assert "the budget is $10.00" in (plan.lines[2].reason or "")
            for line, figure in zip(plan.lines[:2], (400_000, 190_000), strict=True):
                assert line.max_loss is not None
                assert line.max_loss <= Decimal(figure) / 100
            assert (plan.sizing, plan.remainder) == ("netliq:1%", None)

    run_virtual(scenario())


def test_an_order_whose_loss_has_no_bound_fits_no_budget() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            plan = await bench.plan("SELL -1 AAPL @190.00 LMT [TO OPEN]", sizing="risk:5000")
            (line,) = plan.lines
            assert line.verdict == "skipped"
            assert line.reason == "risk:5000: the maximum loss of one unit has no bound"

    run_virtual(scenario())


def test_an_order_that_closes_is_not_sized_by_a_budget() -> None:
    async def scenario() -> None:
        async with a_desk(2) as bench:
            bench.broker.positions["A-01"] = (a_position("AAPL", -100),)
            plan = await bench.plan(ONE_SHARE, sizing="bp:5%")
            assert [line.verdict for line in plan.lines] == ["skipped", "send"]
            assert "the order closes here" in (plan.lines[0].reason or "")
            assert plan.lines[1].quantity == 5000 * 2 // 375

    run_virtual(scenario())


def test_half_of_what_each_account_holds_is_sold() -> None:
    async def scenario() -> None:
        async with a_desk(3) as bench:
            bench.broker.positions["A-01"] = (a_position("AAPL", 100),)
            bench.broker.positions["A-02"] = (a_position("AAPL", 1),)
            plan = await bench.plan(SELL_ONE, sizing="pct:-50")
            assert quantities(plan) == [50, 0, 0]
            assert [line.effect for line in plan.lines][:1] == ["close"]
            assert [line.verdict for line in plan.lines] == ["send", "skipped", "skipped"]

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("sizing", "order"), [("pct:50", SELL_ONE), ("risk:500", "BUY +2 AAPL @187.50 LMT")]
)
def test_a_sizing_that_contradicts_the_text_asks_the_broker_nothing(
    sizing: str, order: str
) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            with pytest.raises(InputError):
                await bench.plan(order, sizing=sizing)
            assert not bench.broker.holdings_reads

    run_virtual(scenario())


async def split_and_send(bench: Bench, total: int) -> list[int]:
    plan = await bench.plan(ONE_SHARE, sizing=f"equal:{total}", remainder="rotate")
    assert plan.remainder == "rotate"
    shown = await bench.submit(plan)
    await bench.desk.follow(shown.broadcast, 60.0)
    await asyncio.sleep(RiskLimits().duplicate_window_s + 1)
    return quantities(plan)


def test_units_left_over_go_to_other_accounts_broadcast_by_broadcast() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(3, journal=journal) as bench:
            for _ in range(2):
                # Looking at a plan takes nobody's turn.
                again = await bench.plan(ONE_SHARE, sizing="equal:4", remainder="rotate")
                assert quantities(again) == [2, 1, 1]
            assert await split_and_send(bench, 4) == [2, 1, 1]
            assert await split_and_send(bench, 5) == [1, 2, 2]
        async with a_desk(3, journal=journal) as bench:
            assert await split_and_send(bench, 7) == [2, 2, 3]
            assert await split_and_send(bench, 4) == [2, 1, 1]

    run_virtual(scenario())


def test_a_broadcast_that_rotates_nothing_takes_no_turn() -> None:
    async def scenario() -> None:
        async with a_desk(3) as bench:
            plan = await bench.plan(ONE_SHARE, sizing="equal:4")
            assert plan.remainder == "largest"
            await bench.submit(plan)
            assert await bench.journal.fact("remainder_turn") is None

    run_virtual(scenario())


def test_a_turn_written_by_someone_else_counts_as_none() -> None:
    async def scenario() -> None:
        async with a_desk(3) as bench:
            await bench.journal.keep_fact("remainder_turn", json.dumps({"turn": 1}))
            assert await split_and_send(bench, 4) == [2, 1, 1]
            assert await bench.journal.fact("remainder_turn") == "1"

    run_virtual(scenario())


@pytest.mark.parametrize("sizing", ["netliq:9", "bp:9"])
def test_an_account_that_cannot_be_read_is_named_when_the_others_get_its_share(sizing: str) -> None:
    async def scenario() -> None:
        accounts = some_accounts(3, per_login=1)
        async with a_desk(accounts) as bench:
            assert (await bench.plan(ONE_SHARE, sizing=sizing)).notices == ()
        async with a_desk(accounts) as bench:
            bench.broker.unreadable_logins = {"login-02"}
            plan = await bench.plan(ONE_SHARE, sizing=sizing)
            (notice,) = plan.notices
            assert notice.startswith("A-02: could not be read")
            assert sizing in notice
            assert sum(quantities(plan)) == 9
            assert (await bench.plan(ONE_SHARE, sizing="equal:9")).notices == ()

    run_virtual(scenario())
