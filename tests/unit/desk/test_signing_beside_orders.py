"""How a new grant keeps out of the way of orders, and orders out of its way."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.fakes.broker import Act, CancelAct
from tests.fakes.desk import kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual
from tests.unit.desk.signing import LOGIN, OTHER, SlowJournal, a_bench

from swimdesk.desk.signing import SETTLE_S
from swimdesk.errors import (
    SignInRefused,
)
from swimdesk.views.requests import Scope


def test_sign_in_does_not_begin_while_an_order_of_the_login_has_no_answer() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.HANG) as on:
            plan = await on.bench.plan()
            await on.bench.submit(plan)
            await asyncio.sleep(1)
            with pytest.raises(SignInRefused, match=r"A-01 \(sending\)"):
                await on.begin()
            await on.begin(OTHER)

    run_virtual(scenario())


def test_orders_that_rest_bar_no_sign_in() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            await on.bench.send(wait_s=3)
            await on.signed_in()

    run_virtual(scenario())


def test_doubt_bars_a_sign_in_until_the_horizon_is_over_and_not_for_ever() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.TAKE_AND_LOSE_ANSWER) as on:
            on.bench.broker.reads_fail = True
            await on.bench.send(wait_s=3)
            with pytest.raises(SignInRefused, match=r"A-01 \(in doubt\)"):
                await on.begin()
            await asyncio.sleep(60)
            assert (await on.bench.desk.status()).in_doubt_lines == 1
            await on.begin()

    run_virtual(scenario())


def test_order_that_a_crash_left_without_an_answer_bars_a_sign_in_of_the_next_process() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        async with a_bench(journal, A_01=Act.HANG) as on:
            await on.bench.submit(await on.bench.plan())
            await asyncio.sleep(1)
            await kill(on.bench)
        async with a_bench(journal) as on:
            on.bench.broker.reads_fail = True
            with pytest.raises(SignInRefused, match=r"A-01 \(in doubt\)"):
                await on.begin()
            await on.begin(OTHER)
            await asyncio.sleep(60)
            await on.begin()

    run_virtual(scenario())


def test_cancel_under_way_bars_a_sign_in() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST) as on:
            on.bench.broker.cancel_delay_s = 1000
            shown = await on.bench.send(wait_s=3)
            on.bench.broker.cancel_acts["A-01"] = [CancelAct.TAKE]
            asking = asyncio.create_task(on.bench.desk.cancel(f"{shown.broadcast}/A-01"))
            await on.bench.broker.cancel_arrived.wait()
            with pytest.raises(SignInRefused, match="cancel in A-01 is under way"):
                await on.begin()
            await asking
            with pytest.raises(SignInRefused, match=r"A-01 \(canceling\)"):
                await on.begin()
            await asyncio.sleep(60)
            await on.begin()

    run_virtual(scenario())


def test_login_that_can_do_nothing_any_more_signs_in_whatever_is_open() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.TAKE_AND_LOSE_ANSWER) as on:
            on.bench.broker.reads_fail = True
            await on.bench.send(wait_s=3)
            on.tokens.held[LOGIN] = None
            await on.signed_in()

    run_virtual(scenario())


def test_new_grant_waits_for_orders_that_are_on_their_way_when_the_callback_comes() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            start = await on.begin()
            on.bench.broker.latency_s = 2.0
            await on.bench.submit(await on.bench.plan())
            finishing = asyncio.create_task(on.finish(start))
            await asyncio.sleep(1)
            assert on.logins.redeemed == []
            await finishing
            assert len(on.logins.redeemed) == 1

    run_virtual(scenario())


def test_orders_that_do_not_settle_in_time_keep_the_grant_that_there_is() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.HANG) as on:
            start = await on.begin()
            await on.bench.submit(await on.bench.plan())
            began = asyncio.get_running_loop().time()
            with pytest.raises(SignInRefused, match="the grant that it has was kept"):
                await on.finish(start)
            assert asyncio.get_running_loop().time() - began < SETTLE_S + 1
            assert on.logins.redeemed == []

    run_virtual(scenario())


def test_no_order_of_the_login_leaves_while_its_grant_is_replaced_and_others_do() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.logins.gate.clear()
            mine = await on.bench.plan(scope=Scope(accounts=("A-01",)))
            other = await on.bench.plan(
                "BUY +100 AAPL @187.50 LMT", scope=Scope(accounts=("A-03",))
            )
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            sending = asyncio.create_task(on.bench.submit(mine))
            await on.bench.submit(other)
            await asyncio.sleep(1)
            assert on.bench.broker.posts == {"A-03": 1}
            on.logins.gate.set()
            await finishing
            await sending
            await asyncio.sleep(1)
            assert on.bench.broker.posts == {"A-01": 1, "A-03": 1}

    run_virtual(scenario())


def test_broadcast_that_began_before_the_callback_came_is_not_overtaken_by_the_new_grant() -> None:
    """Between the plan being taken and the orders in the book only the gate knows of them."""

    async def scenario() -> None:
        async with a_bench(SlowJournal(now=VirtualClock().now)) as on:
            plan = await on.bench.plan()
            start = await on.begin()
            sending = asyncio.create_task(on.bench.submit(plan))
            await asyncio.sleep(0.1)
            assert on.bench.broker.posts == {}
            finishing = asyncio.create_task(on.finish(start))
            await sending
            assert on.logins.redeemed == []
            await finishing
            assert on.bench.broker.posts.total() == 4

    run_virtual(scenario())


def test_cancel_waits_for_the_new_grant_only_for_a_while() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            shown = await on.bench.send(wait_s=3)
            on.logins.gate.clear()
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            canceling = asyncio.create_task(on.bench.desk.cancel(f"{shown.broadcast}/A-02"))
            await asyncio.sleep(1)
            assert on.bench.broker.cancels == []
            await asyncio.sleep(3)
            assert [account for account, _ in on.bench.broker.cancels] == ["A-02"]
            await canceling
            on.logins.gate.set()
            await finishing

    run_virtual(scenario())


def test_replacement_leaves_only_with_the_new_grant() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            shown = await on.bench.send(wait_s=3)
            on.logins.gate.clear()
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            line = f"{shown.broadcast}/A-01"
            replacing = asyncio.create_task(on.bench.desk.replace(line, Decimal("1.55")))
            await asyncio.sleep(5)
            assert on.bench.broker.puts == []
            on.logins.gate.set()
            await finishing
            await replacing
            assert [account for account, _ in on.bench.broker.puts] == ["A-01"]

    run_virtual(scenario())
