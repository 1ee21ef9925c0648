"""Keep every login's access token alive, so that a burst never waits for one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from swimdesk.desk.ports import TokenSource
from swimdesk.errors import LoginRequired, SwimdeskError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

CHECK_EVERY_S = 20.0
MIN_LIFE_S = 300.0
"""A broadcast wants tokens that live at least this long."""
PATIENCE_CHECKS = 4
"""An endpoint or a network that is away for a minute (a laptop woke up) is not worth an alarm."""

Alarm = Callable[[str], Awaitable[None]]


class LoginMonitor:
    """Ask for a long-lived token of each login again and again; say once what is in the way.

    That a login needs a person is said at once, and also where something else was said before.
    """

    def __init__(self, tokens: TokenSource, alarm: Alarm) -> None:
        self._tokens = tokens
        self._alarm = alarm
        self._failures: Counter[str] = Counter()
        self._told: dict[str, bool] = {}
        """By login in trouble that was told: whether a person is needed."""

    async def run(self) -> None:
        """Check for ever."""
        while True:
            await self.check()
            await asyncio.sleep(CHECK_EVERY_S)

    async def check(self) -> None:
        """Check every login now; what is in the way of several is one alarm."""
        logins = [health.login for health in self._tokens.health()]
        news = await asyncio.gather(*(self._check(login) for login in logins))
        told: dict[str, list[str]] = {}
        for login, text in zip(logins, news, strict=True):
            if text is not None:
                told.setdefault(text, []).append(login)
        for text, names in told.items():
            await self._alarm(f"login {', '.join(names)}: {text}")

    async def _check(self, login: str) -> str | None:
        """Return what is to be told of a login."""
        try:
            await self._tokens.access_token(login, min_life_s=MIN_LIFE_S)
        except SwimdeskError as error:
            return self._news(login, error)
        del self._failures[login]
        if self._told.pop(login, None) is not None:
            log.info("login.has_token_again", login=login)
        return None

    def _news(self, login: str, error: SwimdeskError) -> str | None:
        self._failures[login] += 1
        needs_person = isinstance(error, LoginRequired)
        is_news = login not in self._told or (needs_person and not self._told[login])
        if not is_news or (not needs_person and self._failures[login] < PATIENCE_CHECKS):
            return None
        self._told[login] = needs_person
        return error.detail.removeprefix(f"login {login}: ")
