"""Actions that close: taking a broadcast back, leaving accounts with nothing, reducing."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_G = Context.GLOBAL

CLOSING_ACTIONS: Final = (
    Action(
        "blotter.undo",
        "undo",
        "Write on the command line what takes this broadcast back; its plan is shown first.",
        ("u",),
        Context.BLOTTER,
        Grade.STAGE,
        footer=62,
        calls=("undo-row",),
    ),
    Action(
        "global.undo",
        "undo by name",
        "Cancel what works of a broadcast and reverse what it opened, once its plan is confirmed.",
        (),
        _G,
        Grade.SEND,
        typed="UNDO",
        takes="BROADCAST[/ALIAS] and @nat, @mid, @mid-0.02 or @MKT",
    ),
    Action(
        "global.flatten",
        "flatten accounts",
        "Cancel our orders and close all that accounts hold, once their number is typed.",
        (),
        _G,
        Grade.SEND,
        typed="FLATTEN",
        takes="all, grp NAME, acc ALIAS, where …, and @nat, @mid or @MKT",
    ),
    Action(
        "global.reduce",
        "reduce only",
        "Let only orders leave that close what is held; after a halt it asks first.",
        ("f7",),
        _G,
        Grade.STOP,
        typed="REDUCE",
        takes="a reason",
        footer=81,
    ),
)
