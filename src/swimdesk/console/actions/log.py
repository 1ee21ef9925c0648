"""Actions of the log: one more way to it."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context

LOG_ACTIONS: Final = (
    Action(
        "global.what-was-sent",
        "what was sent",
        "Show every request that was really sent, and what was said.",
        ("at",),
        Context.GLOBAL,
        calls=("go", "LOG"),
    ),
)
