"""The bell: rejects, doubts and alarms, once each."""

from __future__ import annotations

from types import MappingProxyType

from swimdesk.console.bell import Bell
from swimdesk.console.board import EVERYTHING, Board, Changes
from tests.console.orders import a_line_view, a_view, everywhere, send
from tests.console.stage import a_console
from tests.fakes.broker import Act


def put(board: Board, *states: str) -> Changes:
    return board.put(a_view(*(a_line_view(f"A-{n}", state) for n, state in enumerate(states))))


def opened(board: Board) -> Bell:
    bell = Bell()
    assert not bell.rings(board, EVERYTHING)
    return bell


def test_fills_make_no_sound() -> None:
    board = Board()
    bell = opened(board)
    assert not bell.rings(board, put(board, "filled", "working", "canceled"))


def test_a_reject_rings_once() -> None:
    board = Board()
    bell = opened(board)
    assert bell.rings(board, put(board, "rejected", "filled"))
    assert not bell.rings(board, put(board, "rejected", "filled"))


def test_a_line_that_was_in_doubt_and_is_then_rejected_does_not_ring_again() -> None:
    board = Board()
    bell = opened(board)
    assert bell.rings(board, put(board, "in_doubt"))
    assert not bell.rings(board, put(board, "rejected"))
    assert bell.rings(board, put(board, "rejected", "rejected"))


def test_what_was_there_before_the_console_is_no_news() -> None:
    board = Board()
    changes = put(board, "rejected")
    bell = Bell()
    assert not bell.rings(board, changes)
    assert not bell.rings(board, Changes(lines=MappingProxyType({"01B1": frozenset({"A-0"})})))


async def test_the_console_rings_for_rejects_and_is_silent_for_fills() -> None:
    async with a_console() as stage:
        rung: list[bool] = []
        stage.console.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        await send(stage, acts=everywhere(stage, Act.REJECT))
        await stage.until(lambda: bool(rung), "the bell")
        heard = len(rung)
        await send(stage, "BUY +1 AAPL @100.00 LMT")
        assert len(rung) == heard
