"""What a line on the command line means: a screen, a command, or an order; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from swimdesk.console.actions import ACTIONS
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
    return Order(read_command_line(text), text)
