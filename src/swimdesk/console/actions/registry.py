"""All actions, gathered from one table per context."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from swimdesk.console.actions.accounts import ACCOUNTS_ACTIONS
from swimdesk.console.actions.blotter import BLOTTER_ACTIONS
from swimdesk.console.actions.chain import CHAIN_ACTIONS
from swimdesk.console.actions.closing import CLOSING_ACTIONS
from swimdesk.console.actions.doubts import DOUBTS_ACTIONS
from swimdesk.console.actions.drift import DRIFT_ACTIONS
from swimdesk.console.actions.frame import GLOBAL_ACTIONS, LIST_ACTIONS
from swimdesk.console.actions.home import HOME_ACTIONS
from swimdesk.console.actions.log import LOG_ACTIONS
from swimdesk.console.actions.model import Action, Context
from swimdesk.console.actions.positions import POSITIONS_ACTIONS
from swimdesk.console.actions.screens import SCREEN_ACTIONS
from swimdesk.console.actions.ticket import TICKET_ACTIONS

ACTIONS: Final[tuple[Action, ...]] = (
    *SCREEN_ACTIONS,
    *GLOBAL_ACTIONS,
    *HOME_ACTIONS,
    *ACCOUNTS_ACTIONS,
    *POSITIONS_ACTIONS,
    *LIST_ACTIONS,
    *CHAIN_ACTIONS,
    *TICKET_ACTIONS,
    *BLOTTER_ACTIONS,
    *CLOSING_ACTIONS,
    *DOUBTS_ACTIONS,
    *DRIFT_ACTIONS,
    *LOG_ACTIONS,
)
"""Every action of the console."""

_BY_ID: Final[Mapping[str, Action]] = MappingProxyType({one.id: one for one in ACTIONS})


def action(action_id: str) -> Action:
    """Return an action by its id; KeyError if there is none."""
    return _BY_ID[action_id]


def actions_of(*contexts: Context) -> tuple[Action, ...]:
    """Return the actions of these contexts, in their order."""
    return tuple(one for context in contexts for one in ACTIONS if one.context is context)
