"""POS: structures over accounts, the flat list, and the line that closes one."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from swimdesk.console.board import EVERYTHING
from swimdesk.domain.instruments import parse_instrument
from swimdesk.domain.positions import Position
from swimdesk.views.requests import Scope
from tests.console.stage import Stage, a_console

pytestmark = pytest.mark.slow

CONDOR_LEGS = {
    "SPXW  261211C06200000": ("-1", "4.00"),
    "SPXW  261211C06220000": ("1", "3.00"),
    "SPXW  261211P05820000": ("-1", "5.00"),
    "SPXW  261211P05800000": ("1", "4.40"),
}
CONDOR = "IC 11DEC26 6200/6220/5820/5800"


def a_holding(symbol: str, quantity: str, average: str, mark: str) -> Position:
    instrument = parse_instrument(symbol)
    size = Decimal(quantity) * instrument.multiplier
    return Position(symbol, Decimal(quantity), Decimal(average), size * Decimal(mark), instrument)


def a_condor(units: int = 1) -> tuple[Position, ...]:
    """Sold at 1.60, and now half a dollar cheaper: 50 gained per unit."""
    return tuple(
        a_holding(
            symbol,
            str(int(one) * units),
            average,
            str(Decimal(average) - (Decimal("0.50") if symbol.endswith("C06200000") else 0)),
        )
        for symbol, (one, average) in CONDOR_LEGS.items()
    )


@asynccontextmanager
async def positions(
    size: tuple[int, int] = (120, 40), **held: tuple[Position, ...]
) -> AsyncIterator[Stage]:
    """Show POS over four accounts, A_01 for A-01 and so on."""
    async with a_console(size, accounts=4) as stage:
        # The example on the command line is the condor that is looked for in the list.
        stage.console.prompt.placeholder = ""
        stage.broker.positions = {alias.replace("_", "-"): whole for alias, whole in held.items()}
        stage.clock.advance(60)
        await stage.bench.desk.balances(Scope(everyone=True))
        await stage.press("3")
        await stage.until(lambda: stage.console.panel.code == "POS", "the positions")
        wanted = {a for a, positions in stage.broker.positions.items() if positions}
        await stage.until(
            lambda: all(stage.console.board.holdings[alias].positions for alias in wanted),
            "the positions on the board",
        )
        await stage.until(lambda: not wanted or "▾" in stage.text(), "the rows")
        yield stage


def row_of(stage: Stage, words: str) -> list[str]:
    line = next((line for line in stage.text().splitlines() if words in line), "")
    return line.replace(words, "").split()


async def test_the_same_structure_of_several_accounts_is_one_row_with_its_open_profit() -> None:
    async with positions(A_01=a_condor(), A_02=a_condor(2), A_03=()) as stage:
        assert row_of(stage, CONDOR) == ["▸", "2", "-3", "1.60", "1.10", "-330", "+150", "+31%"]
        assert "4 of 4 accounts read 0s ago   open p/l +150   value -330" in stage.text()


async def test_a_row_opens_to_its_accounts_and_those_to_their_legs() -> None:
    async with positions(A_01=a_condor(), A_02=a_condor(2)) as stage:
        await stage.press("j", "enter")
        await stage.until(lambda: "A-02" in stage.text(), "the accounts")
        assert row_of(stage, "A-02  9882") == ["▸", "-2", "1.60", "1.10", "-220", "+100", "+31%"]
        await stage.press("j", "enter")
        await stage.until(lambda: "5820 PUT" in stage.text(), "the legs")
        assert row_of(stage, "11DEC26 6200 CALL")[:3] == ["-1", "4.00", "3.50"]


async def test_bought_and_sold_structures_are_never_netted_into_nothing() -> None:
    bought = tuple(a_holding(one.symbol, str(-one.quantity), "1", "1") for one in a_condor())
    async with positions(A_01=a_condor(), A_02=bought) as stage:
        rows = [line.split() for line in stage.text().splitlines() if CONDOR in line]
        assert sorted(row[5] for row in rows) == ["+1", "-1"]


async def test_a_price_of_nothing_has_no_sign() -> None:
    free = tuple(
        replace(one, average_price=Decimal(2), market_value=Decimal(0)) for one in a_condor()
    )
    async with positions(A_01=free) as stage:
        assert row_of(stage, CONDOR)[2:5] == ["-1", "0.00", "0.00"]


async def test_the_close_of_a_structure_is_written_for_its_accounts_and_not_sent() -> None:
    async with positions(A_01=a_condor(), A_02=a_condor(2)) as stage:
        await stage.press("j", "o")
        line = "CLOSE SPX IC (Weeklys) 11 DEC 26 6200/6220/5820/5800 @mid acc A-01,A-02"
        assert stage.console.prompt.value == line
        assert stage.console.session.stage is None
        assert stage.broker.posts.total() == 0


async def test_the_close_that_was_written_is_planned_once_it_is_entered() -> None:
    async with positions(A_01=a_condor(), A_02=a_condor(2)) as stage:
        await stage.press("j", "o", "enter")
        session = stage.console.session
        await stage.until(
            lambda: (
                session.stage is not None
                and (session.stage.plan is not None or session.stage.error is not None)
            ),
            "a plan",
        )
        assert session.stage is not None
        assert session.stage.scope.accounts == ("A-01", "A-02")
        assert stage.broker.posts.total() == 0


async def test_the_question_of_a_close_says_the_orders_and_the_price_that_they_came_to() -> None:
    async with positions(A_01=a_condor(), A_02=a_condor(2)) as stage:
        await stage.press("j", "o", "enter")
        session = stage.console.session
        await stage.until(lambda: bool(session.stage and session.stage.sends), "a plan")
        assert session.stage is not None
        assert session.stage.plan is not None
        price = session.stage.plan.lines[0].order.partition("@")[2].split()[0]
        await stage.press("f8", "f10")
        await stage.until(lambda: stage.console.is_modal, "the question")
        text = " ".join(stage.text().replace("┃", " ").split())
        assert "BUY +1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800" in text
        assert f"@{price} LMT" in text
        assert "3 times in 2 accounts" in text


async def test_several_structures_are_not_closed_by_one_key_and_the_line_says_why() -> None:
    held = (*a_condor(), a_holding("SPXW  261218P05000000", "1", "2", "2"))
    async with positions(A_01=held) as stage:
        await stage.press("o")
        assert "several structures" in stage.text()
        assert stage.console.prompt.value == ""


async def test_the_flat_list_has_a_row_per_account_and_symbol() -> None:
    async with positions(A_01=a_condor(), A_02=(a_holding("AAPL", "10", "100", "110"),)) as stage:
        await stage.press("t")
        await stage.until(lambda: "A-02" in stage.text(), "the flat list")
        assert len(stage.console.panel.grid.shown_keys) == 5  # type: ignore[attr-defined]
        assert row_of(stage, "A-02")[-5:] == ["100.00", "110.00", "1,100", "+100", "+10%"]
        await stage.press("G", "o")
        assert stage.console.prompt.value == "SELL -10 AAPL @mid [TO CLOSE] acc A-02"
        await stage.press("escape", "t")
        await stage.until(lambda: CONDOR in stage.text(), "the tree")


async def test_unfold_opens_every_structure_and_folds_all_again() -> None:
    async with positions(A_01=a_condor(), A_02=(a_holding("AAPL", "10", "100", "110"),)) as stage:
        await stage.press("z")
        await stage.until(lambda: "A-01" in stage.text() and "A-02" in stage.text(), "accounts")
        await stage.press("z")
        await stage.until(lambda: CONDOR not in stage.text(), "underlyings alone")
        await stage.press("t", "z")
        assert "nothing to unfold" in stage.text()


async def test_a_filter_finds_accounts_below_folded_rows() -> None:
    async with positions(A_01=a_condor(), A_02=(a_holding("AAPL", "10", "100", "110"),)) as stage:
        await stage.press("slash")
        stage.console.prompt.value = "/A-02"
        await stage.press("enter")
        await stage.until(lambda: CONDOR not in stage.text(), "the filtered rows")
        assert "AAPL" in stage.text()
        await stage.press("escape")
        await stage.until(lambda: CONDOR in stage.text(), "all rows")


async def test_an_account_that_was_never_read_is_said_and_not_shown_as_flat() -> None:
    async with positions(A_01=a_condor()) as stage:
        board = stage.console.board
        del board.holdings["A-03"]
        stage.console.panel.board_changed(EVERYTHING)
        await stage.until(lambda: "NEVER READ  A-03" in stage.text(), "the account")
        assert "3 of 4 accounts read" in stage.text()
        board.holdings.clear()
        stage.console.panel.board_changed(EVERYTHING)
        await stage.until(lambda: "4 accounts were never read" in stage.text(), "the placeholder")
        assert "No positions" not in stage.text()


async def test_positions_of_an_old_read_show_their_age() -> None:
    async with positions(A_01=a_condor()) as stage:
        stage.clock.advance(300)
        stage.console.panel.ticked()
        await stage.until(lambda: "STALE  A-01 5m00s ago" in stage.text(), "the age")
        assert row_of(stage, CONDOR)[-1] == "5m00s"


async def test_enter_on_an_account_and_its_key_go_to_the_account() -> None:
    async with positions(A_02=(a_holding("AAPL", "10", "100", "110"),)) as stage:
        await stage.press("a")
        assert "several accounts" in stage.text()
        await stage.press("j", "enter", "j", "enter")
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts")
        assert stage.console.panel.grid.cursor == "A-02"  # type: ignore[attr-defined]
        await stage.press("3", "a")
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts again")


async def test_words_behind_the_code_filter_the_positions() -> None:
    async with positions(A_01=a_condor(), A_02=(a_holding("AAPL", "10", "100", "110"),)) as stage:
        await stage.type("POS AAPL")
        await stage.until(lambda: CONDOR not in stage.text(), "the filtered rows")


async def test_the_rows_shown_are_exported_and_copied() -> None:
    async with positions(A_01=a_condor()) as stage:
        await stage.press("j", "y")
        assert CONDOR in stage.console.clipboard
        panel = stage.console.panel
        rows = list(csv.reader(panel.csv_text().splitlines()))  # type: ignore[attr-defined]
        assert rows[0][0] == "position"
        assert rows[2][:3] == [CONDOR, "1", "-1"]


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_figures_that_decide_stay_in_sight_at_every_size(size: tuple[int, int]) -> None:
    async with positions(size, A_01=a_condor()) as stage:
        figures = row_of(stage, CONDOR)
        assert "-1" in figures
        assert "+50" in figures
        assert "1.60" in figures
