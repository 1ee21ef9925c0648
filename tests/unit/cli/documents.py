"""Which JSON document each command prints: the commands are held to it, docs/json.md shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from swimdesk.bench.views import FanoutView
from swimdesk.checks import CheckView
from swimdesk.views.closing import FlattenView, UndoView
from swimdesk.views.comparing import ForeignView, ReconcileView, UnreadView
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    FairnessView,
    GuardView,
    HaltView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    StatusView,
)
from swimdesk.views.signing import LoginView, SignInEnd
from swimdesk.views.trail import TrailView
from swimdesk.views.vaulting import (
    VaultItemView,
    VaultMoveView,
    VaultPassphraseView,
    VaultProbeView,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document: one view, or a list of views under a key; ``beside`` is another list."""

    view: type
    key: str | None = None
    beside: tuple[str, type] | None = None


DOCUMENTS: Final[dict[str, Document]] = {
    "accounts": Document(AccountView, "accounts", ("unread", UnreadView)),
    "positions": Document(PositionView, "positions", ("unread", UnreadView)),
    "orders": Document(OrderView, "orders"),
    "balances": Document(BalanceView, "balances", ("unread", UnreadView)),
    "quote SYMBOL…": Document(QuoteView, "quotes"),
    "chain SYMBOL": Document(ChainView),
    "preview ORDER": Document(PlanView),
    "send ORDER": Document(BroadcastView),
    "cancel B": Document(BroadcastView),
    "cancel --all": Document(BroadcastView, "broadcasts"),
    "replace B": Document(BroadcastView),
    "resolve B/ALIAS": Document(BroadcastView),
    "foreign": Document(ForeignView, "foreign"),
    "adopt ALIAS/ORDER_ID": Document(BroadcastView),
    "ignore ALIAS/ORDER_ID": Document(ForeignView),
    "reconcile": Document(ReconcileView),
    "flatten": Document(FlattenView),
    "undo B": Document(UndoView),
    "broadcasts B": Document(BroadcastView),
    "broadcasts B/ALIAS": Document(TrailView),
    "broadcasts": Document(BroadcastRow, "broadcasts"),
    "broadcasts --fairness": Document(FairnessView, "fairness"),
    "halt": Document(GuardView),
    "halt --cancel": Document(HaltView),
    "halt --reduce": Document(GuardView),
    "resume": Document(GuardView),
    "status": Document(StatusView),
    "logins": Document(LoginView, "logins"),
    "login NAME": Document(LoginView),
    "login --all": Document(SignInEnd, "logins"),
    "vault set ITEM": Document(VaultItemView),
    "vault list": Document(VaultItemView, "items"),
    "vault test": Document(VaultProbeView),
    "vault drop ITEM": Document(VaultItemView),
    "vault passphrase": Document(VaultPassphraseView),
    "vault move": Document(VaultMoveView),
    "doctor": Document(CheckView, "checks"),
    "bench fanout": Document(FanoutView),
}
