"""What a new desk makes of what an earlier one left behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import STOCK, a_broadcast, a_line, roomy_limits, some_accounts
from tests.fakes.desk import a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.ports import BrokerOrderState as B
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.orders import LineState
from swimdesk.errors import ProtocolDrift, TradingHalted


def test_lines_left_sending_are_in_doubt_and_planned_ones_were_not_sent() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        await journal.open_broadcast(
            a_broadcast(
                a_line("A-01", LineState.SENDING),
                a_line("A-02", LineState.PLANNED),
                a_line("A-03", LineState.DENIED),
            )
        )
        broker = FakeBroker(VirtualClock(), some_accounts(4))
        async with a_desk(journal=journal, broker=broker) as bench:
            view = await bench.desk.broadcast("01BROADCAST")
            assert [line.state for line in view.lines] == ["in_doubt", "not_sent", "denied"]
            assert view.state == "in_doubt"
        assert not broker.posts
        stored = journal.broadcasts["01BROADCAST"]
        assert [x.state.value for x in stored.lines] == ["in_doubt", "not_sent", "denied"]

    run_virtual(scenario())


def test_login_whose_accounts_are_garbage_after_a_restart_keeps_no_other_from_being_followed() -> (
    None
):
    async def scenario() -> None:
        journal = MemoryJournal()
        broker = FakeBroker(VirtualClock(), some_accounts(2, per_login=1))
        broker.acts = {"A-01": Act.REST, "A-02": Act.REST}
        async with a_desk(broker.accounts, journal=journal, broker=broker) as first:
            view = await first.send(STOCK, wait_s=2)
        broker.undiscovered = {"login-02": ProtocolDrift("accounts: the answer is not a list")}
        broker.ledger = [replace(order, state=B.CANCELED) for order in broker.ledger]
        async with a_desk(broker.accounts, journal=journal, broker=broker) as second:
            await asyncio.sleep(20)
            now = await second.desk.broadcast(view.broadcast)
            assert [line.state for line in now.lines] == ["canceled", "working"]
            told = (await second.desk.status()).reading
            assert told is not None
            assert told.failing_since is not None
            assert "the answer is not a list" in told.detail
            broker.undiscovered = {}
            await asyncio.sleep(40)
            now = await second.desk.broadcast(view.broadcast)
            assert [line.state for line in now.lines] == ["canceled", "canceled"]
            told = (await second.desk.status()).reading
            assert told is not None
            assert told.failing_since is None

    run_virtual(scenario())


def test_an_order_that_arrived_before_the_stop_is_found_again_and_not_sent_twice() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        broker = FakeBroker(VirtualClock(), some_accounts(4))
        broker.acts = dict.fromkeys(("A-01", "A-02", "A-03", "A-04"), Act.FILL)
        async with a_desk(journal=journal, broker=broker) as first:
            plan = await first.plan()
            journal_before = dict(journal.broadcasts)
            assert not journal_before
            await first.submit(plan, broadcast="B-1")
            left = journal.broadcasts["B-1"]
        # As after a kill between send and answer: only the intents are on disk.
        journal.broadcasts["B-1"] = left
        assert {line.state for line in left.lines} == {LineState.SENDING}
        journal.facts["broker_tag"] = "TA_desk"
        async with a_desk(journal=journal, broker=broker) as second:
            view = await second.desk.follow("B-1", 90)
            assert view.counts["filled"] == 4
        assert set(broker.posts.values()) == {1}

    run_virtual(scenario())


def test_a_halt_survives_the_restart() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            await bench.desk.halt("night")
        async with a_desk(journal=journal) as bench:
            with pytest.raises(TradingHalted, match="night"):
                await bench.submit(await bench.plan())
            assert not bench.broker.posts

    run_virtual(scenario())


def test_the_same_order_from_a_new_process_moments_later_is_a_duplicate() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            await bench.send()
        async with a_desk(journal=journal) as bench:
            plan = await bench.plan()
            assert {d.code for line in plan.lines for d in line.denials} == {"DUPLICATE_RECENT"}
            await asyncio.sleep(31)
            assert (await bench.plan()).counts["send"] == 4

    run_virtual(scenario())


def test_a_kept_plan_is_sent_by_another_process_with_the_same_bytes() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            plan = await bench.plan(save=True)
        async with a_desk(journal=journal) as bench:
            shown = await bench.submit(plan)
            view = await bench.desk.follow(shown.broadcast, 10)
            assert view.counts["filled"] == 4

    run_virtual(scenario())


def test_a_request_repeated_to_a_new_process_shows_the_first_broadcast() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            plan = await bench.plan(save=True)
            await bench.submit(plan, broadcast="B-1")
            await bench.desk.follow("B-1", 10)
        async with a_desk(journal=journal) as bench:
            again = await bench.submit(plan, broadcast="B-1")
            assert (again.broadcast, again.counts["filled"]) == ("B-1", 4)
            assert not bench.broker.posts

    run_virtual(scenario())


def test_an_order_entered_by_hand_is_not_taken_for_a_lost_one_by_a_new_process() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            await bench.send(STOCK)
        assert journal.facts == {"broker_tag": "TA_desk"}
        broker = FakeBroker(VirtualClock(), some_accounts(4), {"A-02": Act.LOSE})
        async with a_desk(journal=journal, broker=broker) as bench:
            await bench.submit(await bench.plan(), broadcast="B-1")
            await asyncio.sleep(1)
        ours = next(order for order in broker.ledger if order.account == "A-01")
        by_hand = replace(ours, account="A-02", order_id="999", tag="API_TOS:MOBILE")
        broker.ledger.append(by_hand)
        async with a_desk(journal=journal, broker=broker) as bench:
            view = await bench.desk.follow("B-1", 300)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.order_id) == ("in_doubt", None)

    run_virtual(scenario())


def test_an_order_of_an_older_broadcast_is_not_taken_for_a_lost_one_by_a_new_process() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        limits = roomy_limits(duplicate_window_s=0)
        broker = FakeBroker(VirtualClock(), some_accounts(4))
        async with a_desk(journal=journal, broker=broker, limits=limits) as bench:
            first = await bench.send(STOCK)
            broker.acts = {"A-02": Act.LOSE}
            await bench.submit(await bench.plan(STOCK), broadcast="B-2")
            await asyncio.sleep(1)
        async with a_desk(journal=journal, broker=broker, limits=limits) as bench:
            view = await bench.desk.follow("B-2", 300)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.doubt, line.filled) == ("in_doubt", "absent_candidate", 0)
            assert (await bench.desk.broadcast(first.broadcast)).counts["filled"] == 4

    run_virtual(scenario())


class SinceJournal(MemoryJournal):
    """Notes since when broadcasts were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_since: list[datetime] = []

    async def since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Note and answer."""
        self.read_since.append(moment)
        return await super().since(moment)


@pytest.mark.parametrize(("act", "is_read_back"), [(Act.REST, False), (Act.LOSE, True)])
def test_a_new_process_reads_back_to_an_old_order_only_where_it_is_searched_for(
    act: Act, is_read_back: bool
) -> None:
    async def main() -> None:
        journal = SinceJournal()
        async with a_desk(1, journal=journal) as bench:
            bench.broker.acts = {"A-01": act}
            created = (await bench.send(STOCK, wait_s=2)).created
            await kill(bench)
        await asyncio.sleep(timedelta(days=30).total_seconds())
        journal.read_since.clear()
        async with a_desk(1, journal=journal, broker=bench.broker):
            assert (min(journal.read_since) <= created) is is_read_back

    run_virtual(main())
