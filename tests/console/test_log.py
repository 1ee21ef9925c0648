"""LOG: what was really sent, and what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from swimdesk.console.blotter.log_rows import newest, order_entry, requests_of, said_entry
from swimdesk.console.panels.log import LogPanel
from swimdesk.console.shell.standing import Tone
from swimdesk.console.widgets.grid import LiveGrid
from tests.console.orders import AT, a_command_view, a_line_view, a_view, everywhere, send
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act

pytestmark = pytest.mark.slow


def grid_of(stage: Stage) -> LiveGrid:
    panel = stage.console.panel
    assert isinstance(panel, LogPanel)
    return panel.grid


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"state": "filled"}, "accepted"),
        ({"state": "rejected"}, "accepted"),
        ({"state": "refused"}, "refused"),
        ({"state": "sending", "acked_ms": None}, "waiting"),
        ({"state": "in_doubt", "acked_ms": None}, "UNANSWERED"),
        ({"state": "working", "acked_ms": None}, "found"),
    ],
)
def test_the_outcome_is_what_came_back_on_the_request(
    changes: dict[str, Any], outcome: str
) -> None:
    line = a_line_view(**changes)
    entry = order_entry(a_view(line), line)
    assert entry is not None
    assert [cell.text for cell in entry.row][1:5:3] == ["POST", outcome]
    assert entry.at == AT + timedelta(milliseconds=1)


@pytest.mark.parametrize("state", ["denied", "skipped", "not_sent", "planned"])
def test_what_never_left_is_not_in_the_log(state: str) -> None:
    line = a_line_view(state=state, sent_ms=None)
    assert order_entry(a_view(line), line) is None


def test_commands_are_in_the_log_as_far_as_they_left() -> None:
    commands = (
        a_command_view(outcome="taken"),
        a_command_view(outcome="unknown"),
        a_command_view(outcome="not_sent"),
        a_command_view(outcome="ended"),
        a_command_view(outcome="denied"),
    )
    entries = list(requests_of(a_view(commands=commands)))
    assert [(entry.row[1].text, entry.row[4].text) for entry in entries] == [
        ("DELETE", "taken"),
        ("DELETE", "UNANSWERED"),
    ]


def test_the_log_is_capped_and_the_newest_is_last() -> None:
    entries = [said_entry(AT + timedelta(seconds=n), f"{n}", Tone.PLAIN) for n in range(9, -1, -1)]
    assert [entry.row[3].text for entry in newest(entries, 3)] == ["7", "8", "9"]


async def test_at_shows_every_request_and_what_was_said_with_the_newest_last() -> None:
    async with a_console() as stage:
        await send(stage, acts={"A-02": Act.REFUSE, "A-03": Act.NOT_SENT, "A-04": Act.REST})
        await stage.press("at")
        grid = grid_of(stage)
        assert sum(key.endswith("/POST") for key in grid.shown_keys) == 7
        assert grid.cursor == grid.shown_keys[-1]
        text = stage.text()
        assert "refused" in text
        assert "Sent: broadcast" in text


async def test_a_cancel_comes_into_the_open_log() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("0")
        await stage.type("CXL A-05")
        await stage.until(lambda: "DELETE" in stage.text(), "the request")
        await stage.until(lambda: "1 taken" in stage.text(), "what was said")


async def test_a_cancel_by_somebody_else_is_read_when_the_log_is_shown() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.bench.desk.cancel(f"{broadcast}/A-02")
        board = stage.console.board
        await stage.until(
            lambda: any(line.state == "canceled" for line in board.broadcasts[broadcast].lines),
            "a canceled order",
        )
        await stage.press("at")
        await stage.until(lambda: "DELETE" in stage.text(), "the request")


async def test_the_log_is_filtered() -> None:
    async with a_console() as stage:
        await send(stage)
        await stage.press("at", "slash", "A", "minus", "0", "4", "enter")
        assert len(grid_of(stage).shown_keys) == 1


async def test_the_cursor_stays_where_it_was_put_as_the_log_grows() -> None:
    async with a_console() as stage:
        await send(stage)
        await stage.press("at", "g", "g")
        first = grid_of(stage).shown_keys[0]
        stage.console.say("something else")
        stage.console.panel.ticked()
        await stage.until(lambda: "something else" in stage.console.said[-1].text, "said")
        assert grid_of(stage).cursor == first
