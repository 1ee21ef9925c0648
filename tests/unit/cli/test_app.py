"""The program as a whole: help, usage errors, exit codes, and what a bug leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.support import Program

from swimdesk import __version__
from swimdesk.cli.app import COMMANDS
from swimdesk.errors import (
    BrokerUnreachable,
    ConfigError,
    HomeHeld,
    LoginRequired,
    OrderTextError,
    StoreFull,
    SwimdeskError,
    TradingHalted,
)


def test_help_lists_every_command_with_what_it_does(program: Program) -> None:
    ran = program.run("--help")
    assert ran.code == 0
    listed = [line.split() for line in ran.out.partition("Commands:")[2].splitlines() if line]
    assert [words[0] for words in listed] == list(COMMANDS)
    assert all(len(words) > 3 and not words[-1].endswith("...") for words in listed)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(program: Program, name: str) -> None:
    ran = program.run(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"swimdesk {name}" in ran.out


def test_without_a_command_and_a_terminal_it_says_what_else_there_is(program: Program) -> None:
    ran = program.run()
    assert ran.code == 2
    assert ran.out == ""
    assert "the console needs a terminal" in ran.err
    assert "--no-ui" in ran.err


def test_version(program: Program) -> None:
    assert program.run("--version").out == f"swimdesk {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acounts",), "acounts"),
        (("accounts", "--grup", "x"), "--grup"),
        (("quote",), "SYMBOL"),
        (("chain", "SPY", "--strikes", "many"), "--strikes"),
        (("login", "smith", "--imprt", "x"), "--imprt"),
        (("--no-ui", "status"), "--no-ui"),
        (("--no-mouse", "status"), "--no-mouse"),
    ],
)
def test_usage_error_is_told_in_a_sentence(
    program: Program, arguments: tuple[str, ...], said: str
) -> None:
    ran = program.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "--help`" in ran.err
    assert program.opened == 0


def test_usage_error_with_json_is_the_error_document(program: Program) -> None:
    ran = program.run("accounts", "--json", "--grup", "x")
    assert (ran.code, ran.err) == (2, "")
    assert ran.document["error"]["code"] == "INPUT_INVALID"
    assert "--grup" in ran.document["error"]["detail"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (LoginRequired("x"), 6),
        (TradingHalted("x"), 7),
        (BrokerUnreachable("x"), 9),
        (StoreFull("x"), 10),
    ],
)
def test_error_of_the_desk_becomes_its_exit_code(
    program: Program, error: SwimdeskError, code: int
) -> None:
    program.desk.fail("holdings", error)
    ran = program.run("accounts")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.splitlines() == [f"swimdesk: {error.title}", "x"]
    program.desk.fail("holdings", error)
    ran = program.run("accounts", "--json")
    assert (ran.code, ran.document) == (code, {"error": error.as_json()})


def test_question_is_asked_again_once_if_the_owner_just_left(program: Program) -> None:
    program.desk.fail("holdings", HomeHeld("gone"))
    assert program.run("accounts").code == 0
    assert program.opened == 2
    for _ in range(2):
        program.desk.fail("holdings", HomeHeld("held"))
    assert program.run("accounts").code == 8
    assert program.opened == 4


def test_order_text_error_shows_the_text_with_a_caret(program: Program) -> None:
    program.desk.fail("preview", OrderTextError("column 8: read 'FOO'", column=8))
    ran = program.run("preview", "SELL -1 FOO", "--all")
    assert ran.code == 2
    assert ran.err.splitlines()[1:] == ["column 8: read 'FOO'", "  SELL -1 FOO", "         ^"]


def test_bug_leaves_a_report_and_no_traceback(program: Program) -> None:
    program.desk.fail("holdings", ZeroDivisionError("secret"))
    ran = program.run("accounts")
    assert (ran.code, ran.out) == (70, "")
    assert "Traceback" not in ran.err
    (report,) = (program.home / "logs").glob("crash-*.txt")
    assert str(report) in ran.err
    assert "ZeroDivisionError" in report.read_text()


def test_bug_with_json_is_the_error_document(program: Program) -> None:
    program.desk.fail("holdings", ZeroDivisionError())
    ran = program.run("accounts", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (70, "BUG")


def test_bug_in_a_home_that_cannot_be_written_is_told_all_the_same(
    program: Program, tmp_path: Path
) -> None:
    program.home = tmp_path / "file"
    program.home.touch()
    program.desk.fail("holdings", ZeroDivisionError())
    ran = program.run("accounts")
    assert ran.code == 70
    assert "could not be written" in ran.err
