"""Positions in every round of the account monitor: fills explain them, or an alarm is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from tests.fakes.broker import Act
from tests.fakes.builders import STOCK, a_position, some_accounts
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.strangers import OURS, HonestBroker, enter
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.holding_check import fills_of
from swimdesk.desk.monitors.accounts import READ_EVERY_S
from swimdesk.desk.ports import OrderKey

ONE, OTHER = "A-01", "A-02"
BY_HAND = "BUY +7 MSFT @400.00 LMT"
ROUND_S = READ_EVERY_S + 1


def staying(
    scenario: Callable[[Bench, HonestBroker], Awaitable[None]],
    journal: MemoryJournal | None = None,
) -> None:
    """Play on a desk that stays, once its first round is over."""

    async def main() -> None:
        clock = VirtualClock()
        broker = HonestBroker(clock, some_accounts(2))
        broker.positions = {ONE: (a_position("AAPL", 10),)}
        async with a_desk(broker.accounts, broker=broker, clock=clock, journal=journal) as bench:
            bench.desk.stay()
            await asyncio.sleep(1)
            await scenario(bench, broker)

    run_virtual(main())


async def alarms(bench: Bench) -> tuple[str, ...]:
    return (await bench.desk.status()).alarms


def test_fills_of_ours_and_of_others_explain_what_is_held() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.PARTIAL, OTHER: Act.FILL}
        await bench.send(STOCK, wait_s=1)
        order_id = enter(broker, OTHER, BY_HAND)
        for _ in range(4):
            broker.fill(order_id, int(broker.order_of(order_id).filled) + 1)
            await asyncio.sleep(ROUND_S)
        assert await alarms(bench) == ()

    staying(scenario)


def test_fill_of_an_order_that_no_list_shows_is_told_after_two_rounds_and_once() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        order_id = enter(broker, ONE, BY_HAND, filled=7)
        broker.unlisted = {order_id}
        await asyncio.sleep(ROUND_S)
        assert await alarms(bench) == ()
        await asyncio.sleep(3 * ROUND_S)
        (alarm,) = await alarms(bench)
        assert alarm.startswith(f"{ONE}: 7 MSFT held, 0 expected")
        assert bench.journal.held[ONE].quantities["MSFT"] == 7

    staying(scenario)


def test_order_entered_weeks_ago_explains_what_it_fills_today() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        old = broker.clock.now() - timedelta(days=30)
        order_id = enter(broker, ONE, BY_HAND, entered=old)
        await asyncio.sleep(ROUND_S)
        broker.fill(order_id)
        await asyncio.sleep(3 * ROUND_S)
        assert await alarms(bench) == ()

    staying(scenario)


def test_nothing_is_said_while_a_line_in_that_account_is_in_doubt() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.LOSE}
        await bench.send(STOCK, wait_s=1)
        broker.silent = {(ONE, "MSFT"): 7, (OTHER, "MSFT"): 7}
        await asyncio.sleep(4 * ROUND_S)
        assert [text.partition(":")[0] for text in await alarms(bench)] == [OTHER]

    staying(scenario)


def test_baseline_of_the_day_outlives_a_restart() -> None:
    async def main() -> None:
        journal, clock = MemoryJournal(), VirtualClock()
        broker = HonestBroker(clock, some_accounts(1))
        async with a_desk(broker.accounts, broker=broker, clock=clock, journal=journal) as bench:
            bench.desk.stay()
            await asyncio.sleep(1)
            await bench.send(STOCK, wait_s=1)
            await kill(bench)
        first = journal.held[ONE]
        broker.silent = {(ONE, "MSFT"): 7}
        async with a_desk(broker.accounts, broker=broker, clock=clock, journal=journal) as bench:
            bench.desk.stay()
            await asyncio.sleep(1)
            assert journal.held[ONE] == first
            await asyncio.sleep(2 * ROUND_S)
            (alarm,) = await alarms(bench)
            assert "7 MSFT held, 0 expected" in alarm

    run_virtual(main())


def test_what_changes_overnight_is_the_next_day_s_baseline() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await asyncio.sleep(timedelta(hours=14).total_seconds() - 20)  # a second before midnight
        broker.silent = {(ONE, "MSFT"): 7}
        await asyncio.sleep(timedelta(hours=1).total_seconds())
        assert await alarms(bench) == ()

    staying(scenario)


def test_order_with_our_mark_that_nothing_here_sent_alarms_once() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.send(STOCK, wait_s=1)
        enter(broker, ONE, BY_HAND)
        order_id = enter(broker, ONE, BY_HAND, tag=OURS)
        await asyncio.sleep(3 * ROUND_S)
        (alarm,) = await alarms(bench)
        assert alarm.startswith(f"{ONE}: order {order_id} ")
        assert "somebody else uses the application key" in alarm

    staying(scenario)


class AskedJournal(MemoryJournal):
    """Counts how often it was asked whose orders are whose."""

    def __init__(self) -> None:
        super().__init__()
        self.times_asked = 0

    async def owners(self, orders: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        """Count and answer."""
        self.times_asked += 1
        return await super().owners(orders)


def test_orders_with_the_mark_of_others_are_not_looked_up_in_every_round() -> None:
    journal = AskedJournal()

    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.send(STOCK, wait_s=1)
        enter(broker, ONE, BY_HAND)
        await asyncio.sleep(4 * ROUND_S)
        assert journal.times_asked == 0
        enter(broker, ONE, BY_HAND, tag=OURS)
        await asyncio.sleep(4 * ROUND_S)
        assert journal.times_asked == 1

    staying(scenario, journal)


def test_round_reads_each_login_s_orders_once_while_all_is_as_expected() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        reads = broker.list_reads
        await asyncio.sleep(ROUND_S)
        assert broker.list_reads == reads + 1

    staying(scenario)


def test_round_goes_on_where_a_login_cannot_be_read() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.reads_fail = True
        await asyncio.sleep(2 * ROUND_S)
        assert broker.holdings_reads >= 3
        broker.reads_fail, broker.silent = False, {(ONE, "MSFT"): 7}
        await asyncio.sleep(3 * ROUND_S)
        assert len(await alarms(bench)) == 1

    staying(scenario)


def test_fills_that_are_not_told_whole_or_whose_side_is_not_known_are_named() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        enter(broker, ONE, BY_HAND, filled=7)
        order = broker.ledger.pop()
        morning = order.entered
        assert len(fills_of([order], morning).traded) == 1
        for odd in (replace(order, executions=()), replace(order, legs=())):
            found = fills_of([odd], morning)
            assert (found.traded, found.untold) == ({}, (order.order_id,))
        assert fills_of([order], morning + timedelta(days=1)).traded == {}

    staying(scenario)
