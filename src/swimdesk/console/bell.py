"""The bell: rings for a reject, a doubt or an alarm, once for each; nothing else makes a sound."""

from __future__ import annotations

from typing import Final

from swimdesk.console.board import Board, Changes

LOUD: Final = frozenset({"rejected", "refused", "in_doubt"})
"""States of a line that ring; the broker said no, or nobody knows."""


class Bell:
    """Remembers what it rang for; what was there before the console opened is not news."""

    def __init__(self) -> None:
        self._rung: set[tuple[str, str]] = set()
        self._is_first = True

    def rings(self, board: Board, changes: Changes) -> bool:
        """Tell whether these changes hold anything to ring for; each thing rings once."""
        fresh = self._loud_lines(board, changes) | self._alarms(board)
        fresh -= self._rung
        self._rung |= fresh
        was_first, self._is_first = self._is_first, False
        return bool(fresh) and not was_first

    def _loud_lines(self, board: Board, changes: Changes) -> set[tuple[str, str]]:
        found = set()
        for key, accounts in changes.lines.items():
            view = board.broadcasts.get(key)
            for line in view.lines if view else ():
                if line.account in accounts and line.state in LOUD:
                    found.add((key, line.account))
        return found

    def _alarms(self, board: Board) -> set[tuple[str, str]]:
        return {("alarm", text) for text in board.status.alarms} if board.status else set()
