"""The start after a stop: follow what was left behind, settle what is left to a person."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from swimdesk.bootstrap import open_desk
from swimdesk.desk.desk import Desk
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import TERMINAL, Doubt, LineState
from swimdesk.errors import NotInDoubt, SwimdeskError
from swimdesk.views.requests import ResolveRequest
from tests.chaos.around import Seen
from tests.chaos.trading import refused, shown
from tests.e2e.waiting import until

READ_S: Final = 10.0
"""By then the first complete read has to be done."""

KNOWN_S: Final = 5.0
"""How long a start may take to judge what reads can judge, horizon and five reads included."""

UNJUDGED: Final = frozenset({LineState.PLANNED, LineState.SENDING})
_DECIDED: Final = frozenset({Doubt.CONFLICT, Doubt.ABSENT_CANDIDATE})
_A_PERSON: Final = "a person decides"
_PROBABLY: Final = re.compile(r"probably (?:replaced by )?order (\d+)")


async def take_up(home: Path, seen: Seen, known_s: float, *, resolves: bool) -> dict[str, Any]:
    """Start a home again; measure the start, the first complete read, and when all is known.

    Where the desk asks a person, one who believes what it says answers, if told to.
    """
    began_s = perf_counter()
    try:
        async with open_desk(home) as desk:
            told = await _followed(desk, seen, began_s, known_s)
            resolved = await _resolve(desk) if resolves else 0
            return {**told, **await shown(desk), "resolved": resolved}
    except SwimdeskError as error:
        return {"failed": [refused("take up", error)]}


async def _followed(desk: Desk, seen: Seen, began_s: float, known_s: float) -> dict[str, Any]:
    def since_ms() -> float:
        return (perf_counter() - began_s) * 1000

    started_ms, read_ms, known = since_ms(), None, True
    unjudged = [line.ref for _, line in _lines(desk) if line.state in UNJUDGED]
    open_in = {line.account for _, line in _lines(desk) if line.state not in TERMINAL}
    # Nobody reads for a line that was never judged: that it was not is told, and enough.
    if open_in and not unjudged:
        is_read = await _comes(lambda: open_in <= seen.accounts, READ_S, every_s=0.002)
        read_ms = since_ms() if is_read else None
        known = await _comes(lambda: not _doubts(desk), known_s)
    return {
        "started_ms": started_ms,
        "is_read": not open_in or read_ms is not None,
        "read_ms": read_ms,
        "known_ms": since_ms(),
        "unjudged": unjudged,
        "is_known": known,
        "failed": [],
    }


async def _comes(is_so: Callable[[], bool], within_s: float, every_s: float = 0.01) -> bool:
    """Wait for something; False if it does not come in time."""
    try:
        await until(is_so, "what a start comes to", within_s=within_s, every_s=every_s)
    except AssertionError:
        return False
    return True


def _doubts(desk: Desk) -> list[Line]:
    """Return the lines in doubt that a read could still settle."""
    return [line for _, line in _lines(desk) if _is_open_doubt(line)]


def _is_open_doubt(line: Line) -> bool:
    if line.state is LineState.IN_DOUBT:
        return line.doubt not in _DECIDED and _A_PERSON not in (line.reason or "")
    return line.is_being_replaced


async def _resolve(desk: Desk) -> int:
    """Say of every line that the desk leaves to a person what it holds for likely itself."""
    said = 0
    for broadcast, line in _lines(desk):
        # By now a read may have settled it: a verdict tells the desk how our orders are marked.
        verdict = _verdict(desk.recorder.current(broadcast.id).line(line.ref))
        if verdict:
            reference = f"{broadcast.id}/{line.account}"
            request = ResolveRequest(reference, verdict, "as the desk says")
            with contextlib.suppress(NotInDoubt):
                await desk.resolve(request)
                said += 1
    return said


def _verdict(line: Line) -> str:
    """Return what a person would say of a line, nothing where only the books can tell."""
    if line.state is not LineState.IN_DOUBT:
        return ""
    if line.doubt is Doubt.ABSENT_CANDIDATE:
        return "absent"
    probably = _PROBABLY.search(line.reason or "")
    return f"placed:{probably[1]}" if probably and line.doubt is Doubt.PROBABLE else ""


def _lines(desk: Desk) -> list[tuple[Broadcast, Line]]:
    known = desk.book.snapshot.broadcasts.values()
    return [(broadcast, line) for broadcast in known for line in broadcast.lines]
