"""What is loaded before the intents are written down: it leaves once, afterwards, or never."""

from __future__ import annotations

import asyncio
import gc

import pytest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.desk import a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.domain.broadcast import Broadcast
from swimdesk.errors import StoreFull


class SlowJournal(MemoryJournal):
    """A journal whose commit of a broadcast takes a second; ``then`` is called at its end."""

    def __init__(self, broker: FakeBroker) -> None:
        super().__init__()
        self.broker = broker
        self.loaded_during_commit: list[bool] = []
        self.collecting_during_commit: list[bool] = []
        self.error: Exception | None = None

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Commit after a second, or fail."""
        await asyncio.sleep(1)
        self.loaded_during_commit += [not burst.is_fired for burst in self.broker.bursts]
        self.collecting_during_commit.append(gc.isenabled())
        if self.error is not None:
            raise self.error
        await super().open_broadcast(broadcast)


def a_broker() -> FakeBroker:
    return FakeBroker(VirtualClock(), some_accounts(4))


def test_orders_are_loaded_before_the_commit_and_fired_after_it() -> None:
    async def scenario() -> None:
        broker = a_broker()
        journal = SlowJournal(broker)
        async with a_desk(4, broker=broker, journal=journal) as bench:
            view = await bench.send()
        assert journal.loaded_during_commit == [True]
        assert view.counts["filled"] == 4
        assert [burst.is_fired for burst in broker.bursts] == [True]

    run_virtual(scenario())


def test_nothing_is_collected_while_orders_are_about_to_leave() -> None:
    async def scenario() -> None:
        broker = a_broker()
        journal = SlowJournal(broker)
        async with a_desk(4, broker=broker, journal=journal) as bench:
            await bench.send()
        assert journal.collecting_during_commit == [False]
        assert gc.isenabled()

    run_virtual(scenario())


def test_what_was_loaded_for_a_commit_that_fails_is_discarded() -> None:
    async def scenario() -> None:
        broker = a_broker()
        journal = SlowJournal(broker)
        journal.error = StoreFull("the disk is full")
        async with a_desk(4, broker=broker, journal=journal) as bench:
            with pytest.raises(StoreFull):
                await bench.submit(await bench.plan())
        assert [burst.is_discarded for burst in broker.bursts] == [True]
        assert not broker.posts
        assert gc.isenabled()

    run_virtual(scenario())


def test_halt_during_the_commit_discards_what_was_loaded() -> None:
    async def scenario() -> None:
        broker = a_broker()
        journal = SlowJournal(broker)
        async with a_desk(4, broker=broker, journal=journal) as bench:
            plan = await bench.plan()
            submitting = asyncio.ensure_future(bench.submit(plan))
            await asyncio.sleep(0.5)
            await bench.desk.halt("enough")
            view = await bench.desk.follow((await submitting).broadcast, 5)
        assert view.counts["not_sent"] == 4
        assert [burst.is_discarded for burst in broker.bursts] == [True]
        assert not broker.posts

    run_virtual(scenario())


def test_orders_that_cannot_be_loaded_are_not_sent_and_say_so() -> None:
    async def scenario() -> None:
        broker = a_broker()
        broker.cannot_load = RuntimeError("a bug of the adapter")
        async with a_desk(4, broker=broker) as bench:
            shown = await bench.submit(await bench.plan())
            view = await bench.desk.follow(shown.broadcast, 5)
        assert view.counts["not_sent"] == 4
        assert {line.reason for line in view.lines} == {"the sender failed before this order left"}
        assert not broker.posts

    run_virtual(scenario())


def test_a_broadcast_that_cannot_be_shown_leaves_once_and_its_answers_are_awaited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(4, broker=broker) as bench:
            plan = await bench.plan()

            def fail(_: object) -> None:
                raise RuntimeError("a bug of the book")

            monkeypatch.setattr(bench.desk.recorder, "opened", fail)
            with pytest.raises(RuntimeError, match="a bug of the book"):
                await bench.submit(plan)
            await asyncio.sleep(1)
            (written,) = bench.journal.broadcasts.values()
        assert [burst.is_awaited for burst in broker.bursts] == [True]
        assert set(broker.posts.values()) == {1}
        # Nobody could write the answers down; a restart finds them in doubt and reads.
        assert {line.state for line in written.lines} == {"sending"}
        assert gc.isenabled()

    run_virtual(scenario())


def test_every_wave_is_loaded_and_fired_once() -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(4, broker=broker) as bench:
            view = await bench.send(waves="2")
        assert view.counts["filled"] == 4
        assert [len(burst.prepared.orders) for burst in broker.bursts] == [2, 2]
        assert all(burst.is_fired for burst in broker.bursts)

    run_virtual(scenario())


def test_accounts_that_get_the_same_order_share_one_ticket() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:
            view = await bench.submit(await bench.plan())
            broadcast = bench.desk.recorder.current(view.broadcast)
            assert len({id(line.ticket) for line in broadcast.lines}) == 1

    run_virtual(scenario())


def test_orders_leave_before_anything_else_has_a_turn_after_their_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(4, broker=broker) as bench:
            plan = await bench.plan()
            had_left: list[bool] = []
            show = bench.desk.recorder.opened

            def opened(broadcast: Broadcast) -> None:
                had_left.append(broker.bursts[0].is_fired)
                show(broadcast)

            monkeypatch.setattr(bench.desk.recorder, "opened", opened)
            await bench.submit(plan)
        assert had_left == [True]

    run_virtual(scenario())
