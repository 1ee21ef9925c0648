"""Say days ahead that a login is about to end: once at each mark, over restarts too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.ports import Clock, LoginHealth, LoginState, TokenSource
from swimdesk.desk.recorder import Recorder
from swimdesk.telemetry.logs import get_log
from swimdesk.views.horizon import SOON, VERY_SOON
from swimdesk.views.spans import time_left

log = get_log(__name__)

FACT: Final = "ends of sign-ins told"

MARKS: Final = (VERY_SOON, SOON)
"""How long before its end a login is told, the nearest first."""

CLOCK_WAS_WRONG: Final = timedelta(hours=1)
"""With so much more left than at the mark that was told, a clock that was ahead had it told."""

CHECK_EVERY_S: Final = 60.0

_HOUR_S: Final = 3_600

# One that is over already is told by whoever asks in vain for a token.
_ALIVE: Final = frozenset({LoginState.OK, LoginState.EXPIRING})


class Horizon:
    """Remembers what was told of which sign-in; a new one is told of anew."""

    def __init__(self, tokens: TokenSource, recorder: Recorder, clock: Clock) -> None:
        self._tokens = tokens
        self._recorder = recorder
        self._clock = clock
        self._told: dict[str, tuple[str, int]] | None = None
        """By login the end that was told of, and the nearest mark at which it was, in hours."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look(self._tokens.health())
            await asyncio.sleep(CHECK_EVERY_S)

    async def look(self, logins: Iterable[LoginHealth]) -> None:
        """Raise the alarms that are due; a mark that was passed unseen is told by the next."""
        if self._told is None:
            self._told = _read(await self._recorder.fact(FACT))
        for one in logins:
            if one.refresh_expires is not None and one.state in _ALIVE:
                await self._tell(self._told, one.login, one.refresh_expires)

    async def _tell(self, told: dict[str, tuple[str, int]], login: str, ends: datetime) -> None:
        left = ends - self._clock.now()
        passed = [int(mark.total_seconds()) // _HOUR_S for mark in MARKS if left <= mark]
        if not passed:
            return
        end, mark = ends.isoformat(timespec="seconds"), passed[0]
        if _is_told(told.get(login), end, mark, left):
            return
        told[login] = (end, mark)
        await self._recorder.learn(FACT, json.dumps(told))
        await self._recorder.alarm(
            f"login {login}: its sign-in ends in {time_left(left)}, at {ends:%Y-%m-%d %H:%M} UTC;"
            f" sign in before that: `swimdesk login {login}`"
        )


def _is_told(before: tuple[str, int] | None, end: str, mark: int, left: timedelta) -> bool:
    """Tell whether an end was told at this mark or a nearer one, and not by a wrong clock."""
    if before is None or before[0] != end or before[1] > mark:
        return False
    return left <= timedelta(hours=before[1]) + CLOCK_WAS_WRONG


def _read(text: str | None) -> dict[str, tuple[str, int]]:
    """Read what was told; what cannot be understood is told again."""
    try:
        rows = json.loads(text or "{}")
        return {str(login): (str(end), int(mark)) for login, (end, mark) in rows.items()}
    except (ValueError, TypeError, AttributeError) as e:
        log.warning("desk.fact_not_understood", name=FACT, error=type(e).__name__)
        return {}
