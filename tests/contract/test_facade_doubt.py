"""Resolving, foreign orders and comparing: the desk here and over the socket behave alike."""

from __future__ import annotations

import asyncio

from tests.contract.facades import ALL, Play, planned, refusal
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK
from tests.fakes.desk import Bench
from tests.fakes.strangers import enter

from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import CannotAdopt, NoEvidence, NotInDoubt, VerdictContradicted
from swimdesk.views.requests import ResolveRequest, SubmitRequest


def test_verdicts_and_their_refusals_go_through(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts["A-01"] = Act.LOSE
        await desk.submit(SubmitRequest(await planned(desk, STOCK), "B-1"))
        await desk.follow("B-1", 1.0)
        absent = ResolveRequest("B-1/A-01", "absent", "asked")
        await refusal(desk.resolve(absent), NoEvidence)
        placed = ResolveRequest("B-1/A-01", "placed:7", "asked")
        error = await refusal(desk.resolve(placed), VerdictContradicted)
        assert "order 7" in error.detail
        await refusal(desk.resolve(ResolveRequest("B-1/A-02", "absent", "x")), NotInDoubt)
        await asyncio.sleep(200)
        view = await desk.resolve(absent)
        assert view.lines[0].state == "absent"
        assert await desk.resolve(absent) == view

    play(scenario)


def test_foreign_orders_are_adopted_ignored_and_compared(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        kept, passed = enter(bench.broker, "A-01", STOCK), enter(bench.broker, "A-02", STOCK)
        found = await desk.reconcile(ALL)
        assert [one.kind for one in found.differences] == ["foreign", "foreign"]
        assert {one.order_id for one in await desk.foreign(ALL)} == {kept, passed}
        view = await desk.adopt("A-01", kept, "mine")
        assert view.lines[0].state == "working"
        assert (await desk.ignore("A-02", passed, "not mine")).origin == "ignored"
        await refusal(desk.ignore("A-01", kept, "x"), CannotAdopt)
        assert (await desk.reconcile(ALL)).verdict == "no_difference"

    play(scenario)
