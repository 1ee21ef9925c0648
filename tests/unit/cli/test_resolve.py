"""Resolving, foreign orders and comparing from the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.documents import DOCUMENTS
from tests.unit.cli.support import Program, a_broadcast, asked

from swimdesk.cli.exits import reconcile_exit_code_of, resolve_exit_code_of
from swimdesk.cli.reads import FIELDS
from swimdesk.control.exchange import OwnerGone
from swimdesk.errors import (
    CannotAdopt,
    ExitCode,
    NoEvidence,
    NotInDoubt,
    SwimdeskError,
    VerdictContradicted,
)
from swimdesk.views.codec import from_json
from swimdesk.views.comparing import DifferenceView, ReconcileView, UnreadView
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import ResolveRequest, Scope

RESOLVE = ("resolve", "01JB/FAM-01", "--as", "placed:77", "--reason", "asked")


class SettlingFake(FakeFacade):
    """A desk that shows what became of a line."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self.became = a_broadcast(*states)

    async def resolve(self, request: ResolveRequest) -> BroadcastView:
        await super().resolve(request)
        return self.became


def test_resolve_asks_the_desk_and_prints_the_broadcast(program: Program) -> None:
    program.desks = [desk := SettlingFake("filled", "in_doubt")]
    ran = program.run(*RESOLVE, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert asked(desk) == [
        ("resolve", {"request": ResolveRequest("01JB/FAM-01", "placed:77", "asked")})
    ]
    assert from_json(DOCUMENTS["resolve B/ALIAS"].view, ran.document) == desk.became


def test_resolve_is_asked_again_where_the_owner_just_left(program: Program) -> None:
    gone, there = FakeFacade(), SettlingFake("filled")
    gone.fail("resolve", OwnerGone("nobody listens"))
    program.desks = [gone, there]
    assert program.run(*RESOLVE, "--json").code == 0
    assert [method for method, _ in asked(there)] == ["resolve"]


@pytest.mark.parametrize(
    ("error", "code"), [(NotInDoubt, 2), (VerdictContradicted, 3), (NoEvidence, 9)]
)
def test_verdict_that_is_refused_has_its_own_code(
    program: Program, error: type[SwimdeskError], code: int
) -> None:
    program.desk.fail("resolve", error("what was found"))
    ran = program.run(*RESOLVE, "--json")
    assert ran.code == code
    assert ran.document["error"]["code"] == error.code
    assert ran.document["error"]["detail"] == "what was found"


@pytest.mark.parametrize(
    "arguments",
    [
        ("resolve", "01JB", "--as", "absent", "--reason", "x"),
        ("resolve", "01JB/", "--as", "absent", "--reason", "x"),
        ("resolve", "01JB/FAM-01", "--as", "absent"),
        ("resolve", "01JB/FAM-01", "--reason", "x"),
        ("adopt", "FAM-01", "--reason", "x"),
        ("adopt", "FAM-01/", "--reason", "x"),
        ("adopt", "/77", "--reason", "x"),
        ("ignore", "FAM-01/77"),
    ],
)
def test_what_is_not_said_whole_is_not_asked(program: Program, arguments: tuple[str, ...]) -> None:
    assert program.run(*arguments, "--json").code == 2
    assert not asked(program.desk)


@pytest.mark.parametrize(
    ("state", "code"),
    [("filled", ExitCode.DONE), ("absent", ExitCode.DONE), ("in_doubt", ExitCode.IN_DOUBT)],
)
def test_resolve_is_judged_by_its_line(state: str, code: ExitCode) -> None:
    assert resolve_exit_code_of(a_broadcast(state, "in_doubt"), "FAM-01") is code


# --- foreign orders ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["adopt", "ignore"])
def test_order_is_named_with_its_account(program: Program, command: str) -> None:
    ran = program.run(command, "FAM/01/77", "--reason", "mine", "--json")
    assert (ran.code, ran.err) == (0, "")
    arguments = {"account": "FAM/01", "order_id": "77", "reason": "mine"}
    assert asked(program.desk) == [(command, arguments)]
    view = DOCUMENTS[f"{command} ALIAS/ORDER_ID"].view
    assert from_json(view, ran.document) == sample(view)


def test_order_that_cannot_be_adopted_is_exit_2(program: Program) -> None:
    program.desk.fail("adopt", CannotAdopt("is ours"))
    assert program.run("adopt", "FAM-01/77", "--reason", "mine", "--json").code == 2


@pytest.mark.parametrize("command", [("foreign",), ("ignore", "FAM-01/77", "--reason", "x")])
def test_foreign_orders_for_programs_have_a_column_per_field(
    program: Program, command: tuple[str, ...]
) -> None:
    header, row = program.run(*command).out.splitlines()
    assert header.split("\t") == list(FIELDS["foreign"])
    assert row.count("\t") == header.count("\t")


# --- comparing ---------------------------------------------------------------------------------


def compared(*kinds: str, unread: int = 0, accounts: int = 4) -> ReconcileView:
    """Build a comparison with a difference per kind."""
    view: ReconcileView = replace(
        sample(ReconcileView),
        differences=tuple(replace(sample(DifferenceView), kind=kind) for kind in kinds),
        unread=tuple(sample(UnreadView) for _ in range(unread)),
        accounts=accounts,
    )
    return view


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (compared(), ExitCode.DONE),
        (compared("foreign"), ExitCode.PARTIAL),
        (compared("position", "differs"), ExitCode.PARTIAL),
        (compared(unread=1), ExitCode.PARTIAL),
        (compared("in_doubt", "position"), ExitCode.IN_DOUBT),
        (compared("in_doubt", unread=2), ExitCode.IN_DOUBT),
        (compared(unread=2, accounts=0), ExitCode.UNREACHABLE),
        (compared(accounts=0), ExitCode.DONE),
    ],
)
def test_differences_decide_the_exit_code(view: ReconcileView, code: ExitCode) -> None:
    assert reconcile_exit_code_of(view) is code


class ComparingFake(FakeFacade):
    """A desk that has compared."""

    def __init__(self, view: ReconcileView) -> None:
        super().__init__()
        self.view = view

    async def reconcile(self, scope: Scope) -> ReconcileView:
        await super().reconcile(scope)
        return self.view


def test_reconcile_prints_what_differs_and_what_was_not_compared(program: Program) -> None:
    program.desks = [desk := ComparingFake(compared("foreign", unread=1))]
    ran = program.run("reconcile", "--group", "ira")
    assert ran.code == 4
    assert asked(desk) == [("reconcile", {"scope": Scope(groups=("ira",))})]
    assert len(ran.out.splitlines()) == 2
    assert "not compared" in ran.err
    document = program.run("reconcile", "--json").document
    assert from_json(ReconcileView, document) == desk.view


def test_reconcile_names_a_login_whose_accounts_are_not_known(program: Program) -> None:
    unread = UnreadView(None, "smith", "accounts", "the answer is not JSON")
    program.desks = [ComparingFake(replace(compared(), verdict="unread", unread=(unread,)))]
    ran = program.run("reconcile")
    assert ran.code == 4
    assert "login smith could not be asked which it has: the answer is not JSON" in ran.err


def test_reconcile_without_a_difference_says_so(program: Program) -> None:
    view = replace(compared(), verdict="no_difference")
    program.desks = [ComparingFake(view)]
    ran = program.run("reconcile")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("no difference: 4 accounts, 7 orders, 7 lines compared")
