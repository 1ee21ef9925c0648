"""A screen around one live grid: the keys of every list, filter, sort, marks, copy, export."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widget import Widget

from swimdesk.console.files import export
from swimdesk.console.panel import Panel
from swimdesk.console.shell.standing import Tone
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class ListPanel(Panel):
    """Base of the screens that are one list; a subclass gives columns and fills the grid."""

    def __init__(self, console: Console, columns: Sequence[Column], placeholder: str) -> None:
        super().__init__(console)
        self.grid = LiveGrid(columns, placeholder=placeholder)

    def compose(self) -> ComposeResult:
        """Lay out the grid alone; screens with more around it override this."""
        yield self.grid

    def entry(self) -> Widget:
        """Return the grid."""
        return self.grid

    def do_down(self) -> None:
        """Go one row down."""
        self.grid.cursor_down()

    def do_up(self) -> None:
        """Go one row up."""
        self.grid.cursor_up()

    def do_page_down(self) -> None:
        """Go one page down."""
        self.grid.page_down()

    def do_page_up(self) -> None:
        """Go one page up."""
        self.grid.page_up()

    def do_top(self) -> None:
        """Go to the first row."""
        self.grid.go_top()

    def do_bottom(self) -> None:
        """Go to the last row."""
        self.grid.go_bottom()

    def do_enter(self) -> None:
        """Open the row under the cursor."""
        self.grid.activate()

    def do_mark(self) -> None:
        """Mark the row and go on to the next."""
        self.grid.toggle_mark()

    def do_mark_range(self) -> None:
        """Begin or end a range of marks."""
        self.grid.start_range()

    def do_mark_all(self) -> None:
        """Mark every row shown."""
        self.grid.mark_all()

    def do_mark_none(self) -> None:
        """Take all marks away."""
        self.grid.mark_none()

    def do_filter(self) -> None:
        """Let the filter be typed on the command line."""
        self.console.prompt.begin("/")

    def filter(self, text: str) -> None:
        """Show the rows that the filter lets through."""
        self.grid.set_filter(text)

    def do_sort(self) -> None:
        """Take the column by the next letter."""
        titles = {column.title[:1].lower(): column for column in reversed(self.grid.columns)}
        hints = "  ".join(f"{letter} {column.title}" for letter, column in reversed(titles.items()))
        self.console.next_key(f"sort by: {hints}", lambda key: self._sort(titles.get(key)))

    def _sort(self, column: Column | None) -> None:
        if column is not None:
            self.grid.sort_by(column.key)

    def do_copy(self) -> None:
        """Copy the marked rows, or the one under the cursor."""
        text = self.copy_text()
        if not text:
            return
        self.console.copy_to_clipboard(text)
        self.console.say(f"Copied {text.count(chr(10)) + 1} rows.", Tone.DIM)

    def copy_text(self) -> str:
        """Return the marked rows, or the one under the cursor, as tab-separated text."""
        return self.grid.as_text()

    def csv_text(self) -> str:
        """Return the rows shown as CSV."""
        return self.grid.as_csv()

    async def do_export(self) -> None:
        """Write the rows shown to a CSV file in the home."""
        status = self.board.status
        if status is None:
            raise InputError("The home is not known yet; try again in a moment.")
        text = self.csv_text()
        path = await asyncio.to_thread(
            export, Path(status.home), self.code.lower(), text, self.console.now()
        )
        self.console.say(f"Wrote {path}")

    def leave_one(self) -> bool:
        """Take the filter away."""
        if not self.grid.filter_text:
            return False
        self.grid.set_filter("")
        return True
