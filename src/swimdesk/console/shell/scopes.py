"""Which accounts a scope means, as far as the board can tell, and how that is said; pure."""

from __future__ import annotations

from collections.abc import Sequence

from swimdesk.console.board import Board
from swimdesk.domain.orderlang.commandline import OrderLine
from swimdesk.errors import InputError
from swimdesk.views.requests import Scope

_NAMES_SHOWN = 6


def scope_of(line: OrderLine, marks: frozenset[str]) -> Scope:
    """Return the accounts that a line names; InputError where ``marked`` means nobody."""
    marked = tuple(sorted(marks)) if line.marked else ()
    if line.marked and not marked:
        raise InputError("No account is marked: Space marks one in the list of accounts.")
    return Scope(
        groups=line.groups,
        accounts=(*line.accounts, *marked),
        everyone=line.everyone,
        where=line.where,
    )


def groups_of(board: Board) -> list[str]:
    """Return the names of all groups."""
    return sorted({name for view in board.accounts.values() for name in view.groups})


def check_names(scope: Scope, board: Board) -> None:
    """Raise InputError for a group or an account that the board does not know."""
    if not board.accounts:
        return
    for kind, names, known in (
        ("group", scope.groups, groups_of(board)),
        ("account", scope.accounts, list(board.accounts)),
    ):
        wrong = [name for name in names if name not in known]
        if wrong:
            raise InputError(f"There is no {kind} {wrong[0]}; there is {_some(known)}.")


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown


def count_of(scope: Scope, board: Board) -> int | None:
    """Return how many accounts are meant; None where only the desk can tell."""
    if scope.where is not None or not board.accounts:
        return None
    if scope.everyone:
        return len(board.accounts)
    groups, aliases = set(scope.groups), set(scope.accounts)
    views = board.accounts.values()
    return sum(1 for view in views if view.account in aliases or groups & set(view.groups))


def said(scope: Scope, board: Board) -> str:
    """Return a scope in few words: ``grp INCOME 16``; empty for none."""
    parts = []
    if scope.everyone:
        parts.append("all")
    if scope.groups:
        parts.append(f"grp {','.join(scope.groups)}")
    if scope.accounts:
        names = ",".join(scope.accounts)
        parts.append(f"acc {names}" if len(scope.accounts) <= 2 else "acc")
    if scope.where is not None:
        parts.append(f"where {scope.where}")
    count = count_of(scope, board)
    if count is not None and parts and not (scope.accounts and len(scope.accounts) <= 2):
        parts.append(str(count))
    return " ".join(parts)
