"""Whether a sign-in of a login would put orders at risk: what has left and nobody has seen yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.ages import sent_at
from swimdesk.desk.book import Book, Snapshot
from swimdesk.desk.handover import Handover
from swimdesk.desk.ports import Clock, Journal, LoginState, TokenSource
from swimdesk.desk.underway import Underway
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import CommandKind
from swimdesk.domain.orders import Doubt, LineState

_LEAVING: Final = frozenset({LineState.PLANNED, LineState.SENDING})
_UNSEEN: Final = frozenset({LineState.ACCEPTED, LineState.IN_DOUBT})
_FOR_A_PERSON: Final = frozenset({Doubt.CONFLICT, Doubt.ABSENT_CANDIDATE})


def of_login(snapshot: Snapshot, login: str) -> Iterator[tuple[Broadcast, Line]]:
    """Give the lines of a login's accounts."""
    for broadcast in snapshot.broadcasts.values():
        for line in broadcast.lines:
            if line.login == login:
                yield broadcast, line


def unsettled(
    lines: Iterable[tuple[Broadcast, Line]],
    asked: Mapping[str, datetime],
    now: datetime,
    horizon: timedelta,
) -> tuple[Broadcast, Line] | None:
    """Return a line that a new grant must not come in between of; None where there is none.

    Such are lines that are about to leave or have no answer yet, those whose order nobody has seen,
    and those with a cancel or a replacement under way; ``asked`` tells when by their ref. Orders
    that rest bar nothing. Nor does what waits for a person (several look-alikes, one probably
    absent), nor what reads have not shown when the horizon of absence is over: reads may fail
    because the login has to sign in, and then barring it would last for ever.
    """
    for broadcast, line in lines:
        until = _bars_until(broadcast, line, asked, horizon)
        if until is not None and now < until:
            return broadcast, line
    return None


def _bars_until(
    broadcast: Broadcast, line: Line, asked: Mapping[str, datetime], horizon: timedelta
) -> datetime | None:
    if line.state in _LEAVING:
        return datetime.max.replace(tzinfo=broadcast.created.tzinfo)
    if line.is_being_replaced and line.replacement is not None:
        is_for_person = line.doubt in _FOR_A_PERSON
        return None if is_for_person else line.replacement.asked + horizon
    if line.state in _UNSEEN and line.doubt not in _FOR_A_PERSON:
        return sent_at(broadcast, line) + horizon
    if line.state is LineState.CANCELING and line.ref in asked:
        return asked[line.ref] + horizon
    return None


_DEAD: Final = frozenset({LoginState.SIGN_IN_NEEDED, LoginState.NO_TOKEN})


class Moments:
    """Tell whether a login's grant may be replaced just now."""

    def __init__(
        self,
        tokens: TokenSource,
        journal: Journal,
        book: Book,
        handover: Handover,
        underway: Underway,
        clock: Clock,
        horizon: timedelta,
    ) -> None:
        self._tokens = tokens
        self._journal = journal
        self._book = book
        self._handover = handover
        self._underway = underway
        self._clock = clock
        self._horizon = horizon

    async def why_not_now(self, login: str) -> str | None:
        """Return what a new grant would come in between of; nothing is waited for after looking."""
        if self._has_nothing_to_lose(login):
            return None
        asked = await self._cancels_asked(login)
        if self._handover.is_leaving(login):
            return "orders of its accounts are about to leave"
        mine = list(of_login(self._book.snapshot, login))
        for _, line in mine:
            if self._underway.is_canceling(line.ref):
                return f"a cancel in {line.account} is under way"
        found = unsettled(mine, asked, self._clock.now(), self._horizon)
        if found is None:
            return None
        broadcast, line = found
        state = line.state.value.replace("_", " ")
        return f"broadcast {broadcast.id} is not settled in {line.account} ({state})"

    def _has_nothing_to_lose(self, login: str) -> bool:
        """Tell whether no request of a login can be answered now: a new grant kills nothing."""
        is_dead = any(h.login == login and h.state in _DEAD for h in self._tokens.health())
        return is_dead and self._tokens.current(login) is None

    async def _cancels_asked(self, login: str) -> dict[str, datetime]:
        """Return by ref when lines that are being canceled were last asked to end."""
        canceling = {
            broadcast.id
            for broadcast, line in of_login(self._book.snapshot, login)
            if line.state is LineState.CANCELING
        }
        asked: dict[str, datetime] = {}
        for id_ in canceling:
            for command in await self._journal.commands(id_):
                if command.kind is CommandKind.CANCEL:
                    asked[command.ref] = max(command.at, asked.get(command.ref, command.at))
        return asked
