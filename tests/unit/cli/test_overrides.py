"""Overrides on the command line, and what a plan shows of denials and of the broker's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.support import ORDER, Program, a_plan, asked

from swimdesk.views.holding import HoldingsView
from swimdesk.views.models import (
    AccountView,
    BrokerCheckView,
    LearnedView,
    PlanView,
    WarningView,
)
from swimdesk.views.requests import PlanRequest, Scope

ALL = Scope(everyone=True)


class PlanningFake(FakeFacade):
    """A desk with one plan."""

    def __init__(self, plan: PlanView) -> None:
        super().__init__()
        self.plan = plan

    async def preview(self, request: PlanRequest) -> PlanView:
        await super().preview(request)
        return self.plan


def planned(*verdicts: str) -> PlanView:
    """Build a plan in which nothing stands in the way of what is sent."""
    plan = a_plan(*verdicts)
    lines = tuple(replace(line, broker=None, denials=(), reason=None) for line in plan.lines)
    return replace(plan, lines=lines, warnings=(), overrides=())


def test_preview_hands_overrides_on_as_they_were_typed(program: Program) -> None:
    options = ("--override", "NOTIONAL_ORDER=62000", "--ack", "PRICE_FAR", "--broker")
    program.desk = PlanningFake(planned("send"))
    assert program.run("preview", ORDER, "--all", *options).code == 0
    wanted = PlanRequest(
        ORDER, ALL, overrides=("NOTIONAL_ORDER=62000", "PRICE_FAR"), broker_preview=True
    )
    assert asked(program.desk) == [("preview", {"request": wanted})]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--override", "NOTIONAL_ORDER"), "CODE=FIGURE"),
        (("--ack", "PRICE_FAR=1"), "a code alone"),
    ],
)
@pytest.mark.parametrize("command", ["preview", "send"])
def test_a_half_override_is_a_usage_error(
    program: Program, command: str, options: tuple[str, ...], told: str
) -> None:
    ran = program.run(command, ORDER, "--all", *options, "--json")
    assert ran.code == 2
    assert told in ran.document["error"]["detail"]
    assert asked(program.desk) == []


def test_a_saved_plan_has_its_overrides_already(program: Program) -> None:
    ran = program.run("send", "--plan", "01JP", "--ack", "PRICE_FAR", "--yes", "--json")
    assert ran.code == 2
    assert "preview --save" in ran.document["error"]["detail"]
    assert asked(program.desk) == []


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [(("send", "denied"), 0), (("denied", "denied"), 3), (("denied", "skipped"), 3)],
)
@pytest.mark.parametrize("form", [("--json",), ()])
def test_a_plan_that_nobody_may_send_is_shown_and_exits_3(
    program: Program, verdicts: tuple[str, ...], code: int, form: tuple[str, ...]
) -> None:
    program.desk = PlanningFake(planned(*verdicts))
    ran = program.run("preview", ORDER, "--all", *form)
    assert ran.code == code
    assert "FAM-02" in ran.out
    assert "send --plan" not in ran.out + ran.err


def test_warnings_say_what_would_lift_them(program: Program) -> None:
    warnings = (
        WarningView("OPTION_LEVEL", "hard", 3, "needs option level 2", None),
        WarningView("NOTIONAL_ORDER", "typed", 1, "$62,000.00", "NOTIONAL_ORDER=62000"),
        WarningView("PRICE_FAR", "soft", 2, "far away", "PRICE_FAR"),
    )
    plan = replace(planned("send"), warnings=warnings, overrides=("QUOTE_STALE",))
    program.desk = PlanningFake(plan)
    shown = program.run("preview", ORDER, "--all")
    said = shown.out + shown.err
    assert "hard OPTION_LEVEL in 3 accounts: needs option level 2\n" in said
    assert "typed NOTIONAL_ORDER in 1 account: $62,000.00; --override NOTIONAL_ORDER=62000" in said
    assert "soft PRICE_FAR in 2 accounts: far away; --ack PRICE_FAR" in said
    assert "overridden: QUOTE_STALE" in said


def test_the_brokers_word_is_a_column_and_its_remarks_are_notes(program: Program) -> None:
    plan = planned("send", "send")
    alert = BrokerCheckView("alert", ("settled funds",), None, None)
    lines = tuple(replace(line, broker=alert) for line in plan.lines)
    program.desk = PlanningFake(replace(plan, lines=lines))
    ran = program.run("preview", ORDER, "--all")
    head, first, *_ = ran.out.splitlines()
    assert "broker" in head.split("\t")
    assert first.split("\t")[head.split("\t").index("broker")] == "alert"
    assert "note: broker alert: settled funds (2 accounts)" in ran.err


def test_accounts_show_what_was_learned_in_words(program: Program) -> None:
    class Learning(FakeFacade):
        async def holdings(self, scope: Scope) -> HoldingsView:
            view = await super().holdings(scope)
            account = sample(AccountView)
            lesson: LearnedView = replace(account.learned, text="not approved")
            shown = (replace(account, learned=lesson), replace(account, learned=None))
            return replace(view, accounts=shown)

    program.desk = Learning()
    ran = program.run("accounts")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    place = rows[0].index("learned")
    assert [row[place] for row in rows[1:]] == ["2026-11-23 not approved", ""]


def test_preview_tells_of_an_order_that_rests_beyond_a_sign_in_and_asks_for_nothing(
    program: Program,
) -> None:
    text = "rests beyond the sign-in of smith, which ends 2026-12-07 12:00 UTC"
    caution = WarningView("OUTLIVES_SIGN_IN", "warning", 3, text, None)
    program.desk = PlanningFake(replace(planned("send"), warnings=(caution,)))
    ran = program.run("preview", ORDER, "--all")
    assert ran.code == 0
    assert f"warning OUTLIVES_SIGN_IN in 3 accounts: {text}\n" in ran.err
