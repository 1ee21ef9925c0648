"""Undo: a broadcast is taken back, by its final fills, once, and no further than is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.fakes.broker import Act, CancelAct
from tests.fakes.desk import Bench, a_desk
from tests.fakes.held import HeldBroker, a_held_broker
from tests.unit.desk.closing import (
    BUY,
    CONDOR_NAME,
    HELD,
    OPEN_CONDOR,
    SELL,
    SHARES,
    part_of,
    play,
    sent,
    told,
)

from swimdesk.cli.exits import closing_exit_code_of
from swimdesk.domain.broadcast import Broadcast
from swimdesk.errors import ExitCode, PlanExpired, StoreError, TradingHalted, UnknownReference
from swimdesk.views.closing import UndoView
from swimdesk.views.requests import UndoRequest


async def undone(bench: Bench, reference: str, *, wait_s: float = 10.0) -> UndoView:
    """Plan to undo and carry it out."""
    plan = await bench.desk.undo_plan(reference, "@nat")
    return await bench.desk.undo(UndoRequest(plan.plan, wait_s=wait_s))


@asynccontextmanager
async def without(bench: Bench, broker: HeldBroker, alias: str) -> AsyncIterator[Bench]:
    """Start the desk anew over accounts of which one has no such alias any more."""
    await bench.desk.close()
    broker.accounts = tuple(a for a in broker.accounts if a.alias != alias)
    async with a_desk(
        broker.accounts, broker=broker, journal=bench.journal, clock=broker.clock
    ) as other:
        yield other


def test_plan_shows_both_halves_and_sends_nothing() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, OPEN_CONDOR, act=Act.FILL)
        await sent(bench, BUY, "A-01")
        posts = broker.posts.copy()
        plan = await bench.desk.undo_plan(view.broadcast, "@nat")
        assert (plan.undoes, plan.carried_out) == (view.broadcast, False)
        assert told(plan) == [("A-01", CONDOR_NAME, 1, "close"), ("A-02", CONDOR_NAME, 1, "close")]
        assert (plan.parts[0].order or "").startswith("BUY +1 IRON CONDOR SPY")
        assert (plan.accounts, plan.orders, plan.cancels) == (2, 2, ())
        assert (broker.posts, broker.cancels) == (posts, [])

    play(a_held_broker((), ()), scenario)


def test_what_works_is_canceled_and_what_filled_by_then_is_reversed() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.PARTIAL)
        broker.cancel_acts = {"A-02": [CancelAct.FILL_FIRST]}
        done = await undone(bench, view.broadcast)
        assert [one.state for one in done.cancels] == ["canceled", "filled"]
        assert told(done) == [("A-01", "SPY", 50, "filled"), ("A-02", "SPY", 100, "filled")]
        (reversal,) = done.broadcasts
        shown = await bench.desk.broadcast(reversal)
        assert shown.key == f"undo {view.broadcast} 1"
        assert {line.effect for line in shown.lines} == {"close"}
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker((), ()), scenario)


def test_only_what_the_broadcast_opened_is_closed() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        done = await undone(bench, view.broadcast)
        assert told(done) == [("A-01", "SPY", 100, "filled"), ("A-02", "SPY", 100, "filled")]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{"SPY": 100}, {}]

    play(a_held_broker(SHARES, ()), scenario)


def test_what_was_reversed_is_not_reversed_again_even_after_a_restart() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        broker.acts = {"A-02": Act.PARTIAL}
        first = await undone(bench, view.broadcast, wait_s=1.0)
        assert [part.state for part in first.parts] == ["filled", "partial"]
        again = await bench.desk.undo_plan(view.broadcast, "@nat")
        assert (again.parts, again.accounts) == ((), 0)
        await bench.desk.cancel(first.broadcasts[0])
        await bench.desk.follow(first.broadcasts[0], 10)
        await bench.desk.close()
        async with a_desk(
            broker.accounts, broker=broker, journal=bench.journal, clock=broker.clock
        ) as other:
            broker.acts = {}
            rest = await undone(other, view.broadcast)
            assert told(rest) == [("A-02", "SPY", 50, "filled")]
            assert [broker.holds(a.alias) for a in broker.accounts] == [{"SPY": 100}] * 2

    play(a_held_broker(SHARES, SHARES), scenario)


def test_two_at_once_reverse_once() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        plans = [await bench.desk.undo_plan(view.broadcast, "@nat") for _ in range(2)]
        broker.during_quotes = lambda: asyncio.sleep(1)
        done = await asyncio.gather(*(bench.desk.undo(UndoRequest(p.plan)) for p in plans))
        assert [len(one.parts) for one in done] == [1, 0]
        assert broker.holds("A-01") == {"SPY": 100}

    play(a_held_broker(SHARES), scenario)


def test_line_in_doubt_is_named_and_not_touched() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        broker.acts = {"A-01": Act.TAKE_AND_LOSE_ANSWER}
        shown = await bench.submit(await bench.plan(BUY))
        broker.reads_fail = True
        await bench.desk.follow(shown.broadcast, 1)
        broker.acts = {}
        done = await undone(bench, shown.broadcast, wait_s=1.0)
        assert part_of(done, "A-01").in_doubt
        assert "in doubt, not touched: BUY +100 SPY" in (part_of(done, "A-01").reason or "")
        assert (broker.posts["A-01"], broker.cancels) == (1, [])

    play(a_held_broker(()), scenario)


def test_no_more_is_reversed_than_is_held_now() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        await sent(bench, "SELL -60 SPY @600.00 LMT", "A-01", act=Act.FILL)
        await sent(bench, "SELL -100 SPY @600.00 LMT", "A-02", act=Act.FILL)
        done = await undone(bench, view.broadcast)
        assert told(done) == [("A-01", "SPY", 40, "filled"), ("A-02", "SPY", 100, "kept_back")]
        assert done.parts[1].reason == "not held any more"
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker((), ()), scenario)


def test_what_closed_is_not_opened_again() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, SELL, act=Act.FILL)
        done = await undone(bench, view.broadcast)
        assert part_of(done, "A-01").state == "kept_back"
        assert "it closed 100, and undo opens nothing" in (part_of(done, "A-01").reason or "")
        assert broker.posts["A-01"] == 1

    play(a_held_broker(SHARES), scenario)


def test_one_account_is_undone_alone() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        done = await undone(bench, f"{view.broadcast}/A-02")
        assert told(done) == [("A-02", "SPY", 100, "filled")]
        assert broker.holds("A-01") == {"SPY": 100}
        with pytest.raises(UnknownReference):
            await bench.desk.undo_plan(f"{view.broadcast}/A-09", "@nat")

    play(a_held_broker((), ()), scenario)


def test_line_of_an_alias_that_is_gone_is_left_out_and_the_others_are_undone() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        async with without(bench, broker, "A-01") as other:
            plan = await other.desk.undo_plan(view.broadcast, "@nat")
            assert told(plan) == [("A-02", "SPY", 100, "close"), ("A-01", "SPY", 100, "kept_back")]
            assert (plan.accounts, plan.orders) == (1, 1)
            assert "not among the accounts" in (part_of(plan, "A-01").reason or "")
            done = await other.desk.undo(UndoRequest(plan.plan))
            assert [part.state for part in done.parts] == ["filled", "kept_back"]
            assert closing_exit_code_of(done.cancels, done.parts) is ExitCode.PARTIAL
            assert broker.holds("A-02") == {}
            again = await other.desk.undo_plan(view.broadcast, "@nat")
            assert (told(again), again.accounts) == ([("A-01", "SPY", 100, "kept_back")], 0)
            alone = await other.desk.undo_plan(f"{view.broadcast}/A-01", "@nat")
            assert told(alone) == told(again)

    play(a_held_broker((), ()), scenario)


def test_what_still_works_under_an_alias_that_is_gone_is_said_not_to_be_canceled() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.PARTIAL)
        async with without(bench, broker, "A-02") as other:
            done = await undone(other, view.broadcast)
            assert [(one.account, one.state) for one in done.cancels] == [("A-01", "canceled")]
            assert told(done) == [("A-01", "SPY", 50, "filled"), ("A-02", "SPY", 50, "kept_back")]
            reason = part_of(done, "A-02").reason or ""
            assert "its order is partial and is not canceled" in reason
            assert len(broker.cancels) == 1

    play(a_held_broker((), ()), scenario)


def test_what_was_undone_before_its_alias_went_is_not_told() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.FILL)
        await undone(bench, view.broadcast)
        async with without(bench, broker, "A-01") as other:
            plan = await other.desk.undo_plan(view.broadcast, "@nat")
            assert (plan.parts, plan.accounts) == ((), 0)

    play(a_held_broker((), ()), scenario)


def test_halted_desk_undoes_nothing_and_a_plan_is_good_once() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY)
        plan = await bench.desk.undo_plan(view.broadcast, "@nat")
        await bench.desk.halt("lunch")
        with pytest.raises(TradingHalted):
            await bench.desk.undo(UndoRequest(plan.plan))
        assert not broker.cancels
        await bench.desk.reduce("after lunch")
        done = await asyncio.gather(
            *(bench.desk.undo(UndoRequest(plan.plan)) for _ in range(2)), return_exceptions=True
        )
        assert [isinstance(one, PlanExpired) for one in done] == [False, True]
        assert len(broker.cancels) == 1
        assert [kind for _, kind, _ in bench.journal.notes] == ["undo"]

    play(a_held_broker(HELD), scenario)


def test_journal_that_cannot_be_read_behind_the_cancels_closes_nothing_and_tells_them() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await sent(bench, BUY, act=Act.PARTIAL)
        plan = await bench.desk.undo_plan(view.broadcast, "@nat")

        async def unread(key: str) -> Broadcast | None:
            raise StoreError(f"The database cannot be read ({key}).")

        bench.journal.broadcast_by_key = unread  # type: ignore[method-assign]
        done = await bench.desk.undo(UndoRequest(plan.plan))
        assert [one.state for one in done.cancels] == ["canceled"]
        assert part_of(done, "A-01").state == "kept_back"
        assert "database cannot be read" in (part_of(done, "A-01").reason or "")
        assert broker.holds("A-01") == {"SPY": 50}

    play(a_held_broker(()), scenario)
