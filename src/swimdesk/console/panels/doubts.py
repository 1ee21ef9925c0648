"""DBT: every order that nobody is sure of, what is done about it, and what may be decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.geometry import Size

from swimdesk.console.actions import Action, Context
from swimdesk.console.blotter.at_work import reference_of
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.doubts.deciding import choices
from swimdesk.console.doubts.rows import COLUMNS, broadcast_row, doubt_row
from swimdesk.console.doubts.words import (
    by_broadcast,
    doubt_sections,
    facts_of,
    facts_of_group,
    needs_a_person,
)
from swimdesk.console.formats import ending, hanging
from swimdesk.console.lists import ListPanel
from swimdesk.console.modals.describe import Describe
from swimdesk.console.widgets.cells import Role, Row
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.spans import Line, SpanView
from swimdesk.views.models import DoubtView
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.console.app import Console

OPENED: Final = 3
"""Up to so many broadcasts show their accounts by themselves."""

WIDE: Final = 100
"""From so many columns on the command for another terminal has its place below the list."""

_NAME: Final = 11
_LOUD: Final = frozenset({"hands off"})


class DoubtsPanel(ListPanel):
    """A tree: broadcasts, the one with the oldest doubt first, each with its accounts in doubt."""

    code: ClassVar[str] = "DBT"
    title_text: ClassVar[str] = "doubts"
    contexts: ClassVar[tuple[Context, ...]] = (Context.DOUBTS, Context.LIST)

    DEFAULT_CSS = """
    DoubtsPanel { layout: vertical; }
    DoubtsPanel SpanView { background: $panel; max-height: 60%; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "Nothing is in doubt.")
        self._foot = SpanView(self._sentences)
        self._known: Mapping[str, DoubtView] = {}
        """By reference."""
        self._groups: Mapping[str, Sequence[DoubtView]] = {}
        self._seen: set[str] = set()

    def compose(self) -> ComposeResult:
        """Lay out the tree above what is known of the row under the cursor."""
        yield self.grid
        yield self._foot

    # --- painting ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint everything once."""
        self.board_changed(EVERYTHING)

    def board_changed(self, changes: Changes) -> None:
        """Paint the doubts as they are now."""
        del changes
        status = self.board.status
        doubts = status.doubts if status else ()
        self._groups = by_broadcast(doubts)
        self._known = {reference_of(one.broadcast, one.account): one for one in doubts}
        self._paint()
        if len(self._groups) <= OPENED:
            self._open_fresh()
        self._seen |= self._groups.keys()

    def ticked(self) -> None:
        """Let the ages run."""
        self._paint()

    def _paint(self) -> None:
        now = self.console.now()
        rows: dict[str, Row] = {}
        parents: dict[str, str] = {}
        for broadcast, doubts in self._groups.items():
            rows[broadcast] = broadcast_row(doubts, now)
            for one in doubts:
                key = reference_of(broadcast, one.account)
                rows[key], parents[key] = doubt_row(one, now), broadcast
        self.grid.set_rows(rows, parents=parents)
        self.grid.set_pins(key for key, one in self._known.items() if needs_a_person(one))
        self._foot.show()
        self.console.hints_changed()

    def _open_fresh(self) -> None:
        for broadcast in self._groups.keys() - self._seen:
            if not self.grid.is_expanded(broadcast):
                self.grid.toggle(broadcast)

    def on_live_grid_cursor_moved(self, event: LiveGrid.CursorMoved) -> None:
        """Tell of another row."""
        self._foot.show()
        self.console.hints_changed()

    # --- what the cursor is on ---------------------------------------------------------------

    def _doubt(self) -> DoubtView | None:
        """Return the doubt under the cursor, or the only one of the broadcast there."""
        cursor = self.grid.cursor or ""
        group = self._groups.get(cursor, ())
        return group[0] if len(group) == 1 else self._known.get(cursor)

    def _sentences(self, size: Size) -> list[Line]:
        now, doubt = self.console.now(), self._doubt()
        group = self._groups.get(self.grid.cursor or "")
        if doubt is not None:
            facts = facts_of(doubt, now, self.console.keymap.hint("doubts.decide"))
        else:
            facts = facts_of_group(group, now) if group else []
        lines: list[Line] = []
        for name, value in facts:
            if name == "command" and size.width < WIDE:
                continue
            role = Role.WARN if name in _LOUD else Role.TEXT
            for number, part in enumerate(hanging(value, size.width - _NAME - 1)):
                head = "" if number else name
                lines.append([(f" {head:<{_NAME - 1}}", Role.DIM), (part, role)])
        return lines

    def why_not(self, action: Action) -> str | None:
        """Return why an action of this screen cannot be done now; None if it can."""
        if action.context is not Context.DOUBTS:
            return None
        if not self._groups:
            return "nothing is in doubt"
        doubt = self._doubt()
        if doubt is None:
            return "choose an account first"
        if action.id == "doubts.decide" and not doubt.commands:
            return "its answer may still come"
        return None

    # --- doing -------------------------------------------------------------------------------

    def on_live_grid_activated(self, event: LiveGrid.Activated) -> None:
        """Tell all of the account that was chosen."""
        self.console.do("doubts.look")

    def do_decide(self) -> None:
        """Let it be chosen what became of the order; why is typed behind it."""
        doubt = self._doubt()
        if doubt is None:
            return
        offered = choices(doubt)
        reference = f"{ending(doubt.broadcast)}/{doubt.account}"

        def take(key: str) -> None:
            if key in offered:
                _, verdict = offered[key]
                gap = "" if verdict.endswith(":") else " "
                self.console.prompt.begin(f"RESOLVE {reference} {verdict}{gap}")
                wanted = "" if gap else "the order id, then "
                self.console.say(f"Type {wanted}why behind it, then Enter.")

        ways = ", ".join(f"{key} {words}" for key, (words, _) in offered.items())
        self.console.next_key(f"{doubt.account} is … {ways}", take)

    async def do_look(self) -> None:
        """Show all that is known of the order beside what the broker lists in its account."""
        doubt = self._doubt()
        if doubt is None:
            return
        orders = await self.desk.orders(Scope(accounts=(doubt.account,)))
        if self.console.is_modal:
            return
        sections = doubt_sections(doubt, orders, self._known.values(), self.console.now())
        self.console.push_screen(Describe(sections), lambda _: self.console.modal_closed())
