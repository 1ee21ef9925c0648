"""Keep every login's access token alive, so that a burst never waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from swimdesk.desk.horizon import Horizon
from swimdesk.desk.ports import TokenSource
from swimdesk.errors import SwimdeskError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

CHECK_EVERY_S = 60.0
MIN_LIFE_S = 300.0
"""A broadcast wants tokens that live at least this long."""

Alarm = Callable[[str], Awaitable[None]]


class LoginMonitor:
    """Ask for a long-lived token of each login once a minute; say once when one needs a person.

    ``horizon`` is shown every login each time, and says when one is about to end.
    """

    def __init__(self, tokens: TokenSource, alarm: Alarm, horizon: Horizon) -> None:
        self._tokens = tokens
        self._alarm = alarm
        self._horizon = horizon
        self._troubled: set[str] = set()

    async def run(self) -> None:
        """Check for ever."""
        while True:
            await self.check()
            await asyncio.sleep(CHECK_EVERY_S)

    async def check(self) -> None:
        """Check every login now."""
        logins = [health.login for health in self._tokens.health()]
        await asyncio.gather(*(self._check(login) for login in logins))
        await self._horizon.look(self._tokens.health())

    async def _check(self, login: str) -> None:
        try:
            await self._tokens.access_token(login, min_life_s=MIN_LIFE_S)
        except SwimdeskError as e:
            log.warning("login.no_token", login=login, error=e.detail)
            if login not in self._troubled:
                self._troubled.add(login)
                await self._alarm(f"login {login}: {e.detail}")
        else:
            self._troubled.discard(login)
