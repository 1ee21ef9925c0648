"""The kill switch and the status: with an owner, with one that fails, with none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.support import Program, asked
from tests.unit.cli.test_cancel import EverythingFake, after

from swimdesk import __version__
from swimdesk.bootstrap import HomePaths
from swimdesk.errors import BrokerUnreachable, HomeHeld, StoreFull
from swimdesk.views.models import DoubtView, StatusView


def settled(program: Program) -> Program:
    """Make the program's home one, by the file that tells it."""
    program.home.mkdir(parents=True)
    (program.home / "config.toml").touch()
    return program


def test_halt_where_there_is_no_home_halts_nothing_and_says_so(program: Program) -> None:
    for make in (False, True):
        if make:
            program.home.mkdir(parents=True)
        ran = program.run("halt", "--json")
        assert (ran.code, ran.document["error"]["code"]) == (2, "CONFIG_INVALID")
        assert str(program.home) in ran.document["error"]["detail"]
        assert not HomePaths(program.home).run.exists()


@pytest.mark.parametrize("command", [("halt", "--reduce"), ("resume",)], ids=" ".join)
def test_switch_where_there_is_no_home_is_not_thrown_and_makes_none(
    program: Program, command: tuple[str, ...]
) -> None:
    program.is_owned = False
    ran = program.run(*command, "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "CONFIG_INVALID")
    assert str(program.home) in ran.document["error"]["detail"]
    assert not program.home.exists()


def test_folders_that_a_refused_command_left_make_no_home(program: Program) -> None:
    HomePaths(program.home).make()
    ran = program.run("halt", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "CONFIG_INVALID")
    assert not HomePaths(program.home).halt_file.exists()


def test_halt_writes_the_file_and_tells_the_owner(program: Program) -> None:
    settled(program)
    ran = program.run("halt", "--reason", "lunch")
    assert (ran.code, ran.err) == (0, "")
    assert HomePaths(program.home).halt_file.read_text() == "lunch\n"
    assert asked(program.desk) == [("halt", {"reason": "lunch"})]


def test_halt_holds_by_the_file_where_the_owner_does_not_confirm(program: Program) -> None:
    settled(program)
    for error in (HomeHeld("Process 7 does not answer."), StoreFull("No room.")):
        program.desk.fail("halt", error)
        ran = program.run("halt", "--reason", "lunch", "--json")
        assert (ran.code, ran.document["state"], ran.document["reason"]) == (0, "halted", "lunch")
        assert error.detail in ran.err
        assert "halt file is written" in ran.err


def test_halt_without_an_owner_says_that_it_holds_at_the_start(program: Program) -> None:
    settled(program)
    program.is_owned = False
    ran = program.run("halt", "--json")
    assert (ran.code, ran.document["state"]) == (0, "halted")
    assert "nobody runs this home" in ran.err
    assert program.run("status", "--json").document["guard"]["state"] == "halted"


def test_resume_without_an_owner_takes_the_file_away(program: Program) -> None:
    settled(program)
    program.is_owned = False
    program.run("halt")
    ran = program.run("resume", "--json")
    assert (ran.code, ran.document["state"]) == (0, "active")
    assert not HomePaths(program.home).halt_file.exists()
    assert program.opened == 0


def test_resume_with_an_owner_is_the_owners_answer(program: Program) -> None:
    assert program.run("resume", "--json").code == 0
    assert asked(program.desk) == [("resume", {})]
    program.desk.fail("resume", StoreFull("No room."))
    assert program.run("resume").code == 10


def test_status_of_a_home_that_nobody_made_yet(program: Program) -> None:
    program.is_owned = False
    ran = program.run("status")
    facts = dict(line.split("\t") for line in ran.out.splitlines())
    assert (ran.code, facts["version"], facts["trading"]) == (0, __version__, "active")
    assert facts["owner"].startswith("nobody")
    assert not program.home.exists()


def test_status_of_an_owner_lists_its_logins_tasks_and_alarms(program: Program) -> None:
    facts = [line.split("\t")[0] for line in program.run("status").out.splitlines()]
    # One login, one task, one alarm in the sample.
    assert [name.split(" ")[0] for name in facts[-3:]] == ["login", "task", "alarm"]


def test_status_tells_the_oldest_doubts_each_in_a_line_and_names_the_other_accounts(
    program: Program,
) -> None:
    one = replace(
        sample(DoubtView),
        doubt="unknown",
        waits_for="reads",
        trouble="",
        is_replacement=False,
        order_id=None,
    )
    doubts = tuple(replace(one, account=f"FAM-{number:02}") for number in range(1, 9))

    class Doubtful(FakeFacade):
        async def status(self) -> StatusView:
            return replace(await super().status(), doubts=doubts)

    program.desk = Doubtful()
    ran = program.run("status")
    facts = dict(line.split("\t", 1) for line in ran.out.splitlines())
    assert [name for name in facts if name.startswith("doubt ")] == [
        f"doubt {number}" for number in range(1, 6)
    ]
    told = facts["doubt 1"]
    assert "reading the list of FAM-01 every 0.1 s; 7 complete reads so far" in told
    assert "from 15:04:05 UTC on a single look-alike is taken" in told
    assert "do not re-enter this order in FAM-01" in told
    assert facts["doubts 6 to 8"] == "do not trade by hand in FAM-06, FAM-07, FAM-08"
    document = program.run("status", "--json").document
    assert [row["account"] for row in document["doubts"]] == [view.account for view in doubts]


def test_broadcasts_of_a_home_that_nobody_made_yet(program: Program) -> None:
    program.is_owned = False
    assert program.run("broadcasts", "--json").document == {"broadcasts": []}
    assert program.run("broadcasts", "01J").code == 2
    assert (program.opened, program.home.exists()) == (0, False)


# --- halt and cancel ---------------------------------------------------------------------------


def test_halt_comes_before_the_cancels_and_what_is_not_delivered_is_named(
    program: Program,
) -> None:
    settled(program).is_owned = False
    undelivered = after(("canceled", "taken"), ("working", "not_sent"), ("in_doubt", "null"))
    program.desks = [desk := EverythingFake(undelivered)]
    ran = program.run("halt", "--cancel", "--reason", "lunch", "--wait", "2", "--json")
    assert ran.code == 5
    assert (ran.document["state"], ran.document["reason"]) == ("halted", "lunch")
    assert ran.document["broadcasts"][0]["lines"][0]["state"] == "canceled"
    assert HomePaths(program.home).halt_file.read_text() == "lunch\n"
    assert [method for method, _ in asked(desk)] == ["cancel_all", "follow"]
    assert ran.err.splitlines()[1:] == [
        "note: not delivered: FAM-02 of 01JB (no such luck)",
        "note: not delivered: FAM-03 of 01JB (no outcome known)",
    ]


def test_halt_stands_where_nobody_can_be_asked_to_cancel(program: Program) -> None:
    settled(program).is_owned = False
    program.desk.fail("cancel_all", BrokerUnreachable("No route."))
    ran = program.run("halt", "--cancel", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (9, "BROKER_UNREACHABLE")
    assert ran.document["guard"]["state"] == "halted"
    assert HomePaths(program.home).halt_file.exists()
    program.desk.fail("cancel_all", BrokerUnreachable("No route."))
    ran = program.run("halt", "--cancel")
    assert "halted" in ran.out
    assert "no cancel was delivered" in ran.err


def test_halt_without_cancel_asks_for_none(program: Program) -> None:
    settled(program)
    assert program.run("halt", "--json").document.keys() == {"state", "reason", "since"}
    assert [method for method, _ in asked(program.desk)] == ["halt"]


# --- reduce ------------------------------------------------------------------------------------


def test_reduce_is_the_owners_answer(program: Program) -> None:
    settled(program)
    ran = program.run("halt", "--reduce", "--reason", "too much", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert asked(program.desk) == [("reduce", {"reason": "too much"})]
    assert not HomePaths(program.home).halt_file.exists()
    program.desk.fail("reduce", StoreFull("No room."))
    assert program.run("halt", "--reduce").code == 10


def test_reduce_where_nothing_was_ever_sent_says_so(program: Program) -> None:
    settled(program).is_owned = False
    program.run("halt")
    ran = program.run("halt", "--reduce", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "CONFIG_INVALID")
    assert HomePaths(program.home).halt_file.exists(), "the halt stands"
