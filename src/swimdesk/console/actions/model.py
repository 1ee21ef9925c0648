"""What an action is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Context(StrEnum):
    """Where keys have their meaning; a panel's keys come before those of every list."""

    GLOBAL = "global"
    LIST = "list"
    HOME = "home"
    ACCOUNTS = "accounts"
    POSITIONS = "positions"
    CHAIN = "chain"
    TICKET = "ticket"
    BLOTTER = "blotter"
    DOUBTS = "doubts"
    DRIFT = "drift"
    LOG = "log"


class Grade(StrEnum):
    """How much an action may change; stopping is always easier than starting."""

    VIEW = "view"
    STAGE = "stage"
    SEND = "send"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that the operator can do, with every way to it.

    ``id`` is ``context.name``. Carried out by ``do_name`` of the panel shown or of the console, or
    by the method that ``calls`` names, with its arguments. ``keys`` are Textual's names of keys;
    two with a space between are pressed one after the other. ``typed`` is the same on the command
    line, ``takes`` what may stand behind it there. ``footer`` orders the hints, 0 shows none.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    context: Context
    grade: Grade = Grade.VIEW
    typed: str = ""
    footer: int = 0
    emergency: bool = False
    calls: tuple[str, ...] = ()
    takes: str = ""

    @property
    def method(self) -> str:
        """The method that carries the action out."""
        name = self.calls[0] if self.calls else self.id.partition(".")[2]
        return f"do_{name.replace('-', '_')}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the method is given."""
        return self.calls[1:]
