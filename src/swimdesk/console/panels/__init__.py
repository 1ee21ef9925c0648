"""The screens of the console, one module each."""

from __future__ import annotations

from typing import Final

from swimdesk.console.panel import Panel
from swimdesk.console.panels.accounts import AccountsPanel
from swimdesk.console.panels.blotter import BlotterPanel
from swimdesk.console.panels.chain import ChainPanel
from swimdesk.console.panels.doubts import DoubtsPanel
from swimdesk.console.panels.drift import DriftPanel
from swimdesk.console.panels.home import HomePanel
from swimdesk.console.panels.log import LogPanel
from swimdesk.console.panels.positions import PositionsPanel
from swimdesk.console.panels.ticket import TicketPanel

PANELS: Final[tuple[type[Panel], ...]] = (
    HomePanel,
    AccountsPanel,
    PositionsPanel,
    ChainPanel,
    TicketPanel,
    BlotterPanel,
    DoubtsPanel,
    DriftPanel,
    LogPanel,
)
"""Every screen; each has its row among the actions."""
