"""Orders at rest are all looked at, in portions that leave room for other work."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import UTC, datetime

from tests.fakes.sim_client import Counter, shares

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.orders import SimOrder, Status
from swimdesk.sim.resting import BREATH_S, MOST_AT_ONCE, TICK_S, Moment, RestingOrders
from swimdesk.sim.schedule import Schedule


class Watch:
    """Resting orders whose looks are written down."""

    def __init__(self, orders: int) -> None:
        self.clock = ManualClock(datetime(2026, 11, 23, 15, tzinfo=UTC))
        self.schedule = Schedule(self.clock)
        self.looks: list[int] = []
        self.resting = RestingOrders(self.schedule, self._look)
        counter = Counter()
        counter.place(shares("BUY", 1, "SPY", "1.00"))
        terms = counter.account.orders[0].terms
        self.orders = [SimOrder(n, "1", terms, {}, 0) for n in range(orders)]
        for order in self.orders:
            self.resting.add(counter.account, order)

    def _look(self, account: SimAccount, order: SimOrder, moment: Moment) -> None:
        self.looks.append(order.order_id)

    def pass_time(self, seconds: float) -> list[int]:
        """Return which orders were looked at meanwhile."""
        self.looks.clear()
        self.clock.advance(seconds)
        self.schedule.run_due()
        return list(self.looks)


def test_many_orders_are_looked_at_in_portions_first_come_first() -> None:
    watch = Watch(2 * MOST_AT_ONCE + 1)
    portions = [watch.pass_time(TICK_S), watch.pass_time(BREATH_S), watch.pass_time(BREATH_S)]
    assert [len(portion) for portion in portions] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert [n for portion in portions for n in portion] == list(range(2 * MOST_AT_ONCE + 1))
    assert watch.pass_time(BREATH_S) == []
    assert watch.pass_time(TICK_S)[:2] == [0, 1]


def test_order_that_is_removed_or_ended_meanwhile_is_not_looked_at() -> None:
    watch = Watch(MOST_AT_ONCE + 3)
    watch.pass_time(TICK_S)
    first, second, third = watch.orders[MOST_AT_ONCE:]
    watch.resting.remove(first)
    second.move_to(Status.CANCELED, at_s=0)
    assert watch.pass_time(BREATH_S) == [third.order_id]


def test_nothing_is_due_once_no_order_is_left() -> None:
    watch = Watch(2)
    for order in watch.orders:
        watch.resting.remove(order)
    watch.pass_time(TICK_S)
    assert watch.schedule.next_due_s() is None
    watch.resting.add(Counter().account, watch.orders[0])
    assert watch.pass_time(TICK_S) == [0]


def test_hundreds_of_resting_orders_fill_when_the_market_comes_to_them() -> None:
    counter = Counter(accounts=1, logins=1)
    bid, _ = counter.quote("SPY")
    body = shares("BUY", 1, "SPY", f"{bid * 98 / 100:.2f}")
    number = MOST_AT_ONCE + 100
    for _ in range(number):
        counter.place(body)
    counter.settle()
    assert Tally(order["status"] for order in counter.orders()) == {"WORKING": number}
    counter.broker.market.shock("SPY", 0.97)
    for _ in range(4):
        counter.settle(TICK_S)
    assert Tally(order["status"] for order in counter.orders()) == {"FILLED": number}
