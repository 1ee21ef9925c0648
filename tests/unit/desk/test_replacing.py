"""Replacing: asked once, all at once, and which order works is decided by reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act
from tests.fakes.builders import CONDOR, STOCK
from tests.fakes.desk import Bench, a_desk
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

from swimdesk.domain.commands import Command, CommandKind
from swimdesk.domain.orders import LineState

# --- what comes of it --------------------------------------------------------------------------


def test_all_orders_are_replaced_at_once_and_keep_their_lineage() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        before = await bench.desk.broadcast(id_)
        view = await replaced(bench, id_)
        assert outcomes(view) == ["taken"] * 4
        assert states(view) == ["working"] * 4
        assert {line.order for line in view.lines} == {AT_PRICE}
        assert [x.lineage for x in view.lines] == [(x.order_id,) for x in before.lines]
        assert [[line.order_id] for line in view.lines] == [live_at(bench, a) for a in ALL]
        assert [c.new_order_id for c in view.commands] == [x.order_id for x in view.lines]
        assert {(c.kind, c.price) for c in view.commands} == {("replace", PRICE)}
        assert view.order == before.order

    on_resting(scenario)


def test_lines_say_that_they_are_being_replaced_until_the_new_order_was_seen() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(id_, PRICE, ())
        assert states(view) == ["replacing"] * 4
        assert {line.order for line in view.lines} == {"BUY +100 AAPL @187.50 LMT [TO OPEN]"}

    on_resting(scenario)


def test_one_line_is_replaced_twice_and_its_lineage_is_oldest_first() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        start = first(await bench.desk.broadcast(id_))
        once = first(await replaced(bench, f"{id_}/{ONE}"))
        twice = await replaced(bench, f"{id_}/{ONE}", Decimal("187.70"))
        assert first(twice).lineage == (start.order_id, once.order_id)
        assert states(twice) == ["working"] * 4
        assert [account for account, _ in bench.broker.puts] == [ONE, ONE]
        assert [line.lineage for line in twice.lines[1:]] == [()] * 3

    on_resting(scenario)


def test_only_what_is_left_is_replaced_and_fills_of_both_orders_count_once() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        old = first(await bench.desk.broadcast(id_))
        assert old.state == "partial"
        view = await replaced(bench, f"{id_}/{ONE}")
        new = first(view)
        assert (new.state, new.filled, new.quantity) == ("partial", 50, 100)
        assert new.order_id is not None
        assert bench.broker.order_of(new.order_id).quantity == 50
        bench.broker.fill(new.order_id)
        view = await bench.desk.follow(f"{id_}/{ONE}", 30)
        assert (first(view).state, first(view).filled) == ("filled", 100)
        assert first(view).average == Decimal("187.55")
        fills = (await bench.journal.executions(id_)).values()
        assert sum(e.quantity for one in fills for e in one) == 100

    on_resting(scenario, {ONE: Act.PARTIAL})


def test_fill_of_the_old_order_that_is_seen_late_still_counts() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        new = first(await replaced(bench, f"{id_}/{ONE}"))
        bench.broker.fill(new.lineage[0], 30)
        await asyncio.sleep(20)
        assert first(await bench.desk.broadcast(id_)).filled == 30

    on_resting(scenario)


def test_a_condor_is_replaced_as_one_order() -> None:
    async def main() -> None:
        async with a_desk() as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST)
            id_ = (await bench.send(CONDOR, wait_s=1)).broadcast
            view = await replaced(bench, id_, Decimal("1.45"))
            assert states(view) == ["working"] * 4
            assert {line.order.split("@")[1] for line in view.lines} == {"1.45 LMT [TO OPEN]"}

    run_virtual(main())


# --- races -------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [ReplaceAct.FILL_FIRST, ReplaceAct.FILL_BETWEEN])
def test_fill_that_wins_the_race_is_legal_and_shown(act: ReplaceAct) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [act]}
        await bench.desk.replace(id_, PRICE, ())
        line = first(await bench.desk.follow(f"{id_}/{ONE}", 30))
        assert (line.state, line.filled) == ("filled", 100)
        assert line.reason == "filled before the replacement arrived"
        assert line.average == Decimal("187.50")
        assert not live_at(bench)
        assert not (await bench.desk.status()).alarms

    on_resting(scenario)


def test_units_that_fill_while_it_is_replaced_are_told_loudly() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.PARTIAL_FIRST]}
        view = await replaced(bench, f"{id_}/{ONE}")
        assert (first(view).state, first(view).filled) == ("partial", 50)
        (alarm,) = (await bench.desk.status()).alarms
        assert "may fill 50 more than was ordered" in alarm

    on_resting(scenario)


def test_replacement_that_the_broker_rejects_leaves_the_old_order_at_work() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.REJECT]}
        old = first(await bench.desk.broadcast(id_))
        line = first(await replaced(bench, id_))
        assert (line.state, line.order_id, line.order) == ("working", old.order_id, old.order)
        assert line.reason == ("the replacement at 187.60 was rejected: not enough buying power")
        assert len(line.lineage) == 1
        assert live_at(bench) == [old.order_id]
        again = first(await replaced(bench, f"{id_}/{ONE}"))
        assert (again.order, len(again.lineage)) == (AT_PRICE, 2)

    on_resting(scenario)


def test_replacement_that_is_refused_leaves_the_old_order_at_work() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.REFUSE]}
        view = await replaced(bench, id_)
        assert outcomes(view) == ["refused", "taken", "taken", "taken"]
        line = first(view)
        assert (line.state, line.lineage) == ("working", ())
        assert line.reason == "replacement refused: cannot be replaced"

    on_resting(scenario)


def test_cancel_wins_over_a_replacement_under_way() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE, ()))
        await bench.broker.put_arrived.wait()
        canceled = await bench.desk.cancel(id_)
        await asking
        view = await bench.desk.follow(id_, 30)
        assert states(view) == ["canceled"] * 4
        assert not [order for account in ALL for order in live_at(bench, account)]
        kinds = [command.kind for command in canceled.commands]
        assert kinds.count("cancel") == 8, "both orders of a line were asked"

    on_resting(scenario)


def test_line_that_is_being_replaced_can_be_canceled_by_both_its_orders() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_delay_s = 2.0
        asked = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        view = await bench.desk.cancel(f"{id_}/{ONE}")
        named = asked.commands[0]
        cancels = [c.order_id for c in view.commands if c.kind == "cancel"]
        assert cancels == [named.order_id, named.new_order_id]
        view = await bench.desk.follow(f"{id_}/{ONE}", 30)
        assert first(view).state == "canceled"
        assert not live_at(bench)

    on_resting(scenario)


def test_replaced_line_is_canceled_by_its_new_order() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        new = first(await replaced(bench, f"{id_}/{ONE}"))
        await bench.desk.cancel(f"{id_}/{ONE}")
        view = await bench.desk.follow(f"{id_}/{ONE}", 30)
        assert (first(view).state, first(view).order_id) == ("canceled", new.order_id)
        assert bench.broker.cancels == [(ONE, new.order_id)]

    on_resting(scenario)


def test_line_that_is_being_canceled_is_not_replaced() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_delay_s = 5.0
        canceling = asyncio.ensure_future(bench.desk.cancel(f"{id_}/{ONE}"))
        await bench.broker.cancel_arrived.wait()
        view = await bench.desk.replace(id_, PRICE, ())
        assert sorted(map(str, outcomes(view))) == ["not_sent", "taken", "taken", "taken", "taken"]
        assert ONE not in [account for account, _ in bench.broker.puts]
        await canceling
        again = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        assert (again.commands[-1].outcome, again.commands[-1].reason) == (
            "not_sent",
            "it is being canceled",
        )

    on_resting(scenario)


def test_two_replacements_at_once_send_one() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        views = await asyncio.gather(
            bench.desk.replace(id_, PRICE, ()), bench.desk.replace(id_, Decimal("187.70"), ())
        )
        assert len(bench.broker.puts) == 4
        late = [c for c in views[1].commands if c.price == Decimal("187.70")]
        assert [c.reason for c in late] == ["it is being replaced already"] * 4

    on_resting(scenario)


class SlowToWriteCancels(MemoryJournal):
    """A journal on a busy disk: what is written down of cancels takes a second."""

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Keep commands about to be sent, those to cancel slowly."""
        if any(command.kind is CommandKind.CANCEL for command in commands):
            await asyncio.sleep(1)
        await super().begin_commands(commands)


