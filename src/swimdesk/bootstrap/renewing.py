"""Sign automatic logins in by themselves, in quiet hours, before their grants end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from swimdesk.desk.hours import EASTERN
from swimdesk.errors import SignInFailed, SwimdeskError
from swimdesk.login.signin.person import Question, Step
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.views.signing import LoginView

log = get_log(__name__)

CHECK_EVERY_S: Final = 60.0
AHEAD: Final = timedelta(hours=24)
"""A grant that ends within this is replaced."""
PAUSES: Final = (timedelta(minutes=35), timedelta(hours=2), timedelta(hours=6))
"""How long a login rests after each failure in a row, so that the hourly cap is never met."""
BUSY: Final = (time(9, 15), time(16, 15))
"""The exchange's regular session with a margin, New York time, on any weekday."""
AT_ONCE: Final = 2

_SATURDAY: Final = 5


class Nobody:
    """The person of a sign-in that nobody watches: steps are logged, questions end it."""

    def told(self, step: Step) -> None:
        """Log a step."""
        log.info("sign_in.step", login=step.login, step=step.text)

    async def asked(self, question: Question) -> Secret:
        """Raise SignInFailed."""
        raise SignInFailed(
            f"login {question.login}: the broker's pages ask for a person ({question.kind}); run"
            f" `swimdesk login {question.login}`"
        )


class Renewals:
    """Look once a minute for automatic logins that are due, and sign them in two at a time.

    ``sign_in`` signs one in; the desk it asks refuses at a bad moment.
    """

    def __init__(
        self,
        logins: Callable[[], Awaitable[Sequence[LoginView]]],
        sign_in: Callable[[str], Awaitable[LoginView]],
        now: Callable[[], datetime],
    ) -> None:
        self._logins = logins
        self._sign_in = sign_in
        self._now = now
        self._failures: dict[str, int] = {}
        self._rests: dict[str, datetime] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_EVERY_S)

    async def look(self) -> None:
        """Sign in what is due now."""
        now = self._now()
        due = [view.login for view in await self._logins() if self._is_due(view, now)]
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(login: str) -> None:
            async with turns:
                await self._renew(login)

        async with asyncio.TaskGroup() as group:
            for login in due:
                group.create_task(in_turn(login))

    def _is_due(self, view: LoginView, now: datetime) -> bool:
        if view.way != "automatic" or view.signing_since is not None or view.sign_ins_left == 0:
            return False
        rests_s = (self._rests.get(view.login, now) - now).total_seconds()
        # None rests for longer than the longest pause: the clock was set back meanwhile.
        if not view.would_sign_in or 0 < rests_s <= PAUSES[-1].total_seconds():
            return False
        if not _has_grant(view, now):
            # Nothing can be lost: whatever the hour.
            return True
        ends_soon = view.refresh_expires is None or view.refresh_expires - now < AHEAD
        return ends_soon and not is_busy(now)

    async def _renew(self, login: str) -> None:
        try:
            await self._sign_in(login)
        except SwimdeskError as error:
            count = self._failures.get(login, 0)
            self._failures[login] = count + 1
            self._rests[login] = self._now() + PAUSES[min(count, len(PAUSES) - 1)]
            log.warning("sign_in.not_renewed", login=login, error=error.detail)
        else:
            self._failures.pop(login, None)
            self._rests.pop(login, None)


def is_busy(now: datetime) -> bool:
    """Tell whether the regular session may be on; holidays count as days like others."""
    there = now.astimezone(EASTERN)
    return there.weekday() < _SATURDAY and BUSY[0] <= there.time() < BUSY[1]


def _has_grant(view: LoginView, now: datetime) -> bool:
    if view.state in {"sign_in_needed", "no_token"}:
        return False
    return view.refresh_expires is None or view.refresh_expires > now
