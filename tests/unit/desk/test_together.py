"""Two things at once: both results, or one failure and nothing left behind."""

from __future__ import annotations

import asyncio

import pytest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.desk import a_desk
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.together import both
from swimdesk.errors import BrokerUnreachable, OrderTextError


class Endless:
    """Something that only ends when it is ended, and notes both."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.has_ended = False

    async def run(self) -> None:
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            # Cleaning up takes a turn of the loop, as closing a connection does.
            await asyncio.sleep(0)
            self.has_ended = True


async def fails(after: Endless) -> None:
    await after.started.wait()
    raise BrokerUnreachable("gone")


async def gives(result: str) -> str:
    await asyncio.sleep(0)
    return result


async def test_both_results_come_in_order() -> None:
    assert await both(gives("first"), gives("second")) == ("first", "second")


@pytest.mark.parametrize("is_first", [True, False])
async def test_failure_is_raised_plainly_once_the_other_has_ended(is_first: bool) -> None:
    endless = Endless()
    pair = (fails(endless), endless.run())
    with pytest.raises(BrokerUnreachable, match="gone"):
        await (both(*pair) if is_first else both(*reversed(pair)))
    assert endless.has_ended


async def test_cancellation_ends_both() -> None:
    one, other = Endless(), Endless()
    task = asyncio.create_task(both(one.run(), other.run()))
    await one.started.wait()
    await other.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.has_ended
    assert other.has_ended


def test_order_text_that_is_wrong_leaves_no_connection_half_open() -> None:
    getting_ready = Endless()

    class SlowToGetReady(FakeBroker):
        async def ready(self, accounts: object) -> None:
            await getting_ready.run()

    async def scenario() -> None:
        broker = SlowToGetReady(VirtualClock(), some_accounts(2))
        async with a_desk(2, broker=broker) as bench:
            with pytest.raises(OrderTextError):
                await bench.plan("SELL -1 IRON CORNDOR")
            assert getting_ready.has_ended == getting_ready.started.is_set()

    run_virtual(scenario())
