"""Denials and cautions of many accounts in a few lines: what a person reads before the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.views.models import WarningView

CAUTION = "warning"
"""The grade of what is told and bars nothing."""

LOGINS = 3
"""More logins with the same caution share a line."""

MOST = 5
"""More than so many are not read."""

_FIRMEST_FIRST = (Grade.HARD, Grade.TYPED, Grade.SOFT)


def warnings_of(lines: Iterable[PlannedLine], most: int = MOST) -> tuple[WarningView, ...]:
    """Return the denials of a plan by code and grade, the firmest and most frequent first.

    Behind them come the cautions of the lines that would be sent, of the grade ``warning``.

    Where there are more than ``most``, the last one says how many codes are not shown.
    """
    lines = tuple(lines)
    found: dict[tuple[str, Grade], list[tuple[str, Denial]]] = {}
    for line in lines:
        for one in line.denials:
            found.setdefault((one.code, one.grade), []).append((line.account, one))
    ranked = sorted(found.items(), key=lambda row: (_FIRMEST_FIRST.index(row[0][1]), -len(row[1])))
    cautions = _cautions(lines)
    if len(ranked) <= most:
        return (*(_warning(group) for _, group in ranked), *cautions)
    rest = ranked[most - 1 :]
    codes = ", ".join(dict.fromkeys(code for (code, _), _ in rest))
    accounts = {account for _, group in rest for account, _ in group}
    text = f"{len(rest)} more kinds of denials: {codes}"
    more = WarningView("MORE", rest[0][0][1].value, len(accounts), text, None)
    return (*(_warning(group) for _, group in ranked[: most - 1]), more, *cautions)


def _cautions(lines: Iterable[PlannedLine]) -> tuple[WarningView, ...]:
    """Return each caution once, with the number of accounts; many logins share one line."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for line in lines:
        for one in line.cautions if line.verdict is Verdict.SEND else ():
            found.setdefault(one.code, {}).setdefault(line.login, Counter())[one.detail] += 1
    return tuple(view for code, by_login in found.items() for view in _told(code, by_login))


def _told(code: str, by_login: Mapping[str, Counter[str]]) -> Iterator[WarningView]:
    """Tell a caution login by login; where there are many, the last line names the others."""
    logins = list(by_login)
    alone = logins if len(logins) <= LOGINS else logins[: LOGINS - 1]
    for login in alone:
        for detail, accounts in by_login[login].items():
            yield WarningView(code, CAUTION, accounts, detail, None)
    rest = logins[len(alone) :]
    if rest:
        accounts = sum(by_login[login].total() for login in rest)
        text = f"the same in {len(rest)} more logins: {', '.join(rest)}"
        yield WarningView(code, CAUTION, accounts, text, None)


def _warning(group: list[tuple[str, Denial]]) -> WarningView:
    worst = max((one for _, one in group), key=lambda one: one.figure or Decimal(0))
    accounts = {account for account, _ in group}
    return WarningView(worst.code, worst.grade.value, len(accounts), worst.detail, worst.override)
