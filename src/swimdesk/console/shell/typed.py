"""What a line on the command line means: a screen, a command, accounts, or an order; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from swimdesk.console.actions import ACTIONS, Action, Context
from swimdesk.console.actions.screens import OF_A_SYMBOL
from swimdesk.domain.orderlang.commandline import (
    OrderLine,
    begins_scope,
    read_command_line,
    read_scope,
)
from swimdesk.errors import InputError

_PREVIEW: Final = " preview"

_DAY: Final = r"\d{1,2} ?(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC) ?\d{2}\b"
_BEHIND_SYMBOL: Final = re.compile(rf"(?:[+-]\d|(?:[A-Z]+ )?{_DAY}).*@", re.IGNORECASE)
"""What stands behind a symbol in an order for fingers: ARM +100 @150 buys, ARM 15 arms."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A command by its action, with what stands behind the word."""

    action_id: str
    rest: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order to be staged."""

    line: OrderLine
    text: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts alone: where orders go that name none."""

    line: OrderLine
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A line with ``?`` behind it: to be explained, not carried out."""

    about: Verb | Order | Accounts


Typed: TypeAlias = Verb | Order | Accounts | Asked


def read_line(text: str, actions: Sequence[Action] = ACTIONS) -> Typed:
    """Read a line; a word that begins no command must begin an order (OrderTextError)."""
    bare = text.rstrip()
    if bare.endswith("?") and bare.strip() != "?":
        about = read_line(bare[:-1], actions)
        return about if isinstance(about, Asked) else Asked(about)
    if bare.lower().endswith(_PREVIEW) and bare.strip().lower() != _PREVIEW.strip():
        bare = bare[: -len(_PREVIEW)]
    if begins_scope(bare):
        return Accounts(read_scope(bare), bare.strip())
    verb = _verb(bare, actions) or _symbol_first(bare, actions)
    if verb is None and len(bare.split()) == 1 and "@" not in bare:
        raise InputError(f"There is no command {bare.strip()[:24]}; ? lists keys and commands.")
    return verb or Order(read_command_line(bare), bare)


def _verb(text: str, actions: Sequence[Action]) -> Verb | None:
    word, _, rest = text.strip().partition(" ")
    if word == "?":
        return Verb("global.help", "")
    if word.isdecimal() and not rest:
        return Verb(_screen(word, actions), "")
    if _BEHIND_SYMBOL.match(rest.strip()):
        return None
    named = (one for one in actions if one.typed and one.typed == word.upper())
    return next((Verb(one.id, rest.strip()) for one in named), None)


def _screen(number: str, actions: Sequence[Action]) -> str:
    """Return the action of a screen by the digit that is its key."""
    screens = {
        key: one.id
        for one in actions
        if one.context is Context.GLOBAL and one.calls[:1] == ("go",)
        for key in one.keys
        if key.isdecimal()
    }
    if number not in screens:
        raise InputError(f"There is no screen {number}; there are {', '.join(sorted(screens))}.")
    return screens[number]


def _symbol_first(text: str, actions: Sequence[Action]) -> Verb | None:
    """Read ``SPY OMON``: a symbol in front of the code of a screen that shows one."""
    symbol, _, rest = text.strip().partition(" ")
    code, _, behind = rest.strip().partition(" ")
    ids = (one.id for one in actions if one.typed == code.upper() and one.takes == OF_A_SYMBOL)
    return next((Verb(found, f"{symbol} {behind.strip()}".strip()) for found in ids), None)
