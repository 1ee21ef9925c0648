"""The frame of the console: screens, command line, staging, arming, sending."""

from __future__ import annotations

from datetime import date, timedelta

from swimdesk.console.actions import ACTIONS
from swimdesk.console.app import all_methods_exist
from swimdesk.console.shell.frame import example_order
from swimdesk.console.shell.keymap import problems
from swimdesk.console.shell.standing import Tone
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.orderlang import parse_order
from swimdesk.sim.holidays import is_trading_day
from tests.console.stage import a_console
from tests.fakes.builders import CONDOR, an_account


def test_no_key_has_two_meanings_and_every_stop_can_be_reached() -> None:
    assert problems(ACTIONS) == []


def test_every_action_has_somebody_who_carries_it_out() -> None:
    assert all_methods_exist() == []


async def test_the_console_opens_on_the_accounts_with_the_mode_in_sight() -> None:
    async with a_console() as stage:
        text = stage.text()
        assert "PAPER" in text
        assert "A-01" in text
        assert "doubt 0" in text


def test_example_of_an_order_can_be_typed_and_names_a_day_to_come_at_any_time_of_the_year() -> None:
    assert example_order(date(2026, 11, 23)).startswith("SPX IC 8DEC26 6200/6220/5820/5800 -1")
    for today in (date(2026, 1, 1) + timedelta(days=n) for n in range(3 * 366)):
        text = example_order(today).removesuffix(" all")
        option = parse_order(text, today=today).ticket.legs[0].instrument
        assert isinstance(option, OptionContract)
        assert timedelta(days=14) <= option.expiry - today <= timedelta(days=27)
        assert is_trading_day(option.expiry), f"on {today}: {text}"


async def test_an_order_is_typed_planned_armed_confirmed_and_sent_with_few_keys() -> None:
    async with a_console() as stage:
        await stage.plan()
        assert "8 send" in stage.text()
        await stage.press("f8", "f10")
        assert "SEND 8 ORDERS" in stage.text()
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: stage.broker.posts.total() == 8, "eight orders")
        await stage.until(lambda: "settled" in stage.text(), "a settled broadcast")
        assert set(stage.broker.posts.values()) == {1}


async def test_enter_does_not_send() -> None:
    async with a_console() as stage:
        await stage.plan()
        await stage.press("f8", "f10")
        stage.clock.advance(1)
        await stage.press("enter")
        await stage.until(lambda: not stage.console.is_modal, "the question is gone")
        assert "Nothing was sent" in stage.text()
        assert stage.broker.posts.total() == 0


async def test_an_order_that_is_not_understood_is_told_with_its_column() -> None:
    async with a_console() as stage:
        await stage.type(CONDOR.replace("@1.60", "1.60") + " all")
        assert "column" in stage.text()
        assert stage.console.session.stage is None


async def test_from_an_empty_screen_to_a_confirmed_condor_on_a_group_takes_five_keys() -> None:
    accounts = tuple(an_account(f"FAM-{n:02}", groups=("family",)) for n in range(1, 5))
    async with a_console(accounts=accounts) as stage:
        text = "SPX IC (Weeklys) 11DEC26 6200/6220/5820/5800 -1 @1.60 grp family"
        await stage.press("colon")
        await stage.pilot.press(*(_KEYS.get(char, char) for char in text))
        await stage.press("enter")
        await stage.until(lambda: "4 send" in stage.text(), "a plan")
        await stage.press("f8", "f10")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: stage.broker.posts.total() == 4, "four orders")


_KEYS = {" ": "space", "/": "slash", "@": "at", ".": "full_stop", "-": "minus",
         "(": "left_parenthesis", ")": "right_parenthesis"}  # fmt: skip


async def test_a_message_that_is_cut_says_how_the_whole_is_read() -> None:
    async with a_console((80, 24)) as stage:
        stage.console.say("word " * 40, Tone.WARN)
        await stage.until(lambda: "g m shows all" in stage.text(), "the key")
        await stage.press("colon")
        await stage.until(lambda: "Esc g m shows all" in stage.text(), "keys while typing")
        await stage.press("escape")
        await stage.until(lambda: "Esc g m" not in stage.text(), "the key alone")
        stage.console.say("a short one", Tone.WARN)
        await stage.until(lambda: "a short one" in stage.text(), "the next message")
        assert "shows all" not in stage.text()


async def test_a_message_that_needs_two_lines_gets_them_and_gives_one_back() -> None:
    async with a_console((80, 24)) as stage:
        stage.console.say(f"{'much ' * 15}expected 'SPX 18DEC26 6200 CALL'", Tone.DANGER)
        await stage.until(lambda: "'SPX 18DEC26 6200 CALL'" in stage.text(), "the half that helps")
        assert "shows all" not in stage.text()
        assert stage.console.frame.message.size.height == 2
        stage.console.say("a short one", Tone.WARN)
        await stage.until(lambda: stage.console.frame.message.size.height == 1, "one line")


async def test_a_message_that_is_too_long_ends_at_a_word() -> None:
    async with a_console((80, 24)) as stage:
        stage.console.say("abcdefghi " * 40, Tone.DANGER)
        await stage.until(lambda: "shows all" in stage.text(), "the key")
        line = next(line for line in stage.text().splitlines() if "shows all" in line)
        assert line.strip() == f"{'abcdefghi ' * 6}…  g m shows all"


async def test_what_was_asked_about_a_line_goes_once_its_order_is_staged() -> None:
    async with a_console() as stage:
        await stage.type(CONDOR)
        assert "Say which accounts" in stage.text()
        await stage.press("escape")
        await stage.plan()
        assert "Say which accounts" not in stage.text()
