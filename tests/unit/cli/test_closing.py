"""Flatten and undo from the command line: what is asked, what must be typed, which exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.support import Program, asked

from swimdesk.cli.exits import closing_exit_code_of
from swimdesk.errors import ExitCode, PlanExpired, TradingHalted
from swimdesk.views.closing import FlattenView, PartView, TakenBackView, UndoView
from swimdesk.views.comparing import ForeignView
from swimdesk.views.requests import FlattenRequest, Scope, UndoRequest

ALL = Scope(everyone=True)


def parts(*states: str) -> tuple[PartView, ...]:
    """Build a part per state; words behind a colon say that it is in doubt, or was sent."""
    made = []
    for number, text in enumerate(states, start=1):
        state, *more = text.split(":")
        made.append(
            replace(
                sample(PartView), account=f"FAM-{number:02}", state=state, denials=(),
                in_doubt="doubt" in more, broadcast="01JB" if "sent" in more else None,
            )
        )  # fmt: skip
    return tuple(made)


def cancels(*states: str) -> tuple[TakenBackView, ...]:
    """Build a canceled order per state, with the outcome behind a colon."""
    return tuple(
        replace(sample(TakenBackView), state=state, outcome=outcome or None)
        for state, _, outcome in (text.partition(":") for text in states)
    )


def a_view(kind: Any, accounts: int = 2, *states: str, **changes: object) -> Any:
    """Build what flatten or undo shows."""
    return replace(
        sample(kind), plan="01JP", accounts=accounts, parts=parts(*states), cancels=(),
        carried_out=False, cost=Decimal(-5), **changes,
    )  # fmt: skip


class ClosingFake(FakeFacade):
    """A desk with a plan and with what becomes of it; ``later`` are plans of later calls."""

    def __init__(self, plan: Any, became: Any, later: Sequence[Any] = ()) -> None:
        super().__init__()
        self.plans = [plan, *later]
        self.became = became

    def _planned(self) -> Any:
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]

    async def flatten_plan(self, scope: Scope, price: str) -> FlattenView:
        await super().flatten_plan(scope, price)
        view: FlattenView = self._planned()
        return view

    async def flatten(self, request: FlattenRequest) -> FlattenView:
        await super().flatten(request)
        view: FlattenView = self.became
        return view

    async def undo_plan(self, reference: str, price: str) -> UndoView:
        await super().undo_plan(reference, price)
        view: UndoView = self._planned()
        return view

    async def undo(self, request: UndoRequest) -> UndoView:
        await super().undo(request)
        view: UndoView = self.became
        return view


PLAN = a_view(FlattenView, 2, "close", "close")
CLOSED = replace(PLAN, carried_out=True, parts=parts("filled:sent", "filled:sent"))


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))


def test_flatten_without_yes_shows_the_plan_and_does_nothing(program: Program) -> None:
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    ran = program.run("flatten", "--all", "--price", "@mid", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "INPUT_INVALID")
    assert ran.document["plan"]["accounts"] == 2
    assert asked(desk) == [("flatten_plan", {"scope": ALL, "price": "@mid"})]
    ran = program.run("flatten", "--all")
    assert ran.code == 2
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["account", "FAM-01", "FAM-02"]
    assert "2 accounts: 0 cancels, 7 closing orders at x" in ran.err
    assert "brings $5.00 at the natural price" in ran.err
    assert "add --yes" in ran.err


def test_flatten_names_what_others_ordered_and_it_does_not_cancel(program: Program) -> None:
    other = replace(sample(ForeignView), account="FAM-01", order_id="2005")
    program.desks = [ClosingFake(replace(PLAN, others=(other,)), CLOSED)]
    told = f"warning: order {other.order_id} works in {other.account} and is not ours"
    assert told in program.run("flatten", "--all").err
    program.desks = [ClosingFake(replace(PLAN, others=None), CLOSED)]
    assert "orders of others work there could not be read" in program.run("flatten", "--all").err


def test_flatten_with_yes_and_the_number_carries_the_plan_out(program: Program) -> None:
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    arguments = ("flatten", "--all", "--yes", "--confirm", "2", "--wait", "3", "--ack", "FAR")
    ran = program.run(*arguments, "--json")
    assert (ran.code, ran.document["carried_out"]) == (0, True)
    request = FlattenRequest("01JP", 2, ("FAR",), 3.0)
    assert asked(desk) == [
        ("flatten_plan", {"scope": ALL, "price": "@nat"}),
        ("flatten", {"request": request}),
    ]


def test_flatten_with_another_number_does_nothing(program: Program) -> None:
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    ran = program.run("flatten", "--all", "--yes", "--confirm", "48", "--json")
    assert ran.code == 2
    assert "concerns 2 accounts, 48 was given" in ran.document["error"]["detail"]
    assert ran.document["plan"]["plan"] == "01JP"
    assert [method for method, _ in asked(desk)] == ["flatten_plan"]


def test_flatten_asks_nobody_but_a_person(program: Program) -> None:
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    ran = program.run("flatten", "--all", "--yes", "--json")
    assert ran.code == 2
    assert "--confirm 2" in ran.document["error"]["detail"]
    assert [method for method, _ in asked(desk)] == ["flatten_plan"]


@pytest.mark.parametrize(
    ("typed", "code", "methods"),
    [
        ("2\n", 0, ["flatten_plan", "flatten_plan", "flatten"]),
        ("3\n", 2, ["flatten_plan", "flatten_plan"]),
        ("two\n2\n", 0, ["flatten_plan", "flatten_plan", "flatten"]),
        ("", 130, ["flatten_plan"]),
    ],
)
def test_person_types_the_number_of_accounts(
    program: Program, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, methods: list[str]
) -> None:
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    on_a_terminal(monkeypatch, typed)
    ran = program.run("flatten", "--all", "--yes")
    assert ran.code == code
    assert [method for method, _ in asked(desk)] == methods
    assert "Type the number of accounts" in ran.err


def test_what_changed_since_it_was_shown_is_shown_again_and_not_done(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(PLAN, parts=parts("close", "kept_back"))
    program.desks = [desk := ClosingFake(PLAN, CLOSED, [changed])]
    on_a_terminal(monkeypatch, "2\n")
    ran = program.run("flatten", "--all", "--yes")
    assert ran.code == 2
    assert "changed since they were shown" in ran.err
    assert [method for method, _ in asked(desk)] == ["flatten_plan", "flatten_plan"]


@pytest.mark.parametrize(
    ("states", "code"), [((), 0), (("kept_back",), 4), (("kept_back:doubt",), 5)]
)
def test_nothing_to_do_needs_no_yes(program: Program, states: tuple[str, ...], code: int) -> None:
    program.desks = [desk := ClosingFake(a_view(FlattenView, 0, *states), CLOSED)]
    for more in ((), ("--yes", "--confirm", "0"), ("--yes",)):
        ran = program.run("flatten", "--all", *more, "--json")
        assert (ran.code, ran.document["accounts"]) == (code, 0)
    assert {method for method, _ in asked(desk)} == {"flatten_plan"}


def test_flatten_wants_accounts_and_tells_errors_of_the_desk(program: Program) -> None:
    assert program.run("flatten", "--yes").code == 2
    program.desks = [desk := ClosingFake(PLAN, CLOSED)]
    for error, code in ((TradingHalted("Halted."), 7), (PlanExpired("Old."), 2)):
        desk.fail("flatten", error)
        assert program.run("flatten", "--all", "--yes", "--confirm", "2").code == code


def test_undo_shows_both_halves_then_carries_them_out(program: Program) -> None:
    plan = replace(a_view(UndoView, 2, "close"), cancels=cancels("working:"))
    became = replace(
        plan, carried_out=True, parts=parts("filled:sent"), cancels=cancels("canceled:taken")
    )
    program.desks = [desk := ClosingFake(plan, became)]
    ran = program.run("undo", "01JB", "--json")
    assert (ran.code, len(ran.document["plan"]["cancels"])) == (2, 1)
    assert asked(desk) == [("undo_plan", {"reference": "01JB", "price": "@nat"})]
    ran = program.run("undo", "01JB/FAM-01", "--price", "1.45", "--yes", "--wait", "2")
    assert ran.code == 0
    assert "canceled, cancel taken" in ran.err
    assert asked(desk) == [
        ("undo_plan", {"reference": "01JB/FAM-01", "price": "1.45"}),
        ("undo", {"request": UndoRequest("01JP", (), 2.0)}),
    ]


def test_nothing_to_undo_is_done(program: Program) -> None:
    program.desks = [desk := ClosingFake(a_view(UndoView, 0), CLOSED)]
    assert program.run("undo", "01JB").code == 0
    assert program.run("undo", "01JB", "--yes", "--json").code == 0
    assert {method for method, _ in asked(desk)} == {"undo_plan"}


@pytest.mark.parametrize(
    ("canceled", "closed", "code"),
    [
        ((), (), ExitCode.DONE),
        (("canceled:taken", "filled:taken"), ("filled:sent", "working:sent"), ExitCode.DONE),
        (("working:taken",), (), ExitCode.PARTIAL),
        (("working:unknown",), (), ExitCode.IN_DOUBT),
        (("working:",), ("filled:sent",), ExitCode.IN_DOUBT),
        (("canceled:unknown",), ("filled:sent",), ExitCode.DONE),
        (("in_doubt:taken",), (), ExitCode.IN_DOUBT),
        ((), ("filled:sent", "kept_back"), ExitCode.PARTIAL),
        ((), ("filled:sent", "kept_back:doubt"), ExitCode.IN_DOUBT),
        ((), ("filled:sent", "in_doubt:sent:doubt"), ExitCode.IN_DOUBT),
        ((), ("rejected:sent",), ExitCode.PARTIAL),
        ((), ("canceled:sent",), ExitCode.PARTIAL),
        ((), ("not_sent:sent",), ExitCode.UNREACHABLE),
        ((), ("not_sent:sent", "filled:sent"), ExitCode.PARTIAL),
        ((), ("denied", "denied"), ExitCode.DENIED),
        (("canceled:taken",), ("denied",), ExitCode.PARTIAL),
        ((), ("denied", "filled:sent"), ExitCode.PARTIAL),
    ],
)
def test_exit_code_of_what_was_carried_out(
    canceled: tuple[str, ...], closed: tuple[str, ...], code: ExitCode
) -> None:
    assert closing_exit_code_of(cancels(*canceled), parts(*closed)) is code


def test_prompt_is_no_part_of_the_document(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.desks = [ClosingFake(PLAN, CLOSED)]
    on_a_terminal(monkeypatch, "2\n")
    ran = program.run("flatten", "--all", "--yes", "--json")
    assert ran.document["carried_out"]
    assert "Type the number" in ran.err
