"""LOG: every request that was really sent, and what was said, the newest last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from swimdesk.console.actions import Context
from swimdesk.console.blotter.log_rows import (
    COLUMNS,
    Entry,
    newest,
    order_entry,
    requests_of,
    said_entry,
)
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.lists import ListPanel
from swimdesk.views.models import BroadcastView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

KEPT: Final = 2_000
"""So many entries are shown; whatever is older is in the journal."""

_TOLD: Final = frozenset({"canceling", "canceled", "replacing", "replaced"})
"""States that a command may have led to."""


class LogPanel(ListPanel):
    """A list in the order of time; it stays with its end until the cursor is moved away."""

    code: ClassVar[str] = "LOG"
    title_text: ClassVar[str] = "log"
    contexts: ClassVar[tuple[Context, ...]] = (Context.LOG, Context.LIST)

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "Nothing was sent yet.")
        self._entries: dict[str, Entry] = {}
        self._last_said: object = None
        self._read: set[str] = set()
        """Broadcasts that are over and whose commands are known."""

    def shown(self) -> None:
        """Paint everything once, from the end; read the commands that are not known yet."""
        self.board_changed(EVERYTHING)
        self.grid.go_bottom()
        self.console.start(self._read_commands(), "commands")

    async def _read_commands(self) -> None:
        """Read broadcasts whose orders were told something, maybe by somebody else."""
        for view in list(self.board.broadcasts.values()):
            is_told = any(line.state in _TOLD or line.lineage for line in view.lines)
            if is_told and view.broadcast not in self._read:
                self.console.trading.take(await self.desk.broadcast(view.broadcast))
                if view.state == "settled":
                    self._read.add(view.broadcast)

    def board_changed(self, changes: Changes) -> None:
        """Paint what was sent or answered."""
        views = self.board.broadcasts
        if changes.whole:
            self._take(entry for view in views.values() for entry in requests_of(view))
        else:
            for broadcast, accounts in changes.lines.items():
                self._take(self._changed(views.get(broadcast), accounts))
        self._take_said()
        self._paint()

    def ticked(self) -> None:
        """Paint what was said since."""
        if self.console.said and self.console.said[-1] is not self._last_said:
            self._take_said()
            self._paint()

    def _changed(self, view: BroadcastView | None, accounts: frozenset[str]) -> Iterable[Entry]:
        if view is None:
            return []
        if view.commands:
            return requests_of(view)
        entries = (order_entry(view, line) for line in view.lines if line.account in accounts)
        return [entry for entry in entries if entry is not None]

    def _take(self, entries: Iterable[Entry]) -> None:
        self._entries |= {entry.key: entry for entry in entries}

    def _take_said(self) -> None:
        said = self.console.said
        self._last_said = said[-1] if said else None
        self._take(said_entry(one.at, one.text, one.tone) for one in said)

    def _paint(self) -> None:
        shown = self.grid.shown_keys
        was_at_end = not shown or self.grid.cursor == shown[-1]
        kept = newest(self._entries.values(), KEPT)
        self._entries = {entry.key: entry for entry in kept}
        self.grid.set_rows({entry.key: entry.row for entry in kept})
        if was_at_end:
            self.grid.go_bottom()
