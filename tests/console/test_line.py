"""The command line: completion, history, accounts alone, explanations, rubbish."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from swimdesk.console.shell.memory import HISTORY, Memory
from swimdesk.console.shell.typed import Accounts, Asked, Order, Verb, read_line
from swimdesk.errors import SwimdeskError
from swimdesk.views.requests import Scope
from tests.console.stage import Stage, a_console
from tests.fakes.builders import CONDOR

pytestmark = pytest.mark.slow


async def typed(stage: Stage, text: str) -> None:
    """Type letter by letter, as fingers do."""
    await stage.press("colon", *("space" if char == " " else char for char in text))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("acc", Verb("global.go-acc", "")),
        ("ACC", Verb("global.go-acc", "")),
        ("2", Verb("global.go-acc", "")),
        ("?", Verb("global.help", "")),
        ("-", Verb("global.back", "")),
        ("arm 5", Verb("global.arm", "5")),
        ("HALT the market is mad", Verb("global.halt", "the market is mad")),
        ("preview", Verb("global.preview", "")),
    ],
)
def test_a_command_is_read(text: str, meaning: Verb) -> None:
    assert read_line(text) == meaning


@pytest.mark.parametrize("text", ["grp A", "acc A-01..03", "all", "marked", "where bp>20000"])
def test_accounts_alone_are_read(text: str) -> None:
    assert isinstance(read_line(text), Accounts)


@pytest.mark.parametrize(
    "text",
    [
        "ARM +100 @150 all",
        "ARM 18DEC26 150C -1 @1.60 all",
        "ARM IC 18DEC26 1/2/3/4 +1 @1 all",
        "ACC +100 @187.5 all",
        "all +100 @MKT all",
        f"{CONDOR} all",
        f"{CONDOR} all preview",
    ],
)
def test_symbols_that_are_words_of_the_line_too_stay_orders(text: str) -> None:
    meaning = read_line(text)
    assert isinstance(meaning, Order)
    assert meaning.line.everyone


@pytest.mark.parametrize("text", ["arm?", "arm ?", f"{CONDOR} all ?", "grp A ?", "all??"])
def test_a_question_mark_behind_a_line_asks(text: str) -> None:
    assert isinstance(read_line(text), Asked)


@pytest.mark.parametrize("text", ["hello", "99", "grp", "grp A mult", "all grp A"])
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(SwimdeskError):
        read_line(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(SwimdeskError):
        read_line(text)


async def test_a_ghost_goes_on_with_the_word_and_tab_takes_it() -> None:
    async with a_console() as stage:
        await typed(stage, "mess")
        await stage.until(lambda: "messAGES" in stage.text(), "a ghost")
        await stage.press("tab")
        assert stage.console.prompt.value == "MESSAGES"


async def test_tab_goes_through_what_fits_and_back() -> None:
    async with a_console(accounts=3) as stage:
        await typed(stage, "acc ")
        await stage.press("tab")
        assert stage.console.prompt.value == "acc A-01"
        assert "[A-01] A-02" in stage.text()
        await stage.press("tab")
        assert stage.console.prompt.value == "acc A-02"
        await stage.press("shift+tab")
        assert stage.console.prompt.value == "acc A-01"


async def test_expirations_of_a_symbol_are_read_once_for_completion() -> None:
    async with a_console() as stage:
        await typed(stage, "IWM IC ")
        await stage.until(lambda: "IWM" in stage.console.lexicon.expiries, "the expirations")
        await stage.press("tab")
        assert stage.console.prompt.value.startswith("IWM IC 27NOV26")


async def test_theme_names_are_completed_and_a_wrong_one_is_told() -> None:
    async with a_console() as stage:
        await typed(stage, "theme co")
        await stage.press("tab", "enter")
        assert stage.console.theme == "contrast"
        await stage.type("THEME pink")
        assert "desk, contrast, colour-blind" in stage.text()
        assert stage.console.prompt.value == "THEME pink"


async def test_earlier_lines_come_back_and_what_was_being_typed_too() -> None:
    async with a_console() as stage:
        await stage.type("ACC")
        await stage.type("all")
        await typed(stage, "BL")
        await stage.press("up", "up", "up")
        assert stage.console.prompt.value == "ACC"
        await stage.press("down", "down")
        assert stage.console.prompt.value == "BL"


async def test_lines_are_remembered_over_sittings_for_the_owner_only(tmp_path: Path) -> None:
    async with a_console(home=tmp_path) as stage:
        await stage.type("theme contrast")
        await stage.until(lambda: Memory(tmp_path).lines() == ["theme contrast"], "the file")
        await stage.until(lambda: Memory(tmp_path).theme() == "contrast", "the theme")
        assert (tmp_path / HISTORY).stat().st_mode & 0o777 == 0o600
    async with a_console(home=tmp_path) as stage:
        assert stage.console.theme == "contrast"
        await stage.press("colon", "up")
        assert stage.console.prompt.value == "theme contrast"


async def test_a_line_that_is_not_understood_stays_to_be_mended_and_in_no_file(
    tmp_path: Path,
) -> None:
    async with a_console(home=tmp_path) as stage:
        await stage.type("hunter2")
        assert "There is no command hunter2" in stage.text()
        assert stage.console.prompt.value == "hunter2"
        assert stage.console.prompt.has_focus
        await stage.type("ACC")
        await stage.until(lambda: Memory(tmp_path).lines() != [], "the file")
        assert "hunter2" not in (tmp_path / HISTORY).read_text("utf-8")


async def test_the_cursor_stands_where_the_mistake_is() -> None:
    async with a_console() as stage:
        await stage.type("BUY +100 AAPL @MKT bogus all")
        assert stage.console.prompt.cursor_position == len("BUY +100 AAPL @MKT ")
        assert stage.text().count("column 20") == 1


def test_a_home_that_cannot_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "gone")
    memory.keep_lines(["a"])
    memory.keep_theme("desk")
    assert memory.lines() == []
    assert memory.theme() == ""


@pytest.mark.parametrize("text", ["[]", "{", '{"theme": 3}', "\x00"])
def test_a_state_file_that_is_rubbish_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "console.json").write_text(text, "utf-8")
    assert Memory(tmp_path).theme() in ("", "3")


def test_lines_with_control_characters_are_not_taken_up(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / HISTORY, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"ACC\n\x1b[2J\n\xff\xfe\nBLT\n")
    assert Memory(tmp_path).lines() == ["ACC", "BLT"]


async def test_accounts_alone_are_where_orders_go_and_stand_in_the_status_line() -> None:
    async with a_console() as stage:
        await stage.type("acc A-01..05")
        assert stage.console.session.scope == Scope(
            accounts=("A-01", "A-02", "A-03", "A-04", "A-05")
        )
        assert "acc 5" in stage.text().splitlines()[0]
        await stage.plan(CONDOR)
        assert "5 send" in stage.text()
        await stage.type("SCOPE none")
        assert stage.console.session.scope.is_empty


async def test_a_group_that_does_not_exist_is_told_with_those_that_do() -> None:
    async with a_console() as stage:
        await stage.type("acc Z-01")
        assert "There is no account Z-01; there is A-01" in stage.text()
        assert stage.console.session.scope.is_empty


async def test_a_line_is_explained_and_nothing_is_staged() -> None:
    async with a_console() as stage:
        await stage.type(f"{CONDOR} all mult ?")
        await stage.until(lambda: "what this line does" in stage.text(), "the explanation")
        text = stage.text()
        assert "SELL -1 IRON CONDOR" in text
        assert "all 8" in text
        assert "multiplier" in text
        assert "sends nothing" in text
        await stage.press("escape")
        assert stage.console.session.stage is None


async def test_a_command_is_explained_with_its_keys() -> None:
    async with a_console() as stage:
        await stage.type("send?")
        await stage.until(lambda: "F10" in stage.text() and "not possible" in stage.text(), "why")


async def test_a_word_too_much_is_told_with_what_is_expected() -> None:
    async with a_console() as stage:
        await stage.type("REFRESH everything")
        assert "REFRESH takes nothing behind it; found everything." in stage.text()
        await stage.type("ARM 99")
        assert "ARM takes minutes from 1 to 60, found 99." in stage.text()
        assert stage.console.prompt.value == "ARM 99"


@pytest.mark.parametrize(
    "rubbish",
    [
        f"{CONDOR} all\n{CONDOR} all\n",
        "\x1b[2J\x1b]0;title\x07ACC",
        "\x00\x01\x7f\x9b31m",
        "SEND\n",
        "A" * 1_000_000,
        "\n\n\n",
        "[bold]x[/nonsense]",
    ],
)
async def test_what_is_pasted_is_one_plain_line_and_does_nothing(rubbish: str) -> None:
    async with a_console() as stage:
        await stage.press("colon")
        stage.console.post_message(events.Paste(rubbish))
        await stage.pilot.pause()
        value = stage.console.prompt.value
        assert value.isprintable()
        assert len(value) <= 500
        assert stage.console.session.stage is None
        await stage.press("enter")
        assert stage.broker.posts.total() == 0
        assert stage.console.crash is None


async def test_a_paste_onto_a_screen_does_nothing() -> None:
    async with a_console() as stage:
        stage.console.post_message(events.Paste("q6SEND\n"))
        await stage.pilot.pause()
        assert stage.console.panel.code == "ACC"
        assert stage.console.is_running


async def test_text_copied_from_a_list_comes_into_the_line_without_its_tabs() -> None:
    async with a_console() as stage:
        await stage.press("y", "colon", "ctrl+v")
        assert stage.console.prompt.value.isprintable()


async def test_ctrl_u_empties_the_line_also_behind_the_cursor() -> None:
    async with a_console() as stage:
        await stage.type("SPX IC 11DEC26 6200/6220 -1 @1.60 all")
        prompt = stage.console.prompt
        assert 0 < prompt.cursor_position < len(prompt.value)
        await stage.press("ctrl+u")
        assert prompt.value == ""


async def test_a_kept_line_says_that_it_was_kept_and_is_typed_behind() -> None:
    async with a_console() as stage:
        await stage.type("SPX IC 11DEC26 6200/6220 -1 @1.60 all")
        kept = stage.console.prompt.value
        await stage.press("escape", "colon")
        assert stage.console.prompt.value == kept
        assert stage.console.prompt.cursor_position == len(kept)
        assert "The line was kept: Ctrl-U empties it" in stage.text()