def test_replacement_does_not_begin_behind_a_cancel_that_is_being_written_down() -> None:
    async def main() -> None:
        async with a_desk(journal=SlowToWriteCancels()) as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST)
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            cancel = asyncio.create_task(bench.desk.cancel(id_))
            await asyncio.sleep(0)
            view = await bench.desk.replace(id_, PRICE, ())
            assert {c.reason for c in view.commands if c.kind == "replace"} == {
                "it is being canceled"
            }
            await cancel
            await asyncio.sleep(2)
            assert [live_at(bench, account) for account in ALL] == [[]] * 4
            assert states(await bench.desk.broadcast(id_)) == ["canceled"] * 4
            assert bench.broker.puts == []

    run_virtual(main())


def test_what_an_order_may_fill_beyond_what_was_ordered_counts_as_live() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.PARTIAL_FIRST]}
        new = first(await replaced(bench, f"{id_}/{ONE}"))
        line = bench.desk.book.snapshot.broadcasts[id_].lines[0]
        assert (line.filled, line.may_trade) == (50, 100)
        bench.broker.fill(new.order_id or "", 50)
        await asyncio.sleep(20)
        line = bench.desk.book.snapshot.broadcasts[id_].lines[0]
        assert (line.state, line.filled, line.may_trade) == (LineState.PARTIAL, 100, 50)
        bench.broker.fill(new.lineage[0], 60)
        await asyncio.sleep(20)
        line = bench.desk.book.snapshot.broadcasts[id_].lines[0]
        assert (line.filled, line.may_trade) == (110, 50)

    on_resting(scenario)


def test_order_that_filled_all_that_was_ordered_is_not_replaced_by_more() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.PARTIAL_FIRST]}
        new = first(await replaced(bench, f"{id_}/{ONE}"))
        bench.broker.fill(new.order_id or "", 50)
        view = await bench.desk.replace(f"{id_}/{ONE}", Decimal("187.70"), ())
        assert outcomes(view)[-1] == "not_sent"
        assert len(bench.broker.puts) == 1

    on_resting(scenario)
