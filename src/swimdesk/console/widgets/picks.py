"""What the operator points at: the cursor and the marks, by key, whatever the rows do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from swimdesk.console.widgets.rows import Rows


class Picks:
    """The cursor and the marks over the rows; a range grows from its start to the cursor."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._marks: dict[str, None] = {}
        self._range_from: str | None = None
        self._before_range: dict[str, None] = {}
        self.cursor: str | None = None
        """The key of the row the operator is on; None only while no row is shown."""

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the marked keys in the order they are shown, those filtered out at the end."""
        shown = [key for key in self._rows.shown if key in self._marks]
        return (*shown, *(key for key in self._marks if self._rows.place(key) is None))

    @property
    def is_range(self) -> bool:
        """Tell whether moving the cursor marks."""
        return self._range_from is not None

    def is_marked(self, key: str) -> bool:
        """Tell whether the row carries a mark."""
        return key in self._marks

    def move_by(self, lines: int) -> None:
        """Move the cursor over that many shown rows, and stop at the first and the last."""
        shown = self._rows.shown
        if shown:
            place = self._place() or 0
            self.move_to(shown[max(0, min(len(shown) - 1, place + lines))])

    def move_to(self, key: str) -> None:
        """Put the cursor on a shown row."""
        if self._rows.place(key) is not None:
            self.cursor = key
            self._mark_range()

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark."""
        self._end_range()
        if self.cursor is not None and self._marks.pop(self.cursor, self) is self:
            self._marks[self.cursor] = None

    def mark_all(self) -> None:
        """Mark every row that is shown."""
        self._end_range()
        self._marks.update(dict.fromkeys(self._rows.shown))

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these of the rows there are."""
        self._end_range()
        self._marks = {key: None for key in keys if key in self._rows}

    def mark_none(self) -> None:
        """Take every mark, also of rows that are filtered out."""
        self._end_range()
        self._marks.clear()

    def start_range(self) -> None:
        """Let the cursor mark as it moves; a second call ends that and keeps the marks."""
        if self.is_range:
            self._end_range()
        elif self.cursor is not None:
            self._range_from, self._before_range = self.cursor, dict(self._marks)
            self._mark_range()

    def follow(self, before: Sequence[str]) -> None:
        """After rows came, went or were hidden: forget what is gone and land near where it was.

        ``before`` are the keys that were shown; the next of them that still is gets the cursor.
        """
        self._forget()
        if self.cursor is None or self._rows.place(self.cursor) is None:
            self.cursor = self._nearest(before)

    def _forget(self) -> None:
        self._marks = {key: None for key in self._marks if key in self._rows}
        self._before_range = {key: None for key in self._before_range if key in self._rows}
        if self._range_from is not None and self._rows.place(self._range_from) is None:
            self._end_range()

    def _nearest(self, before: Sequence[str]) -> str | None:
        shown = self._rows.shown
        if not shown:
            return None
        if self.cursor is None:
            return shown[0]
        if self.cursor in self._rows:
            for above in self._above(self.cursor):
                if self._rows.place(above) is not None:
                    return above
        old = list(before)
        place = old.index(self.cursor) if self.cursor in old else 0
        return next(self._still_shown(old[place:]), None) or next(
            self._still_shown(reversed(old[:place])), shown[0]
        )

    def _above(self, key: str) -> Iterator[str]:
        parent = self._rows.parent(key)
        while parent is not None:
            yield parent
            parent = self._rows.parent(parent)

    def _still_shown(self, keys: Iterable[str]) -> Iterator[str]:
        return (key for key in keys if self._rows.place(key) is not None)

    def _place(self) -> int | None:
        return None if self.cursor is None else self._rows.place(self.cursor)

    def _mark_range(self) -> None:
        if self._range_from is None:
            return
        first, last = self._rows.place(self._range_from), self._place()
        if first is not None and last is not None:
            between = self._rows.shown[min(first, last) : max(first, last) + 1]
            self._marks = self._before_range | dict.fromkeys(between)

    def _end_range(self) -> None:
        self._range_from, self._before_range = None, {}
