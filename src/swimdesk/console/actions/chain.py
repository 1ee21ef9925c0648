"""Actions of the option chain."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_C = Context.CHAIN

CHAIN_ACTIONS: Final = (
    Action(
        "chain.buy",
        "buy",
        "Buy the contract under the cursor as a leg; once more: one more of it.",
        ("b",),
        _C,
        footer=10,
    ),
    Action(
        "chain.sell",
        "sell",
        "Sell the contract under the cursor as a leg; a bought one goes down by one.",
        ("s",),
        _C,
        footer=11,
    ),
    Action(
        "chain.ticket",
        "ticket",
        "Turn the legs into an order at the middle of the market, to be completed and planned.",
        ("enter", "T"),
        _C,
        Grade.STAGE,
        footer=12,
    ),
    Action("chain.call", "calls", "Choose the call under the cursor.", ("h", "left"), _C),
    Action("chain.put", "puts", "Choose the put under the cursor.", ("l", "right"), _C),
    Action(
        "chain.earlier",
        "earlier",
        "Show the expiry before, or the other root of this day.",
        ("left_square_bracket",),
        _C,
        footer=13,
    ),
    Action(
        "chain.later",
        "later",
        "Show the expiry after, or the other root of this day.",
        ("right_square_bracket",),
        _C,
        footer=14,
    ),
    Action(
        "chain.condor",
        "condor",
        "Sell an iron condor: short legs at 15 delta, wings of a usual width.",
        ("i",),
        _C,
        footer=15,
    ),
    Action(
        "chain.vertical",
        "vertical",
        "Sell a vertical from the cursor outward; f makes it the other way round.",
        ("v",),
        _C,
        footer=16,
    ),
    Action(
        "chain.strangle",
        "strangle",
        "Sell a strangle: the cursor's strike and the other side's at the same delta.",
        ("t",),
        _C,
        footer=17,
    ),
    Action(
        "chain.calendar",
        "calendar",
        "Buy a calendar at the cursor's strike, its far leg at least a week later.",
        ("c",),
        _C,
        footer=18,
    ),
    Action("chain.flip", "flip sides", "Buy what is sold and sell what is bought.", ("f",), _C),
    Action("chain.more", "more units", "One unit of the structure more.", ("plus",), _C),
    Action("chain.fewer", "fewer units", "One unit of the structure fewer.", ("minus",), _C),
    Action("chain.clear", "no legs", "Take all legs away.", ("a",), _C, footer=19),
    Action("chain.money", "at the money", "Go to the strike at the money.", ("m",), _C),
    Action(
        "chain.wider",
        "more strikes",
        "Show twice as many strikes; after the most, few again.",
        ("w",),
        _C,
    ),
    Action("chain.symbol", "symbol", "Type another underlying.", ("u",), _C),
)
