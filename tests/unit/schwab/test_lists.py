"""Order lists when clocks differ, pages are full, orders are old, and most of it stays the same."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import stamina
from tests.unit.schwab.site import (
    ORDERS_PATH,
    Answer,
    Site,
    an_order,
    broken,
    document,
    hash_of,
    text,
)
from tests.unit.schwab.support import NOW

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState
from swimdesk.schwab.built import BuiltOrders
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.directory import Directory
from swimdesk.schwab.documents import Documents
from swimdesk.schwab.listing import MAX_RESULTS, SLICE, listed
from swimdesk.schwab.reads import Reader
from swimdesk.schwab.skew import Offset
from swimdesk.telemetry.redaction import Secret

SINCE = NOW - timedelta(minutes=5)
DOCUMENTS = Documents(Secret("0f" * 32), lambda number: None)


@pytest.fixture(autouse=True)
def _repeat_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def wire_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+0000"


# --- clocks that differ ------------------------------------------------------------------------


class OtherClock:
    """A broker whose clock is off by some seconds, and that lists one order entered just now."""

    def __init__(self, off_by_s: float) -> None:
        self.off_by = timedelta(seconds=off_by_s)
        self.site = Site()
        self.site.on(ORDERS_PATH, self.dated([self.order()]))
        self.site.on(ORDER_PATH, self.dated(self.order()))

    def dated(self, data: Any) -> Answer:
        def answer(_: httpx.Request) -> httpx.Response:
            date = format_datetime(self.site.clock.now() + self.off_by, usegmt=True)
            return httpx.Response(200, json=data, headers={"Date": date})

        return answer

    def order(self) -> dict[str, Any]:
        stamp = wire_time(NOW + self.off_by)
        return an_order("11110001", 7, enteredTime=stamp, closeTime=stamp)


ORDER_PATH = f"/trader/v1/accounts/{hash_of('11110001')}/orders/7"


@pytest.mark.parametrize("off_by_s", [-7, 40])
async def test_times_of_a_broker_whose_clock_differs_are_given_by_ours(off_by_s: int) -> None:
    other = OtherClock(off_by_s)
    broker = other.site.broker()
    (listed_one,) = (await broker.orders(["smith-1"], SINCE)).orders
    alone = await broker.order("smith-1", "7")
    assert alone == listed_one
    assert listed_one.closed == listed_one.entered
    assert abs(listed_one.entered - NOW) < timedelta(seconds=1)


@pytest.mark.parametrize("off_by_s", [-7, 40])
async def test_window_is_asked_for_by_the_clock_of_the_broker(off_by_s: int) -> None:
    other = OtherClock(off_by_s)
    broker = other.site.broker()
    await broker.orders(["smith-1"], SINCE)
    read = await broker.orders(["smith-1"], SINCE)
    asked = datetime.fromisoformat(other.site.requests[-1].url.params["fromEnteredTime"])
    assert abs(asked - SINCE - other.off_by) < timedelta(seconds=1)
    assert (read.since, read.until) == (SINCE, NOW)


async def test_times_are_left_alone_where_the_clocks_agree() -> None:
    other = OtherClock(0)
    (order,) = (await other.site.broker().orders(["smith-1"], SINCE)).orders
    assert order.entered == NOW


@pytest.mark.parametrize("date", ["yesterday", "", "Thu, 01 Jan 1970 00:00:00 GMT"])
async def test_date_that_is_none_changes_nothing(date: str) -> None:
    site = Site()
    rows = [an_order("11110001", 7, enteredTime=wire_time(NOW))]
    site.on(ORDERS_PATH, lambda _: httpx.Response(200, json=rows, headers={"Date": date}))
    (order,) = (await site.broker().orders(["smith-1"], SINCE)).orders
    assert order.entered == NOW


# --- full pages and old orders -----------------------------------------------------------------


def list_path(number: str) -> str:
    return f"/trader/v1/accounts/{hash_of(number)}/orders"


@pytest.fixture
def crowded() -> Site:
    """Return a site whose login smith has more orders than a page holds."""
    site = Site()
    rows = [an_order("11110001", number) for number in range(1, MAX_RESULTS + 1)]
    site.on(ORDERS_PATH, document(rows), login="smith")
    site.on(list_path("11110001"), document([an_order("11110001", 1, status="FILLED")]))
    site.on(list_path("11110002"), document([an_order("11110002", 9999)]))
    return site


async def test_accounts_of_a_full_page_are_read_one_by_one(crowded: Site) -> None:
    broker = crowded.broker()
    await broker.discover()
    crowded.requests.clear()
    read = await broker.orders(["smith-1", "smith-2", "jones-1"], SINCE)
    assert read.complete
    assert sorted(crowded.paths()) == sorted(
        [ORDERS_PATH, ORDERS_PATH, list_path("11110001"), list_path("11110002")]
    )
    params = {tuple(request.url.params.items()) for request in crowded.requests}
    assert len(params) == 1
    found = {order.order_id: order for order in read.orders}
    assert len(found) == len(read.orders) == MAX_RESULTS + 1
    assert found["9999"].account == "smith-2"
    # What the later read says.
    assert found["1"].state is BrokerOrderState.FILLED


async def test_only_accounts_that_were_asked_for_are_read_one_by_one(crowded: Site) -> None:
    broker = crowded.broker()
    await broker.discover()
    crowded.requests.clear()
    assert (await broker.orders(["smith-2"], SINCE)).complete
    assert crowded.paths() == [ORDERS_PATH, list_path("11110002")]


async def test_account_that_fails_after_a_full_page_is_not_covered(crowded: Site) -> None:
    crowded.on(list_path("11110001"), text(503))
    read = await crowded.broker().orders(["smith-1", "smith-2"], SINCE)
    assert not read.complete
    assert read.accounts == {"smith-2"}
    assert {order.account for order in read.orders} == {"smith-1", "smith-2"}


async def test_bug_in_one_logins_list_says_why_and_leaves_the_others() -> None:
    site = Site()
    site.on(ORDERS_PATH, broken(RuntimeError("about 22220001")), login="jones")
    read = await site.broker().orders(["smith-1", "jones-1"], SINCE)
    assert (set(read.accounts), read.complete) == ({"smith-1"}, False)
    assert read.failure is not None
    assert "RuntimeError at site.py:" in read.failure.detail
    assert "0001" not in read.failure.detail


async def test_account_whose_own_page_is_full_is_not_covered(crowded: Site) -> None:
    rows = [an_order("11110001", number) for number in range(1, MAX_RESULTS + 1)]
    crowded.on(list_path("11110001"), document(rows))
    read = await crowded.broker().orders(["smith-1", "smith-2"], SINCE)
    assert read.accounts == {"smith-2"}


async def test_order_older_than_any_list_is_read_by_its_id() -> None:
    site = Site()
    entered = NOW - timedelta(days=80)
    old = an_order("11110001", 7, duration="GOOD_TILL_CANCEL", enteredTime=wire_time(entered))
    site.on(ORDER_PATH, document(old))
    order = await site.broker().order("smith-1", "7")
    assert order is not None
    assert order.entered == entered
    assert not site.requests[-1].url.params


# --- what stays the same -----------------------------------------------------------------------


async def orders_of(broker: SchwabBroker) -> dict[str, BrokerOrder]:
    read = await broker.orders(["smith-1", "smith-2"], SINCE)
    return {order.order_id: order for order in read.orders}


async def test_only_orders_that_changed_are_built_again() -> None:
    site = Site()
    working = [an_order("11110001", 1), an_order("11110001", 2)]
    filled = an_order("11110001", 2, status="FILLED")
    site.on(ORDERS_PATH, document(working), document([working[0], filled]))
    broker = site.broker()
    first, second = await orders_of(broker), await orders_of(broker)
    assert second["1"] is first["1"]
    assert (first["2"].state, second["2"].state) == (
        BrokerOrderState.WORKING,
        BrokerOrderState.FILLED,
    )


async def test_order_is_built_again_when_the_clocks_move_apart() -> None:
    other = OtherClock(40)
    broker = other.site.broker()
    before = (await orders_of(broker))["7"]
    other.off_by = timedelta(seconds=-7)
    assert (await orders_of(broker))["7"].entered - before.entered == timedelta(seconds=47)


def test_number_of_orders_kept_is_bounded() -> None:
    built = BuiltOrders(Offset(), DOCUMENTS, limit=2)
    rows = [an_order("11110001", number) for number in (1, 2, 3)]
    first = [built.of(row, "smith-1") for row in rows]
    assert built.of(rows[2], "smith-1") is first[2]
    assert built.of(rows[0], "smith-1") is not first[0]


def test_order_kept_for_one_account_is_not_another_accounts() -> None:
    built = BuiltOrders(Offset(), DOCUMENTS)
    row = an_order("11110001", 1)
    assert [built.of(row, alias)[0].account for alias in ("smith-1", "jones-1")] == [
        "smith-1",
        "jones-1",
    ]


async def test_long_list_leaves_the_loop_its_turns() -> None:
    site = Site()
    transport = httpx.MockTransport(site.handle)
    context = ssl.create_default_context()
    reader = Reader("https://broker.test", context, site.tokens, site.clock, transport)
    directory = Directory(reader, tuple(site.numbers), (), {}, site.clock)
    await directory.refresh()
    rows = [an_order("11110001", number) for number in range(10 * SLICE)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        other = group.create_task(others())
        found = await listed(rows, {"smith-1"}, directory, BuiltOrders(Offset(), DOCUMENTS))
        other.cancel()
    assert len(found.orders) == len(rows)
    assert turns >= 10
