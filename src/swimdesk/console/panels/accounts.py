"""ACC: every account, what it is worth and what it may trade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from swimdesk.console.actions import Action, Context
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.holdings.account_rows import COLUMNS, Known, account_facts, account_row, sums
from swimdesk.console.holdings.notes import Notes
from swimdesk.console.holdings.stakes import StakeBook
from swimdesk.console.lists import ListPanel
from swimdesk.console.modals.describe import Describe
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.totals import Sums, Totals

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class AccountsPanel(ListPanel):
    """All accounts with their sums; the marks here are the ``marked`` of an order."""

    code: ClassVar[str] = "ACC"
    title_text: ClassVar[str] = "accounts"
    contexts: ClassVar[tuple[Context, ...]] = (Context.ACCOUNTS, Context.LIST)

    DEFAULT_CSS = """
    AccountsPanel { layout: vertical; }
    AccountsPanel LiveGrid { height: 1fr; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No account yet: the desk reads them …")
        self._book = StakeBook()
        self._totals = Totals(self.grid, self._sums)

    def compose(self) -> ComposeResult:
        """Lay out the list above its sums."""
        yield self.grid
        yield self._totals

    # --- painting ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint everything once, and go where the operator was on another screen."""
        self.board_changed(EVERYTHING)
        if set(self.grid.marks) != self.session.marks:
            self.grid.set_marks(self.session.marks)
        if self.session.pointed is not None:
            self.grid.move_to(self.session.pointed)

    def board_changed(self, changes: Changes) -> None:
        """Paint the accounts; the grid repaints those lines that are different."""
        del changes
        now = self.console.now()
        known = Known(self.board, self._book, Notes(self.board, now), now)
        self.grid.set_rows({a: account_row(v, known) for a, v in self.board.accounts.items()})
        self._refresh_totals()

    def ticked(self) -> None:
        """Let ages grow."""
        self.board_changed(EVERYTHING)

    def _sums(self) -> Sequence[Sums]:
        shown = self.grid.shown_keys
        is_part = bool(self.grid.filter_text)
        lines = [sums("shown" if is_part else "accounts", shown, self.board, self._book)]
        if self.session.marks:
            lines.append(sums("marked", self.session.marks, self.board, self._book))
        return lines

    def _refresh_totals(self) -> None:
        self._totals.refresh(layout=True)

    def filter(self, text: str) -> None:
        """Show the rows that the filter lets through, and sum those."""
        super().filter(text)
        self._refresh_totals()

    def leave_one(self) -> bool:
        """Take the filter away, and sum all again."""
        has_left = super().leave_one()
        self._refresh_totals()
        return has_left

    # --- keys --------------------------------------------------------------------------------

    def on_live_grid_marks_changed(self, event: LiveGrid.MarksChanged) -> None:
        """Keep the marks for orders that say ``marked``."""
        self.session.marks = frozenset(event.keys)
        self._refresh_totals()

    def on_live_grid_cursor_moved(self, event: LiveGrid.CursorMoved) -> None:
        """Let other screens open at the same account."""
        self.session.pointed = event.key

    def on_live_grid_activated(self, event: LiveGrid.Activated) -> None:
        """Show what is known of the account that was opened with the mouse."""
        event.stop()
        self.do_details()

    def why_not(self, action: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        if action.id == "accounts.details" and self.grid.cursor is None:
            return "there is no account"
        if action.id == "accounts.next-note" and self._next_note() is None:
            return "no account needs a look"
        return None

    def do_details(self) -> None:
        """Show all that is known of the account under the cursor."""
        alias = self.grid.cursor
        if alias is not None:
            facts = account_facts(alias, self.board, self.console.now())
            self.console.push_screen(Describe(facts), lambda _: self.console.modal_closed())

    def do_next_note(self) -> None:
        """Go to the next account that needs a look."""
        alias = self._next_note()
        if alias is not None:
            self.grid.move_to(alias)

    def _next_note(self) -> str | None:
        """Return the next shown account below the cursor, or from the top, with a trouble."""
        notes = Notes(self.board, self.console.now())
        keys = self.grid.shown_keys
        here = keys.index(self.grid.cursor) + 1 if self.grid.cursor in keys else 0
        return next(
            (
                alias
                for alias in (*keys[here:], *keys[:here])
                if any(note.is_trouble for note in notes.of(alias))
            ),
            None,
        )
