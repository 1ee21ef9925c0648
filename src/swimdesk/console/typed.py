"""What a line on the command line means: a screen, a command, or an order; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from swimdesk.console.actions import ACTIONS
from swimdesk.console.actions.screens import OF_A_SYMBOL
from swimdesk.domain.orderlang.commandline import OrderLine, read_command_line


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


Typed: TypeAlias = Verb | Order


def read_line(text: str) -> Typed:
    """Read a line; a word that begins no command must begin an order (OrderTextError)."""
    word, _, rest = text.strip().partition(" ")
    for one in ACTIONS:
        if one.typed and one.typed == word.upper():
            return Verb(one.id, rest.strip())
    return _symbol_first(word, rest) or Order(read_command_line(text), text)


def _symbol_first(symbol: str, rest: str) -> Verb | None:
    """Read ``SPY OMON``: a symbol in front of the code of a screen that shows one."""
    code, _, behind = rest.strip().partition(" ")
    ids = (one.id for one in ACTIONS if one.typed == code.upper() and one.takes == OF_A_SYMBOL)
    return next((Verb(found, f"{symbol} {behind.strip()}".strip()) for found in ids), None)
