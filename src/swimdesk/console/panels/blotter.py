"""BLT: where every broadcast stands, and under each what became of it per account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult

from swimdesk.console.actions import Action, Context
from swimdesk.console.blotter.at_work import reference_of
from swimdesk.console.blotter.facts import broadcast_facts, line_facts
from swimdesk.console.blotter.figures import is_open
from swimdesk.console.blotter.foot import Foot
from swimdesk.console.blotter.known import KnownBroadcasts
from swimdesk.console.blotter.rows import COLUMNS, broadcast_row, line_row
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.formats import ending
from swimdesk.console.lists import ListPanel
from swimdesk.console.modals.describe import Describe
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shortorder import short_order
from swimdesk.console.widgets.cells import Cell, Row
from swimdesk.console.widgets.filters import filter_of
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.views.models import BroadcastRow, BroadcastView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

OLDER: Final = 200
"""So many broadcasts are read from the history when the screen is first shown."""

JUST_SENT: Final = timedelta(seconds=15)
"""A broadcast so young opens by itself when it is first seen."""


class BlotterPanel(ListPanel):
    """A tree: broadcasts, newest first, each with its accounts; what is in doubt stands first."""

    code: ClassVar[str] = "BLT"
    title_text: ClassVar[str] = "blotter"
    contexts: ClassVar[tuple[Context, ...]] = (Context.BLOTTER, Context.LIST)

    DEFAULT_CSS = "BlotterPanel { layout: vertical; }"

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No broadcast yet.")
        self._foot = Foot(self._selected)
        self._known = KnownBroadcasts(self.board)
        self._rows: dict[str, Row] = {}
        self._painted: Mapping[str, BroadcastView | BroadcastRow] = {}
        """What the rows of the broadcasts were last made of, all at once."""
        self._opened: set[str] = set()
        """Broadcasts whose accounts are in the grid."""
        self._seen: set[str] = set()
        self._pointed_at = ""
        self._filter = ""
        self._opened_itself: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out the tree above the figures of the broadcast under the cursor."""
        yield self.grid
        yield self._foot

    # --- painting ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint everything once; a broadcast sent a moment ago is opened under the cursor."""
        self.board_changed(EVERYTHING)
        newest = self._just_sent()
        if newest is not None and newest != self._pointed_at:
            self._pointed_at = newest
            self.grid.move_to(newest)
            self._fold_earlier()
        if not self._known.older:
            self.console.start(self._read_history(), "history")

    async def _read_history(self) -> None:
        rows = await self.desk.broadcasts(OLDER)
        self._known.older = {row.broadcast: row for row in rows}
        self._paint_all()

    def board_changed(self, changes: Changes) -> None:
        """Paint the lines that moved, and nothing else."""
        is_known = changes.lines.keys() <= self._rows.keys()
        if changes.whole or not is_known:
            self._paint_all()
            self._open_newest()
        else:
            for broadcast, accounts in changes.lines.items():
                self._paint(broadcast, accounts)
            self._pin()
        if changes.lines or changes.whole:
            self._foot.refresh()

    def ticked(self) -> None:
        """Let the age of what is open run."""
        for broadcast in self._opened:
            view = self._known.view(broadcast)
            if view is not None and self.grid.is_expanded(broadcast):
                self._paint_lines(view, {line.account for line in view.lines if is_open(line)})

    def _paint_all(self) -> None:
        fresh = [*self._known.newest_first()]
        rows: dict[str, Row] = {}
        parents: dict[str, str] = {}
        painted, self._painted = self._painted, {view.broadcast: view for view in fresh}
        for view in fresh:
            key = view.broadcast
            rows[key] = self._rows[key] if painted.get(key) is view else broadcast_row(view)
            if view.broadcast in self._opened and isinstance(view, BroadcastView):
                lines = {line.account: line for line in view.lines}
                for account, line in lines.items():
                    key = reference_of(view.broadcast, account)
                    rows[key] = line_row(line, view.created, self.console.now())
                    parents[key] = view.broadcast
        self._rows = rows
        expandable = {view.broadcast for view in fresh}
        self.grid.set_rows(rows, parents=parents, expandable=expandable)
        self._pin()

    def _paint(self, broadcast: str, accounts: Iterable[str]) -> None:
        view = self.board.broadcasts.get(broadcast)
        if view is None:
            return
        self._put(broadcast, broadcast_row(view))
        if broadcast in self._opened:
            self._paint_lines(view, accounts)

    def _paint_lines(self, view: BroadcastView, accounts: Iterable[str]) -> None:
        wanted = set(accounts)
        for line in view.lines:
            if line.account in wanted:
                key = reference_of(view.broadcast, line.account)
                row = line_row(line, view.created, self.console.now())
                self._put(key, row, parent=view.broadcast)

    def _put(self, key: str, row: Row, parent: str | None = None) -> None:
        if self._rows.get(key) != row:
            self._rows[key] = row
            self.grid.set_row(key, row, parent=parent)

    def _pin(self) -> None:
        """Let what is in doubt stand first, however the rest is sorted."""
        self.grid.set_pins(self._known.in_doubt())

    # --- opening -----------------------------------------------------------------------------

    def _just_sent(self) -> str | None:
        newest = next(iter(self.board.broadcasts.values()), None)
        if newest is None or self.console.now() - newest.created > JUST_SENT:
            return None
        return newest.broadcast

    def _open_newest(self) -> None:
        newest = self._just_sent()
        if newest is not None and newest not in self._seen and not self.grid.is_expanded(newest):
            self._opened_itself.append(newest)
            self.grid.toggle(newest)
            self._fold_earlier()
        self._seen |= self.board.broadcasts.keys()

    def _fold_earlier(self) -> None:
        """Fold what opened by itself before the newest, once it is over and the cursor is out."""
        for before in self._opened_itself[:-1]:
            view = self._known.view(before)
            is_over = view is not None and view.state == "settled"
            if is_over and before != self._broadcast():
                self._opened_itself.remove(before)
                if self.grid.is_expanded(before):
                    self.grid.toggle(before)

    def on_live_grid_toggled(self, event: LiveGrid.Toggled) -> None:
        """Put the accounts of a broadcast under it when it is opened the first time."""
        if event.is_expanded and event.key not in self._opened:
            view = self._known.view(event.key)
            if view is None:
                self.console.start(self._read_broadcast(event.key), "broadcast")
            else:
                self._fill(view)
        if self._filter:
            self._apply_filter()

    async def _read_broadcast(self, broadcast: str) -> None:
        view = await self.desk.broadcast(broadcast)
        self._known.read[broadcast] = view
        self._put(broadcast, broadcast_row(view))
        self._fill(view)
        self._foot.refresh()

    def _fill(self, view: BroadcastView) -> None:
        self._opened.add(view.broadcast)
        self._paint_lines(view, {line.account for line in view.lines})

    def on_live_grid_activated(self, event: LiveGrid.Activated) -> None:
        """Describe the line that was chosen."""
        self.console.do("blotter.describe")

    def on_live_grid_cursor_moved(self, event: LiveGrid.CursorMoved) -> None:
        """Show the figures of another broadcast."""
        self._foot.refresh()
        self.console.hints_changed()

    # --- filtering ---------------------------------------------------------------------------

    def filter(self, text: str) -> None:
        """Show what holds the text, and broadcasts that went to an account with it."""
        self._filter = text
        self._apply_filter()

    def _apply_filter(self) -> None:
        wanted = filter_of(self._filter)
        if wanted is None:
            self.grid.set_filter("")
            return
        self.grid.set_filter(lambda key, row: wanted(key, (*row, *self._accounts(key))))

    def _accounts(self, key: str) -> Row:
        """Return what else a broadcast is found by; an open one shows its accounts itself."""
        view = self._known.view(key)
        if view is None or self.grid.is_expanded(key):
            return ()
        return tuple(Cell(f"{line.account} {line.last4}") for line in view.lines)

    def leave_one(self) -> bool:
        """Take the filter away, then close the broadcast that is open under the cursor."""
        if self._filter:
            self.filter("")
            return True
        broadcast = self._broadcast()
        if broadcast is None or not self.grid.is_expanded(broadcast):
            return False
        self.grid.toggle(broadcast)
        return True

    # --- what the cursor is on ---------------------------------------------------------------

    def _broadcast(self) -> str | None:
        cursor = self.grid.cursor
        return None if cursor is None else cursor.partition("/")[0]

    def _selected(self) -> BroadcastView | BroadcastRow | None:
        broadcast = self._broadcast()
        if broadcast is None:
            return None
        return self._known.best(broadcast)

    def _references(self) -> tuple[str, ...]:
        """Return what a command on the row means: the marked rows, else the one under the cursor.

        A line goes with its broadcast where both are marked.
        """
        marks = self.grid.marks
        chosen = marks or ((self.grid.cursor,) if self.grid.cursor else ())
        return tuple(key for key in chosen if "/" not in key or key.partition("/")[0] not in chosen)

    def why_not(self, action: Action) -> str | None:
        """Return why an action of this screen cannot be done now; None if it can."""
        if action.context is not Context.BLOTTER:
            return None
        broadcast = self._broadcast()
        if broadcast is None:
            return "there is no broadcast yet"
        if action.id in ("blotter.describe", "blotter.undo"):
            return None
        if self._known.view(broadcast) is None:
            known = self._known.best(broadcast)
            is_over = known is None or known.state == "settled"
            return "nothing of it is open" if is_over else "open it first (Enter)"
        meant = {
            "blotter.cancel": self._references(),
            "blotter.cancel-broadcast": (broadcast,),
            "blotter.replace": (self.grid.cursor or broadcast,),
        }
        is_any = self._known.open_count(meant.get(action.id, ()))
        if is_any:
            return None
        if action.id == "blotter.cancel" and self.grid.marks:
            return "nothing of the marked rows is open; \\ takes the marks away"
        return "nothing of this row is open"

    # --- doing -------------------------------------------------------------------------------

    def do_cancel(self) -> None:
        """Cancel what is open of the row; marked rows and more than one order are asked for."""
        references = self._references()
        count = self._known.open_count(references)
        if count <= 1 and not self.grid.marks:
            self._cancel(references)
        else:
            self._ask(references, count)

    def do_cancel_broadcast(self) -> None:
        """Cancel all that is open of the broadcast, after a question."""
        broadcast = self._broadcast()
        if broadcast is not None:
            self._ask((broadcast,), self._known.open_count((broadcast,)))

    def _ask(self, references: tuple[str, ...], count: int) -> None:
        view = self._known.view(references[0].partition("/")[0])
        what = short_order(view.order, view.created.year).whole if view else ""
        rest = f" and {len(references) - 1} more rows" if len(references) > 1 else ""
        where = " of the MARKED rows" if self.grid.marks == references else ""

        def take(key: str) -> None:
            if key in ("y", "Y"):
                self._cancel(references)
            else:
                self.console.say("Nothing was canceled.")

        orders = f"{count} open orders" if count != 1 else "1 open order"
        self.console.next_key("", take)
        self.console.say(
            f"Cancel {orders}{where}: {what}{rest}?   y cancels, else they stay", Tone.WARN
        )

    def _cancel(self, references: tuple[str, ...]) -> None:
        self.console.start(self.console.changing.cancel(references), "cancel")

    def do_replace(self) -> None:
        """Let the new price be typed."""
        cursor = self.grid.cursor
        if cursor is None:
            return
        broadcast, slash, account = cursor.partition("/")
        reference = ending(broadcast) + (f"/{account}" if slash else "")
        self.console.prompt.begin(f"RPL {reference} @")

    def do_undo_row(self) -> None:
        """Let it be entered that the broadcast, or one account's part of it, is taken back."""
        cursor = self.grid.cursor
        if cursor is not None:
            broadcast, slash, account = cursor.partition("/")
            reference = ending(broadcast) + (f"/{account}" if slash else "")
            self.console.prompt.begin(f"UNDO {reference} @nat")
            self.console.say("Enter shows the plan; nothing is done before it is confirmed.")

    async def do_describe(self) -> None:
        """Show everything known of the row."""
        cursor = self.grid.cursor
        if cursor is None:
            return
        broadcast, slash, account = cursor.partition("/")
        # The board has no commands: they are read when somebody wants to see them.
        view = await self.desk.broadcast(broadcast)
        line = next((one for one in view.lines if slash and one.account == account), None)
        if self.console.is_modal:
            return
        sections = broadcast_facts(view) if line is None else line_facts(view, line)
        self.console.push_screen(Describe(sections), lambda _: self.console.modal_closed())
