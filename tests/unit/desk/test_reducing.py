"""Reducing and halting: what may leave, looked at in every place where something leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import pytest
from tests.fakes.builders import roomy_limits
from tests.fakes.desk import Bench, MemorySentinel, a_desk
from tests.fakes.held import HeldBroker, a_held_broker
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual
from tests.unit.desk.closing import BUY, HELD, SELL, SHARES, play, sent
from tests.unit.domain.test_holdings import positions

from swimdesk.desk.guard import Guard
from swimdesk.desk.ports import GuardState
from swimdesk.domain.commands import Command
from swimdesk.errors import OrderDenied, TradingHalted
from swimdesk.views.models import BroadcastView, PlanView


def codes(plan: PlanView) -> list[set[str]]:
    return [{denial.code for denial in line.denials} for line in plan.lines]


def states(view: BroadcastView) -> list[str]:
    return [line.state for line in view.lines]


async def guard_state(bench: Bench) -> str:
    return (await bench.desk.status()).guard.state


# --- the switch ------------------------------------------------------------------------------


def test_states_of_the_switch_follow_each_other_and_survive_a_restart() -> None:
    async def scenario() -> None:
        journal, sentinel = MemoryJournal(), MemorySentinel()
        guard = Guard(journal, sentinel, VirtualClock())
        await guard.reduce("too much")
        again = Guard(journal, sentinel, VirtualClock())
        assert (await again.load()).state is GuardState.REDUCING
        assert (again.is_reducing, again.record.reason) == (True, "too much")
        await again.halt("lunch")
        with pytest.raises(TradingHalted):
            again.check()
        await again.reduce("after lunch")
        again.check()
        assert sentinel.text is None
        await again.resume()
        assert (again.is_reducing, (await journal.guard()).state) == (False, GuardState.ACTIVE)

    run_virtual(scenario())


def test_file_put_there_by_hand_halts_a_desk_that_is_reducing() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            shown = await bench.desk.reduce("too much")
            assert (shown.state, shown.reason) == ("reducing", "too much")
            assert shown.since is not None
            bench.sentinel.text = "by hand"
            assert await guard_state(bench) == "halted"
            bench.sentinel.text = None
            assert await guard_state(bench) == "reducing"

    run_virtual(scenario())


# --- orders ----------------------------------------------------------------------------------


def test_what_opens_is_denied_in_the_plan_and_what_closes_leaves() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await bench.desk.reduce("too much")
        plan = await bench.plan(BUY)
        assert codes(plan) == [{"REDUCING"}, {"REDUCING"}]
        assert {d.grade for line in plan.lines for d in line.denials} == {"hard"}
        with pytest.raises(OrderDenied, match="REDUCING"):
            await bench.submit(plan)
        view = await bench.send(SELL)
        assert states(view) == ["filled", "denied"]
        assert broker.posts.total() == 1

    play(a_held_broker(SHARES, HELD), scenario)


def test_more_than_is_held_and_not_about_to_be_closed_is_denied_whatever_is_overridden() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, "SELL -60 SPY @601.00 LMT")
        await bench.desk.reduce("too much")
        overrides = ("SELL_MORE_THAN_HELD=60",)
        plan = await bench.plan("SELL -100 SPY @600.50 LMT", overrides=overrides)
        assert codes(plan) == [{"REDUCING"}]
        assert "free to close 40" in plan.lines[0].denials[0].detail
        assert (await bench.plan("SELL -40 SPY @600.50 LMT")).lines[0].verdict == "send"

    play(a_held_broker(SHARES), scenario)


def test_plan_made_before_is_refused_unless_all_of_it_closes() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        opening, mixed, closing = [
            await bench.plan(text) for text in (BUY, "BUY +100 SPY @598.00 LMT", SELL)
        ]
        saved = await bench.plan("BUY +90 SPY @598.00 LMT", save=True)
        over = await bench.plan("SELL -200 SPY @601.50 LMT", overrides=("SELL_MORE_THAN_HELD=100",))
        assert over.lines[0].verdict == "send"
        await bench.desk.reduce("too much")
        for plan in (opening, mixed, saved, over):
            with pytest.raises(OrderDenied, match="REDUCING"):
                await bench.submit(plan)
        assert not broker.posts
        await bench.submit(closing)
        assert broker.posts == {"A-01": 1}

    play(a_held_broker(SHARES), scenario)


def test_plan_of_another_process_is_refused_too() -> None:
    async def scenario() -> None:
        broker = a_held_broker(SHARES)
        journal, limits = MemoryJournal(), roomy_limits(max_notional_per_order=Decimal(1_000_000))
        async with a_desk(broker.accounts, broker=broker, journal=journal, limits=limits) as bench:
            opening = await bench.plan(BUY, save=True)
            closing = await bench.plan(SELL, save=True)
        async with a_desk(broker.accounts, broker=broker, journal=journal, limits=limits) as bench:
            await bench.desk.reduce("too much")
            with pytest.raises(OrderDenied, match="REDUCING"):
                await bench.submit(opening)
            await bench.submit(closing)
        assert broker.posts == {"A-01": 1}

    run_virtual(scenario())


def test_waves_that_were_allowed_to_sell_more_than_is_held_leave_no_more() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        overrides = ("SELL_MORE_THAN_HELD=100",)
        plan = await bench.plan("SELL -200 SPY @601.50 LMT", overrides=overrides)
        broker.latency_s = 3.0
        await bench.submit(plan, waves="1", broadcast="B-1")
        await asyncio.sleep(1)
        await bench.desk.reduce("too much")
        assert sorted(states(await bench.desk.follow("B-1", 30))) == ["filled", "not_sent"]

    play(a_held_broker(SHARES, SHARES), scenario)


def test_closing_plan_is_looked_at_again_by_what_is_held_when_it_is_sent() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan = await bench.plan(SELL)
        broker.positions["A-01"] = positions(SPY=50)
        await asyncio.sleep(20)
        await bench.plan("SELL -1 SPY @601.00 LMT")
        await bench.desk.reduce("too much")
        with pytest.raises(OrderDenied, match="free to close 50"):
            await bench.submit(plan)

    play(a_held_broker(SHARES), scenario)


@pytest.mark.parametrize("act", ["reduce", "halt", "file"])
def test_no_further_wave_leaves_once_it_may_not(act: str) -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        async def throw() -> None:
            if act == "reduce":
                await bench.desk.reduce("too much")
            elif act == "halt":
                await bench.desk.halt("too much")
            else:
                bench.sentinel.text = "too much"

        broker.latency_s = 3.0
        await bench.submit(await bench.plan(BUY), waves="1", broadcast="B-1")
        await asyncio.sleep(1)
        await throw()
        view = await bench.desk.follow("B-1", 30)
        assert broker.posts.total() == 1
        assert sorted(states(view)) == ["filled", "not_sent", "not_sent"]
        (reason,) = {line.reason for line in view.lines if line.state == "not_sent"}
        assert "too much" in (reason or "")

    play(a_held_broker((), (), ()), scenario)


def test_waves_that_close_leave_while_reducing() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await bench.submit(await bench.plan(SELL), waves="1", broadcast="B-1")
        await bench.desk.reduce("too much")
        assert states(await bench.desk.follow("B-1", 30)) == ["filled"] * 3

    play(a_held_broker(SHARES, SHARES, SHARES), scenario)


def test_halt_behind_the_look_at_the_canary_keeps_the_rest_back() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        broker.list_lag_s = 3.0
        await bench.submit(await bench.plan(BUY), waves="canary", broadcast="B-1")
        await asyncio.sleep(2)
        bench.sentinel.text = "by hand"
        view = await bench.desk.follow("B-1", 30)
        assert broker.posts.total() == 1
        assert sorted(states(view)) == ["filled", "not_sent", "not_sent"]

    play(a_held_broker((), (), ()), scenario)


def test_cancels_are_always_allowed_and_a_replacement_where_its_line_closes() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        opening = await sent(bench, BUY, "A-02")
        closing = await sent(bench, SELL, "A-01")
        await bench.desk.reduce("too much")
        view = await bench.desk.replace(opening.broadcast, Decimal("599.50"))
        assert [one.outcome for one in view.commands] == ["denied"]
        assert "REDUCING" in (view.commands[0].reason or "")
        view = await bench.desk.replace(closing.broadcast, Decimal("600.50"))
        assert [one.outcome for one in view.commands] == ["taken"]
        view = await bench.desk.cancel(opening.broadcast)
        assert "taken" in {one.outcome for one in view.commands}
        assert len(broker.puts) == 1

    play(a_held_broker(SHARES, ()), scenario)


def test_replacement_being_checked_when_the_switch_is_thrown_does_not_leave() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        opening = await sent(bench, BUY)
        replacing = asyncio.gather(bench.desk.replace(opening.broadcast, Decimal("599.50")))
        # In the middle of the reads that it begins with.
        await asyncio.sleep(broker.latency_s / 2)
        await bench.desk.reduce("too much")
        (view,) = await replacing
        assert [one.outcome for one in view.commands] == ["denied"]
        assert not broker.puts

    play(a_held_broker(()), scenario)


class Throwing(MemoryJournal):
    """A journal during whose write of commands something else happens."""

    happens: Callable[[], Awaitable[object]] | None = None

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Write, and let it happen."""
        await super().begin_commands(commands)
        if self.happens is not None:
            await self.happens()


