"""The doubts of the desk, told: since when, what is known, what is done, what may be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.ages import sent_at
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import Clock
from swimdesk.desk.searching import Search
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import UNRESOLVED, Doubt, LineState
from swimdesk.views.models import DoubtView

LATE: Final = timedelta(seconds=2)
"""A line that has left and was not answered for so long is told among the doubts."""

BY_A_PERSON: Final = "a person decides"
"""Stands in the reason of a line that reads alone will not decide."""

REFERENCE: Final = 8
"""So many characters at the end of a broadcast's id tell it apart."""

Open = tuple[Broadcast, Line]


class Doubts:
    """Remembers since when the fate of each line is open, and tells what stands in doubt."""

    def __init__(self, clock: Clock, horizons: Horizons) -> None:
        self._clock = clock
        self._horizons = horizons
        self._since: dict[str, datetime] = {}

    def load(self, since: Mapping[str, datetime]) -> None:
        """Take up since when lines of an earlier process are open."""
        self._since |= since

    def take(self, before: Broadcast, lines: Iterable[Line]) -> None:
        """Note lines that moved: the time of one whose fate is open runs on while it stays so."""
        for line in lines:
            if line.state in UNRESOLVED:
                self._opened(before, before.line(line.ref))
            else:
                self._since.pop(line.ref, None)

    def views(
        self, broadcasts: Iterable[Broadcast], search: Callable[[Broadcast, Line], Search]
    ) -> tuple[DoubtView, ...]:
        """Tell the lines in doubt, and those without an answer for long; the oldest first."""
        now = self._clock.now()
        told = [
            told_of(broadcast, line, since, self._horizons, search(broadcast, line))
            for broadcast, line in unresolved(broadcasts)
            if (since := self._opened(broadcast, line)) + LATE <= now
            or line.state is LineState.IN_DOUBT
        ]
        return tuple(sorted(told, key=lambda one: (one.since, one.broadcast)))

    def _opened(self, broadcast: Broadcast, line: Line) -> datetime:
        is_leaving = line.state is LineState.SENDING
        opened = sent_at(broadcast, line) if is_leaving else self._clock.now()
        return self._since.setdefault(line.ref, opened)


def unresolved(broadcasts: Iterable[Broadcast]) -> Iterator[Open]:
    """Give the lines whose fate is open."""
    for broadcast in broadcasts:
        for line in broadcast.lines:
            if line.state in UNRESOLVED:
                yield broadcast, line


def told_of(
    broadcast: Broadcast,
    line: Line,
    since: datetime,
    horizons: Horizons,
    search: Search,
) -> DoubtView:
    """Tell one line whose fate is open."""
    return DoubtView(
        broadcast=broadcast.id,
        account=line.account,
        last4=line.last4,
        order=print_ticket(line.ticket),
        doubt=line.doubt.value if line.doubt else line.state.value,
        created=broadcast.created,
        since=since,
        reason=line.reason,
        order_id=line.order_id,
        candidates=(candidates := _candidates(line, search)),
        is_replacement=line.is_being_replaced,
        waits_for=_waits_for(line, search),
        reads=search.reads,
        every_s=search.every_s,
        trouble=search.trouble,
        decides=_decides(broadcast, line, horizons),
        absent_from=_absent_from(broadcast, line, horizons),
        commands=_commands(broadcast, line, candidates),
    )


def told_alone(broadcast: Broadcast, line: Line, since: datetime) -> DoubtView:
    """Tell one line whose fate is open in a home where no desk runs: nothing is read or decided."""
    told = told_of(broadcast, line, since, Horizons(), Search())
    return replace(told, decides=None, absent_from=None)


def _candidates(line: Line, search: Search) -> tuple[str, ...]:
    """Return the look-alikes, after the order that an answer named as the replacement."""
    named = line.replacement.order_id if line.replacement and line.is_being_replaced else None
    return tuple(dict.fromkeys((*filter(None, (named,)), *search.candidates)))


def _waits_for(line: Line, search: Search) -> str:
    if search.every_s is None:
        return "nobody"
    if line.state is LineState.SENDING:
        return "answer"
    is_for_person = line.doubt in (Doubt.CONFLICT, Doubt.ABSENT_CANDIDATE)
    return "person" if is_for_person or BY_A_PERSON in (line.reason or "") else "reads"


def _decides(broadcast: Broadcast, line: Line, horizons: Horizons) -> datetime | None:
    if line.state is LineState.SENDING or line.doubt not in (Doubt.UNKNOWN, Doubt.PROBABLE):
        return None
    asked = line.replacement if line.is_being_replaced else None
    return (asked.asked if asked else sent_at(broadcast, line)) + horizons.bind


def _absent_from(broadcast: Broadcast, line: Line, horizons: Horizons) -> datetime | None:
    """Return when absence may be thought likely; never of an order that something spoke for."""
    is_open = line.doubt is Doubt.UNKNOWN and not line.accepted and line.order_id is None
    return sent_at(broadcast, line) + horizons.absent if is_open else None


def _commands(broadcast: Broadcast, line: Line, candidates: Sequence[str]) -> tuple[str, ...]:
    if line.state is LineState.SENDING:
        return ()
    known = (*filter(None, (line.order_id,)), *candidates) or ("ORDER_ID",)
    # Of a replacement in doubt it is asked which order works: one of the two is there.
    absent = () if line.is_being_replaced else ("absent",)
    verdicts = [*(f"placed:{one}" for one in known), *absent]
    if line.doubt is Doubt.ABSENT_CANDIDATE:
        verdicts.reverse()
    where = f"{broadcast.id[-REFERENCE:]}/{line.account}"
    return tuple(f'swimdesk resolve {where} --as {one} --reason "…"' for one in verdicts)
