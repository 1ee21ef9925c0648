"""ACC: every account, what it is worth and what it may trade."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from swimdesk.console.actions import Context
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.formats import age, money
from swimdesk.console.lists import ListPanel
from swimdesk.console.standing import STALE
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.views.models import AccountView, HoldingView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

COLUMNS: Final = (
    Column("account", "account", 12, is_flexible=True, least=8, priority=100, is_sticky=True),
    Column("last4", "last4", 5, priority=90),
    Column("type", "type", 6, priority=40),
    Column("level", "lvl", 3, align="right", priority=70),
    Column("nlv", "net liq", 12, align="right", priority=95),
    Column("bp", "option bp", 12, align="right", priority=85),
    Column("stock_bp", "stock bp", 12, align="right", priority=30),
    Column("cash", "cash", 12, align="right", priority=50),
    Column("positions", "pos", 4, align="right", priority=60),
    Column("groups", "groups", 16, is_flexible=True, least=8, priority=45),
    Column("flags", "flags", 10, priority=80),
    Column("age", "read", 6, align="right", priority=65),
)


class AccountsPanel(ListPanel):
    """All accounts; the marks here are the ``marked`` of an order."""

    code: ClassVar[str] = "ACC"
    title_text: ClassVar[str] = "accounts"
    contexts: ClassVar[tuple[Context, ...]] = (Context.ACCOUNTS, Context.LIST)

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No account yet: the desk reads them …")

    def shown(self) -> None:
        """Paint everything once."""
        self.board_changed(EVERYTHING)

    def board_changed(self, changes: Changes) -> None:
        """Paint the accounts that were read."""
        if changes.whole or changes.accounts:
            self.grid.set_rows({a: self._row(v) for a, v in self.board.accounts.items()})
            return
        for alias in changes.holdings & self.board.accounts.keys():
            self.grid.set_row(alias, self._row(self.board.accounts[alias]))

    def _row(self, view: AccountView) -> Row:
        holding = self.board.holdings.get(view.account)
        return (*_identity(view), *_money(holding), *self._standing(view, holding))

    def _standing(self, view: AccountView, holding: HoldingView | None) -> Row:
        flags = " ".join(
            word for word, is_so in (("closing", view.closing_only), ("ira", view.ira)) if is_so
        )
        if holding is None:
            read = Cell("-", Role.DIM)
        else:
            span = self.console.now() - holding.balances.as_of
            read = Cell(age(span), Role.WARN) if span > STALE else Cell("ok", Role.DIM)
        return (
            Cell(" ".join(view.groups), Role.DIM),
            Cell(flags, Role.WARN),
            read,
        )

    def on_live_grid_marks_changed(self, event: LiveGrid.MarksChanged) -> None:
        """Keep the marks for orders that say ``marked``."""
        self.session.marks = frozenset(event.keys)


def _identity(view: AccountView) -> Row:
    level = "-" if view.option_level is None else str(view.option_level)
    return (
        Cell(view.account, Role.STRONG),
        Cell(view.last4, Role.DIM),
        Cell(view.type.lower()),
        Cell(level),
    )


def _money(holding: HoldingView | None) -> Row:
    if holding is None:
        return tuple(Cell("-", Role.DIM) for _ in range(5))
    balances = holding.balances
    return (
        Cell(money(balances.liquidation_value)),
        Cell(money(balances.option_buying_power)),
        Cell(money(balances.stock_buying_power)),
        Cell(money(balances.cash)),
        Cell(str(len(holding.positions))),
    )
