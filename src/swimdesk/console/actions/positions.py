"""Actions of the positions."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_P = Context.POSITIONS

POSITIONS_ACTIONS: Final = (
    Action(
        "positions.toggle",
        "tree or flat",
        "Show structures over all accounts, or one row per account and symbol.",
        ("t",),
        _P,
        footer=10,
    ),
    Action(
        "positions.close",
        "close",
        "Write the order that closes this structure on the command line; sends nothing.",
        ("o",),
        _P,
        Grade.STAGE,
        footer=11,
    ),
    Action(
        "positions.unfold",
        "unfold all",
        "Show the structures of every underlying with their accounts, or fold all again.",
        ("z",),
        _P,
        footer=12,
    ),
    Action(
        "positions.account",
        "account",
        "Go to the account of this row.",
        ("a",),
        _P,
        footer=13,
    ),
)
