"""From the desk's news to the board."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from swimdesk.console.board import Board, Changes
from swimdesk.console.bridge import Bridge
from swimdesk.views.models import BoardView, BroadcastView
from tests.console.orders import a_line_view, a_view
from tests.fakes.facade import FakeFacade, sample


class StartedAnew(FakeFacade):
    """A desk that began while the console went on, and does not follow what had ended by then."""

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Tell everything once, then nothing."""
        if since == "new":
            await asyncio.Event().wait()
        news: BoardView = sample(BoardView)
        return replace(news, token="new", whole=True, broadcasts=())

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show what became of it."""
        self.asked.put_nowait(("broadcast", {"broadcast": broadcast}))
        return a_view(a_line_view("A-01", "filled"), id_=broadcast, state="settled")


async def test_what_ended_while_the_desk_began_anew_is_asked_for() -> None:
    desk, board = StartedAnew(), Board()
    board.put(a_view(a_line_view("A-01", "working"), id_="01B1"))
    board.put(a_view(a_line_view("A-01", "canceled"), id_="01B0", state="settled"))
    told = asyncio.Event()

    def changed(changes: Changes) -> None:
        if changes.lines:
            told.set()

    running = asyncio.create_task(Bridge(desk, board, changed, lambda _: None).run())
    async with asyncio.timeout(5):
        await told.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [line.state for line in board.broadcasts["01B1"].lines] == ["filled"]
    assert desk.asked.get_nowait() == ("broadcast", {"broadcast": "01B1"})
    assert desk.asked.empty()
