"""Reads are written down before anything is decided by them, and no more than is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, VirtualClock, run_virtual

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead, ReadToKeep
from swimdesk.desk.readlog import FRESH, ReadLog
from swimdesk.errors import StoreFull

ACCOUNTS = frozenset({"A-01", "A-02"})


def an_order(order_id: str, account: str = "A-01", filled: int = 0) -> BrokerOrder:
    return BrokerOrder(
        account,
        order_id,
        BrokerOrderState.WORKING,
        "WORKING",
        START,
        "looks",
        Decimal(10),
        Decimal(filled),
    )


def a_read(*orders: BrokerOrder, complete: bool = True) -> OrdersRead:
    return OrdersRead(ACCOUNTS, START - timedelta(minutes=1), START, orders, complete)


class Room:
    """A log over a journal in memory; use inside ``run_virtual``."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.log = ReadLog(self.journal, VirtualClock())

    async def keep(self, *reads: OrdersRead) -> list[ReadToKeep]:
        for read in reads:
            await self.log.keep(read, START)
        return self.journal.reads


def test_order_is_observed_once_until_it_changes() -> None:
    async def scenario() -> None:
        one, two = an_order("1"), an_order("2", "A-02")
        moved = an_order("1", filled=4)
        kept = await Room().keep(a_read(one, two), a_read(one, two), a_read(moved, two))
        assert [read.fresh for read in kept] == [(one, two), (), (moved,)]
        assert kept[1].same_as == 1
        assert [read.shown for read in kept] == [(), (), (1,)]

    run_virtual(scenario())


def test_read_that_lacks_an_order_is_not_told_as_the_one_before() -> None:
    async def scenario() -> None:
        one, two = an_order("1"), an_order("2")
        kept = await Room().keep(a_read(one, two), a_read(one), a_read(one, two))
        assert [read.same_as for read in kept] == [None, None, None]
        assert [set(read.shown) for read in kept] == [set(), {0}, {0, 1}]

    run_virtual(scenario())


def test_incomplete_read_is_kept_apart_from_a_complete_one_that_showed_the_same() -> None:
    async def scenario() -> None:
        one = an_order("1")
        kept = await Room().keep(a_read(one), a_read(one, complete=False))
        assert [read.scope.complete for read in kept] == [True, False]
        assert kept[1].same_as is None

    run_virtual(scenario())


def test_read_that_cannot_be_written_has_no_number_and_its_orders_stay_new() -> None:
    async def scenario() -> None:
        room = Room()
        room.journal.failure = StoreFull("no room")
        scope, number = await room.log.keep(a_read(an_order("1")), START)
        assert scope.accounts == ACCOUNTS
        assert number is None
        room.journal.failure = None
        (kept,) = await room.keep(a_read(an_order("1")))
        assert len(kept.fresh) == 1

    run_virtual(scenario())


def test_known_are_todays_orders_and_old_ones_still_at_work_of_those_accounts() -> None:
    async def scenario() -> None:
        long_ago = START - timedelta(days=5)
        old = replace(an_order("2"), entered=long_ago)
        over = replace(an_order("3"), entered=long_ago, closed=long_ago)
        room = Room()
        await room.keep(a_read(an_order("1"), old, over, an_order("4", "A-02")))
        assert room.log.known({"A-01"}) == {"A-01": ("1", "2")}

    run_virtual(scenario())


def test_only_a_complete_read_makes_an_account_fresh() -> None:
    async def scenario() -> None:
        room = Room()
        await room.keep(a_read(complete=False))
        assert room.log.stale(sorted(ACCOUNTS)) == ["A-01", "A-02"]
        await room.keep(a_read())
        assert room.log.stale(["A-01", "A-03"]) == ["A-03"]
        late = Room()
        await late.log.keep(a_read(), START - FRESH - timedelta(seconds=1))
        assert late.log.stale(["A-01"]) == ["A-01"]

    run_virtual(scenario())


def test_order_that_ended_long_ago_is_written_down_once_and_only_where_it_is_needed() -> None:
    async def scenario() -> None:
        long_ago = START - timedelta(days=5)
        over = replace(an_order("3"), entered=long_ago, closed=long_ago)
        ended_today = replace(an_order("4"), entered=long_ago, closed=START)
        room = Room()
        kept = await room.keep(*[a_read(an_order("1"), over, ended_today)] * 3)
        assert [[order.order_id for order in read.fresh] for read in kept] == [["1", "4"], [], []]
        assert kept[2].same_as == 1
        for _ in range(2):
            await room.log.keep(a_read(over), START, needs=lambda order: order == over)
        assert [read.fresh for read in room.journal.reads[3:]] == [(over,), ()]

    run_virtual(scenario())
