"""What a desk that stays keeps fresh."""

from __future__ import annotations

import asyncio

from tests.fakes.desk import NoTokens, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.desk.monitors.logins import MIN_LIFE_S, LoginMonitor
from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.errors import LoginRequired
from swimdesk.telemetry.redaction import Secret


class TwoLogins(NoTokens):
    """Two logins, one of which needs a person."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.broken = {"smith"}

    def health(self) -> tuple[LoginHealth, ...]:
        """Name the two."""
        return tuple(
            LoginHealth(name, LoginState.OK, None, None, "") for name in ("jones", "smith")
        )

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Refuse for the broken login."""
        self.asked.append((login, min_life_s))
        if login in self.broken:
            raise LoginRequired("sign in again")
        return Secret("token")


def test_every_login_is_asked_for_a_token_that_outlives_a_broadcast() -> None:
    async def scenario() -> None:
        tokens, alarms = TwoLogins(), []

        async def alarm(text: str) -> None:
            alarms.append(text)

        monitor = LoginMonitor(tokens, alarm)
        await monitor.check()
        await monitor.check()
        assert tokens.asked[:2] == [("jones", MIN_LIFE_S), ("smith", MIN_LIFE_S)]
        assert alarms == ["login smith: sign in again"]
        tokens.broken.clear()
        await monitor.check()
        tokens.broken.add("smith")
        await monitor.check()
        assert len(alarms) == 2

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
