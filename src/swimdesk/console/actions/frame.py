"""Actions that every screen has."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_G = Context.GLOBAL
_L = Context.LIST

GLOBAL_ACTIONS: Final = (
    Action(
        "global.command",
        "command line",
        "Type an order or a command.",
        ("colon",),
        _G,
        footer=1,
    ),
    Action(
        "global.palette",
        "palette",
        "Search every action by its name.",
        ("ctrl+p",),
        _G,
    ),
    Action(
        "global.help",
        "all keys",
        "Show the keys of this screen and what the words mean.",
        ("question_mark", "f1"),
        _G,
        typed="HELP",
        footer=99,
    ),
    Action("global.back", "back", "Go back to the screen before.", ("minus",), _G, typed="-"),
    Action(
        "global.leave",
        "leave",
        "Leave what is open: command line, filter, stage, screen.",
        ("escape",),
        _G,
    ),
    Action(
        "global.refresh",
        "refresh",
        "Read again what this screen shows.",
        ("ctrl+r",),
        _G,
        typed="REFRESH",
    ),
    Action(
        "global.arm",
        "arm",
        "Allow sending for 15 minutes, or stop allowing it.",
        ("f8",),
        _G,
        Grade.STAGE,
        typed="ARM",
        footer=70,
    ),
    Action(
        "global.disarm",
        "disarm",
        "Take the permission to send back at once.",
        ("ctrl+l",),
        _G,
        Grade.STOP,
        typed="DISARM",
        emergency=True,
    ),
    Action(
        "global.preview",
        "preview",
        "Plan the staged order in every account; sends nothing.",
        ("f9",),
        _G,
        Grade.STAGE,
        typed="PREVIEW",
        footer=60,
    ),
    Action(
        "global.send",
        "send",
        "Open the confirmation of the planned order; only its Y sends.",
        ("f10",),
        _G,
        Grade.SEND,
        typed="SEND",
        footer=61,
    ),
    Action(
        "global.halt",
        "halt",
        "Stop all new orders at once, without a question; RESUME allows them again.",
        ("ctrl+k",),
        _G,
        Grade.STOP,
        typed="HALT",
        footer=80,
        emergency=True,
    ),
    Action(
        "global.resume",
        "resume",
        "Allow new orders again after a halt.",
        (),
        _G,
        Grade.SEND,
        typed="RESUME",
    ),
    Action(
        "global.quit",
        "quit",
        "Leave the console; asks while orders work.",
        ("q",),
        _G,
        typed="QUIT",
    ),
)

LIST_ACTIONS: Final = (
    Action("list.down", "down", "Go one row down.", ("j", "down"), _L),
    Action("list.up", "up", "Go one row up.", ("k", "up"), _L),
    Action("list.page-down", "page down", "Go one page down.", ("pagedown",), _L),
    Action("list.page-up", "page up", "Go one page up.", ("pageup",), _L),
    Action("list.top", "top", "Go to the first row.", ("g g", "home"), _L),
    Action("list.bottom", "bottom", "Go to the last row.", ("G", "end"), _L),
    Action("list.enter", "open", "Open the row: its parts or its details.", ("enter",), _L),
    Action("list.mark", "mark", "Mark the row, or take its mark away.", ("space",), _L),
    Action("list.mark-range", "mark range", "Mark from here to the next place.", ("v",), _L),
    Action("list.mark-all", "mark all", "Mark every row shown.", ("asterisk",), _L),
    Action("list.mark-none", "mark none", "Take all marks away.", ("backslash",), _L),
    Action(
        "list.filter",
        "filter",
        "Show the rows with this text; !text those without, -f text those like it.",
        ("slash",),
        _L,
        footer=40,
    ),
    Action(
        "list.sort",
        "sort",
        "Sort by the column under the next letter; again turns the order round.",
        ("S",),
        _L,
        footer=41,
    ),
    Action("list.copy", "copy", "Copy the marked rows, or this one.", ("y",), _L),
    Action("list.export", "export", "Write the rows shown to a CSV file.", ("e",), _L),
)
