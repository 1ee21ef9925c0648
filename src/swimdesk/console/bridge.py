"""From the desk's news to the screen: coalesced, and quiet while orders leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from swimdesk.console.board import SETTLED, Board, Changes
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import SwimdeskError
from swimdesk.views.models import BoardView

REPAINT_S: Final = 0.2
"""No screen is told of news more often than this."""

WATCH_S: Final = 5.0
"""A quiet desk is asked again after this, for what changes with time alone (tokens, tasks)."""

SOON_S: Final = 1.0
"""The same while orders are not answered or in doubt: reads go on that change no line."""

LOST_S: Final = 1.0
"""So long after an owner did not answer it is asked again."""


class Bridge:
    """Keep the board up to date and tell one listener what changed."""

    def __init__(
        self,
        desk: DeskFacade,
        board: Board,
        changed: Callable[[Changes], None],
        lost: Callable[[SwimdeskError | None], None],
    ) -> None:
        self._desk = desk
        self._board = board
        self._changed = changed
        self._lost = lost
        self._holds = 0
        self._waiting: Changes | None = None

    async def run(self) -> None:
        """Follow the desk for ever; an owner that is gone is told of and asked again."""
        is_lost = False
        while True:
            try:
                news = await self._desk.watch(self._board.token, self._patience_s())
            except SwimdeskError as error:
                is_lost = True
                self._lost(error)
                await asyncio.sleep(LOST_S)
                continue
            if is_lost:
                is_lost = False
                self._lost(None)
            self.tell(self._board.apply(news))
            if news.whole:
                await self._catch_up(news)
            await asyncio.sleep(REPAINT_S)

    async def _catch_up(self, news: BoardView) -> None:
        """Ask what became of open broadcasts that a desk which began anew does not follow."""
        told = {view.broadcast for view in news.broadcasts}
        for id_, view in tuple(self._board.broadcasts.items()):
            if id_ not in told and view.state != SETTLED:
                with suppress(SwimdeskError):
                    self.tell(self._board.put(await self._desk.broadcast(id_)))

    def _patience_s(self) -> float:
        status = self._board.status
        return SOON_S if status is not None and status.in_doubt_lines else WATCH_S

    def tell(self, changes: Changes) -> None:
        """Pass changes on, or keep them while painting is held."""
        if self._holds:
            self._waiting = self._waiting | changes if self._waiting else changes
        else:
            self._changed(changes)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Tell nothing until the block ends, then all at once."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                self.tell(waiting)
