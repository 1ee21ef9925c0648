"""The live grid: rows that change all the time, sorted, filtered, marked and pointed at by key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from textual import events

from swimdesk.console.widgets import messages
from swimdesk.console.widgets.cells import Row
from swimdesk.console.widgets.columns import GAP, GUTTER
from swimdesk.console.widgets.export import as_csv, as_tsv
from swimdesk.console.widgets.filters import RowFilter, filter_of
from swimdesk.console.widgets.painting import LEAF
from swimdesk.console.widgets.pointing import PointedGrid
from swimdesk.console.widgets.rows import SortOrder
from swimdesk.console.widgets.surface import HEADER


class LiveGrid(PointedGrid):
    """A list whose rows come, change and go by key, under a cursor that stays where it was put.

    Keys are bound elsewhere: whoever shows a grid calls its methods and listens to its messages.
    """

    CursorMoved: TypeAlias = messages.CursorMoved
    Activated: TypeAlias = messages.Activated
    Toggled: TypeAlias = messages.Toggled
    MarksChanged: TypeAlias = messages.MarksChanged

    _filter_text = ""

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """Return the keys that pass the filter and are not folded away, in their order."""
        return tuple(self._rows.shown)

    @property
    def filter_text(self) -> str:
        """Return the filter as it was typed."""
        return self._filter_text

    @property
    def sort(self) -> SortOrder | None:
        """Return what the rows are sorted by, None for the order they came in."""
        return self._rows.sort

    def set_row(
        self, key: str, row: Row, *, parent: str | None = None, expandable: bool = False
    ) -> None:
        """Add a row, under another one if need be, or change it; a row stays under its parent."""
        with self._repainting({key, parent}):
            before = self._rows.set_row(key, row, parent=parent, expandable=expandable)
            if before is not None and before != row:
                self._note_change(key, before, row)
                self._repaint(key)

    def set_rows(
        self,
        rows: Mapping[str, Row],
        order: Sequence[str] | None = None,
        parents: Mapping[str, str] | None = None,
        expandable: Collection[str] = (),
    ) -> None:
        """Hold exactly these rows (a parent before its children); paint only what is different.

        ``expandable`` are rows under which others will come once they are asked for.
        """
        with self._repainting(self._strips):
            changed = self._rows.set_rows(rows, order, parents, expandable)
            for key, before in changed.items():
                self._note_change(key, before, rows[key])
                self._repaint(key)

    def remove_row(self, key: str) -> None:
        """Take a row away with all that is under it."""
        with self._repainting(self._strips):
            self._rows.remove_row(key)

    def clear(self) -> None:
        """Take all rows away; sort and filter stay."""
        self._rows.clear()
        self._strips.clear()
        self._flashes.clear()
        self._settle_soon()

    def sort_by(self, key: str | None, *, descending: bool | None = None) -> None:
        """Sort by a column: rising, called again falling, then as the rows came; None for that."""
        self._rows.set_sort(None if key is None else self._next_sort(key, descending))
        self._repaint_header()
        self._settle()

    def set_filter(self, text: str | RowFilter) -> None:
        """Show what holds the text (``!`` what does not, ``-f`` its letters in order) or passes."""
        self._filter_text = text if isinstance(text, str) else ""
        self._rows.set_filter(filter_of(text) if isinstance(text, str) else text)
        self._settle()

    def set_pins(self, keys: Iterable[str]) -> None:
        """Let these rows come first on their level, however it is sorted."""
        self._rows.set_pins(frozenset(keys))
        self._settle_soon()

    def activate(self) -> None:
        """Fold or unfold the row under the cursor; tell of a row that has nothing under it."""
        key = self.cursor
        if key is None:
            return
        if self._rows.is_expandable(key):
            self.toggle(key)
        else:
            self.post_message(self.Activated(self, key))

    def toggle(self, key: str) -> None:
        """Show or hide the rows under a row."""
        is_expanded = self._rows.toggle(key)
        self._repaint(key)
        self._settle()
        self.post_message(self.Toggled(self, key, is_expanded=is_expanded))

    def is_expanded(self, key: str) -> bool:
        """Tell whether the rows under a row are shown."""
        return self._rows.is_expanded(key)

    def as_text(self, keys: Sequence[str] | None = None) -> str:
        """Return rows as tab-separated text: the given ones, else the marked, else the cursor's."""
        return as_tsv(self._rows[key] for key in self._asked(keys))

    def as_csv(self, keys: Sequence[str] | None = None) -> str:
        """Return rows as CSV with the titles: the given ones, else all that are shown."""
        wanted = self.shown_keys if keys is None else keys
        return as_csv([c.title for c in self.columns], (self._rows[key] for key in wanted))

    def _asked(self, keys: Sequence[str] | None) -> Sequence[str]:
        if keys is not None:
            return keys
        cursor = self.cursor
        return self.marks or (() if cursor is None else (cursor,))

    def _next_sort(self, key: str, descending: bool | None) -> SortOrder | None:
        index = next(i for i, column in enumerate(self.columns) if column.key == key)
        before = self._rows.sort
        if descending is not None or before is None or before.index != index:
            return SortOrder(index, bool(descending))
        return None if before.is_descending else SortOrder(index, is_descending=True)

    @contextmanager
    def _repainting(self, keys: Iterable[str | None]) -> Iterator[None]:
        """Change rows, then paint those whose sign of the tree is another and forget the gone."""
        rows = self._rows
        before = {key: rows.tree_state(key) for key in keys if key is not None and key in rows}
        yield
        for key, state in before.items():
            if key not in rows:
                self._strips.pop(key, None)
                self._flashes.forget(key)
            elif rows.tree_state(key) != state:
                self._repaint(key)
        self._settle_soon()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y < HEADER:
            self._click_header(at.x)
            return
        key = self._key_at_line(at.y)
        if key is not None:
            self.move_to(key)
            if event.chain == 2 or self._is_tree_sign(key, at.x):
                self.activate()

    def _click_header(self, x: int) -> None:
        seen = x if x < self._fit.sticky_width else x + self.scroll_offset.x
        slot = self._fit.at(seen)
        if slot is not None:
            self.sort_by(slot.column.key)

    def _is_tree_sign(self, key: str, x: int) -> bool:
        start = GUTTER + GAP + len(LEAF) * self._rows.depth(key)
        return self._rows.is_expandable(key) and start <= x < start + len(LEAF)
