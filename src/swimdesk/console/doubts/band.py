"""The band that stands above every screen as long as anything is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from textual.geometry import Size

from swimdesk.console.doubts.words import (
    accounts,
    by_broadcast,
    kinds,
    needs_a_person,
    next_steps,
    order_of,
    urgent_first,
)
from swimdesk.console.formats import age
from swimdesk.console.runs import runs, words
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.spans import Line, SpanView, apart, width_of
from swimdesk.views import doubting
from swimdesk.views.models import DoubtView

TALL: Final = 30
"""From so many lines of the terminal on more than one doubt is told in the band."""


class DoubtBand(SpanView):
    """How many orders are in doubt, where not to trade by hand, and the oldest of them."""

    DEFAULT_CSS = "DoubtBand { height: auto; background: $panel; }"

    def __init__(self, lines: Callable[[Size], Sequence[Line]], choose: Callable[[], None]) -> None:
        super().__init__(lines)
        self._choose = choose

    def on_click(self) -> None:
        """Show all of them."""
        self._choose()


def band(
    doubts: Sequence[DoubtView], now: datetime, width: int, height: int, key: str
) -> list[Line]:
    """Return the lines of the band for a terminal of this size; none where nothing is in doubt.

    ``key`` is what shows all of them.
    """
    if not doubts:
        return []
    return [_head(doubts, width, key), *_rows(doubts, now, 3 if height >= TALL else 1)]


def _head(doubts: Sequence[DoubtView], width: int, key: str) -> Line:
    left: Line = [
        (f" DOUBT {len(doubts)} ", Role.DOUBT),
        (" do NOT trade by hand: ", Role.TEXT),
    ]
    right: Line = [(f"{key} shows all ", Role.STRONG)]
    room = width - width_of(left) - width_of(right) - 1
    names = _fitting(runs(doubt.account for doubt in doubts), room)
    return apart([*left, (names, Role.WARN)], right, width)


def _fitting(found: Sequence[Sequence[str]], room: int) -> str:
    """Return as many accounts as have room, and how many are left out."""
    kept = list(found)
    while True:
        hidden = sum(map(len, found)) - sum(map(len, kept))
        text = " ".join((*map(words, kept), *([f"+{hidden} more"] if hidden else [])))
        if len(text) <= room or not kept:
            return text
        kept.pop()


def _rows(doubts: Sequence[DoubtView], now: datetime, rows: int) -> list[Line]:
    if len(doubts) <= rows:
        return [_row(doubt, now) for doubt in urgent_first(doubts)]
    groups = list(by_broadcast(urgent_first(doubts)).values())
    if rows == 1 or len(groups) == 1:
        return [_sum(doubts, len(groups), now)]
    if len(groups) <= rows:
        return [_group(group, now) for group in groups]
    shown, hidden = groups[: rows - 1], groups[rows - 1 :]
    rest = [doubt for group in hidden for doubt in group]
    return [*(_group(group, now) for group in shown), _sum(rest, len(hidden), now, more="more ")]


def _row(doubt: DoubtView, now: datetime) -> Line:
    return [
        (f" {doubt.account} {doubt.last4}  ", Role.STRONG),
        (f"{doubting.word(doubt)} {age(now - doubt.since)}  ", Role.TEXT),
        _step([doubt], now),
        (f"  {order_of(doubt)}", Role.DIM),
    ]


def _group(doubts: Sequence[DoubtView], now: datetime) -> Line:
    if len(doubts) == 1:
        return _row(doubts[0], now)
    return [
        (f" {accounts(doubts)}  ", Role.STRONG),
        (f"{kinds(doubts)}  oldest {_oldest(doubts, now)}  ", Role.TEXT),
        _step(doubts, now),
        (f"  {order_of(doubts[0])}", Role.DIM),
    ]


def _sum(doubts: Sequence[DoubtView], broadcasts: int, now: datetime, more: str = "") -> Line:
    where = f"  in {broadcasts} broadcasts" if broadcasts > 1 else f"  {order_of(doubts[0])}"
    return [
        (f" {more}{kinds(doubts)}  oldest {_oldest(doubts, now)}  ", Role.TEXT),
        _step(doubts, now),
        (where, Role.DIM),
    ]


def _oldest(doubts: Sequence[DoubtView], now: datetime) -> str:
    return age(now - min(doubt.since for doubt in doubts))


def _step(doubts: Sequence[DoubtView], now: datetime) -> tuple[str, Role]:
    role = Role.DANGER if any(map(needs_a_person, doubts)) else Role.TEXT
    return next_steps(doubts, now), role
