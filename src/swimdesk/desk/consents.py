"""Which accounts every login was seen to have: a consent that leaves one out is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from swimdesk.desk.recorder import Recorder
from swimdesk.domain.accounts import Account
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

FACT: Final = "accounts of logins"


class Consents:
    """Remembers accounts by login and last four digits, over restarts.

    ``configured`` are expected whether or not they were ever seen. None is forgotten by itself: an
    account that is gone and one that nobody ticked look alike.
    """

    def __init__(self, recorder: Recorder, configured: Mapping[str, tuple[str, ...]]) -> None:
        self._recorder = recorder
        self._configured = configured
        self._seen: dict[str, tuple[str, ...]] = {}

    async def load(self) -> None:
        """Take up what earlier processes saw."""
        self._seen = _read(await self._recorder.fact(FACT))

    def of(self, login: str) -> tuple[str, ...]:
        """Return the last four digits of the accounts that a consent has to name."""
        return tuple(dict.fromkeys((*self._configured.get(login, ()), *self._seen.get(login, ()))))

    async def saw(self, accounts: Iterable[Account]) -> None:
        """Remember accounts that logins show."""
        seen = dict(self._seen)
        for one in accounts:
            known = seen.get(one.login, ())
            seen[one.login] = known if one.last4 in known else (*known, one.last4)
        if seen != self._seen:
            self._seen = seen
            await self._recorder.learn(FACT, json.dumps(seen))


def _read(text: str | None) -> dict[str, tuple[str, ...]]:
    """Read what was seen; what cannot be understood was never seen."""
    try:
        rows = json.loads(text or "{}")
        return {str(login): tuple(map(str, seen)) for login, seen in rows.items()}
    except (ValueError, TypeError, AttributeError) as e:
        log.warning("desk.fact_not_understood", name=FACT, error=type(e).__name__)
        return {}
