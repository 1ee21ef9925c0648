"""Keys: what may stand where, other keys from a file, stops from everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from swimdesk.console.actions import ACTIONS, Action, Context, action
from swimdesk.console.panels import PANELS
from swimdesk.console.shell.keymap import Keymap, problems
from swimdesk.console.shell.keymap_file import read_keymap
from swimdesk.console.shell.keynames import UNDELIVERABLE, read_key, shown
from swimdesk.errors import ConfigError, ExitCode
from tests.console.stage import Stage, a_console

pytestmark = pytest.mark.slow


def is_halted(stage: Stage) -> bool:
    status = stage.console.board.status
    return status is not None and status.guard.state == "halted"


def with_keys(action_id: str, *keys: str) -> list[Action]:
    return [replace(one, keys=keys) if one.id == action_id else one for one in ACTIONS]


@pytest.mark.parametrize(
    ("action_id", "key", "said"),
    [
        ("list.copy", "e", "e means list.copy and list.export"),
        ("list.copy", "g", "g is list.copy and begins g g"),
        ("list.copy", "alt+y", "arrives as another key under tmux"),
        ("list.copy", "ctrl+s", "cannot be used"),
        ("list.copy", "ctrl+k", "hides global.halt"),
        ("global.send", "s", "can send and must be on a function key or Ctrl"),
        ("global.send", "enter", "can send and must be on a function key or Ctrl"),
        ("global.halt", "h", "cannot be reached while typing"),
    ],
)
def test_wrong_keys_are_named(action_id: str, key: str, said: str) -> None:
    assert any(said in problem for problem in problems(with_keys(action_id, key)))


def test_an_emergency_action_without_a_key_is_refused() -> None:
    assert "global.halt must be reachable by a key" in problems(with_keys("global.halt"))


@pytest.mark.parametrize("key", sorted({key for one in ACTIONS for key in one.keys}))
def test_a_key_as_people_write_it_is_read_back(key: str) -> None:
    assert read_key(shown(key)) == key
    assert read_key(key) == key


@pytest.mark.parametrize("written", ["", "foo", "g g g", "ctrl+foo", "f13"])
def test_what_is_no_key_is_not_read_as_one(written: str) -> None:
    assert read_key(written) is None


def test_no_action_waits_for_a_key_that_does_not_arrive() -> None:
    assert not {part for one in ACTIONS for key in one.keys for part in key.split()} & set(
        UNDELIVERABLE
    )


def test_every_action_has_a_second_way_to_it() -> None:
    """The palette lists what a screen and all screens have; a screen has it or all have."""
    reachable = {Context.GLOBAL, *(context for kind in PANELS for context in kind.contexts)}
    assert {one.id for one in ACTIONS if one.context not in reachable and not one.typed} == set()


def test_without_a_file_the_keys_are_the_usual_ones(tmp_path: Path) -> None:
    assert read_keymap(tmp_path).keys("global.send") == action("global.send").keys


def test_a_file_changes_the_keys_it_names_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "keymap.toml").write_text(
        '"global.preview" = ["F9", "Ctrl-G"]\n[list]\ntop = "g t"\ncopy = []\n', "utf-8"
    )
    keymap = read_keymap(tmp_path)
    assert keymap.keys("global.preview") == ("f9", "ctrl+g")
    assert keymap.keys("list.top") == ("g t",)
    assert keymap.keys("list.copy") == ()
    assert keymap.keys("list.bottom") == action("list.bottom").keys


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# mine\nfoo.bar = 'x'\n", 2, "there is no action 'foo.bar'"),
        ("[list]\n\ncopy = 'e'\n", 3, "e means list.copy and list.export"),
        ("[global]\nsend = 's'\n", 2, "can send"),
        ("[global]\nhalt = []\n", 2, "must be reachable"),
        ("[list]\ncopy = 7\n", 2, "wants keys such as"),
        ("[list]\ncopy = 'hyper-x'\n", 2, "is no key"),
        ("[list]\ncopy = 'Alt-y'\n", 2, "under tmux"),
    ],
)
def test_a_wrong_file_is_told_with_its_line_and_nothing_starts(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    (tmp_path / "keymap.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as told:
        read_keymap(tmp_path)
    assert f"keymap.toml:{line}: " in told.value.detail
    assert said in told.value.detail
    assert told.value.exit_code is ExitCode.USAGE


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "keymap.toml").write_text("[list\n", "utf-8")
    with pytest.raises(ConfigError, match="is no TOML"):
        read_keymap(tmp_path)


async def test_another_key_does_it_and_the_hints_show_it() -> None:
    keymap = Keymap(with_keys("global.help", "f2"))
    async with a_console(keymap=keymap) as stage:
        assert "F2 all keys" in stage.text()
        await stage.press("f2")
        await stage.until(lambda: "keys of accounts" in stage.text(), "the help")


@pytest.mark.parametrize("key", [one.keys[0] for one in ACTIONS if one.id == "global.halt"])
async def test_halt_works_inside_the_command_line_above_a_page_and_on_a_small_terminal(
    key: str,
) -> None:
    for place in ("prompt", "page", "small"):
        async with a_console() as stage:
            if place == "prompt":
                await stage.press("colon", "S", "P", "X")
            elif place == "page":
                await stage.press("question_mark")
            else:
                await stage.pilot.resize_terminal(70, 20)
            await stage.press(key)
            await stage.until(lambda: is_halted(stage), f"a halt from the {place}")


async def test_a_letter_in_an_input_is_typed_and_a_full_stop_too() -> None:
    async with a_console() as stage:
        await stage.press("colon", "j", "full_stop", "5", "minus", "question_mark")
        assert isinstance(stage.console.focused, Input)
        assert stage.console.prompt.value == "j.5-?"


async def test_a_key_that_cannot_act_now_says_why() -> None:
    async with a_console() as stage:
        await stage.press("f10")
        assert "send: there is no order" in stage.text()


async def test_the_first_of_two_keys_tells_what_may_follow() -> None:
    async with a_console() as stage:
        await stage.press("g")
        assert "g … g top" in stage.text()
        assert "a alarms" in stage.text()
        await stage.press("a")
        await stage.until(lambda: "There is no alarm" in stage.text(), "the alarms")
