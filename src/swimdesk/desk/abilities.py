"""What the broker's rejects have taught about accounts, kept across restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from swimdesk.desk.ports import Clock, Journal
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import LineState
from swimdesk.domain.risk import Lack, Learned, lack_in, level_needed
from swimdesk.errors import StoreError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

FACT = "learned from rejects"
_NO = frozenset({LineState.REJECTED, LineState.REFUSED})


class Abilities:
    """Remember per account the last lesson of each kind; an order that trades takes it back."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._known: dict[str, dict[Lack, Learned]] = {}
        """By login and last four digits: an alias may come to mean another account."""

    async def load(self) -> None:
        """Read what earlier processes learnt."""
        text = await self._journal.fact(FACT)
        self._known = _read(text) if text else {}

    def of(self, account: Account) -> Learned | None:
        """Return the lesson about an account, the gravest if there are several."""
        lessons = self._known.get(_name(account.login, account.last4), {})
        return next((lessons[lack] for lack in _GRAVEST_FIRST if lack in lessons), None)

    async def take(self, broadcast: Broadcast, lines: Sequence[Line]) -> None:
        """Learn from lines that moved; not being able to write it down is no reason to stop."""
        changed = [line for line in lines if self._learn(broadcast, line)]
        if not changed:
            return
        try:
            await self._journal.keep_fact(FACT, _written(self._known))
        except StoreError as e:
            log.warning("desk.fact_not_kept", name=FACT, error=e.detail)

    def _learn(self, broadcast: Broadcast, line: Line) -> bool:
        name = _name(line.login, line.last4)
        if line.filled and name in self._known:
            return self._unlearn(name, line)
        lack = lack_in(line.reason) if line.state in _NO else None
        if lack is None:
            return False
        self._known.setdefault(name, {})[lack] = Learned(
            lack=lack,
            text=line.reason or "",
            order=print_ticket(line.ticket),
            broadcast=broadcast.id,
            at=self._clock.now(),
            level=level_needed(line.ticket, covered=False),
            order_id=line.order_id,
        )
        return True

    def _unlearn(self, name: str, line: Line) -> bool:
        lessons = self._known[name]
        over = [k for k, one in lessons.items() if one.forbids(line.ticket)]
        for lack in over:
            del lessons[lack]
        return bool(over)


_GRAVEST_FIRST = (Lack.TRADING, Lack.OPENING, Lack.OPTION_LEVEL)


def _name(login: str, last4: str) -> str:
    return f"{login} {last4}"


def _written(known: Mapping[str, Mapping[Lack, Learned]]) -> str:
    return json.dumps(
        {name: [_values(one) for one in lessons.values()] for name, lessons in known.items()}
    )


def _values(one: Learned) -> dict[str, Any]:
    return {
        "lack": one.lack.value,
        "text": one.text,
        "order": one.order,
        "broadcast": one.broadcast,
        "at": one.at.astimezone(UTC).isoformat(),
        "level": one.level,
        "order_id": one.order_id,
    }


def _read(text: str) -> dict[str, dict[Lack, Learned]]:
    """Read what was kept; what cannot be understood was never learnt."""
    try:
        return {
            name: {one.lack: one for one in map(_lesson, rows)}
            for name, rows in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        log.warning("desk.fact_not_understood", name=FACT, error=type(e).__name__)
        return {}


def _lesson(row: Mapping[str, Any]) -> Learned:
    at = datetime.fromisoformat(row["at"])
    return Learned(**{**row, "lack": Lack(row["lack"]), "at": at})