def test_replacement_that_was_checked_already_does_not_leave_either() -> None:
    async def scenario() -> None:
        journal, broker = Throwing(), a_held_broker((), SHARES)
        limits = roomy_limits(max_notional_per_order=Decimal(1_000_000))
        async with a_desk(broker.accounts, broker=broker, journal=journal, limits=limits) as bench:
            opening = await sent(bench, BUY, "A-01")
            closing = await sent(bench, SELL, "A-02")
            journal.happens = lambda: bench.desk.reduce("too much")
            view = await bench.desk.replace(opening.broadcast, Decimal("599.50"))
            assert [one.outcome for one in view.commands] == ["not_sent"]
            assert "REDUCING" in (view.commands[0].reason or "")
            assert states(view) == ["working"]
            assert not broker.puts
            view = await bench.desk.replace(closing.broadcast, Decimal("600.50"))
            assert [one.outcome for one in view.commands] == ["taken"]

    run_virtual(scenario())


# --- telling ---------------------------------------------------------------------------------


def test_watchers_hear_of_the_file_within_a_second() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.desk.stay()
            await asyncio.sleep(2)
            for text, state in (("by hand", "halted"), (None, "active")):
                token = (await bench.desk.watch("", 0.0)).token
                bench.sentinel.text = text
                told: list[str] = []
                async with asyncio.timeout(1.0):
                    while state not in told:
                        board = await bench.desk.watch(token, 60.0)
                        token = board.token
                        told.append(board.status.guard.state)
                assert await guard_state(bench) == state

    run_virtual(scenario())
