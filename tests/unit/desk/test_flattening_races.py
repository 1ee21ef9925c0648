"""Flatten while orders of ours fill, and again right after itself: no unit is closed twice."""

from __future__ import annotations

import asyncio
from functools import partial

from tests.fakes.broker import Act, CancelAct
from tests.fakes.desk import Bench
from tests.fakes.held import HeldBroker, a_held_broker
from tests.unit.desk.closing import ALL, SELL, SHARES, flattened, part_of, play, sent, told

from swimdesk.desk.closer import CANCEL_WAIT_S
from swimdesk.domain.risk import RiskLimits
from swimdesk.views.requests import FlattenRequest, Scope


def test_fill_while_earlier_fills_settle_is_not_closed_again() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        resting = await sent(bench, SELL, "A-01")
        broker.cancel_acts = {"A-01": [CancelAct.REFUSE]}
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        broker.position_lag_s = 4.0
        await sent(bench, "BUY +10 SPY @600.00 LMT", "A-02", act=Act.FILL)
        flattening = asyncio.gather(bench.desk.flatten(FlattenRequest(plan.plan, 2)))
        # The cancel was awaited for its time; now the fill in A-02 settles.
        await asyncio.sleep(CANCEL_WAIT_S)
        await sent(bench, "BUY +1 SPY @600.00 LMT", "A-02", act=Act.FILL)
        await asyncio.sleep(2)
        broker.fill(broker.open_orders()[0].order_id)
        assert (await bench.desk.follow(resting.broadcast, 30)).state == "settled"
        (view,) = await flattening
        assert part_of(view, "A-02").state == "filled"
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker(SHARES, SHARES), scenario)


def test_account_whose_fills_go_on_is_kept_back_and_the_others_do_not_wait_for_ever() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        resting = await sent(bench, "SELL -40 SPY @601.00 LMT", "A-01")
        broker.cancel_acts = {"A-01": [CancelAct.REFUSE]}
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        flattening = asyncio.gather(bench.desk.flatten(FlattenRequest(plan.plan, 2)))
        for units in range(1, 20):
            broker.fill(resting.lines[0].order_id or "", units)
            await asyncio.sleep(2)
        (view,) = await flattening
        assert [part.state for part in view.parts] == ["kept_back", "filled"]
        assert "an order of ours filled while" in (view.parts[0].reason or "")
        assert broker.posts["A-01"] == 1
        assert (await bench.desk.broadcast(resting.broadcast)).state == "working"

    play(a_held_broker(SHARES, SHARES), scenario)


def test_repeat_at_once_closes_what_the_canceled_order_left() -> None:
    limits = RiskLimits()

    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        broker.acts = {"A-01": Act.REST, "A-02": Act.REST}
        first = await flattened(bench, wait_s=1.0)
        assert [part.state for part in first.parts] == ["working", "working"]
        broker.acts = {}
        again = await flattened(bench, wait_s=1.0)
        assert [one.state for one in again.cancels] == ["canceled", "canceled"]
        assert told(again) == [("A-01", "SPY", 100, "filled"), ("A-02", "SPY", 100, "filled")]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(
        a_held_broker(SHARES, SHARES),
        scenario,
        duplicate_window_s=limits.duplicate_window_s,
        duplicate_warn_s=limits.duplicate_warn_s,
        broadcast_repeat_window_s=limits.broadcast_repeat_window_s,
    )


def test_fills_that_come_one_after_the_other_while_closing_is_planned_keep_each_back() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        order = "SELL -100 SPY @599.50 LMT"
        by_hand = [await bench.plan(order, scope=Scope(accounts=(a,))) for a in ("A-01", "A-02")]

        async def sell(number: int) -> None:
            await bench.submit(by_hand[number], broadcast=f"B-{number}")
            assert (await bench.desk.follow(f"B-{number}", 5)).counts["filled"] == 1

        async def sell_both() -> None:
            await sell(0)
            broker.during_quotes = partial(sell, 1)

        await asyncio.sleep(1)
        broker.during_quotes = sell_both
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 3))
        assert [part.state for part in view.parts] == ["kept_back", "kept_back", "filled"]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}, {}]

    play(a_held_broker(SHARES, SHARES, SHARES), scenario)
