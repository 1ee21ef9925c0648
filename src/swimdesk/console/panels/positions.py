"""POS: what all accounts hold, as structures or one by one, and what it has gained."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from swimdesk.console.actions import Action, Context
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.formats import age, money
from swimdesk.console.holdings.closing import closing_line, closing_part
from swimdesk.console.holdings.position_rows import (
    FLAT_COLUMNS,
    TREE_COLUMNS,
    Reads,
    Table,
    flat,
    gain_cell,
    grouped,
    tree,
)
from swimdesk.console.holdings.stakes import Stake, StakeBook, total
from swimdesk.console.lists import ListPanel
from swimdesk.console.shell.standing import STALE
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.rolelines import RoleLine, RoleLines
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.console.app import Console

_NAMED_AT_MOST = 6
"""So many accounts that were not read are named, the others counted."""


class PositionsPanel(ListPanel):
    """A tree over all accounts and a flat list; accounts that were not read are always said."""

    code: ClassVar[str] = "POS"
    title_text: ClassVar[str] = "positions"
    contexts: ClassVar[tuple[Context, ...]] = (Context.POSITIONS, Context.LIST)

    DEFAULT_CSS = """
    PositionsPanel { layout: vertical; }
    PositionsPanel LiveGrid { height: 1fr; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, TREE_COLUMNS, "")
        self._tree = self.grid
        self._flat = LiveGrid(FLAT_COLUMNS)
        self._head = RoleLines()
        self._book = StakeBook()
        self._table = Table()
        self._unfolded: set[str] = set()
        """Underlyings that were unfolded once; whether they stay so is the operator's."""
        self._in_tree: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Lay out the totals above the list."""
        yield self._head
        yield self._tree
        yield self._flat

    def on_mount(self) -> None:
        """Begin with the tree."""
        self._flat.display = False

    def look_at(self, subject: str) -> None:
        """Show what holds the words that were typed behind the code."""
        self.filter(subject.strip())

    # --- painting ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint everything once."""
        self.board_changed(EVERYTHING)

    def board_changed(self, changes: Changes) -> None:
        """Paint the holdings that were read."""
        if changes.whole or changes.accounts or changes.holdings:
            self._paint()

    def ticked(self) -> None:
        """Let ages grow."""
        if self._stale():
            self._paint()
        else:
            self._head.put(self._heading())

    def _all_stakes(self) -> list[Stake]:
        """Return the stakes of every account that was read, in the order of the accounts."""
        holdings = self.board.holdings
        read = [holdings[alias] for alias in self.board.accounts if alias in holdings]
        return [stake for holding in read for stake in self._book.of(holding)]

    def _paint(self) -> None:
        last4 = {alias: view.last4 for alias, view in self.board.accounts.items()}
        reads = Reads(self.board, self.console.now())
        stakes = self._all_stakes()
        if self.grid is self._flat:
            self._table = flat(stakes, last4, reads)
        else:
            self._table = tree(grouped(stakes), last4, reads, self._is_wanted)
        table = self._table
        self.grid.placeholder = self._placeholder()
        self.grid.set_rows(table.rows, parents=table.parents, expandable=table.expandable)
        self._unfold_new()
        self._head.put(self._heading())

    def _is_wanted(self, key: str) -> bool:
        """Tell whether the rows under one are needed: they are seen, or may match the filter."""
        if self._tree.filter_text:
            return True
        if key in self._in_tree:
            return self._tree.is_expanded(key)
        return key.startswith("u/")

    def _unfold_new(self) -> None:
        """Show the structures of an underlying that is there for the first time."""
        if self.grid is not self._tree:
            return
        self._in_tree = frozenset(self._table.rows)
        for key in self._table.rows:
            if key.startswith("u/") and key not in self._unfolded:
                self._unfolded.add(key)
                self._tree.toggle(key)

    def _placeholder(self) -> str:
        missing = self._missing()
        if missing:
            return f"Nothing known: {len(missing)} accounts were never read."
        return f"No positions in {len(self.board.accounts)} accounts."

    def _missing(self) -> list[str]:
        return [alias for alias in self.board.accounts if alias not in self.board.holdings]

    def _stale(self) -> dict[str, str]:
        now = self.console.now()
        ages = {a: now - h.balances.as_of for a, h in self.board.holdings.items()}
        return {alias: age(span) for alias, span in ages.items() if span > STALE}

    def _oldest(self) -> str:
        """Say how old the oldest of what is shown is: fills since then are not in it."""
        read = [holding.balances.as_of for holding in self.board.holdings.values()]
        return f" {age(self.console.now() - min(read))} ago" if read else ""

    def _heading(self) -> list[RoleLine]:
        stakes = self._all_stakes()
        known = [stake.worth for stake in stakes if stake.worth.cost is not None]
        unknown = len(stakes) - len(known)
        value = sum((stake.worth.value for stake in stakes), Decimal(0))
        gain = gain_cell(total(known).gain)
        read = len(self.board.accounts) - len(self._missing())
        lines = [
            [
                (f"{read} of {len(self.board.accounts)} accounts read", Role.TEXT),
                (self._oldest(), Role.DIM),
                ("   open p/l ", Role.TEXT),
                (gain.text, gain.role),
                (f" ({unknown} of unknown cost)" if unknown else "", Role.WARN),
                (f"   value {money(value)}", Role.TEXT),
                (f"   {len({stake.underlying for stake in stakes})} underlyings", Role.DIM),
            ]
        ]
        for what, names in (("NEVER READ", self._missing()), ("STALE", self._stale_words())):
            if names:
                lines.append([(f"{what}  {_listed(names)}", Role.DANGER)])
        return [tuple(line) for line in lines]

    def _stale_words(self) -> list[str]:
        return [f"{alias} {span} ago" for alias, span in self._stale().items()]

    # --- keys --------------------------------------------------------------------------------

    def on_live_grid_toggled(self, event: LiveGrid.Toggled) -> None:
        """Bring the rows under the one that was opened."""
        event.stop()
        if event.is_expanded:
            self._paint()

    def on_live_grid_activated(self, event: LiveGrid.Activated) -> None:
        """Go to the account of a row that has nothing under it."""
        event.stop()
        self._go_to_account()

    def filter(self, text: str) -> None:
        """Show the rows that the filter lets through, folded ones among them."""
        super().filter(text)
        self._paint()

    def why_not(self, action: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        if action.id == "positions.account" and self._account() is None:
            return "the row is of several accounts: open it (Enter) and choose one"
        if action.id == "positions.unfold" and self.grid is self._flat:
            return "the flat list has nothing to unfold; t shows the tree"
        if action.id == "positions.close":
            try:
                self._close_line()
            except InputError as error:
                return error.detail
        return None

    def _close_line(self) -> str:
        """Return the line that closes what is under the cursor; InputError where none can."""
        key, table = self.grid.cursor, self._table
        known = tuple(self.board.accounts)
        if key in table.stakes:
            return closing_line(table.stakes[key], known)
        if key in table.parts:
            return closing_part(*table.parts[key], known)
        if key is None:
            raise InputError("There is no position.")
        raise InputError("The row is several structures: open it (Enter) and choose one.")

    def do_toggle(self) -> None:
        """Change between tree and flat list."""
        after = self._flat if self.grid is self._tree else self._tree
        before, self.grid = self.grid, after
        after.display, before.display = True, False
        after.set_filter(before.filter_text)
        after.focus()
        self._paint()

    def do_unfold(self) -> None:
        """Open every structure, or fold all up to the underlyings."""
        keys = [key for key in self._table.rows if key[:2] in ("u/", "s/")]
        is_open = all(self._tree.is_expanded(key) for key in keys if key in self._table.expandable)
        for key in keys:
            if self._tree.is_expanded(key) is is_open:
                self._tree.toggle(key)
        self._paint()

    def do_close(self) -> None:
        """Write the order that closes what is under the cursor on the command line."""
        self.console.prompt.begin(self._close_line())

    def do_account(self) -> None:
        """Go to the account of the row."""
        self._go_to_account()

    def _account(self) -> str | None:
        return self._table.accounts.get(self.grid.cursor or "")

    def _go_to_account(self) -> None:
        self.session.pointed = self._account()
        self.console.go("ACC")


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    listed = ", ".join(names[:_NAMED_AT_MOST])
    return f"{listed} and {more} more" if more > 0 else listed
