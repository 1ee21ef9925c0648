"""Canceling from the command line: what is asked, what is shown, which exit code it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.support import Program, a_broadcast, asked

from swimdesk.cli.exits import cancel_exit_code_of
from swimdesk.control.exchange import OwnerGone
from swimdesk.domain.orders import TERMINAL, LineState
from swimdesk.errors import ExitCode
from swimdesk.views.models import BroadcastView, CommandView


def after(*lines: tuple[str, str]) -> BroadcastView:
    """Build a broadcast with a line per state, each with commands of these outcomes ("" none)."""
    view = a_broadcast(*(state for state, _ in lines))
    commands = tuple(
        replace(
            sample(CommandView),
            account=line.account,
            kind="cancel",
            outcome=None if outcome == "null" else outcome,
            reason="no such luck" if outcome in {"refused", "not_sent"} else None,
        )
        for line, (_, outcomes) in zip(view.lines, lines, strict=True)
        for outcome in outcomes.split()
    )
    return replace(view, commands=commands)


class CancelingFake(FakeFacade):
    """A desk that shows what became of a broadcast after a cancel."""

    def __init__(self, became: BroadcastView) -> None:
        super().__init__()
        self.became = became

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        await super().follow(broadcast, wait_s)
        return self.became


def test_cancel_asks_once_follows_and_prints_the_broadcast(program: Program) -> None:
    program.desks = [desk := CancelingFake(after(("canceled", "taken")))]
    ran = program.run("cancel", "01JB", "--wait", "3", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["lines"][0]["state"] == "canceled"
    assert ran.document["commands"][0]["outcome"] == "taken"
    assert asked(desk) == [
        ("cancel", {"reference": "01JB"}),
        ("follow", {"broadcast": "01JB", "wait_s": 3.0}),
    ]


def test_cancel_of_one_line_is_judged_by_that_line(program: Program) -> None:
    view = after(("canceled", "taken"), ("working", ""))
    program.desks = [desk := CancelingFake(view)]
    assert program.run("cancel", "01JB/FAM-01", "--json").code == 0
    assert asked(desk)[0] == ("cancel", {"reference": "01JB/FAM-01"})
    assert program.run("cancel", "01JB/FAM-02", "--json").code == 5


class EverythingFake(FakeFacade):
    """A desk with some broadcasts that have open orders."""

    def __init__(self, *became: BroadcastView) -> None:
        super().__init__()
        self.became = {view.broadcast: view for view in became}

    async def cancel_all(self) -> tuple[BroadcastView, ...]:
        await super().cancel_all()
        return tuple(self.became.values())

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        await super().follow(broadcast, wait_s)
        return self.became[broadcast]


def test_cancel_of_everything_follows_every_broadcast_that_had_open_orders(
    program: Program,
) -> None:
    one = replace(after(("canceled", "taken")), broadcast="01J1")
    other = replace(after(("working", "refused")), broadcast="01J2")
    program.desks = [desk := EverythingFake(one, other)]
    ran = program.run("cancel", "--all", "--wait", "3", "--json")
    assert ran.code == 4
    assert [shown["broadcast"] for shown in ran.document["broadcasts"]] == ["01J1", "01J2"]
    assert asked(desk) == [
        ("cancel_all", {}),
        ("follow", {"broadcast": "01J1", "wait_s": 3.0}),
        ("follow", {"broadcast": "01J2", "wait_s": 3.0}),
    ]


def test_cancel_of_everything_with_nothing_open_is_done(program: Program) -> None:
    program.desks = [EverythingFake()]
    assert program.run("cancel", "--all", "--json").document == {"broadcasts": []}
    ran = program.run("cancel", "--all")
    assert (ran.code, ran.err) == (0, "note: no order of ours is open\n")


@pytest.mark.parametrize("arguments", [("cancel",), ("cancel", "01JB", "--all")])
def test_cancel_wants_a_broadcast_or_everything(
    program: Program, arguments: tuple[str, ...]
) -> None:
    assert program.run(*arguments, "--json").code == 2
    assert not asked(program.desk)


def test_cancel_is_asked_again_where_the_owner_just_left(program: Program) -> None:
    gone, there = FakeFacade(), CancelingFake(after(("canceled", "taken")))
    gone.fail("cancel", OwnerGone("nobody listens"))
    program.desks = [gone, there]
    assert program.run("cancel", "01JB", "--json").code == 0
    assert [method for method, _ in asked(there)] == ["cancel", "follow"]


def test_programs_get_one_table_and_why_a_cancel_was_not_taken_on_the_side(
    program: Program,
) -> None:
    program.desks = [CancelingFake(after(("canceled", "taken"), ("working", "refused")))]
    ran = program.run("cancel", "01JB")
    assert ran.code == 4
    assert len(ran.out.splitlines()) == 3
    assert "note: cancel of FAM-02: refused (no such luck)" in ran.err
    assert "FAM-01" not in ran.err


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("canceled", "taken"), ("canceled", "unknown")], ExitCode.DONE),
        ([("canceled", "taken"), ("filled", "ended"), ("denied", "ended")], ExitCode.DONE),
        ([("canceled", "taken"), ("filled", "taken")], ExitCode.PARTIAL),
        ([("filled", "taken ended")], ExitCode.PARTIAL),
        ([("filled", "refused")], ExitCode.PARTIAL),
        ([("rejected", "taken")], ExitCode.PARTIAL),
        ([("working", "refused")], ExitCode.PARTIAL),
        ([("canceling", "taken")], ExitCode.PARTIAL),
        ([("partial", "not_sent")], ExitCode.PARTIAL),
        ([("working", "unknown taken")], ExitCode.PARTIAL),
        ([("working", "taken unknown")], ExitCode.IN_DOUBT),
        ([("working", "null")], ExitCode.IN_DOUBT),
        ([("accepted", "")], ExitCode.IN_DOUBT),
        ([("in_doubt", "not_sent"), ("filled", "taken")], ExitCode.IN_DOUBT),
        ([("sending", "not_sent")], ExitCode.IN_DOUBT),
    ],
)
def test_lines_and_commands_decide_the_exit_code(
    lines: list[tuple[str, str]], code: ExitCode
) -> None:
    assert cancel_exit_code_of(after(*lines), None) is code


@pytest.mark.parametrize("state", LineState)
def test_only_a_canceled_line_is_done_after_a_command_was_sent(state: LineState) -> None:
    is_done = cancel_exit_code_of(after((state.value, "taken")), None) is ExitCode.DONE
    assert is_done is (state is LineState.CANCELED)


@pytest.mark.parametrize("state", LineState)
def test_line_that_may_still_trade_is_never_exit_0(state: LineState) -> None:
    is_done = cancel_exit_code_of(after((state.value, "ended")), None) is ExitCode.DONE
    assert is_done is (state in TERMINAL)
