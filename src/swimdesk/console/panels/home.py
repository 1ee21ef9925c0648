"""HOME: the pulse of all accounts; where all is well there is nothing to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.widget import Widget

from swimdesk.console.actions import Action, Context
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.holdings.account_rows import Known
from swimdesk.console.holdings.home_cells import (
    MEASURES,
    account_line,
    broadcast_line,
    cells,
    headline,
    legend,
    troubled,
)
from swimdesk.console.holdings.notes import Notes
from swimdesk.console.holdings.stakes import StakeBook
from swimdesk.console.panel import Panel
from swimdesk.console.widgets.heat import HeatMap
from swimdesk.console.widgets.rolelines import RoleLines

if TYPE_CHECKING:
    from swimdesk.console.app import Console

_OTHER_LINES = 4
"""Lines above and below the map that are always there."""


class HomePanel(Panel):
    """One cell for each account, with letters for what is worth a look."""

    code: ClassVar[str] = "HOME"
    title_text: ClassVar[str] = "pulse"
    contexts: ClassVar[tuple[Context, ...]] = (Context.HOME,)

    DEFAULT_CSS = """
    HomePanel { layout: vertical; }
    HomePanel HeatMap { height: 1; }
    HomePanel #pulse-look { height: 1fr; }
    HomePanel #pulse-foot { dock: bottom; height: 3; background: $panel; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._map = HeatMap("No account yet: the desk reads them …")
        self._head = RoleLines()
        self._look = RoleLines(id="pulse-look")
        self._foot = RoleLines(id="pulse-foot")
        self._book = StakeBook()
        self._measure = next(iter(MEASURES))

    def compose(self) -> ComposeResult:
        """Lay out totals, map, who needs a look, and what the cursor is on."""
        yield self._head
        yield self._map
        yield self._look
        yield self._foot

    def entry(self) -> Widget:
        """Return the map."""
        return self._map

    # --- painting ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint everything once, and go where the operator was on another screen."""
        self.board_changed(EVERYTHING)
        if self.session.pointed is not None:
            self._map.point(self.session.pointed)

    def board_changed(self, changes: Changes) -> None:
        """Paint the cells; the map repaints those lines that are different."""
        del changes
        known = self._known()
        self._map.set_cells(cells(known, self._measure), self.session.marks)
        self._head.put([headline(known, self._measure)])
        self._look.put([(), *(account_line(alias, known) for alias in troubled(known))])
        self._make_room()
        self._paint_foot(known)

    def on_resize(self) -> None:
        """Give the map the lines that the others leave."""
        self._make_room()

    def _make_room(self) -> None:
        room = self.size.height - _OTHER_LINES
        self._map.set_room(room)
        self._look.display = self._map.lines < room

    def session_changed(self) -> None:
        """Paint marks."""
        self.board_changed(EVERYTHING)

    def ticked(self) -> None:
        """Let what depends on the time come and go."""
        self.board_changed(EVERYTHING)

    def _known(self) -> Known:
        now = self.console.now()
        return Known(self.board, self._book, Notes(self.board, now), now)

    def _paint_foot(self, known: Known) -> None:
        alias = self._map.cursor
        lines = [broadcast_line(known), legend()]
        if alias is not None:
            lines.insert(0, account_line(alias, known))
        self._foot.put(lines)

    def on_heat_map_pointed(self, event: HeatMap.Pointed) -> None:
        """Tell of the account, and let other screens open there."""
        event.stop()
        self.session.pointed = event.key
        self._paint_foot(self._known())

    def on_heat_map_opened(self, event: HeatMap.Opened) -> None:
        """Go to the account that was clicked twice."""
        event.stop()
        self.do_enter()

    # --- keys --------------------------------------------------------------------------------

    def why_not(self, action: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        if action.id in ("home.enter", "home.mark") and self._map.cursor is None:
            return "there is no account"
        if action.id == "home.next-note" and not troubled(self._known()):
            return "no account needs a look"
        return None

    def do_left(self) -> None:
        """Go one account left."""
        self._map.move(right=-1)

    def do_right(self) -> None:
        """Go one account right."""
        self._map.move(right=1)

    def do_up(self) -> None:
        """Go one row up."""
        self._map.move(down=-1)

    def do_down(self) -> None:
        """Go one row down."""
        self._map.move(down=1)

    def do_first(self) -> None:
        """Go to the first account."""
        self._map.point(next(iter(self._map.keys), ""))

    def do_last(self) -> None:
        """Go to the last account."""
        self._map.point(next(reversed(self._map.keys), ""))

    def do_enter(self) -> None:
        """Show the account in the list."""
        self.session.pointed = self._map.cursor
        self.console.go("ACC")

    def do_next_note(self) -> None:
        """Go to the next account that carries a letter."""
        keys = list(self._map.keys)
        wanted = set(troubled(self._known()))
        here = keys.index(self._map.cursor) + 1 if self._map.cursor in keys else 0
        ring = [*keys[here:], *keys[:here]]
        self._map.point(next((key for key in ring if key in wanted), ""))

    def do_measure(self) -> None:
        """Show another figure in the cells."""
        names = list(MEASURES)
        self._measure = names[(names.index(self._measure) + 1) % len(names)]
        self.board_changed(EVERYTHING)

    def do_mark(self) -> None:
        """Mark the account or take its mark."""
        if self._map.cursor is not None:
            self._mark(self.session.marks ^ {self._map.cursor})

    def do_mark_all(self) -> None:
        """Mark every account."""
        self._mark(frozenset(self._map.keys))

    def do_mark_none(self) -> None:
        """Take all marks away."""
        self._mark(frozenset())

    def _mark(self, marks: frozenset[str]) -> None:
        self.session.marks = marks
        self.console.trading.refresh()
