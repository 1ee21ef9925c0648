"""Actions of the doubts, and the words that decide on orders nobody is sure of."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_D = Context.DOUBTS
_G = Context.GLOBAL

DOUBTS_ACTIONS: Final = (
    Action(
        "doubts.decide",
        "decide",
        "Say what became of this order: which one it is at the broker, or that there is none.",
        ("r",),
        _D,
        Grade.STAGE,
        footer=10,
    ),
    Action(
        "doubts.look",
        "broker's list",
        "Show all that is known of this order, and today's orders of its account at the broker.",
        ("d",),
        _D,
        footer=11,
    ),
    Action(
        "global.resolve",
        "resolve a doubt",
        "Settle a line in doubt, once confirmed: RESOLVE 7K2M9Q/FAM-01 absent WHY, placed:ID WHY.",
        (),
        _G,
        Grade.STAGE,
        typed="RESOLVE",
        takes="BROADCAST/ALIAS, placed:ORDER_ID or absent, and why",
    ),
)
