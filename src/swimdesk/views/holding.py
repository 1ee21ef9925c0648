"""The view of accounts that were read together: what could be had, and what could not."""

from __future__ import annotations

from dataclasses import dataclass

from swimdesk.views.comparing import UnreadView
from swimdesk.views.models import AccountView, BalanceView, PositionView


@dataclass(frozen=True, slots=True)
class HoldingsView:
    """What the accounts are, can spend and hold; those in ``unread`` are in none of the lists."""

    accounts: tuple[AccountView, ...]
    balances: tuple[BalanceView, ...]
    positions: tuple[PositionView, ...]
    unread: tuple[UnreadView, ...]
