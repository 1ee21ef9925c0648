"""Which seed a broadcast takes, and the moment that its stamps count from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tests.fakes.broker import FakeBroker
from tests.fakes.builders import CONDOR, STOCK, a_broadcast, a_line, some_accounts
from tests.fakes.desk import Bench, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, VirtualClock, run_virtual

from swimdesk.domain.orders import LineState


async def seeds(bench: Bench, *broadcasts: str) -> list[int]:
    """Send one order after another and return the seeds that were written down."""
    for number, broadcast in enumerate(broadcasts):
        await bench.send((CONDOR, STOCK)[number % 2], broadcast=broadcast)
    return [bench.journal.broadcasts[broadcast].seed for broadcast in broadcasts]


def test_each_broadcast_takes_the_next_seed_and_a_restart_goes_on() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            assert await seeds(bench, "B-1", "B-2") == [0, 1]
        async with a_desk(journal=journal) as bench:
            plan = await bench.plan("BUY +1 SPY @600.00 LMT")
            assert (await bench.submit(plan, broadcast="B-3")).seed == 2

    run_virtual(scenario())


def test_a_home_with_drawn_seeds_goes_on_from_the_largest() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        for number, seed in enumerate((5, 2**32 - 1, 77)):
            known = a_broadcast(
                replace(a_line("A-01", LineState.DENIED), ref=f"ref-{number}"),
                created=START - timedelta(days=2, minutes=number),
                id_=f"OLD-{number}",
            )
            await journal.open_broadcast(replace(known, seed=seed))
        async with a_desk(journal=journal) as bench:
            assert await seeds(bench, "B-1", "B-2") == [2**32, 2**32 + 1]

    run_virtual(scenario())


class SlowlyReady(FakeBroker):
    """A broker that takes two seconds to get ready."""

    async def ready(self, accounts: Sequence[str]) -> None:
        """Take its time."""
        await asyncio.sleep(2)


def test_a_broadcast_knows_when_the_command_reached_the_desk() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        async with a_desk(broker=SlowlyReady(clock, some_accounts(4)), clock=clock) as bench:
            plan = await bench.plan()
            asked = clock.now()
            view = await bench.submit(plan, broadcast="B-1")
            stored = bench.journal.broadcasts["B-1"]
            assert view.timing_ms.confirmed == stored.confirmed == asked
            assert stored.created == asked + timedelta(seconds=2)

    run_virtual(scenario())
