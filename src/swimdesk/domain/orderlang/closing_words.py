"""What may be typed behind a price: the terms of the order, then accounts, sizing and waves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from swimdesk.domain.orderlang.commandline import (
    BARE_SIZINGS,
    REMAINDERS,
    SCOPE_WORDS,
    SIZING_FORMS,
    WAVES,
)
from swimdesk.domain.orderlang.printer import EFFECTS
from swimdesk.domain.orders import OrderType, Session, TimeInForce
from swimdesk.domain.where import NAMES

_WORDS = re.compile(r"\[[^\]]*\]?|\S+")

_TYPES: dict[str, str] = {
    OrderType.LIMIT: "limit",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop, then limit",
    OrderType.LIMIT_ON_CLOSE: "limit on close",
}
_TIMES: dict[str, str] = {
    TimeInForce.DAY: "today",
    TimeInForce.GTC: "till canceled",
    TimeInForce.GTD: "till a day",
    TimeInForce.FOK: "all at once or not at all",
    TimeInForce.IOC: "at once, the rest is dropped",
}
_SESSIONS: dict[str, str] = {
    Session.EXT: "all sessions",
    Session.AM: "before the open",
    Session.PM: "after the close",
}
_EFFECTS = {word: effect.value for effect, word in EFFECTS.items()}
_TERMS = (_TYPES, _TIMES, _SESSIONS, _EFFECTS)

_SCOPE = {
    "acc": "accounts",
    "grp": "groups",
    "all": "every account",
    "marked": "the marked accounts",
    "where": "accounts that meet a condition",
}
_SIZINGS = {
    "mult": "times the account's multiplier",
    "text": "as written, in each account",
    "equal:": "units in all, the same for each",
    "netliq:": "units in all by net value, or % of it",
    "bp:": "units in all by buying power, or % of it",
    "risk:": "dollars to lose in each account",
    "pct:": "percent of what is held",
}
_REMAINDERS = dict.fromkeys(REMAINDERS, "who gets what rounding leaves")
_LINE_WORDS = (*({word: label} for word, label in _SCOPE.items()), _SIZINGS, _REMAINDERS,
               {"waves": "all at once or in waves"})  # fmt: skip
_JOINTS = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class Offer:
    """Words with their labels, for the text from ``start`` on."""

    start: int
    words: tuple[tuple[str, str], ...]


def offer_behind(
    left: str,
    start: int,
    accounts: Sequence[str],
    groups: Sequence[str],
    *,
    instead_of_terms: Sequence[str] = (),
) -> Offer:
    """Return what may stand at the end of ``left``, whose price ends at ``start``.

    ``instead_of_terms`` may stand there as long as no price does, and no terms then.
    """
    words = [(found[0], found.start()) for found in _WORDS.finditer(left, start)]
    is_open = bool(words) and (
        not left[-1].isspace() or (words[-1][0].startswith("[") and "]" not in words[-1][0])
    )
    last = words.pop()[1] if is_open else len(left)
    typed = [word.lower() for word, _ in words]
    before = typed[-1] if typed else ""
    names = _names(typed, before, accounts, groups)
    if names is not None:
        comma = left.rfind(",", last) + 1
        return Offer(max(comma, last), tuple((name, name) for name in names))
    if "where" in typed and before in ("where", *_JOINTS, "("):
        return Offer(last, tuple((name, name) for name in (*NAMES, "not")))
    if before == "gtd":
        return Offer(last, ())
    prices = tuple((word, word) for word in instead_of_terms if not typed)
    slots = _LINE_WORDS if instead_of_terms else (*_TERMS, *_LINE_WORDS)
    return Offer(last, (*prices, *_free_words(typed, slots)))


def _names(
    typed: Sequence[str], before: str, accounts: Sequence[str], groups: Sequence[str]
) -> Sequence[str] | None:
    """Return the names that follow ``acc``, ``grp`` or ``waves``; None behind another word."""
    lists = {"acc": accounts, "grp": groups, "waves": WAVES}
    if before in lists:
        return lists[before]
    opener = next((word for word in reversed(typed) if not word.endswith(",")), "")
    return lists[opener] if before.endswith(",") and opener in lists else None


def _free_words(
    typed: Sequence[str], slots: Sequence[Mapping[str, str]]
) -> Iterable[tuple[str, str]]:
    """Return the words of the slots that are still free; terms stand before all others."""
    sizings = tuple(form for form in SIZING_FORMS if any(word.startswith(form) for word in typed))
    said = {*typed, *sizings}
    in_line = bool(said & {*SCOPE_WORDS, *BARE_SIZINGS, *REMAINDERS, "waves", *SIZING_FORMS})
    if "where" in said:
        yield from ((word, word) for word in _JOINTS)
    for slot in _LINE_WORDS if in_line else slots:
        if not said & {word.lower() for word in slot}:
            yield from slot.items()
