"""Replacements without an answer, and restarts: nothing is sent again, reads decide."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK, roomy_limits
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import run_virtual
from tests.unit.desk.replacing import (
    ALL,
    AT_PRICE,
    ONE,
    PRICE,
    first,
    live_at,
    on_resting,
    outcomes,
    replaced,
    states,
)

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.views.models import LineView

# --- requests without an answer ----------------------------------------------------------------


def test_lost_answer_is_in_doubt_and_bound_by_a_read_never_sent_again() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.TAKE_AND_LOSE_ANSWER]}
        view = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        assert view.commands[0].outcome == "unknown"
        line = first(view)
        assert (line.state, line.doubt) == ("in_doubt", "unknown")
        assert line.reason == "replacement unknown: connection reset"
        line = first(await bench.desk.follow_replacement(f"{id_}/{ONE}", 10))
        assert (line.state, line.order) == ("working", AT_PRICE)
        assert [line.order_id] == live_at(bench)
        assert len(bench.broker.puts) == 1

    on_resting(scenario)


@pytest.mark.parametrize("act", [ReplaceAct.LOSE, ReplaceAct.HANG])
def test_request_that_never_arrived_is_given_up_after_the_horizon(act: ReplaceAct) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [act]}
        old = first(await bench.desk.broadcast(id_))
        asked = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        assert first(asked).state == "in_doubt"
        start = bench.broker.clock.now()
        line = first(await bench.desk.follow_replacement(f"{id_}/{ONE}", 300))
        assert (bench.broker.clock.now() - start).total_seconds() > 30
        assert (line.state, line.order_id) == ("working", old.order_id)
        assert line.reason == "the replacement at 187.60 was not seen at the broker"
        assert len(bench.broker.puts) == 1

    on_resting(scenario)


@pytest.mark.parametrize("late_s", [5.0, 100.0])
def test_replacement_that_comes_late_is_found_before_and_after_the_horizon(late_s: float) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LATE]}
        bench.broker.late_s = late_s
        await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        await asyncio.sleep(late_s + 30)
        line = first(await bench.desk.broadcast(id_))
        assert line.order_id == old_or_new(bench, line, is_late=late_s > 60)
        assert line.state == ("in_doubt" if late_s > 60 else "working")

    on_resting(scenario)


def old_or_new(bench: Bench, line: LineView, *, is_late: bool) -> str:
    """Return the old order's id where the new one came too late to be taken without a person."""
    ids = [order.order_id for order in bench.broker.ledger if order.account == line.account]
    return ids[0] if is_late else ids[-1]


def test_answer_without_an_id_is_bound_by_a_read() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        acts = [ReplaceAct.TAKE_WITHOUT_ID]
        bench.broker.replace_acts = {ONE: acts, "A-02": [ReplaceAct.NAME_THE_OLD_ORDER]}
        view = await replaced(bench, id_)
        assert states(view) == ["working"] * 4
        assert [[line.order_id] for line in view.lines] == [live_at(bench, a) for a in ALL]

    on_resting(scenario)


def test_fill_without_an_answer_is_a_fill() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.FILL_AND_LOSE_ANSWER]}
        line = first(await replaced(bench, f"{id_}/{ONE}"))
        assert (line.state, line.reason) == ("filled", "filled before the replacement arrived")

    on_resting(scenario)


def test_request_that_was_not_sent_changes_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.NOT_SENT]}
        view = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        assert view.commands[0].outcome == "not_sent"
        assert (first(view).state, first(view).lineage) == ("working", ())
        assert not first(await replaced(bench, f"{id_}/{ONE}")).reason

    on_resting(scenario)


def test_sender_that_forgets_a_line_leaves_it_in_doubt() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.FORGET]}
        view = await bench.desk.replace(id_, PRICE, ())
        assert outcomes(view) == ["unknown", "taken", "taken", "taken"]
        assert states(await bench.desk.follow_replacement(id_, 30)) == ["working"] * 4

    on_resting(scenario)


def test_line_in_doubt_about_its_replacement_can_be_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LOSE]}
        await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        view = await bench.desk.cancel(f"{id_}/{ONE}")
        assert view.commands[-1].outcome == "taken"
        line = first(await bench.desk.follow(f"{id_}/{ONE}", 300))
        assert line.state == "canceled"
        assert not live_at(bench)

    on_resting(scenario)


def test_the_same_order_is_a_duplicate_while_its_replacement_is_in_doubt() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LOSE]}
        await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        plan = await bench.plan(AT_PRICE)
        denied = {line.account: [d.code for d in line.denials] for line in plan.lines}
        assert denied[ONE] == ["DUPLICATE_IN_FLIGHT"]
        assert denied["A-02"] == []

    on_resting(scenario)


def test_both_orders_count_for_one_underlying_while_a_replacement_is_in_doubt() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LOSE]}
        await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        # $18,750 and $18,760 may be at work; 40 % of $120,000 are $48,000.
        plan = await bench.plan("BUY +100 AAPL @187.40 LMT")
        denied = {line.account: [d.code for d in line.denials] for line in plan.lines}
        assert denied[ONE] == ["POSITION_SHARE"]
        assert denied["A-02"] == []

    on_resting(scenario, limits=roomy_limits(max_position_share=Decimal("0.4")))


# --- restart -----------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [ReplaceAct.HANG, ReplaceAct.TAKE_AND_LOSE_ANSWER])
def test_restart_in_the_middle_never_sends_and_reads_decide(act: ReplaceAct) -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            broker = bench.broker
            broker.acts = dict.fromkeys(ALL, Act.REST)
            broker.latency_s = 1.0
            id_ = (await bench.send(STOCK, wait_s=5)).broadcast
            broker.replace_acts = {account: [act] for account in ALL}
            asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE, ()))
            await broker.put_arrived.wait()
            await kill(bench)
            assert asking.cancelled() or asking.cancel()
        assert {c.outcome for c in journal.commands_kept.values()} == {None}
        async with a_desk(broker=broker, journal=journal) as second:
            view = await second.desk.broadcast(id_)
            assert states(view) == ["in_doubt"] * 4
            assert {line.order_id for line in view.lines} <= {o.order_id for o in broker.ledger}
            view = await second.desk.follow_replacement(id_, 300)
            assert states(view) == ["working"] * 4
            assert [[x.order_id] for x in view.lines] == [live_at(second, a) for a in ALL]
            assert len(broker.puts) == 4

    run_virtual(main())


def test_desk_that_was_just_started_replaces_what_an_earlier_one_sent() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST)
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
        async with a_desk(broker=bench.broker, journal=journal) as second:
            view = await replaced(second, id_)
            assert outcomes(view) == ["taken"] * 4
            assert {line.order for line in view.lines} == {AT_PRICE}

    run_virtual(main())


def test_restart_after_the_answer_binds_what_was_named() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            broker = bench.broker
            broker.acts = dict.fromkeys(ALL, Act.REST)
            broker.replace_delay_s = 10.0
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await bench.desk.replace(id_, PRICE, ())
            await kill(bench)
        async with a_desk(broker=broker, journal=journal) as second:
            view = await second.desk.broadcast(id_)
            assert states(view) == ["replacing"] * 4
            await asyncio.sleep(0)
            for order in [o for o in broker.ledger if o.state is BrokerOrderState.REPLACING]:
                broker.end_replaced(order.order_id)
            view = await second.desk.follow_replacement(id_, 60)
            assert {line.order for line in view.lines} == {AT_PRICE}

    run_virtual(main())
