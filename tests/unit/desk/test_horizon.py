"""The ends of sign-ins, told days ahead."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.fakes.desk import a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import FakeTokens
from tests.fakes.virtual import JumpingClock, VirtualClock, run_virtual

from swimdesk.desk.horizon import Horizon


async def _alarms_over(journal: MemoryJournal, age: timedelta, hours: float) -> list[str]:
    """Let a desk stay for so long with a login of that age; return its alarms about ends."""
    clock = VirtualClock()
    tokens = FakeTokens(clock)
    tokens.sign_in("smith", age=age)
    async with a_desk(1, clock=clock, tokens=tokens, journal=journal) as bench:
        bench.desk.stay()
        await asyncio.sleep(hours * 3600)
        alarms = (await bench.desk.status()).alarms
        return [alarm for alarm in alarms if "sign-in ends" in alarm]


def test_end_of_a_sign_in_is_told_two_days_and_one_day_before_and_once_each() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        told = await _alarms_over(journal, timedelta(days=4, hours=23), 30)
        assert [alarm.partition(",")[0] for alarm in told] == [
            "login smith: its sign-in ends in 2d 00h",
            "login smith: its sign-in ends in 1d 00h",
        ]
        assert "swimdesk login smith" in told[0]

    run_virtual(scenario())


def test_end_that_was_told_is_told_no_more_after_a_restart_and_that_of_a_new_sign_in_is() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        assert len(await _alarms_over(journal, timedelta(days=6, hours=2), 1)) == 1
        # The virtual clock runs on: the same sign-in is an hour older by now.
        same = timedelta(days=6, hours=3)
        assert await _alarms_over(journal, same, 1) == []
        assert len(await _alarms_over(journal, timedelta(days=5, hours=1), 1)) == 1

    run_virtual(scenario())


def test_end_that_a_clock_told_too_early_is_told_again_in_time() -> None:
    async def scenario() -> None:
        clock = JumpingClock()
        tokens = FakeTokens(clock)
        tokens.sign_in("smith", age=timedelta(days=4))
        async with a_desk(1, clock=clock, tokens=tokens) as bench:
            horizon = Horizon(tokens, bench.desk.recorder, clock)
            for hours in (60, 0, 23.5, 24, 47.5, 48, 49):
                clock.ahead = timedelta(hours=hours)
                await horizon.look(tokens.health())
            alarms = (await bench.desk.status()).alarms
            assert [alarm.partition(",")[0] for alarm in alarms] == [
                "login smith: its sign-in ends in 12h 00m",
                "login smith: its sign-in ends in 2d 00h",
                "login smith: its sign-in ends in 1d 00h",
            ]

    run_virtual(scenario())
