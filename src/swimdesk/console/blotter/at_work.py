"""Which orders a word on the command line means, and what became of a command on them; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from swimdesk.console.blotter.figures import is_open
from swimdesk.console.shortorder import short_order
from swimdesk.errors import InputError
from swimdesk.views.models import BroadcastView, LineView

Broadcasts = Mapping[str, BroadcastView]

_PRICE: Final = re.compile(r"[@ ]*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))")
_OVERRIDE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+(?:=\S+)?")
"""A code has several words; a single one behind a price is a slip of the fingers."""
_LIFTED_BY: Final = re.compile(r" \(--(?:ack|override) (\S+)\)")
_SAID: Final = (
    ("taken", "taken"),
    ("filled", "filled before"),
    ("ended", "ended before"),
    ("denied", "denied"),
    ("refused", "refused"),
    ("not_sent", "not sent"),
    ("unknown", "UNANSWERED"),
)
_BAD: Final = frozenset({"refused", "not_sent", "unknown", "denied"})


def reference_of(broadcast: str, account: str) -> str:
    """Return how one account's line of a broadcast is named."""
    return f"{broadcast}/{account}"


def open_lines(view: BroadcastView) -> tuple[LineView, ...]:
    """Return the lines that may still trade."""
    return tuple(line for line in view.lines if is_open(line))


def open_of(broadcasts: Broadcasts, reference: str) -> tuple[LineView, ...]:
    """Return the open lines that a reference means, none for a broadcast that is not known."""
    broadcast, slash, account = reference.partition("/")
    view = broadcasts.get(broadcast)
    lines = open_lines(view) if view else ()
    return tuple(line for line in lines if not slash or line.account == account)


def find(broadcasts: Broadcasts, accounts: Iterable[str], text: str) -> str:
    """Return the reference that a broadcast's ending means, with ``/ALIAS`` for one account.

    An ending of none that is known is left to the desk; InputError for one of several.
    """
    end, slash, alias = text.partition("/")
    found = [key for key in broadcasts if key.casefold().endswith(end.casefold())]
    if len(found) > 1 and end not in found:
        raise InputError(f"{end} is the end of {len(found)} broadcasts: write more of it.")
    broadcast = found[0] if len(found) == 1 else end
    return reference_of(broadcast, _alias(accounts, alias)) if slash else broadcast


def _alias(accounts: Iterable[str], written: str) -> str:
    return next((one for one in accounts if one.casefold() == written.casefold()), written)


def meant_by(broadcasts: Broadcasts, accounts: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the references a cancel means: an underlying such as SPY*, an account, a broadcast.

    InputError where nothing works of what is meant.
    """
    accounts = tuple(accounts)
    alias = _alias(accounts, text)
    if "*" in text or "?" in text:
        found = _matching(broadcasts, lambda view, _: _has_root(view, text.upper()))
    elif alias in accounts:
        found = _lines_of(broadcasts, alias)
    else:
        return (find(broadcasts, accounts, text),)
    if not found:
        raise InputError(f"No order works in {text}: nothing to cancel.")
    return found


def _matching(
    broadcasts: Broadcasts, is_meant: Callable[[BroadcastView, str], bool]
) -> tuple[str, ...]:
    return tuple(
        key for key, view in broadcasts.items() if open_lines(view) and is_meant(view, key)
    )


def _has_root(view: BroadcastView, pattern: str) -> bool:
    texts = {view.order, *(line.order for line in open_lines(view))}
    return any(
        fnmatchcase(short_order(text, view.created.year).underlying or "-", pattern)
        for text in texts
    )


def _lines_of(broadcasts: Broadcasts, alias: str) -> tuple[str, ...]:
    return tuple(
        reference_of(key, alias)
        for key, view in broadcasts.items()
        if any(line.account == alias for line in open_lines(view))
    )


@dataclass(frozen=True, slots=True)
class Replacement:
    """What was typed behind RPL."""

    reference: str
    price: Decimal
    overrides: tuple[str, ...] = ()
    """What lifts denials: ``CODE`` or ``CODE=FIGURE``, as behind OVERRIDE."""


def read_replacement(text: str) -> Replacement:
    """Read ``BROADCAST[/ALIAS] @PRICE [CODE[=FIGURE] ...]``; InputError says what is expected."""
    reference, _, rest = text.strip().partition(" ")
    words = rest.upper().split()
    overrides = [word for word in words if _OVERRIDE.fullmatch(word)]
    found = _PRICE.fullmatch(" ".join(word for word in words if word not in overrides))
    if not reference or found is None:
        raise InputError(
            "RPL takes BROADCAST[/ALIAS] @PRICE, such as RPL 7K2M9Q/FAM-01 @1.15;"
            " behind it codes that lift a denial"
        )
    return Replacement(reference, Decimal(found[1]), tuple(overrides))


def outcomes(view: BroadcastView, accounts: Iterable[str], kind: str) -> Counter[str]:
    """Count what became of the latest command of a kind on each of these accounts."""
    wanted = set(accounts)
    latest = {one.account: one for one in view.commands if one.kind == kind}
    lines = {line.account: line for line in view.lines}
    counted: Counter[str] = Counter()
    for account, command in latest.items():
        if account not in wanted:
            continue
        outcome = command.outcome or "unknown"
        is_filled = account in lines and lines[account].state == "filled"
        counted["filled" if is_filled and outcome != "taken" else outcome] += 1
    return counted


def told(counted: Mapping[str, int]) -> tuple[str, bool]:
    """Return the counts in words, and whether all of them are good."""
    parts = [f"{counted[key]} {word}" for key, word in _SAID if counted.get(key)]
    return ", ".join(parts), not any(counted.get(key) for key in _BAD)


def why_of(view: BroadcastView, kind: str) -> str:
    """Return the reason of the latest command that was not taken; empty without one."""
    reasons = (one.reason for one in reversed(view.commands) if one.kind == kind and one.reason)
    return _LIFTED_BY.sub(r"; \1 behind the price lifts it", next(reasons, ""))
