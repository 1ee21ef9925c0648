"""Waves that leave one after the other, stops in between, and bugs that must not spread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import STOCK, a_position, an_account, roomy_limits, some_accounts
from tests.fakes.desk import a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.ports import Binding
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Line
from swimdesk.domain.executions import Execution
from swimdesk.errors import InputError, OrderDenied, PlanExpired, StoreFull


def test_an_order_of_a_later_wave_is_a_duplicate_before_it_has_left() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts = dict.fromkeys(("A-01", "A-02", "A-03", "A-04"), Act.HANG)
            await bench.submit(await bench.plan(), waves="1", broadcast="B-1")
            await asyncio.sleep(40)
            plan = await bench.plan()
            assert {d.code for line in plan.lines for d in line.denials} == {"DUPLICATE_IN_FLIGHT"}
            with pytest.raises(OrderDenied):
                await bench.submit(plan)
            await bench.desk.follow("B-1", 200)
            assert max(bench.broker.posts.values()) == 1

    run_virtual(scenario())


def test_following_waits_until_every_wave_has_left() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:
            bench.broker.latency_s = 3.0
            view = await bench.send(waves="2", wait_s=1)
            assert not {"planned", "sending"} & {line.state for line in view.lines}
            assert sum(bench.broker.posts.values()) == 8

    run_virtual(scenario())


def test_a_closing_desk_lets_no_further_wave_leave() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:
            bench.broker.latency_s = 3.0
            await bench.submit(await bench.plan(), waves="2", broadcast="B-1")
            await bench.desk.close()
            left = bench.journal.broadcasts["B-1"]
            assert sum(bench.broker.posts.values()) == 2
            assert [line.state.value for line in left.lines].count("not_sent") == 6

    run_virtual(scenario())


def test_each_later_wave_is_readied_just_before_it_leaves() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan()
            readied = len(bench.broker.readied)
            await bench.submit(plan, waves="2", broadcast="B-1")
            await bench.desk.follow("B-1", 5)
            waves = bench.broker.readied[readied + 1 :]
            assert [len(accounts) for accounts in waves] == [2]

    run_virtual(scenario())


def test_a_store_that_fails_between_waves_leaves_the_rest_unsent_and_nobody_waiting() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:

            def fill_the_disk() -> None:
                bench.journal.failure = StoreFull("the disk is full")

            bench.broker.before_fire = fill_the_disk
            view = await bench.send(waves="2", wait_s=5)
            assert sum(bench.broker.posts.values()) == 2
            assert view.counts["not_sent"] == 2

    run_virtual(scenario())


class ForgetfulJournal(MemoryJournal):
    """A journal that fails in an unforeseen way for one line."""

    poison = "A-02"

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
        *,
        bindings: Sequence[Binding] = (),
        read: int | None = None,
    ) -> None:
        """Break on the poisoned account."""
        if any(line.account == self.poison for line in lines):
            raise OverflowError("a number that no column takes")
        await super().record(
            broadcast_id, lines, executions, journal_ns, bindings=bindings, read=read
        )


def test_an_answer_that_cannot_be_kept_loses_no_other_and_the_next_broadcast_is_followed() -> None:
    async def scenario() -> None:
        journal = ForgetfulJournal()
        async with a_desk(4, journal=journal) as bench:
            await bench.submit(await bench.plan(), broadcast="B-1")
            await asyncio.sleep(5)
            first = await bench.desk.broadcast("B-1")
            assert first.counts["filled"] == 3
            assert any("B-1" in text for text in (await bench.desk.status()).alarms)
            journal.poison = ""
            second = await bench.send(STOCK)
            assert second.counts["filled"] == 4

    run_virtual(scenario())


def test_a_caller_that_gives_up_during_the_commit_still_gets_its_orders_sent_and_followed() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(4, journal=journal) as bench:
            plan = await bench.plan()
            committing = asyncio.Event()
            commit = journal.open_broadcast

            async def slow_commit(broadcast: object) -> None:
                committing.set()
                await asyncio.sleep(1)
                await commit(broadcast)  # type: ignore[arg-type]

            journal.open_broadcast = slow_commit  # type: ignore[method-assign]
            asking = asyncio.ensure_future(bench.submit(plan, broadcast="B-1"))
            await committing.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await asyncio.sleep(5)
            view = await bench.desk.broadcast("B-1")
            assert view.counts["filled"] == 4

    run_virtual(scenario())


def test_a_plan_is_not_sent_to_an_alias_that_now_means_another_account() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk((an_account("smith-1"),), journal=journal) as bench:
            plan = await bench.plan(save=True)
        moved = FakeBroker(VirtualClock(), (_other_account("smith-1"),))
        async with a_desk(journal=journal, broker=moved) as bench:
            with pytest.raises(PlanExpired, match="smith-1"):
                await bench.submit(plan)
            assert not moved.posts

    run_virtual(scenario())


def test_a_line_is_not_judged_by_the_lists_of_another_account_under_its_alias() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        first = FakeBroker(VirtualClock(), (an_account("smith-1"),), {"smith-1": Act.REST})
        async with a_desk(journal=journal, broker=first) as bench:
            await bench.send(STOCK, wait_s=2, broadcast="B-1")
        moved = FakeBroker(VirtualClock(), (_other_account("smith-1"),), ledger=first.ledger)
        async with a_desk(journal=journal, broker=moved) as bench:
            await asyncio.sleep(60)
            assert moved.list_reads == 0
            assert any("smith-1" in text for text in (await bench.desk.status()).alarms)

    run_virtual(scenario())


def _other_account(alias: str) -> Account:
    return an_account(alias, last4="9999")


def test_a_long_duplicate_window_holds_however_many_broadcasts_come_between() -> None:
    async def scenario() -> None:
        limits = roomy_limits(duplicate_window_s=int(timedelta(hours=1).total_seconds()))
        async with a_desk(some_accounts(1), limits=limits) as bench:
            await bench.send(STOCK)
            for price in range(70):
                await bench.send(f"BUY +1 AAPL @{100 + price}.00 LMT")
            plan = await bench.plan(STOCK)
            assert plan.lines[0].denials[0].code == "DUPLICATE_RECENT"

    run_virtual(scenario())


def test_two_plans_do_not_together_sell_more_than_is_held() -> None:
    async def scenario() -> None:
        broker = FakeBroker(VirtualClock(), some_accounts(1))
        broker.positions["A-01"] = (a_position("AAPL", 100),)
        async with a_desk(broker=broker) as bench:
            broker.acts["A-01"] = Act.REST
            plans = [
                await bench.plan("SELL -100 AAPL @187.50 LMT"),
                await bench.plan("SELL -100 AAPL @187.60 LMT"),
            ]
            await bench.submit(plans[0])
            with pytest.raises(OrderDenied, match="SELL_MORE_THAN_HELD"):
                await bench.submit(plans[1])
            assert broker.posts["A-01"] == 1

    run_virtual(scenario())


def test_different_orders_that_fit_together_both_leave() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plans = [await bench.plan(STOCK), await bench.plan("BUY +1 SPY @600.00 LMT")]
            await asyncio.gather(*(bench.submit(plan) for plan in plans))
            assert set(bench.broker.posts.values()) == {2}

    run_virtual(scenario())


def test_a_wave_policy_that_is_none_is_refused_before_the_plan_is_used_up() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan(save=True)
            with pytest.raises(InputError, match="sideways"):
                await bench.submit(plan, waves="sideways")
            assert (await bench.submit(plan)).counts["accounts"] == 4

    run_virtual(scenario())
