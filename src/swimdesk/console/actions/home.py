"""Actions of the pulse."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context

_H = Context.HOME

HOME_ACTIONS: Final = (
    Action("home.left", "left", "Go one account left.", ("h", "left"), _H),
    Action("home.down", "down", "Go one row of accounts down.", ("j", "down"), _H),
    Action("home.up", "up", "Go one row of accounts up.", ("k", "up"), _H),
    Action("home.right", "right", "Go one account right.", ("l", "right"), _H),
    Action("home.first", "first", "Go to the first account.", ("g g", "home"), _H),
    Action("home.last", "last", "Go to the last account.", ("G", "end"), _H),
    Action("home.enter", "account", "Go to this account in the list.", ("enter",), _H, footer=10),
    Action(
        "home.next-note",
        "next note",
        "Go to the next account that carries a letter.",
        ("n",),
        _H,
        footer=11,
    ),
    Action(
        "home.measure",
        "figure",
        "Change the figure: net liquidation, option buying power, open profit, newest broadcast.",
        ("m",),
        _H,
        footer=12,
    ),
    Action("home.mark", "mark", "Mark this account for orders.", ("space",), _H, footer=13),
    Action("home.mark-all", "mark all", "Mark every account.", ("asterisk",), _H),
    Action("home.mark-none", "mark none", "Take all marks away.", ("backslash",), _H),
)
