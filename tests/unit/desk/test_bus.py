"""Events reach everybody who listens, in order; a slow reader loses the oldest and is told."""

from __future__ import annotations

import asyncio

from tests.fakes.virtual import run_virtual

from swimdesk.desk.bus import Bus
from swimdesk.domain.events import Alarmed


def some_events(count: int) -> list[Alarmed]:
    """Build events that can be told apart."""
    return [Alarmed(str(number)) for number in range(count)]


def test_every_subscriber_gets_every_event_in_order() -> None:
    async def scenario() -> None:
        bus = Bus()
        with bus.subscribe() as one, bus.subscribe() as two:
            for event in some_events(3):
                bus.publish(event)
            for subscription in (one, two):
                assert [await subscription.get() for _ in range(3)] == some_events(3)
                assert subscription.lagged == 0

    run_virtual(scenario())


def test_only_what_is_published_while_listening_is_heard() -> None:
    async def scenario() -> None:
        bus = Bus()
        before, during, after = some_events(3)
        bus.publish(before)
        with bus.subscribe() as subscription:
            bus.publish(during)
        bus.publish(after)
        assert await subscription.get() == during
        waiting = asyncio.ensure_future(subscription.get())
        await asyncio.sleep(1)
        assert not waiting.done()
        waiting.cancel()

    run_virtual(scenario())


def test_a_reader_that_waits_is_woken() -> None:
    async def scenario() -> None:
        bus = Bus()
        with bus.subscribe() as subscription:
            waiting = asyncio.ensure_future(subscription.get())
            await asyncio.sleep(1)
            assert not waiting.done()
            (event,) = some_events(1)
            bus.publish(event)
            assert await waiting == event

    run_virtual(scenario())


def test_a_full_queue_drops_the_oldest_and_counts_it_and_hurts_nobody_else() -> None:
    async def scenario() -> None:
        bus = Bus()
        with bus.subscribe(bound=2) as slow, bus.subscribe() as quick:
            for event in some_events(5):
                bus.publish(event)
            assert slow.lagged == 3
            assert [await slow.get() for _ in range(2)] == some_events(5)[3:]
            assert quick.lagged == 0
            assert [await quick.get() for _ in range(5)] == some_events(5)

    run_virtual(scenario())


def test_a_queue_exactly_full_has_lost_nothing() -> None:
    async def scenario() -> None:
        bus = Bus()
        with bus.subscribe(bound=2) as subscription:
            for event in some_events(2):
                bus.publish(event)
            assert subscription.lagged == 0

    run_virtual(scenario())
