"""ACC: figures of every account, their sums, and all that is known of one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from swimdesk.console.board import EVERYTHING
from swimdesk.console.holdings.account_rows import COLUMNS
from swimdesk.console.panels.accounts import AccountsPanel
from swimdesk.views.models import LearnedView
from tests.console.orders import send
from tests.console.stage import Stage, a_console
from tests.console.test_positions import a_condor, positions
from tests.fakes.broker import Act
from tests.fakes.builders import an_account

pytestmark = pytest.mark.slow


def panel_of(stage: Stage) -> AccountsPanel:
    assert isinstance(stage.console.panel, AccountsPanel)
    return stage.console.panel


def last_line_of(stage: Stage, word: str) -> list[str]:
    return [line.split() for line in stage.text().splitlines() if word in line][-1]


async def test_the_sums_stand_below_their_columns() -> None:
    async with a_console() as stage:
        await stage.until(lambda: "960,000" in stage.text(), "the sums")
        lines = stage.text().splitlines()
        first = next(line for line in lines if "A-01" in line)
        sums = next(line for line in lines if "8 accounts" in line)
        end = first.index("120,000") + len("120,000")
        assert sums[:end].endswith("960,000")
        assert "800,000" in sums


async def test_marked_accounts_are_summed_by_themselves_and_filtered_ones_too() -> None:
    async with a_console() as stage:
        await stage.press("space", "j", "space")
        await stage.until(lambda: "2 marked" in stage.text(), "the sum of the marked")
        assert "240,000" in last_line_of(stage, "marked")
        await stage.press("slash")
        stage.console.prompt.value = "/A-05"
        await stage.press("enter")
        await stage.until(lambda: "1 shown" in stage.text(), "the sum of the shown")
        assert "120,000" in last_line_of(stage, "shown")
        await stage.press("escape")
        await stage.until(lambda: "8 accounts" in stage.text(), "the sum of all")


async def test_a_sum_over_accounts_that_were_not_all_read_says_so() -> None:
    async with a_console() as stage:
        del stage.console.board.holdings["A-03"]
        panel_of(stage).board_changed(EVERYTHING)
        await stage.until(lambda: "7/8 read" in stage.text(), "the sum")
        assert "never" in last_line_of(stage, "A-03")
        assert "▪N" in last_line_of(stage, "A-03")


async def test_enter_tells_all_that_is_known_of_the_account() -> None:
    async with positions(A_02=a_condor(2)) as stage:
        stage.broker.acts["A-02"] = Act.REJECT
        await send(stage, acts={"A-02": Act.REJECT})
        await stage.press("2", "g", "g", "j")
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts")
        board = stage.console.board
        lesson = LearnedView("opening", "closing only", stage.clock.now(), "X", "1", "B")
        views = {a: replace(v, learned=lesson) for a, v in board.accounts.items()}
        board.accounts = views
        await stage.press("enter")
        await stage.until(lambda: "orders today" in stage.text(), "the details")
        text = stage.text()
        assert "A-02  9882" in text
        assert "net liq    120,000.00" in text
        assert "-2  IC 11DEC26 6200/6220/5820/5800" in text
        assert "rejected 0/1" in text
        assert "not enough buying power" in text
        assert "broker said" in text
        await stage.press("escape")
        await stage.until(lambda: not stage.console.is_modal, "the list again")


async def test_an_account_that_was_never_read_has_nothing_told_of_it() -> None:
    async with a_console() as stage:
        stage.console.board.holdings.clear()
        panel_of(stage).board_changed(EVERYTHING)
        await stage.press("d")
        await stage.until(lambda: "never read: nothing is known" in stage.text(), "the details")
        assert "120,000" not in stage.text().split("balances")[1].split("orders today")[0]


async def test_n_goes_to_the_next_account_that_needs_a_look() -> None:
    async with a_console() as stage:
        await stage.press("n")
        assert "no account needs a look" in stage.text()
        del stage.console.board.holdings["A-04"]
        await stage.press("n")
        assert panel_of(stage).grid.cursor == "A-04"


async def test_flags_groups_and_an_unknown_level_are_shown() -> None:
    names = (
        an_account("IRA-01", groups=("income", "ira"), option_level=None, closing_only=True),
        an_account("FAM-01", groups=("family",)),
    )
    async with a_console((200, 60), accounts=names) as stage:
        row = last_line_of(stage, "IRA-01")
        assert "closing" in row
        assert {"income", "ira", "margin", "login-01"} <= set(row)
        assert "3" in last_line_of(stage, "FAM-01")


async def test_copy_and_export_hold_every_column(tmp_path: Path) -> None:
    async with a_console() as stage:
        await stage.press("y")
        assert stage.console.clipboard.startswith("A-01\t")
        board = stage.console.board
        assert board.status is not None
        board.status = replace(board.status, home=str(tmp_path))
        await stage.press("e")
        await stage.until(lambda: "Wrote" in stage.text(), "the file")
        (path,) = (tmp_path / "exports").iterdir()
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        assert rows[0] == [column.title for column in COLUMNS]
        assert len(rows) == 9
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("size", "there", "dropped"),
    [
        ((80, 24), {"account", "look", "net liq", "bp option", "open p/l"}, {"groups", "login"}),
        ((120, 40), {"cash", "groups", "flags", "type"}, {"login", "bp stock"}),
        ((200, 60), {"login", "bp stock", "mult"}, set()),
    ],
)
async def test_columns_fit_the_width(
    size: tuple[int, int], there: set[str], dropped: set[str]
) -> None:
    async with a_console(size) as stage:
        titles = {column.key: column.title for column in COLUMNS}
        shown = {titles[key] for key in panel_of(stage).grid.shown_columns}
        assert there <= shown
        assert not dropped & shown
