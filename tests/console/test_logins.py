"""Logins on the console: the countdown in the status line, and the page that tells of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from swimdesk.console.bell import Bell
from swimdesk.console.board import EVERYTHING, Board, Changes
from swimdesk.console.session import Session
from swimdesk.console.shell.standing import Piece, Tone, fit, pieces
from swimdesk.views.models import StatusView
from swimdesk.views.signing import LoginView
from tests.console.stage import Stage, a_console
from tests.fakes.facade import sample

TOKEN = timedelta(minutes=24)


def put_logins(stage: Stage, **days: float) -> None:
    """Let the desk tell of logins that end after so many days."""
    now, board = stage.clock.now(), stage.console.board
    assert board.status is not None
    logins = tuple(
        LoginView(name, "ok", now + TOKEN, now + timedelta(days=left), "", "manual", ("A-01",))
        for name, left in days.items()
    )
    board.status = replace(board.status, logins=logins)
    stage.console._changed(EVERYTHING)


def standing(stage: Stage) -> list[Piece]:
    return pieces(stage.console.board, Session(), stage.clock.now())


def token_piece(stage: Stage) -> Piece:
    (found,) = [p for p in standing(stage) if p.text.startswith("tok ")]
    return found


@pytest.mark.parametrize(
    ("left", "text", "tone"),
    [
        (3.25, "tok 3d06h", Tone.DIM),
        (2.1, "tok 2d02h", Tone.DIM),
        (1.75, "tok 1d18h smith", Tone.WARN),
        (0.75, "tok 18h00m smith", Tone.DANGER),
    ],
)
async def test_status_line_counts_down_to_the_login_that_ends_first(
    left: float, text: str, tone: Tone
) -> None:
    async with a_console() as stage:
        put_logins(stage, jones=6, smith=left)
        piece = token_piece(stage)
        assert (piece.text, piece.tone) == (text, tone)


async def test_login_that_ends_within_a_day_stays_on_80_columns_before_what_only_informs() -> None:
    async with a_console((80, 24)) as stage:
        put_logins(stage, smith=0.9)
        kept = [piece.text for piece in fit(standing(stage), 60)]
        assert "tok 21h36m smith" in kept
        assert kept[0].strip() == "PAPER"
        narrow = [piece.text for piece in fit(standing(stage), 44)]
        assert "tok 21h36m smith" in narrow
        assert not any(text.startswith("acc ") for text in narrow)


async def test_page_of_logins_tells_each_with_the_first_to_end_on_top() -> None:
    async with a_console() as stage:
        put_logins(stage, jones=6, smith=3.25)
        await stage.type("LOGINS")
        await stage.until(lambda: "sign-in ends in 3d 06h" in stage.text(), "the page")
        text = stage.text()
        assert text.index("smith") < text.index("jones")
        assert "token ends in 24m 00s" in text
        assert "manual; A-01" in " ".join(text.split())


async def test_page_of_logins_of_a_desk_that_has_none() -> None:
    async with a_console() as stage:
        await stage.press("g", "i")
        await stage.until(lambda: "There is no login" in stage.text(), "the page")


def test_login_that_is_about_to_end_rings_as_any_alarm_does() -> None:
    board = Board()
    bell = Bell()
    assert not bell.rings(board, Changes())
    board.status = replace(sample(StatusView), alarms=("login smith: its sign-in ends in 1d 00h",))
    assert bell.rings(board, Changes())
    assert not bell.rings(board, Changes())
