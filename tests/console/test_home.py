"""HOME: every account a cell, and a letter where one needs a look."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from swimdesk.console.board import EVERYTHING
from swimdesk.console.panels.home import HomePanel
from swimdesk.console.widgets.heat import HeatMap
from swimdesk.views.signing import LoginView
from tests.console.orders import send
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act
from tests.fakes.builders import an_account

pytestmark = pytest.mark.slow


def map_of(stage: Stage) -> HeatMap:
    assert isinstance(stage.console.panel, HomePanel)
    return stage.console.panel.query_one(HeatMap)


def cell_of(stage: Stage, alias: str) -> list[str]:
    """Return figure and letters of an account, as they stand on the map."""
    cell = map_of(stage)._cells[alias]
    return [cell.figure.text, "".join(letter.text for letter in cell.letters)]


async def until_home(stage: Stage) -> None:
    await stage.press("1")
    await stage.until(
        lambda: isinstance(stage.console.panel, HomePanel) and bool(map_of(stage).keys), "HOME"
    )


async def test_when_all_is_well_there_is_nothing_to_read_but_the_figures() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "all well" in stage.text(), "the map")
        assert "8 accounts   all well   net liq 960k   open p/l 0   cells: net liq" in stage.text()
        assert {cell_of(stage, alias)[1] for alias in map_of(stage).keys} == {""}


async def test_arrows_and_letters_go_from_cell_to_cell_and_stop_at_the_edges() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "A-08" in stage.text(), "the map")
        across = map_of(stage).across
        assert across == 4
        for keys, alias in (
            (("l", "right"), "A-03"),
            (("j",), "A-07"),
            (("down", "down"), "A-07"),
            (("k", "up", "h", "left"), "A-01"),
            (("h",), "A-01"),
            (("G",), "A-08"),
            (("g", "g"), "A-01"),
            (("end",), "A-08"),
            (("home",), "A-01"),
        ):
            await stage.press(*keys)
            assert map_of(stage).cursor == alias


async def test_enter_goes_to_the_account_in_the_list_and_back_to_the_same_cell() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "A-08" in stage.text(), "the map")
        await stage.press("l", "l", "enter")
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts")
        assert stage.console.panel.grid.cursor == "A-03"  # type: ignore[attr-defined]
        await stage.press("j")
        await until_home(stage)
        assert map_of(stage).cursor == "A-04"


async def test_marks_are_the_same_on_the_map_and_in_the_list() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "A-08" in stage.text(), "the map")
        await stage.press("space", "l", "l", "space")
        assert stage.console.session.marks == {"A-01", "A-03"}
        assert ">*A-03" in stage.text()
        await stage.press("2")
        await stage.until(lambda: "2 marked" in stage.text(), "the sum of the marked")
        assert stage.console.panel.grid.marks == ("A-01", "A-03")  # type: ignore[attr-defined]
        await stage.press("g", "g", "space")
        await until_home(stage)
        assert stage.console.session.marks == {"A-03"}
        await stage.press("asterisk")
        assert len(stage.console.session.marks) == 8
        await stage.press("backslash")
        assert stage.console.session.marks == frozenset()


async def test_rejects_doubts_and_working_orders_carry_their_letters() -> None:
    acts = {"A-02": Act.REJECT, "A-03": Act.REST, "A-04": Act.LOSE}
    async with a_console() as stage:
        await send(stage, acts=acts)
        await until_home(stage)
        await stage.until(lambda: cell_of(stage, "A-04")[1] == "?", "a doubt")
        assert [cell_of(stage, alias)[1] for alias in ("A-01", "A-02", "A-03")] == ["", "R", "w"]
        text = stage.text()
        assert "2 to look at" in text
        assert "rejected: not enough buying power" in text
        await stage.press("n")
        assert map_of(stage).cursor == "A-02"
        await stage.press("n")
        assert map_of(stage).cursor == "A-04"
        await stage.press("n")
        assert map_of(stage).cursor == "A-02"


async def test_a_reject_of_yesterday_is_no_longer_worth_a_look() -> None:
    async with a_console() as stage:
        await send(stage, acts={"A-02": Act.REJECT})
        await until_home(stage)
        await stage.until(lambda: cell_of(stage, "A-02")[1] == "R", "the reject")
        stage.clock.advance(24 * 3600)
        stage.console.panel.ticked()
        assert "R" not in cell_of(stage, "A-02")[1]


async def test_the_figure_changes_to_buying_power_profit_and_fills() -> None:
    async with a_console() as stage:
        await send(stage, acts={"A-03": Act.REST})
        await until_home(stage)
        seen = []
        for _ in range(4):
            seen.append((cell_of(stage, "A-01")[0], cell_of(stage, "A-03")[0]))
            await stage.press("m")
        assert seen == [("120k", "120k"), ("100k", "100k"), ("0", "0"), ("1/1", "0/1")]
        assert "cells: net liq" in stage.text()


async def test_unread_stale_and_poor_accounts_and_ending_tokens_are_told() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "A-08" in stage.text(), "the map")
        board, now = stage.console.board, stage.clock.now()
        assert board.status is not None
        del board.holdings["A-01"]
        poor = board.holdings["A-02"]
        balances = replace(poor.balances, option_buying_power=Decimal(11_999))
        board.holdings["A-02"] = replace(poor, balances=balances)
        logins = (LoginView("login-02", "sign_in_needed", None, None, ""),)
        board.status = replace(board.status, logins=logins)
        stage.console.panel.board_changed(EVERYTHING)
        assert [cell_of(stage, alias)[1] for alias in ("A-01", "A-02", "A-05")] == ["N", "B", "t"]
        assert cell_of(stage, "A-01")[0] == "-"
        await stage.until(lambda: "8 accounts, 7 read" in stage.text(), "the headline")
        stage.clock.advance(76)
        stage.console.panel.ticked()
        assert now < stage.clock.now()
        assert cell_of(stage, "A-02")[1] == "BS"


async def test_many_accounts_scroll_and_the_cursor_stays_in_sight_at_80_columns() -> None:
    names = tuple(
        an_account(f"FAM-{number:03d}", login=f"login-{number // 4}") for number in range(120)
    )
    async with a_console((80, 24), accounts=names, first="HOME") as stage:
        await stage.until(lambda: "FAM-000" in stage.text(), "the map")
        assert "FAM-119" not in stage.text()
        await stage.press("G")
        await stage.until(lambda: ">" in stage.text() and "FAM-119" in stage.text(), "the last")
        assert "FAM-000" not in stage.text()
        assert "? doubt" in stage.text()
        await stage.press("g", "g")
        await stage.until(lambda: "FAM-000" in stage.text(), "the first")


async def test_a_click_points_and_a_second_one_opens() -> None:
    async with a_console(first="HOME") as stage:
        await stage.until(lambda: "A-08" in stage.text(), "the map")
        await stage.pilot.click(HeatMap, offset=(20, 1))
        await stage.until(lambda: map_of(stage).cursor == "A-05", "the cell")
        await stage.pilot.click(HeatMap, offset=(3, 0), times=2)
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts")


@pytest.mark.parametrize("key", ["enter", "space", "n", "j", "G"])
async def test_keys_do_no_harm_where_there_is_no_account(key: str) -> None:
    async with a_console(first="HOME") as stage:
        board = stage.console.board
        board.accounts = {}
        board.holdings.clear()
        stage.console.panel.board_changed(EVERYTHING)
        await stage.press(key)
        assert map_of(stage).cursor is None
        assert "No account yet" in stage.text()
