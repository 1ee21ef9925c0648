"""The kill switch holds whatever fails around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest
from tests.fakes.desk import MemorySentinel, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.guard import Guard
from swimdesk.desk.ports import GuardRecord, GuardState
from swimdesk.errors import StoreError, StoreFull, TradingHalted


class FullDisk(MemorySentinel):
    """A halt file that cannot be written or removed."""

    def raise_(self, reason: str) -> None:
        """Fail."""
        raise StoreError("no room for the file")

    def clear(self) -> None:
        """Fail."""
        raise StoreError("the file stays")


def a_guard(journal: MemoryJournal | None = None, sentinel: MemorySentinel | None = None) -> Guard:
    """Build a guard; use inside ``run_virtual``."""
    return Guard(journal or MemoryJournal(), sentinel or MemorySentinel(), VirtualClock())


def test_a_halt_is_in_force_here_in_the_file_and_in_the_journal() -> None:
    async def scenario() -> None:
        journal, sentinel = MemoryJournal(), MemorySentinel()
        guard = a_guard(journal, sentinel)
        guard.check()
        await guard.halt("lunch")
        with pytest.raises(TradingHalted, match="lunch"):
            guard.check()
        assert sentinel.text == "lunch"
        assert (await journal.guard()).state is GuardState.HALTED
        await guard.resume()
        guard.check()
        assert sentinel.text is None

    run_virtual(scenario())


def test_a_halt_holds_where_the_journal_cannot_be_written() -> None:
    async def scenario() -> None:
        journal, sentinel = MemoryJournal(), MemorySentinel()
        guard = a_guard(journal, sentinel)
        journal.failure = StoreFull("the disk is full")
        with pytest.raises(StoreFull):
            await guard.halt("lunch")
        with pytest.raises(TradingHalted):
            guard.check()
        assert sentinel.text == "lunch"

    run_virtual(scenario())


def test_a_halt_holds_where_the_file_cannot_be_written() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        guard = a_guard(journal, FullDisk())
        with pytest.raises(StoreError, match="no room"):
            await guard.halt("lunch")
        with pytest.raises(TradingHalted):
            guard.check()
        assert (await journal.guard()).state is GuardState.HALTED

    run_virtual(scenario())


def test_a_resume_that_cannot_be_completed_leaves_trading_halted() -> None:
    async def scenario() -> None:
        journal, sentinel = MemoryJournal(), MemorySentinel()
        guard = a_guard(journal, sentinel)
        await guard.halt("lunch")
        journal.failure = StoreFull("the disk is full")
        with pytest.raises(StoreFull):
            await guard.resume()
        with pytest.raises(TradingHalted):
            guard.check()
        stuck = FullDisk()
        stuck.text = "lunch"
        held = a_guard(MemoryJournal(), stuck)
        with pytest.raises(StoreError, match="stays"):
            await held.resume()
        with pytest.raises(TradingHalted):
            held.check()

    run_virtual(scenario())


def test_a_file_put_there_by_hand_halts_and_the_switch_survives_a_restart() -> None:
    async def scenario() -> None:
        journal, sentinel = MemoryJournal(), MemorySentinel()
        guard = a_guard(journal, sentinel)
        sentinel.text = "by hand"
        with pytest.raises(TradingHalted, match="by hand"):
            guard.check()
        sentinel.text = None
        guard.check()
        await guard.halt("night")
        again = a_guard(journal)
        assert (await again.load()).reason == "night"
        with pytest.raises(TradingHalted, match="night"):
            again.check()

    run_virtual(scenario())


def test_a_halt_by_the_file_alone_dates_from_the_file() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.sentinel.text = "by hand"
            guard = (await bench.desk.status()).guard
            assert (guard.state, guard.since) == ("halted", bench.sentinel.at)

    run_virtual(scenario())


class SlowJournal(MemoryJournal):
    """A journal on a disk that takes a second for the switch."""

    async def set_guard(self, record: GuardRecord) -> None:
        """Write late."""
        await asyncio.sleep(1)
        await super().set_guard(record)


@pytest.mark.parametrize("allow", [Guard.resume, partial(Guard.reduce, reason="too much")])
@pytest.mark.parametrize("by_file", [False, True])
def test_a_halt_while_sending_is_being_allowed_again_stands(
    allow: Callable[[Guard], Awaitable[GuardRecord]], *, by_file: bool
) -> None:
    async def scenario() -> None:
        journal, sentinel = SlowJournal(), MemorySentinel()
        guard = a_guard(journal, sentinel)
        await guard.halt("lunch")
        allowing = asyncio.ensure_future(allow(guard))
        await asyncio.sleep(0.5)
        if by_file:
            sentinel.raise_("stop")
            sentinel.at += timedelta(seconds=1)
        else:
            await guard.halt("stop")
        with pytest.raises(TradingHalted, match="stop"):
            await allowing
        assert (guard.record.state, sentinel.text) == (GuardState.HALTED, "stop")
        if not by_file:
            assert (await journal.guard()).state is GuardState.HALTED

    run_virtual(scenario())
