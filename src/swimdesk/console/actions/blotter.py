"""Actions of the blotter, and the commands on working orders that every screen has."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_B = Context.BLOTTER
_G = Context.GLOBAL

BLOTTER_ACTIONS: Final = (
    Action(
        "blotter.cancel",
        "cancel",
        "Cancel what is open of the row: one account's order at once, several after a y.",
        ("c",),
        _B,
        Grade.STOP,
        footer=10,
    ),
    Action(
        "blotter.cancel-broadcast",
        "cancel broadcast",
        "Cancel all that is open of the broadcast that the row belongs to, after a y.",
        ("C",),
        _B,
        Grade.STOP,
        footer=13,
    ),
    Action(
        "blotter.replace",
        "replace",
        "Ask for a new price on the command line for what is open of the row.",
        ("r",),
        _B,
        Grade.STAGE,
        footer=11,
    ),
    Action(
        "blotter.describe",
        "describe",
        "Show everything known of the row: ids, reasons, commands, times.",
        ("d",),
        _B,
        footer=14,
    ),
    Action(
        "global.cancel-all",
        "cancel ALL",
        "Cancel all working orders of the whole desk, without a question.",
        ("ctrl+x X",),
        _G,
        Grade.STOP,
        footer=2,
        emergency=True,
    ),
    Action(
        "global.cxl",
        "cancel by name",
        "Cancel: CXL * (all), SPY* (an underlying), an account, a broadcast's ending[/ALIAS].",
        (),
        _G,
        Grade.STOP,
        typed="CXL",
    ),
    Action(
        "global.rpl",
        "replace by name",
        "Replace what is open at a new price, once confirmed: RPL 7K2M9Q[/ALIAS] @1.15 [CODE].",
        (),
        _G,
        Grade.SEND,
        typed="RPL",
    ),
)
