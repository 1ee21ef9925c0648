"""Answers that arrive behind the news of what came after them, as over the socket they may."""

from __future__ import annotations

import asyncio

import pytest

from swimdesk.console.board import Board
from swimdesk.control.exchange import AnswerLost, OwnerGone
from swimdesk.errors import HomeHeld
from swimdesk.views.models import BoardView, BroadcastView
from swimdesk.views.requests import SubmitRequest
from tests.console.orders import a_command_view, a_line_view, a_view, everywhere, send, states_of
from tests.console.stage import a_console
from tests.fakes.broker import Act


async def test_an_answer_to_a_send_that_comes_late_takes_no_news_back() -> None:
    async with a_console() as stage:
        at_once = stage.bench.desk.submit
        stage.broker.latency_s = 0.2

        async def late(request: SubmitRequest) -> BroadcastView:
            view = await at_once(request)
            await asyncio.sleep(0.7)
            return view

        stage.bench.desk.submit = late  # type: ignore[method-assign]
        broadcast = await send(stage, acts=everywhere(stage, Act.REFUSE))
        assert set(states_of(stage, broadcast).values()) == {"refused"}
        await stage.until(lambda: "Sent: broadcast" in stage.text(), "the answer")
        assert set(states_of(stage, broadcast).values()) == {"refused"}


def test_an_answer_about_a_known_broadcast_brings_its_commands_and_no_older_lines() -> None:
    board = Board()
    board.put(a_view(a_line_view("A-01", "filled"), a_line_view("A-02", "working")))
    answer = a_view(
        a_line_view("A-01", "canceling"),
        a_line_view("A-02", "canceling"),
        commands=(a_command_view("A-01"), a_command_view("A-02")),
    )
    board.answered(answer)
    (known,) = board.broadcasts.values()
    assert [line.state for line in known.lines] == ["filled", "working"]
    assert known.commands == answer.commands


@pytest.mark.parametrize("is_known", [False, True])
def test_an_answer_about_what_is_over_or_not_on_the_board_is_taken_whole(is_known: bool) -> None:
    board = Board()
    if is_known:
        board.put(a_view(a_line_view("A-01", "working")))
    board.answered(a_view(a_line_view("A-01", "canceled"), state="settled"))
    (known,) = board.broadcasts.values()
    assert [line.state for line in known.lines] == ["canceled"]


async def test_a_send_whose_answer_is_lost_is_told_and_not_sent_twice() -> None:
    async with a_console() as stage:
        carried_out = stage.bench.desk.submit
        stage.broker.acts = everywhere(stage, Act.REST)

        async def lost(request: SubmitRequest) -> BroadcastView:
            await carried_out(request)
            raise AnswerLost("The owner's answer is lost; see `swimdesk broadcasts`.")

        stage.bench.desk.submit = lost  # type: ignore[method-assign]
        await stage.plan()
        await stage.press("f8", "f10")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "answer is lost" in stage.text(), "the truth")
        assert "Nothing was sent" not in stage.text()
        await stage.until(lambda: len(stage.console.board.broadcasts) == 1, "the broadcast")
        await stage.press("f9")
        session = stage.console.session
        await stage.until(lambda: bool(session.stage and session.stage.plan), "a plan")
        assert session.stage is not None
        assert session.stage.sends == 0
        assert set(stage.broker.posts.values()) == {1}


async def test_a_home_that_nobody_holds_any_more_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("swimdesk.console.bridge.LOST_S", 0.01)

    async def gone(since: str, wait_s: float) -> BoardView:
        del since, wait_s
        raise OwnerGone("Nobody takes requests at /home/desk.sock (no such file).")

    async with a_console() as stage:
        stage.bench.desk.watch = gone  # type: ignore[method-assign]
        wanted = "No desk runs on this home: start it again, or leave (q) and open swimdesk anew."
        await stage.until(lambda: wanted in stage.text(), "what to do")
        assert "NO DESK" in stage.text()


async def test_desk_that_stays_away_is_told_once_and_hides_nothing_that_was_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("swimdesk.console.bridge.LOST_S", 0.01)
    asked = 0

    async def gone(since: str, wait_s: float) -> BoardView:
        del since, wait_s
        nonlocal asked
        asked += 1
        raise HomeHeld("Nobody takes requests.")

    async with a_console() as stage:
        stage.bench.desk.watch = gone  # type: ignore[method-assign]
        await stage.until(lambda: "does not answer: Nobody" in stage.text(), "the loss")
        stage.console.say("Flatten: its answer is lost.")
        before = asked
        await stage.until(lambda: asked > before + 3, "more asking")
        assert "its answer is lost" in stage.text()
        assert "NO DESK" in stage.text()
        assert sum("Nobody takes" in one.text for one in stage.console.said) == 1
