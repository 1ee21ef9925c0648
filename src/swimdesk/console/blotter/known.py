"""The broadcasts that the blotter knows: live ones of the board, older ones of the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from swimdesk.console.blotter.at_work import open_of, reference_of
from swimdesk.console.blotter.figures import is_in_doubt
from swimdesk.console.board import Board
from swimdesk.views.models import BroadcastRow, BroadcastView


class KnownBroadcasts:
    """Finds a broadcast in the best form there is: live, read whole, or as a row of the history."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.older: dict[str, BroadcastRow] = {}
        self.read: dict[str, BroadcastView] = {}
        """Older broadcasts that were opened, whole."""

    def view(self, broadcast: str) -> BroadcastView | None:
        """Return a broadcast with its lines; None where only the history has it."""
        return self._board.broadcasts.get(broadcast) or self.read.get(broadcast)

    def best(self, broadcast: str) -> BroadcastView | BroadcastRow | None:
        """Return a broadcast in the best form there is."""
        return self.view(broadcast) or self.older.get(broadcast)

    def newest_first(self) -> Iterator[BroadcastView | BroadcastRow]:
        """Give every broadcast that is known."""
        known: dict[str, BroadcastView | BroadcastRow] = {**self.older, **self._views()}
        return (known[key] for key in sorted(known, reverse=True))

    def open_count(self, references: Iterable[str]) -> int:
        """Count the orders that may still trade of these broadcasts and lines."""
        views = self._views()
        return sum(len(open_of(views, reference)) for reference in references)

    def in_doubt(self) -> Iterator[str]:
        """Give the broadcasts in doubt, and the lines that are."""
        for view in self._board.broadcasts.values():
            if view.state == "in_doubt":
                yield view.broadcast
                for line in view.lines:
                    if is_in_doubt(line):
                        yield reference_of(view.broadcast, line.account)

    def _views(self) -> Mapping[str, BroadcastView]:
        return {**self.read, **self._board.broadcasts}
