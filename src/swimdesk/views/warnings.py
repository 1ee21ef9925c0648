"""Denials of many accounts in a few lines: what a person reads before the table."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.plan import PlannedLine
from swimdesk.views.models import WarningView

MOST = 5
"""More than so many are not read."""

_FIRMEST_FIRST = (Grade.HARD, Grade.TYPED, Grade.SOFT)


def warnings_of(lines: Iterable[PlannedLine], most: int = MOST) -> tuple[WarningView, ...]:
    """Return the denials of a plan by code and grade, the firmest and most frequent first.

    Where there are more than ``most``, the last one says how many codes are not shown.
    """
    found: dict[tuple[str, Grade], list[tuple[str, Denial]]] = {}
    for line in lines:
        for one in line.denials:
            found.setdefault((one.code, one.grade), []).append((line.account, one))
    ranked = sorted(found.items(), key=lambda row: (_FIRMEST_FIRST.index(row[0][1]), -len(row[1])))
    if len(ranked) <= most:
        return tuple(_warning(group) for _, group in ranked)
    rest = ranked[most - 1 :]
    codes = ", ".join(dict.fromkeys(code for (code, _), _ in rest))
    accounts = {account for _, group in rest for account, _ in group}
    text = f"{len(rest)} more kinds of denials: {codes}"
    more = WarningView("MORE", rest[0][0][1].value, len(accounts), text, None)
    return (*(_warning(group) for _, group in ranked[: most - 1]), more)


def _warning(group: list[tuple[str, Denial]]) -> WarningView:
    worst = max((one for _, one in group), key=lambda one: one.figure or Decimal(0))
    accounts = {account for account, _ in group}
    return WarningView(worst.code, worst.grade.value, len(accounts), worst.detail, worst.override)
