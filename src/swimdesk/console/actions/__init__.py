"""Every action of the console, once: keys, footer, help, palette and docs are made from here."""

from __future__ import annotations

from swimdesk.console.actions.model import Action, Context, Grade
from swimdesk.console.actions.registry import ACTIONS, action, actions_of

__all__ = ["ACTIONS", "Action", "Context", "Grade", "action", "actions_of"]
