"""Around the screens: status line, small terminals, help, palette, alarms, themes, the market."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from swimdesk.console.actions import ACTIONS, Context
from swimdesk.console.board import EVERYTHING
from swimdesk.console.session import Session
from swimdesk.console.shell.market import Market
from swimdesk.console.shell.palette import Entry, ranked
from swimdesk.console.shell.standing import fit, pieces
from swimdesk.console.themes import THEMES
from swimdesk.console.widgets.lines import Hints, StatusLine
from swimdesk.views.requests import Scope
from tests.console.doubtful import a_doubt
from tests.console.stage import Stage, a_console

pytestmark = pytest.mark.slow

SMALL = "The console needs 80x24, this terminal has 72x20: make it larger."


async def test_a_terminal_that_is_too_small_gets_a_sentence_and_the_screen_comes_back() -> None:
    async with a_console() as stage:
        await stage.pilot.resize_terminal(72, 20)
        await stage.until(lambda: SMALL in stage.text(), "the sentence")
        assert "A-01" not in stage.text()
        await stage.press("6", "f8", "q")
        assert stage.console.panel.code == "ACC"
        assert stage.console.session.armed_until is None
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: "A-01" in stage.text(), "the accounts")
        await stage.press("6")
        await stage.until(lambda: stage.console.panel.code == "BLT", "keys work again")


async def test_a_console_that_starts_too_small_says_so() -> None:
    async with a_console((72, 20)) as stage:
        await stage.until(lambda: SMALL in stage.text(), "the sentence")


async def test_a_question_survives_a_terminal_that_was_too_small() -> None:
    async with a_console() as stage:
        await stage.plan()
        await stage.press("f8", "f10")
        await stage.until(lambda: "SEND 8 ORDERS" in stage.text(), "the question")
        stage.clock.advance(1)
        await stage.pilot.resize_terminal(60, 10)
        await stage.press("Y")
        assert stage.broker.posts.total() == 0
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: "SEND 8 ORDERS" in stage.text(), "the question again")
        await stage.press("Y")
        await stage.until(lambda: stage.broker.posts.total() == 8, "eight orders")


async def test_a_storm_of_resizes_ends_with_a_whole_screen() -> None:
    chance = random.Random(7)
    async with a_console() as stage:
        for _ in range(100):
            size = (chance.randint(1, 220), chance.randint(1, 70))
            await stage.pilot.resize_terminal(*size)
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: "A-01" in stage.text() and "PAPER" in stage.text(), "the screen")
        assert not stage.console.is_modal
        assert stage.console.crash is None


def keeps(stage: Stage, width: int) -> str:
    """Return the status line as it is at a width, when everything is wrong at once."""
    board = stage.console.board
    assert board.status is not None
    guard = replace(board.status.guard, state="halted", reason="test")
    doubts = tuple(a_doubt(f"A-{number:02}") for number in range(12))
    worst = replace(
        board.status, mode="live", guard=guard, doubts=doubts, open_lines=34, alarms=("a", "b")
    )
    board.status = worst
    session = Session(scope=Scope(everyone=True))
    session.arm(stage.console.now())
    return "  ".join(one.text for one in fit(pieces(board, session, stage.console.now()), width))


async def test_at_80_columns_the_status_line_keeps_what_decides_whether_it_is_safe() -> None:
    async with a_console() as stage:
        line = keeps(stage, 80)
        assert len(line) <= 80
        for word in ("LIVE", "ARMED 15:00", "HALTED", "doubt 12", "alarms 2", "ET"):
            assert word in line
        assert "working" in keeps(stage, 200)


async def test_live_is_a_band_above_and_below_and_paper_is_none() -> None:
    async with a_console() as stage:
        console = stage.console
        bars = [*console.query(StatusLine), *console.query(Hints)]
        paper = [bar.styles.background for bar in bars]
        assert console.board.status is not None
        console.board.status = replace(console.board.status, mode="live")
        console._changed(EVERYTHING)
        await stage.pilot.pause()
        assert " LIVE " in stage.text().splitlines()[0]
        live = console.theme_variables["live"].lower()
        assert [bar.styles.background.hex.lower() for bar in bars] == [live, live]
        assert paper != [bar.styles.background for bar in bars]


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_theme_paints_every_size(theme: str, size: tuple[int, int]) -> None:
    async with a_console(size) as stage:
        await stage.type(f"THEME {theme}")
        assert stage.console.theme == theme
        assert "PAPER" in stage.text()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_on_sixteen_colours_the_bands_are_told_apart(theme: Theme) -> None:
    bands = [theme.variables["live"], theme.variables["paper"], theme.variables["halted"]]
    bands += [theme.panel or "", theme.background or ""]
    sixteen = [Color.parse(band).downgrade(ColorSystem.STANDARD).number for band in bands]
    assert len(set(sixteen[:3])) == 3
    assert not set(sixteen[:3]) & set(sixteen[3:])


async def test_without_colours_the_words_are_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with a_console() as stage:
        assert stage.console.no_color
        assert "PAPER" in stage.text()
        assert "doubt 0" in stage.text()


async def test_help_has_every_key_of_the_screen_and_the_words() -> None:
    async with a_console((200, 60)) as stage:
        await stage.press("question_mark")
        await stage.until(lambda: "keys of accounts" in stage.text(), "the help")
        seen = stage.text()
        await stage.press("G")
        await stage.until(lambda: "dispersion" in stage.text(), "the words")
        seen += stage.text()
        for one in ACTIONS:
            if one.context in (Context.GLOBAL, Context.LIST):
                assert one.help[:30] in seen
        await stage.press("escape")
        assert not stage.console.is_modal


async def test_help_can_be_read_at_80_columns() -> None:
    async with a_console((80, 24)) as stage:
        await stage.press("f1")
        await stage.until(lambda: "keys of accounts" in stage.text(), "the help")
        assert "Go one row down." in stage.text()
        first = stage.text()
        await stage.press("space")
        assert stage.text() != first
        await stage.press("g")
        assert stage.text() == first


async def test_the_palette_finds_by_title_and_by_typed_word_and_says_what_hinders() -> None:
    async with a_console() as stage:
        await stage.press("ctrl+p")
        await stage.until(lambda: "palette" in stage.text(), "the palette")
        await stage.press(*"DISARM")
        await stage.until(lambda: "not now: sending is not armed" in stage.text(), "the reason")
        await stage.press(*["backspace"] * 6, *"blotter", "enter")
        await stage.until(lambda: stage.console.panel.code == "BLT", "the blotter")
        assert not stage.console.is_modal


async def test_the_palette_lists_every_action_of_the_screen() -> None:
    async with a_console() as stage:
        contexts = (*stage.console.panel.contexts, Context.GLOBAL)
        listed = {entry.action_id for entry in stage.console.commands.entries()}
        assert listed == {one.id for one in ACTIONS if one.context in contexts}


async def test_the_palette_is_no_help_where_nothing_fits_and_opens_once() -> None:
    async with a_console() as stage:
        await stage.press("ctrl+p", "ctrl+p")
        await stage.press(*"zzzz")
        assert "no action is called like this" in stage.text()
        await stage.press("enter", "escape")
        await stage.until(lambda: not stage.console.is_modal, "the palette is gone")


def test_the_palette_ranks_a_typed_word_like_a_title() -> None:
    entries = [
        Entry("a", "blotter", "6", "BLT", "", None),
        Entry("b", "accounts", "2", "ACC", "", None),
    ]
    assert [one.action_id for one in ranked(entries, "blt")] == ["a"]
    assert [one.action_id for one in ranked(entries, "")] == ["a", "b"]


async def test_alarms_are_read_as_plain_text() -> None:
    async with a_console() as stage:
        console = stage.console
        assert console.board.status is not None
        alarms = ("A-01: [bold]filled twice[/nope]", "the newest")
        console.board.status = replace(console.board.status, alarms=alarms)
        await stage.type("ALARMS")
        await stage.until(lambda: "alarms, newest first" in stage.text(), "the alarms")
        assert "[bold]filled twice[/nope]" in stage.text()


async def test_what_was_said_can_be_read_again() -> None:
    async with a_console() as stage:
        await stage.press("f8", "ctrl+l")
        await stage.type("MESSAGES")
        await stage.until(lambda: "ARMED for 15 minutes" in stage.text(), "the messages")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_way_to_all_keys_is_always_in_sight(size: tuple[int, int]) -> None:
    async with a_console(size) as stage:
        assert stage.text().splitlines()[-1].endswith("? all keys")


async def test_a_click_on_a_hint_is_its_key() -> None:
    async with a_console((200, 60)) as stage:
        at = stage.text().splitlines()[-1].index("F8 arm")
        await stage.pilot.click(Hints, offset=(at, 0))
        assert stage.console.session.armed_until is not None


async def test_the_market_line_is_there_only_where_there_is_room() -> None:
    async with a_console((120, 40)) as stage:
        await stage.until(lambda: "SPY 100.00" in stage.text(), "the market")
        assert "VIX 100.00" in stage.text()
        assert "NL $" in stage.text()
        told = stage.console.frame.market.pieces(
            stage.console.board, stage.console.now() + timedelta(seconds=60)
        )
        assert told[0].text == "SPY 100.00 1m00s old"
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: "SPY" not in stage.text(), "no market at 80 columns")


async def test_a_symbol_that_the_broker_does_not_know_is_not_asked_again() -> None:
    async with a_console((80, 24)) as stage:
        stage.broker.unknown_symbols.add("$VIX")
        market = Market()
        await market.read(stage.bench.desk, stage.clock.now())
        await market.read(stage.bench.desk, stage.clock.now())
        assert set(market.indices) == {"SPY", "$SPX"}
        told = market.pieces(stage.console.board, stage.console.now())
        assert [one.text.split()[0] for one in told] == ["SPY", "SPX", "NL"]


async def test_the_sign_of_an_index_says_where_it_went() -> None:
    async with a_console((80, 24)) as stage:
        market = Market(("SPY",))
        (quote,) = await stage.bench.desk.quotes(("SPY",))
        for last, text in (("100", "SPY 100.00"), ("101", "SPY 101.00▴"), ("99", "SPY 99.00▾")):
            market._take([replace(quote, last=Decimal(last))])
            now = quote.as_of + timedelta(seconds=1)
            assert market.pieces(stage.console.board, now)[0].text == text


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c", "ctrl+z", "ctrl+s", "ctrl+a"])
async def test_keys_of_the_terminal_and_of_other_programs_do_nothing(key: str) -> None:
    async with a_console() as stage:
        before = stage.text()
        await stage.press(key)
        assert stage.text() == before
        assert stage.console.is_running
