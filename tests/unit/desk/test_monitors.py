"""What a desk that stays keeps fresh."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from tests.fakes.desk import NoTokens, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import FakeTokens
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.book import Book
from swimdesk.desk.bus import Bus
from swimdesk.desk.horizon import Horizon
from swimdesk.desk.monitors.logins import MIN_LIFE_S, LoginMonitor
from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.desk.recorder import Recorder
from swimdesk.errors import BrokerUnreachable, LoginRequired, SwimdeskError
from swimdesk.telemetry.redaction import Secret


def a_horizon() -> Horizon:
    """Build a horizon that knows of nothing."""
    clock = VirtualClock()
    journal = MemoryJournal(now=clock.now)
    return Horizon(Recorder(journal, Book(), Bus(), clock), clock)


class TwoLogins(NoTokens):
    """Two logins, one of which has no token."""

    def __init__(self, trouble: SwimdeskError | None = None) -> None:
        self.asked: list[tuple[str, float]] = []
        self.broken = {"smith"}
        self.trouble = trouble or LoginRequired("sign in again")
        self.alarms: list[str] = []

    def health(self) -> tuple[LoginHealth, ...]:
        """Name the two."""
        return tuple(
            LoginHealth(name, LoginState.OK, None, None, "") for name in ("jones", "smith")
        )

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Refuse for the broken login."""
        self.asked.append((login, min_life_s))
        if login in self.broken:
            raise self.trouble
        return Secret("token")

    async def alarm(self, text: str) -> None:
        """Take an alarm."""
        self.alarms.append(text)


@asynccontextmanager
async def running(monitor: LoginMonitor) -> AsyncIterator[None]:
    """Let a monitor check while the block runs."""
    task = asyncio.create_task(monitor.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_every_login_is_asked_for_a_token_that_outlives_a_broadcast() -> None:
    async def scenario() -> None:
        tokens = TwoLogins()
        monitor = LoginMonitor(tokens, tokens.alarm, a_horizon())
        await monitor.check()
        await monitor.check()
        assert tokens.asked[:2] == [("jones", MIN_LIFE_S), ("smith", MIN_LIFE_S)]
        assert tokens.alarms == ["login smith: sign in again"]
        tokens.broken.clear()
        await monitor.check()
        tokens.broken.add("smith")
        await monitor.check()
        assert len(tokens.alarms) == 2

    run_virtual(scenario())


def test_endpoint_that_is_away_for_less_than_a_minute_is_no_alarm() -> None:
    async def scenario() -> None:
        tokens = TwoLogins(BrokerUnreachable("login smith: no route"))
        async with running(LoginMonitor(tokens, tokens.alarm, a_horizon())):
            await asyncio.sleep(59)
            assert tokens.alarms == []
            tokens.broken.clear()
            await asyncio.sleep(600)
        assert tokens.alarms == []

    run_virtual(scenario())


def test_endpoint_that_stays_away_is_told_once() -> None:
    async def scenario() -> None:
        tokens = TwoLogins(BrokerUnreachable("login smith: no route"))
        async with running(LoginMonitor(tokens, tokens.alarm, a_horizon())):
            await asyncio.sleep(61)
            assert tokens.alarms == ["login smith: no route"]
            await asyncio.sleep(1200)
        assert len(tokens.alarms) == 1

    run_virtual(scenario())


def test_person_is_asked_for_even_after_another_alarm_and_once_only() -> None:
    async def scenario() -> None:
        tokens = TwoLogins(BrokerUnreachable("no route"))
        async with running(LoginMonitor(tokens, tokens.alarm, a_horizon())):
            await asyncio.sleep(100)
            tokens.trouble = LoginRequired("sign in again")
            await asyncio.sleep(100)
            tokens.trouble = BrokerUnreachable("no route")
            await asyncio.sleep(100)
        assert tokens.alarms == ["login smith: no route", "login smith: sign in again"]

    run_virtual(scenario())


def test_a_staying_desk_has_accounts_and_balances_at_hand_before_anybody_asks() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:
            bench.desk.stay()
            await asyncio.sleep(1)
            reads = bench.broker.holdings_reads
            assert reads == 2
            await bench.plan()
            assert bench.broker.holdings_reads == reads
            await asyncio.sleep(31)
            assert bench.broker.holdings_reads == 2 * reads

    run_virtual(scenario())


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
