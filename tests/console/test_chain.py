"""OMON: the chain on the screen, every key of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest

from swimdesk.console.chain.feed import DEEP, SHALLOW
from swimdesk.console.panels.chain import ChainPanel, first_symbol
from swimdesk.console.shell.typed import Verb, read_line
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.views.requests import Scope
from tests.console.stage import Stage, a_console
from tests.fakes.builders import a_position

pytestmark = pytest.mark.slow

SPOTS = {"SPY": Decimal("612.34"), "$SPX": Decimal("6010.42"), "AAPL": Decimal("187.21")}
LATER, EARLIER = "right_square_bracket", "left_square_bracket"


@asynccontextmanager
async def a_chain(
    what: str = "SPY OMON", size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Stage, ChainPanel]]:
    async with a_console(size) as stage:
        stage.broker.listed.spots.update(SPOTS)
        await stage.type(what)
        await stage.until(lambda: isinstance(stage.console.panel, ChainPanel), "the chain")
        panel = stage.console.panel
        assert isinstance(panel, ChainPanel)
        await stage.until(lambda: panel.table is not None, "strikes")
        yield stage, panel


def legs(panel: ChainPanel) -> dict[str, int]:
    return {f"{c.strike:f}{c.right.value[0]}": n for c, n in panel.picks.counts.items()}


def strike(panel: ChainPanel) -> Decimal:
    assert panel.table is not None
    return panel.table.by_key[panel.grid.cursor or ""].strike


def series(panel: ChainPanel) -> tuple[str, str]:
    assert panel.table is not None
    return panel.table.root, panel.table.day.isoformat()


def shows(panel: ChainPanel, wanted: tuple[str, str]) -> bool:
    return series(panel) == wanted


def side(panel: ChainPanel) -> Right:
    return panel.side


# --- ways to it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("SPY OMON", "SPY"),
        ("spy omon", "spy"),
        ("OMON SPX", "SPX"),
        ("OMON SPX 18DEC26", "SPX 18DEC26"),
        ("SPX OMON 18DEC26", "SPX 18DEC26"),
        ("OMON", ""),
    ],
)
def test_the_symbol_may_stand_before_the_code_or_behind_it(line: str, rest: str) -> None:
    assert read_line(line) == Verb("global.go-omon", rest)


async def test_a_typed_symbol_shows_its_nearest_expiry_with_the_money_under_the_cursor() -> None:
    async with a_chain("SPX OMON") as (stage, panel):
        assert series(panel) == ("SPXW", "2026-11-27")
        assert strike(panel) == 6010
        text = stage.text()
        assert "SPX 6,010.42" in text
        assert "27 NOV 26  4d" in text
        assert "SPXW PM" in text
        assert "[6010]" in text
        assert "live" in text


async def test_a_typed_day_and_root_are_shown() -> None:
    async with a_chain("OMON SPXW 18DEC26") as (stage, panel):
        assert series(panel) == ("SPXW", "2026-12-18")
        assert "(and SPX AM)" in stage.text()


async def test_the_key_of_the_screen_shows_what_is_held_most_else_the_usual() -> None:
    async with a_console() as stage:
        stage.broker.listed.spots.update(SPOTS)
        assert first_symbol(stage.console.board) == "SPY"
        held = (a_position("SPXW  261218C06200000", -1), a_position("AAPL", 100))
        stage.broker.positions = {"A-01": held}
        stage.clock.advance(1)
        await stage.bench.desk.balances(Scope(everyone=True))
        await stage.until(lambda: first_symbol(stage.console.board) == "$SPX", "the holding")
        await stage.press("4")
        await stage.until(lambda: "SPX 6,010.42" in stage.text(), "the chain of what is held")


async def test_a_symbol_that_is_not_known_is_told_and_another_can_be_typed() -> None:
    async with a_console() as stage:
        stage.broker.unknown_symbols.add("NOPE")
        await stage.type("NOPE OMON")
        await stage.until(lambda: "lists no options on NOPE" in stage.text(), "the sentence")
        await stage.press("b")
        assert "there is no chain yet" in stage.text()
        await stage.type("SPY OMON")
        await stage.until(lambda: "[100]" in stage.text(), "another chain")


async def test_a_day_that_is_not_listed_is_told_with_those_that_are() -> None:
    async with a_chain() as (stage, panel):
        await stage.type("SPY OMON 19DEC26")
        await stage.until(lambda: "no expiration 2026-12-19" in stage.text(), "the sentence")
        assert series(panel) == ("SPY", "2026-11-27")
        await stage.press(LATER)
        await stage.until(lambda: series(panel) == ("SPY", "2026-12-04"), "a listed day")


@pytest.mark.parametrize("line", ["OMON 12", "SPY OMON soon", "OMON S;PY"])
async def test_rubbish_behind_the_code_is_told_and_the_screen_stays(line: str) -> None:
    async with a_console() as stage:
        await stage.type(line)
        await stage.until(lambda: "found" in stage.text(), "the sentence")
        assert stage.console.panel.code == "ACC"


async def test_screens_of_one_thing_take_nothing_behind_their_code() -> None:
    async with a_console() as stage:
        await stage.type("BLT SPY")
        await stage.until(lambda: "BLT takes nothing behind it" in stage.text(), "the sentence")
        assert stage.console.panel.code == "ACC"


async def test_another_symbol_can_be_typed_with_one_key() -> None:
    async with a_chain() as (stage, _):
        await stage.press("u", *"aapl", "enter")
        await stage.until(lambda: "AAPL 187.21" in stage.text(), "the other chain")


# --- moving --------------------------------------------------------------------------------------


async def test_the_cursor_moves_by_strike_and_side() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("j", "j", "k")
        assert strike(panel) == 613
        assert re.search(r"◂ +613 ", stage.text())
        await stage.press("l")
        assert re.search(r" 613 +▸", stage.text())
        await stage.press("h")
        assert side(panel) is Right.CALL
        await stage.press("right")
        assert side(panel) is Right.PUT
        await stage.press("G")
        assert strike(panel) == 632
        await stage.press("m")
        assert strike(panel) == 612


async def test_expiries_go_forth_and_back_and_the_cursor_keeps_its_strike() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("j")
        await stage.press(LATER)
        await stage.until(lambda: series(panel) == ("SPY", "2026-12-04"), "the day after")
        assert strike(panel) == 613
        assert "[04DEC]" in stage.text()
        await stage.press(EARLIER)
        await stage.until(lambda: series(panel) == ("SPY", "2026-11-27"), "the day before")
        await stage.press(EARLIER)
        assert "no expiry beyond" in stage.text()


async def test_keys_held_down_end_at_the_last_wish() -> None:
    async with a_chain() as (stage, panel):
        await stage.press(*[LATER] * 3)
        await stage.until(lambda: series(panel) == ("SPY", "2026-12-18"), "three days on")
        await stage.until(lambda: panel.feed.is_current, "rest")


async def test_a_day_with_two_roots_shows_one_after_the_other_in_both_directions() -> None:
    forth = [("SPX", "2026-12-18"), ("SPXW", "2026-12-18"), ("SPX", "2027-01-15")]
    back = [("SPXW", "2026-12-18"), ("SPX", "2026-12-18"), ("SPXW", "2026-12-11")]
    async with a_chain("SPX OMON 11DEC26") as (stage, panel):
        for key, wanted in [*((LATER, one) for one in forth), *((EARLIER, one) for one in back)]:
            await stage.press(key)
            await stage.until(partial(shows, panel, wanted), f"{wanted}")


async def test_more_strikes_are_shown_until_there_are_enough() -> None:
    async with a_chain() as (stage, panel):
        seen = [SHALLOW]
        for _ in range(4):
            await stage.press("w")
            assert panel.feed.subject is not None
            seen.append(panel.feed.subject.depth)
        assert seen == [SHALLOW, 40, 80, DEEP, SHALLOW]


# --- live ----------------------------------------------------------------------------------------


async def test_prices_follow_the_market_while_the_chain_is_in_sight() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("j")
        stage.broker.listed.spots["SPY"] = Decimal("613.00")
        stage.clock.advance(2)
        panel.ticked()
        await stage.until(lambda: "SPY 613.00" in stage.text(), "the new price")
        assert strike(panel) == 613


async def test_nothing_is_read_for_a_chain_out_of_sight_or_while_orders_leave() -> None:
    async with a_chain() as (stage, panel):
        reads = len(stage.broker.chain_reads)
        stage.console.session.is_sending = True
        stage.clock.advance(60)
        panel.ticked()
        await stage.press("j")
        assert len(stage.broker.chain_reads) == reads
        stage.console.session.is_sending = False
        await stage.press("2")
        await stage.until(lambda: stage.console.panel.code == "ACC", "the accounts")
        stage.clock.advance(60)
        stage.console._tick()
        await stage.press("j")
        assert len(stage.broker.chain_reads) == reads


async def test_a_chain_that_cannot_be_read_keeps_its_prices_with_their_age() -> None:
    async with a_chain() as (stage, panel):
        stage.broker.chains_fail = True
        stage.clock.advance(12)
        panel.ticked()
        await stage.until(lambda: "NOT READ 12s" in stage.text(), "the age")
        assert "no answer" in stage.text()
        assert "[612]" in stage.text()
        stage.broker.chains_fail = False
        await stage.press("ctrl+r")
        await stage.until(lambda: "live" in stage.text(), "news")


async def test_prices_that_are_not_fresh_show_their_age() -> None:
    async with a_chain() as (stage, panel):
        stage.console.session.is_sending = True
        stage.clock.advance(7)
        panel.ticked()
        await stage.until(lambda: "read 7s ago" in stage.text(), "the age")


# --- legs ----------------------------------------------------------------------------------------


async def test_legs_are_bought_and_sold_under_the_cursor() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("s", "j", "j", "b", "b")
        assert legs(panel) == {"612C": -1, "614C": 2}
        assert "BUY +1 1/2 BACKRATIO" not in stage.text()
        assert "BACKRATIO" in stage.text()
        await stage.press("s", "s")
        assert legs(panel) == {"612C": -1}
        await stage.press("l", "s")
        assert legs(panel) == {"612C": -1, "614P": -1}


async def test_legs_show_what_they_cost_together_as_the_market_moves() -> None:
    async with a_chain("SPY OMON 18DEC26") as (stage, panel):
        await stage.press("v")
        assert legs(panel) == {"612C": -1, "617C": 1}
        line = next(line for line in stage.text().splitlines() if "VERTICAL   mid" in line)
        assert " cr" in line
        assert "worst loss" in line
        stage.broker.listed.spots["SPY"] = Decimal("616.00")
        stage.clock.advance(2)
        panel.ticked()
        await stage.until(lambda: line not in stage.text().splitlines(), "another price")


async def test_a_fifth_leg_is_refused() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("b", "j", "b", "j", "b", "j", "b", "j", "b")
        assert "at most 4 legs" in stage.text()
        assert len(panel.picks.counts) == 4


async def test_sides_turn_units_grow_and_all_legs_go() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("v", "f", "plus", "plus", "minus")
        assert legs(panel) == {"612C": 1, "617C": -1}
        assert "BUY +2 VERTICAL" in stage.text()
        await stage.press("a")
        assert legs(panel) == {}
        assert "no legs" in stage.text()


async def test_a_condor_reads_the_strikes_it_needs_and_shows_its_legs() -> None:
    async with a_chain("SPX OMON 11DEC26") as (stage, panel):
        await stage.press("i")
        await stage.until(lambda: len(panel.picks.counts) == 4, "the condor")
        assert "SELL -1 IRON CONDOR" in stage.text()
        strikes = {contract.strike for contract in panel.picks.counts}
        await stage.until(
            lambda: strikes <= {row.strike for row in panel.table.strikes if panel.table},  # type: ignore[union-attr]
            "the legs among the strikes",
        )
        await stage.until(lambda: "  d " in stage.text(), "deltas of all legs")


async def test_a_strangle_is_sold_around_the_cursor() -> None:
    async with a_chain("SPY OMON 18DEC26") as (stage, panel):
        await stage.press("pagedown", "t")
        assert "SELL -1 STRANGLE" in stage.text()
        assert set(panel.picks.counts.values()) == {-1}


async def test_a_calendar_takes_its_far_leg_from_another_day_and_quotes_it() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("c")
        await stage.until(lambda: len(panel.picks.counts) == 2, "the calendar")
        far = OptionContract("SPY", date(2026, 12, 4), Right.CALL, Decimal(612))
        assert panel.picks.counts[far] == 1
        await stage.until(lambda: "BUY +1 CALENDAR   mid" in stage.text(), "its price")
        assert "612 C 4DEC26" in stage.text()


async def test_a_calendar_without_a_later_strike_is_told() -> None:
    async with a_chain() as (stage, panel):
        near = OptionContract("SPY", date(2026, 11, 27), Right.CALL, Decimal(612))
        days = [date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18), date(2027, 1, 15)]
        stage.broker.unknown_symbols.update(replace(near, expiry=day).symbol for day in days)
        await stage.press("c")
        await stage.until(lambda: "No later expiry lists" in stage.text(), "the sentence")
        assert panel.picks.counts == {}


async def test_legs_of_another_underlying_go_with_a_word() -> None:
    async with a_chain() as (stage, panel):
        await stage.press("b")
        await stage.type("AAPL OMON")
        await stage.until(lambda: "AAPL 187.21" in stage.text(), "the other chain")
        assert panel.picks.counts == {}
        assert any("legs of SPY were taken away" in said.text for said in stage.console.said)


# --- to the ticket -------------------------------------------------------------------------------


async def test_the_order_of_the_legs_waits_on_the_command_line_for_its_accounts() -> None:
    async with a_chain("SPX OMON 11DEC26") as (stage, panel):
        await stage.press("v", "enter")
        prompt = stage.console.prompt
        assert prompt.has_focus
        assert prompt.value == ("SELL -1 VERTICAL SPX 100 (Weeklys) 11 DEC 26 6010/6030 CALL @mid ")
        await stage.press(*"all", "enter")
        session = stage.console.session
        await stage.until(
            lambda: session.stage is not None and session.stage.plan is not None, "a plan"
        )
        assert stage.console.panel.code == "TKT"
        assert session.stage is not None
        assert session.stage.plan is not None
        assert session.stage.plan.price_from == "@mid"
        assert not stage.broker.posts
        await stage.press("4")
        await stage.until(lambda: stage.console.panel is panel, "the chain again")
        assert len(panel.picks.counts) == 2


async def test_marked_accounts_are_offered_with_the_order() -> None:
    async with a_chain() as (stage, _):
        stage.console.session.marks = frozenset({"A-01"})
        await stage.press("s", "T")
        assert stage.console.prompt.value.endswith("CALL @mid marked")


async def test_where_accounts_are_chosen_the_order_is_staged_at_once() -> None:
    async with a_chain() as (stage, _):
        stage.console.session.scope = Scope(accounts=("A-01", "A-02"))
        await stage.press("v", "T")
        session = stage.console.session
        await stage.until(
            lambda: session.stage is not None and session.stage.plan is not None, "a plan"
        )
        assert session.stage is not None
        assert session.stage.plan is not None
        assert [line.account for line in session.stage.plan.lines] == ["A-01", "A-02"]


async def test_without_legs_there_is_no_order() -> None:
    async with a_chain() as (stage, _):
        await stage.press("enter")
        assert "There are no legs" in stage.text()
        assert not stage.console.prompt.has_focus


# --- as a list -----------------------------------------------------------------------------------


async def test_keys_of_lists_that_have_no_meaning_here_say_why() -> None:
    async with a_chain() as (stage, _):
        await stage.press("S")
        assert "strikes stay in their order" in stage.text()


async def test_the_symbol_under_the_cursor_is_copied() -> None:
    async with a_chain() as (stage, _):
        await stage.press("y")
        assert stage.console.clipboard == "SPY   261127C00612000"


async def test_the_series_is_exported_as_data() -> None:
    async with a_chain() as (stage, panel):
        lines = panel.csv_text().splitlines()
        assert lines[0].startswith("symbol,right,strike,bid")
        assert len(lines) == 1 + 2 * len(panel.table.strikes if panel.table else ())
        assert any(line.startswith("SPY   261127P00612000,PUT,612,") for line in lines)
        assert stage.console.panel is panel


async def test_the_smallest_screen_keeps_the_figures_an_order_needs() -> None:
    async with a_chain("SPX OMON", size=(80, 24)) as (stage, panel):
        await stage.press("v")
        assert panel.grid.shown_columns == (
            "CALL iv", "CALL delta", "CALL bid", "CALL ask", "CALL leg", "strike",
            "PUT leg", "PUT bid", "PUT ask", "PUT delta", "PUT iv",
        )  # fmt: skip
        text = stage.text()
        assert "[6010]" in text
        assert "SELL -1 VERTICAL" in text
        assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("key", ["i", "v", "t", "b", "s"])
async def test_while_another_expiry_is_read_no_leg_of_the_one_before_is_picked(key: str) -> None:
    async with a_chain() as (stage, panel):
        before = series(panel)
        stage.broker.chains_fail = True
        await stage.press(LATER, key)
        await stage.until(lambda: "4 Dec is still being read" in stage.text(), "why not")
        assert series(panel) == before
        assert legs(panel) == {}
        stage.broker.chains_fail = False
        await stage.press("ctrl+r")
        await stage.until(lambda: shows(panel, ("SPY", "2026-12-04")), "the expiry asked for")
        await stage.press(key)
        await stage.until(lambda: legs(panel) != {}, "its legs")
        assert {one.expiry for one in panel.picks.counts} == {date(2026, 12, 4)}
