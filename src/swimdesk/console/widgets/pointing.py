"""The pointing half of the live grid: cursor and marks stay with their rows, whatever those do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import events

from swimdesk.console.widgets.messages import CursorMoved, MarksChanged
from swimdesk.console.widgets.surface import HEADER, GridSurface


class PointedGrid(GridSurface):
    """A painted grid with a cursor and marks by key."""

    _is_settling = False
    _follows_top = True

    @property
    def cursor(self) -> str | None:
        """Return the key of the row under the cursor."""
        self._settle()
        return self._picks.cursor

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the marked keys as they are shown, those filtered out at the end."""
        return self._picks.marks

    @property
    def hidden_marks(self) -> int:
        """Return how many marked rows are filtered out or folded away."""
        return sum(self._rows.place(key) is None for key in self._picks.marks)

    def cursor_down(self, lines: int = 1) -> None:
        """Move the cursor down."""
        self._move(lambda: self._picks.move_by(lines))

    def cursor_up(self, lines: int = 1) -> None:
        """Move the cursor up."""
        self._move(lambda: self._picks.move_by(-lines))

    def page_down(self) -> None:
        """Move the cursor down by a page."""
        self.cursor_down(max(1, self.page_lines - 1))

    def page_up(self) -> None:
        """Move the cursor up by a page."""
        self.cursor_up(max(1, self.page_lines - 1))

    def go_top(self) -> None:
        """Move to the first row, and stay with the top of the list as rows come in above."""
        self.cursor_up(len(self._rows))
        self._follows_top = True

    def go_bottom(self) -> None:
        """Move to the last row."""
        self.cursor_down(len(self._rows))

    def move_to(self, key: str) -> None:
        """Move to a row; nothing happens where it is not shown."""
        self._move(lambda: self._picks.move_to(key))

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark."""
        self._pick(self._picks.toggle_mark)

    def mark_all(self) -> None:
        """Mark every row that is shown."""
        self._pick(self._picks.mark_all)

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these of the rows there are."""
        self._pick(lambda: self._picks.set_marks(keys))

    def mark_none(self) -> None:
        """Take every mark, also of rows that are filtered out."""
        self._pick(self._picks.mark_none)

    def start_range(self) -> None:
        """Let the cursor mark as it moves; a second call ends that and keeps the marks."""
        self._pick(self._picks.start_range)

    def _on_mount(self, event: events.Mount) -> None:
        self._settle()

    def _move(self, move: Callable[[], None]) -> None:
        self._follows_top = False
        self._pick(move)
        self._reveal_cursor()

    def _pick(self, act: Callable[[], None]) -> None:
        self._settle()
        self._act(act)

    def _act(self, act: Callable[[], None]) -> None:
        """Move the cursor or the marks, paint the rows that look different, and tell of it."""
        cursor, marks = self._picks.cursor, set(self._picks.marks)
        act()
        now = set(self._picks.marks)
        moved = {cursor, self._picks.cursor} if cursor != self._picks.cursor else set()
        for key in (marks ^ now) | {key for key in moved if key is not None}:
            self._repaint(key)
        if moved:
            self.post_message(CursorMoved(self, self._picks.cursor))
        if marks != now:
            self.post_message(MarksChanged(self, self._picks.marks))

    def _settle_soon(self) -> None:
        """Bring the lines up to date once for all the changes of one turn."""
        if self.is_mounted and not self._is_settling:
            self._is_settling = True
            self.call_next(self._settle)

    def _settle(self) -> None:
        """Take the order the rows have now; the cursor's row keeps its line on the screen."""
        self._is_settling = False
        before, lines = self._lines, self._rows.shown
        if lines is before:
            return
        held = self._line_of(self._picks.cursor)
        self._show_lines(lines)
        self._act(lambda: self._picks.follow(before))
        place = self._places.get(self._picks.cursor or "")
        if held is None or place is None:
            self._scroll_to_line(self.scroll_offset.y)
        elif self._follows_top and self.scroll_offset.y == 0:
            self._reveal_cursor()
        else:
            self._scroll_to_line(place + HEADER - held)
