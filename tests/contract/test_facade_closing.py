"""Flatten, undo and reduce: the desk here and over the socket behave alike."""

from __future__ import annotations

from tests.contract.facades import ALL, Play, planned, refusal
from tests.fakes.broker import Act
from tests.fakes.builders import CONDOR, STOCK, a_position
from tests.fakes.desk import Bench

from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import (
    InputError,
    OrderDenied,
    PlanExpired,
    UnknownReference,
)
from swimdesk.views.requests import (
    FlattenRequest,
    PlanRequest,
    Scope,
    SubmitRequest,
    UndoRequest,
)


def test_desk_that_is_reducing_says_so_and_denies_what_opens(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        reduced = await desk.reduce("too much")
        assert (reduced.state, reduced.reason) == ("reducing", "too much")
        assert (await desk.status()).guard == reduced
        plan = await desk.preview(PlanRequest(CONDOR, ALL))
        assert {d.code for line in plan.lines for d in line.denials} == {"REDUCING"}
        await refusal(desk.submit(SubmitRequest(plan.plan, "B-1")), OrderDenied)
        assert (await desk.halt("lunch")).state == "halted"
        assert (await desk.resume()).state == "active"

    play(scenario)


def test_flatten_plans_then_cancels_and_closes_with_the_right_number(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.positions = {"A-01": (a_position("AAPL", 100),)}
        bench.broker.acts = {"A-02": Act.REST}
        text = PlanRequest(STOCK, Scope(accounts=("A-02",)))
        await desk.submit(SubmitRequest((await desk.preview(text)).plan, "B-1"))
        await desk.follow("B-1", 1.0)
        plan = await desk.flatten_plan(ALL, "@nat")
        assert (plan.accounts, plan.orders, len(plan.cancels)) == (2, 1, 1)
        await refusal(desk.flatten(FlattenRequest(plan.plan, 3)), InputError)
        done = await desk.flatten(FlattenRequest(plan.plan, 2))
        assert [part.state for part in done.parts] == ["filled"]
        assert [one.state for one in done.cancels] == ["canceled"]
        assert done.plan == plan.plan
        await refusal(desk.flatten(FlattenRequest(plan.plan, 2)), PlanExpired)
        await refusal(desk.flatten_plan(Scope(), "@nat"), InputError)
        await refusal(desk.flatten_plan(ALL, "cheap"), InputError)

    play(scenario)


def test_undo_plans_then_takes_a_broadcast_back(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts = dict.fromkeys(("A-01", "A-02"), Act.REST)
        await desk.submit(SubmitRequest(await planned(desk, STOCK), "B-1"))
        await desk.follow("B-1", 2.0)
        bench.broker.positions = {a: (a_position("AAPL", 100),) for a in ("A-03", "A-04")}
        bench.broker.acts = {}
        plan = await desk.undo_plan("B-1", "@nat")
        assert (plan.undoes, plan.accounts, plan.orders, len(plan.cancels)) == ("B-1", 4, 2, 2)
        done = await desk.undo(UndoRequest(plan.plan))
        assert [(part.account, part.state) for part in done.parts] == [
            ("A-03", "filled"), ("A-04", "filled"),
        ]  # fmt: skip
        assert [one.outcome for one in done.cancels] == ["taken", "taken"]
        (reversal,) = done.broadcasts
        assert (await desk.broadcast(reversal)).key == "undo B-1 1"
        await refusal(desk.undo(UndoRequest(plan.plan)), PlanExpired)
        await refusal(desk.undo_plan("B-9", "@nat"), UnknownReference)

    play(scenario)
