"""Actions of the accounts."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context

ACCOUNTS_ACTIONS: Final = (
    Action(
        "accounts.details",
        "details",
        "Show all that is known of this account: figures, holdings, today's orders, lessons.",
        ("enter", "d"),
        Context.ACCOUNTS,
        footer=10,
    ),
    Action(
        "accounts.next-note",
        "next note",
        "Go to the next account that needs a look.",
        ("n",),
        Context.ACCOUNTS,
        footer=11,
    ),
)
