"""What a desk that stays keeps fresh."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.desk import NoTokens, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.desk.monitors.accounts import LOOK_EVERY_S, READ_EVERY_S
from swimdesk.desk.monitors.logins import MIN_LIFE_S, LoginMonitor
from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.desk.reading import SETTLE
from swimdesk.errors import BrokerUnreachable, LoginRequired, SwimdeskError
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.requests import Scope


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
        monitor = LoginMonitor(tokens, tokens.alarm)
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
        async with running(LoginMonitor(tokens, tokens.alarm)):
            await asyncio.sleep(59)
            assert tokens.alarms == []
            tokens.broken.clear()
            await asyncio.sleep(600)
        assert tokens.alarms == []

    run_virtual(scenario())


def test_endpoint_that_stays_away_is_told_once() -> None:
    async def scenario() -> None:
        tokens = TwoLogins(BrokerUnreachable("login smith: no route"))
        async with running(LoginMonitor(tokens, tokens.alarm)):
            await asyncio.sleep(61)
            assert tokens.alarms == ["login smith: no route"]
            await asyncio.sleep(1200)
        assert len(tokens.alarms) == 1

    run_virtual(scenario())


def test_person_is_asked_for_even_after_another_alarm_and_once_only() -> None:
    async def scenario() -> None:
        tokens = TwoLogins(BrokerUnreachable("no route"))
        async with running(LoginMonitor(tokens, tokens.alarm)):
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


def test_a_staying_desk_reads_what_was_filled_soon_after_and_only_once() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:  # two logins
            bench.desk.stay()
            await asyncio.sleep(1)
            reads = bench.broker.holdings_reads
            order = "BUY +10 AAPL @187.50 LMT"
            plan = await bench.plan(order, scope=Scope(accounts=("A-01", "A-02")))
            sent = await bench.submit(plan)
            await bench.desk.follow(sent.broadcast, 10)
            filled = bench.broker.clock.now()
            bench.broker.holdings_reads = reads
            await asyncio.sleep(2 * LOOK_EVERY_S + 0.5)
            balances = bench.desk.book.snapshot.balances
            assert balances["A-01"].as_of >= filled + SETTLE
            assert balances["A-05"].as_of < filled
            assert bench.broker.holdings_reads == reads + 1
            await asyncio.sleep(READ_EVERY_S - 2 * LOOK_EVERY_S - 3)
            assert bench.broker.holdings_reads == reads + 1

    run_virtual(scenario())


def test_a_login_that_cannot_be_read_after_a_fill_is_not_asked_at_every_look() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:  # one login
            bench.desk.stay()
            await asyncio.sleep(1)
            await bench.send("BUY +10 AAPL @187.50 LMT")
            bench.broker.unreadable_logins = {account.login for account in bench.broker.accounts}
            bench.broker.holdings_reads = 0
            await asyncio.sleep(READ_EVERY_S - 3)
            assert bench.broker.holdings_reads == 1

    run_virtual(scenario())
