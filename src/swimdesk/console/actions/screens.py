"""The screens: one row makes the key, the typed code, the palette entry and the hint."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context

_SCREENS: Final = (
    ("HOME", "1", "pulse", "Every account one cell, and a letter where one needs a look."),
    ("ACC", "2", "accounts", "Accounts: balances, what each may trade; Space marks."),
    ("POS", "3", "positions", "Positions as structures over all accounts, or one by one."),
    ("OMON", "4", "chain", "Option chain, legs picked from it: SPY OMON, OMON SPX 18DEC26."),
    ("TKT", "5", "ticket", "The staged order: legs, price, and what each account would get."),
    ("BLT", "6", "blotter", "Broadcasts, live to their fills, each with its accounts."),
    ("DRF", "7", "drift", "What differs at the broker, and orders that nobody here sent."),
    ("DBT", "g d", "doubts", "Orders nobody is sure of: what is known, done, and yours to decide."),
    ("LOG", "0", "log", "Every request that was really sent, and what was said."),
)

OF_A_SYMBOL: Final = "SYMBOL [EXPIRY]"
"""What a screen takes whose symbol may stand in front of its code as well."""

_TAKES: Final = {"OMON": OF_A_SYMBOL, "POS": "TEXT", "DRF": "AGAIN"}

_FOOTER: Final = {"DBT": 12}
"""Screens that have a hint; the one of the doubts is there while there are any."""

SCREEN_ACTIONS: Final = tuple(
    Action(
        f"global.go-{code.lower()}",
        title,
        text,
        (key,),
        Context.GLOBAL,
        typed=code,
        takes=_TAKES.get(code, ""),
        footer=_FOOTER.get(code, 0),
        calls=("go", code),
    )
    for code, key, title, text in _SCREENS
)
