"""How often logins were tried to sign in, and with which passwords in vain; kept over restarts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from swimdesk.desk.ports import Journal
from swimdesk.errors import StoreError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

FACT: Final = "sign-ins tried"

PER_HOUR: Final = 2
"""More may make the broker lock a login."""

HOUR: Final = timedelta(hours=1)

MARKS_KEPT: Final = 16
"""So many refused passwords of a login are remembered."""

BEGUN_KEPT: Final = 2 * PER_HOUR
"""So many sign-ins of a login are, however long ago they seem: the clock may be wrong."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What was tried of one login: when sign-ins began, and marks of passwords that were wrong."""

    begun: tuple[datetime, ...] = ()
    refused: tuple[str, ...] = ()

    def seen_at(self, now: datetime) -> _Tried:
        """Take what seems to come for what is just over: the clock was set back since then."""
        return _Tried(tuple(min(at, now) for at in self.begun), self.refused)


class Tries:
    """Count sign-ins of the last hour; every change is on disk before anything is tried."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tried: dict[str, _Tried] = {}

    async def load(self, now: datetime) -> None:
        """Read what earlier processes tried."""
        text = await self._journal.fact(FACT)
        self._tried = kept = _read(text) if text else {}
        self._tried = {login: one.seen_at(now) for login, one in kept.items()}
        if self._tried != kept:
            with contextlib.suppress(StoreError):
                await self._journal.keep_fact(FACT, _written(self._tried))

    def left(self, login: str, now: datetime) -> int:
        """Return how many sign-ins may begin now."""
        return max(PER_HOUR - len(self._recent(login, now)), 0)

    def next_after(self, login: str, now: datetime) -> datetime | None:
        """Return when the next may begin; None if that is now."""
        recent = self._recent(login, now)
        return sorted(recent)[-PER_HOUR] + HOUR if len(recent) >= PER_HOUR else None

    def is_refused(self, login: str, mark: str | None) -> bool:
        """Tell whether a password was refused before, and not set anew by a person since.

        A mark is ``DIGEST`` or ``DIGEST.SETTING``: where the setting is known, only a refusal in
        that one counts, else every refusal of that password.
        """
        if mark is None:
            return False
        digest, _, setting = mark.partition(".")
        refused = self._of(login).refused
        return mark in refused if setting else any(r.partition(".")[0] == digest for r in refused)

    async def begun(self, login: str, at: datetime) -> None:
        """Count a sign-in that begins; StoreError means that it must not."""
        kept = self._of(login).seen_at(at)
        await self._keep(login, _Tried((*kept.begun, at)[-BEGUN_KEPT:], kept.refused))

    async def refused(self, login: str, mark: str) -> None:
        """Remember a password that the broker refused; StoreError."""
        kept = self._of(login)
        others = tuple(one for one in kept.refused if one != mark)
        await self._keep(login, _Tried(kept.begun, (*others, mark)[-MARKS_KEPT:]))

    def _of(self, login: str) -> _Tried:
        return self._tried.get(login, _Tried())

    def _recent(self, login: str, now: datetime) -> tuple[datetime, ...]:
        kept = self._of(login).seen_at(now)
        if kept.begun:
            self._tried[login] = kept
        return tuple(at for at in kept.begun if now - at < HOUR)

    async def _keep(self, login: str, tried: _Tried) -> None:
        # Here first: what cannot be written counts all the same while this process lasts.
        self._tried[login] = tried
        await self._journal.keep_fact(FACT, _written(self._tried))


def _written(tried: Mapping[str, _Tried]) -> str:
    return json.dumps(
        {
            login: {
                "begun": [at.astimezone(UTC).isoformat() for at in one.begun],
                "refused": list(one.refused),
            }
            for login, one in tried.items()
        }
    )


def _read(text: str) -> dict[str, _Tried]:
    """Read what was kept; what cannot be understood was never tried."""
    try:
        return {login: _tried(row) for login, row in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        log.warning("desk.fact_not_understood", name=FACT, error=type(e).__name__)
        return {}


def _tried(row: Mapping[str, Any]) -> _Tried:
    begun = tuple(datetime.fromisoformat(at) for at in row["begun"])
    return _Tried(begun, tuple(str(mark) for mark in row["refused"]))
