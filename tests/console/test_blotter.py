"""BLT: the tree of broadcasts and what the keys do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from swimdesk.console.board import Changes
from swimdesk.console.panels.blotter import BlotterPanel
from swimdesk.console.widgets.grid import LiveGrid
from tests.console.orders import a_line_view, a_view, everywhere, send, states_of
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act, CancelAct

pytestmark = pytest.mark.slow

SHARES = "BUY +1 AAPL @100.00 LMT"


def grid_of(stage: Stage) -> LiveGrid:
    panel = stage.console.panel
    assert isinstance(panel, BlotterPanel)
    return panel.grid


async def until_canceled(stage: Stage, broadcast: str, accounts: set[str]) -> None:
    await stage.until(
        lambda: {a for a, s in states_of(stage, broadcast).items() if s == "canceled"} == accounts,
        f"canceled in {sorted(accounts)}",
    )


async def test_a_broadcast_just_sent_opens_under_the_cursor_with_its_figures() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts={"A-03": Act.REJECT, "A-05": Act.REST})
        grid = grid_of(stage)
        assert grid.cursor == broadcast
        text = stage.text()
        assert "SELL -1 IC SPX 11DEC 6200/6220/5820/5800 @1.60" in text
        assert "6 filled · 1 working · 1 rejected · 0 doubt" in text
        assert "not enough buying power" in text
        assert "broker p50" in text
        assert "ours" in text


async def test_at_80_columns_state_order_and_fills_are_seen() -> None:
    async with a_console((80, 24)) as stage:
        await send(stage)
        await stage.until(lambda: "settled" in stage.text(), "a settled broadcast")
        text = stage.text()
        for part in ("settled", "SELL -1 IC SPX 11DEC", "8/8", "1.60", "A-01", "cancel ALL"):
            assert part in text


async def test_the_next_broadcast_opens_and_the_one_before_folds() -> None:
    async with a_console() as stage:
        first = await send(stage)
        await stage.press("2")
        second = await send(stage, SHARES)
        grid = grid_of(stage)
        assert grid.is_expanded(second)
        assert grid.shown_keys[0] == second
        assert grid.cursor == second
        assert not grid.is_expanded(first)


async def test_enter_opens_a_broadcast_and_describes_a_line() -> None:
    async with a_console() as stage:
        broadcast = await send(stage)
        await stage.press("enter")
        assert grid_of(stage).shown_keys == (broadcast,)
        await stage.press("enter", "j", "enter")
        await stage.until(lambda: stage.console.is_modal, "a description")
        text = stage.text()
        assert f"LINE OF {broadcast}" in text
        assert "1005000000" in text
        await stage.press("escape")
        assert not stage.console.is_modal


async def test_describing_a_broadcast_names_its_commands() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("j", "c")
        await stage.until(lambda: "1 taken" in stage.text(), "a cancel")
        await stage.press("k", "d")
        await stage.until(lambda: stage.console.is_modal, "a description")
        assert "A-01" in stage.text()
        assert "taken" in stage.text()


async def test_c_on_a_line_cancels_that_order_at_once() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("j", "j", "c")
        await until_canceled(stage, broadcast, {"A-02"})
        assert [account for account, _ in stage.broker.cancels] == ["A-02"]


async def test_c_on_a_broadcast_asks_and_only_y_cancels() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("c")
        assert "Cancel 8 open orders" in stage.text()
        await stage.press("n")
        assert "Nothing was canceled" in stage.text()
        assert stage.broker.cancels == []
        await stage.press("c", "y")
        await until_canceled(stage, broadcast, set(states_of(stage, broadcast)))


async def test_big_c_on_a_line_cancels_its_whole_broadcast_after_y() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts={"A-01": Act.REST, "A-04": Act.REST})
        await stage.press("j", "C")
        assert "Cancel 2 open orders" in stage.text()
        await stage.press("y")
        await until_canceled(stage, broadcast, {"A-01", "A-04"})
        assert len(stage.broker.cancels) == 2


async def test_marked_lines_are_canceled_together() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        grid = grid_of(stage)
        for account in ("A-02", "A-05"):
            grid.move_to(f"{broadcast}/{account}")
            await stage.press("space")
        await stage.press("c")
        assert "Cancel 2 open orders of the MARKED rows" in stage.text()
        await stage.press("y")
        await until_canceled(stage, broadcast, {"A-02", "A-05"})


async def test_a_mark_elsewhere_is_asked_for_before_its_order_is_canceled() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        grid = grid_of(stage)
        grid.move_to(f"{broadcast}/A-02")
        await stage.press("space", "G", "c")
        assert "Cancel 1 open order of the MARKED rows" in stage.text()
        await stage.press("n")
        assert stage.broker.cancels == []


async def test_what_became_of_a_cancel_is_told_apart() -> None:
    async with a_console() as stage:
        acts = {"A-01": Act.REST, "A-02": Act.REST, "A-03": Act.REST}
        await send(stage, acts=acts)
        stage.broker.cancel_acts = {"A-02": [CancelAct.REFUSE], "A-03": [CancelAct.LOSE]}
        await stage.press("C", "y")
        await stage.until(lambda: "1 taken, 1 refused, 1 UNANSWERED" in stage.text(), "the counts")


@pytest.mark.parametrize("key", ["c", "C", "r"])
async def test_nothing_open_means_nothing_to_do_and_says_so(key: str) -> None:
    async with a_console() as stage:
        await send(stage)
        await stage.until(lambda: "settled" in stage.text(), "a settled broadcast")
        await stage.press(key)
        assert "nothing of this row is open" in stage.text()
        assert stage.broker.cancels == []


async def test_marks_that_leave_nothing_to_cancel_are_named_instead_of_the_row() -> None:
    async with a_console() as stage:
        await send(stage, acts={"A-02": Act.REST})
        await stage.until(lambda: "1 working" in stage.text(), "a resting order")
        grid = grid_of(stage)
        await stage.press("j", "space")
        (mark,) = grid.marks
        while not (grid.cursor or "").endswith("/A-02"):
            await stage.press("j")
        assert mark.endswith("/A-01")
        await stage.press("c")
        assert "nothing of the marked rows is open" in stage.text()
        assert stage.broker.cancels == []


@pytest.mark.parametrize("key", ["c", "C", "r", "d", "enter"])
async def test_keys_on_an_empty_blotter_do_nothing(key: str) -> None:
    async with a_console(first="BLT") as stage:
        await stage.press(key)
        assert "No broadcast yet" in stage.text()
        assert not stage.console.is_modal


async def test_r_puts_the_replacement_on_the_command_line() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("j", "r")
        assert stage.console.prompt.value == f"RPL {broadcast[-8:]}/A-01 @"
        assert stage.console.focused is stage.console.prompt


async def test_what_is_in_doubt_stands_first_however_the_list_is_sorted() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts={"A-06": Act.LOSE})
        await stage.until(lambda: "DOUBT 1" in stage.text(), "a doubt")
        grid = grid_of(stage)
        assert grid.shown_keys[1] == f"{broadcast}/A-06"
        await stage.press("S", "b")
        assert grid.shown_keys[:3] == (broadcast, f"{broadcast}/A-06", f"{broadcast}/A-01")
        assert "1 doubt" in stage.text()


async def test_a_filter_finds_broadcasts_by_account_and_lines_under_them() -> None:
    async with a_console() as stage:
        broadcast = await send(stage)
        await stage.press("enter")
        await stage.press("slash", "A", "minus", "0", "7")
        assert grid_of(stage).shown_keys == (broadcast,)
        await stage.press("escape", "enter")
        found = (broadcast, f"{broadcast}/A-07")
        await stage.until(lambda: grid_of(stage).shown_keys == found, "the line alone")
        await stage.press("slash", "Q", "Q", "escape")
        assert grid_of(stage).shown_keys == ()
        await stage.press("escape")
        assert broadcast in grid_of(stage).shown_keys


async def test_broadcasts_of_the_history_are_listed_and_opened_on_demand() -> None:
    async with a_console() as stage:
        older = await stage.bench.send(wait_s=0.1)
        board = stage.console.board
        await stage.until(lambda: older.broadcast in board.broadcasts, "the broadcast")
        board.broadcasts.clear()
        await stage.press("6")
        grid = grid_of(stage)
        await stage.until(lambda: grid.shown_keys == (older.broadcast,), "the history")
        assert "8/8" in stage.text()
        await stage.press("enter")
        await stage.until(lambda: f"{older.broadcast}/A-08" in grid.shown_keys, "its accounts")


async def test_500_changed_lines_paint_only_the_rows_in_sight_that_changed() -> None:
    async with a_console((120, 40)) as stage:
        board = stage.console.board
        lines = [a_line_view(f"X-{n:03}", "working") for n in range(500)]
        board.put(a_view(*lines, id_="01B0000000000000000000X500", created=stage.clock.now()))
        await stage.press("6")
        grid = grid_of(stage)
        await stage.until(lambda: len(grid.shown_keys) == 501, "an open broadcast")
        built = grid.strips_built
        changed = [replace(line, state="partial") for line in lines[100:]]
        tell(stage, board.put(a_view(*changed, id_="01B0000000000000000000X500")).lines)
        await stage.pilot.pause()
        assert grid.strips_built - built <= 2
        nearly = [replace(line, state="partial") for line in lines[:5]]
        built = grid.strips_built
        tell(stage, board.put(a_view(*nearly, id_="01B0000000000000000000X500")).lines)
        await stage.pilot.pause()
        assert 5 <= grid.strips_built - built <= 6


def tell(stage: Stage, lines: Mapping[str, frozenset[str]]) -> None:
    stage.console.panel.board_changed(Changes(lines=MappingProxyType(dict(lines))))


async def test_ages_run_without_flashing() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.until(lambda: "▪" not in stage.text(), "the change of state rests")
        stage.clock.advance(30)
        stage.console.panel.ticked()
        await stage.until(lambda: "age 29s" in stage.text(), "an age")
        assert "▪age" not in stage.text()


async def test_the_selection_stays_while_orders_fill() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("j", "j", "j")
        assert grid_of(stage).cursor == f"{broadcast}/A-03"
        await stage.press("2")
        await send(stage, SHARES)
        await stage.press("2", "6")
        await stage.pilot.pause()
        assert grid_of(stage).cursor is not None
