"""Replacing: checked, written down first, asked once, and which order works decided by reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeAlias

import pytest
from tests.fakes.broker import Act, CancelAct, ReplaceAct
from tests.fakes.builders import CONDOR, STOCK, some_balances
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import run_virtual

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.domain.commands import CommandOutcome
from swimdesk.domain.risk import RiskLimits
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    StoreFull,
    TradingHalted,
    UnknownReference,
)
from swimdesk.views.models import BroadcastView, LineView

Scenario: TypeAlias = Callable[[Bench, str], Awaitable[None]]

ALL = ("A-01", "A-02", "A-03", "A-04")
PRICE = Decimal("187.60")
AT_PRICE = "BUY +100 AAPL @187.60 LMT [TO OPEN]"
ONE = "A-01"


def on_resting(
    scenario: Scenario, acts: dict[str, Act] | None = None, limits: RiskLimits | None = None
) -> None:
    """Play a scenario on a broadcast whose orders rest, or do as scripted, and are followed."""

    async def main() -> None:
        async with a_desk(limits=limits) as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST) | (acts or {})
            view = await bench.send(STOCK, wait_s=1)
            await scenario(bench, view.broadcast)

    run_virtual(main())


async def replaced(
    bench: Bench, reference: str, price: Decimal = PRICE, wait_s: float = 30.0
) -> BroadcastView:
    """Replace and follow until it is known which orders work."""
    await bench.desk.replace(reference, price)
    return await bench.desk.follow_replacement(reference, wait_s)


def outcomes(view: BroadcastView) -> list[str | None]:
    return [command.outcome for command in view.commands]


def states(view: BroadcastView) -> list[str]:
    return [line.state for line in view.lines]


def first(view: BroadcastView) -> LineView:
    return next(line for line in view.lines if line.account == ONE)


def live_at(bench: Bench, account: str = ONE) -> list[str]:
    """List the orders that work in an account, by the broker's own ledger."""
    alive = {BrokerOrderState.WORKING, BrokerOrderState.REPLACING, BrokerOrderState.CANCELING}
    return [o.order_id for o in bench.broker.ledger if o.account == account and o.state in alive]


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
        view = await bench.desk.replace(id_, PRICE)
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
        await bench.desk.replace(id_, PRICE)
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
        asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE))
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
        asked = await bench.desk.replace(f"{id_}/{ONE}", PRICE)
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
        view = await bench.desk.replace(id_, PRICE)
        assert sorted(map(str, outcomes(view))) == ["not_sent", "taken", "taken", "taken", "taken"]
        assert ONE not in [account for account, _ in bench.broker.puts]
        await canceling
        again = await bench.desk.replace(f"{id_}/{ONE}", PRICE)
        assert (again.commands[-1].outcome, again.commands[-1].reason) == (
            "not_sent",
            "it is being canceled",
        )

    on_resting(scenario)


def test_two_replacements_at_once_send_one() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        views = await asyncio.gather(
            bench.desk.replace(id_, PRICE), bench.desk.replace(id_, Decimal("187.70"))
        )
        assert len(bench.broker.puts) == 4
        late = [c for c in views[1].commands if c.price == Decimal("187.70")]
        assert [c.reason for c in late] == ["it is being replaced already"] * 4

    on_resting(scenario)


# --- requests without an answer ----------------------------------------------------------------


def test_lost_answer_is_in_doubt_and_bound_by_a_read_never_sent_again() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.TAKE_AND_LOSE_ANSWER]}
        view = await bench.desk.replace(f"{id_}/{ONE}", PRICE)
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
        asked = await bench.desk.replace(f"{id_}/{ONE}", PRICE)
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
        await bench.desk.replace(f"{id_}/{ONE}", PRICE)
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
        view = await bench.desk.replace(f"{id_}/{ONE}", PRICE)
        assert view.commands[0].outcome == "not_sent"
        assert (first(view).state, first(view).lineage) == ("working", ())
        assert not first(await replaced(bench, f"{id_}/{ONE}")).reason

    on_resting(scenario)


def test_sender_that_forgets_a_line_leaves_it_in_doubt() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.FORGET]}
        view = await bench.desk.replace(id_, PRICE)
        assert outcomes(view) == ["unknown", "taken", "taken", "taken"]
        assert states(await bench.desk.follow_replacement(id_, 30)) == ["working"] * 4

    on_resting(scenario)


def test_line_in_doubt_about_its_replacement_can_be_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LOSE]}
        await bench.desk.replace(f"{id_}/{ONE}", PRICE)
        view = await bench.desk.cancel(f"{id_}/{ONE}")
        assert view.commands[-1].outcome == "taken"
        line = first(await bench.desk.follow(f"{id_}/{ONE}", 300))
        assert line.state == "canceled"
        assert not live_at(bench)

    on_resting(scenario)


def test_the_same_order_is_a_duplicate_while_its_replacement_is_in_doubt() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.replace_acts = {ONE: [ReplaceAct.LOSE]}
        await bench.desk.replace(f"{id_}/{ONE}", PRICE)
        plan = await bench.plan(AT_PRICE)
        denied = {line.account: [d.code for d in line.denials] for line in plan.lines}
        assert denied[ONE] == ["DUPLICATE_IN_FLIGHT"]
        assert denied["A-02"] == []

    on_resting(scenario)


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
            asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE))
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


def test_restart_after_the_answer_binds_what_was_named() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(journal=journal) as bench:
            broker = bench.broker
            broker.acts = dict.fromkeys(ALL, Act.REST)
            broker.replace_delay_s = 10.0
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await bench.desk.replace(id_, PRICE)
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


# --- what is not replaced ----------------------------------------------------------------------


def test_halted_desk_replaces_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await bench.desk.halt("lunch")
        with pytest.raises(TradingHalted):
            await bench.desk.replace(id_, PRICE)
        assert not bench.broker.puts
        assert not bench.journal.commands_kept

    on_resting(scenario)


def test_halt_between_check_and_request_keeps_it_back() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        begin = bench.journal.begin_commands

        async def begin_and_halt(commands: object) -> None:
            await begin(commands)  # type: ignore[arg-type]
            bench.sentinel.raise_("now")

        bench.journal.begin_commands = begin_and_halt  # type: ignore[method-assign]
        view = await bench.desk.replace(id_, PRICE)
        assert outcomes(view) == ["not_sent"] * 4
        assert states(view) == ["working"] * 4
        assert not bench.broker.puts

    on_resting(scenario)


def test_same_price_is_denied_and_lines_that_are_not_open_say_why() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(id_, Decimal("187.5"))
        said = {c.account: (c.outcome, c.reason) for c in view.commands}
        assert said[ONE] == ("ended", "filled already")
        assert said["A-02"] == ("denied", "SAME_PRICE: 187.5 is its price already")
        assert not bench.broker.puts

    on_resting(scenario, {ONE: Act.FILL})


@pytest.mark.parametrize(
    ("price", "limits", "code"),
    [
        ("187.605", None, "PRICE_TICK"),
        ("600.00", None, "NOTIONAL_ORDER"),
        ("187.60", RiskLimits(max_notional_per_broadcast=Decimal(75_020)), "NOTIONAL_BROADCAST"),
    ],
)
def test_new_price_must_pass_the_checks(price: str, limits: RiskLimits | None, code: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(id_, Decimal(price))
        assert outcomes(view) == [CommandOutcome.DENIED] * 4
        assert all(f"{code}:" in (command.reason or "") for command in view.commands)
        assert not bench.broker.puts
        assert states(view) == ["working"] * 4

    on_resting(scenario, limits=limits)


def test_what_its_own_order_holds_is_free_for_the_new_one() -> None:
    """18,750 of buying power are held by the order; 20,000 are needed, and 3,000 are left."""

    async def main() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {ONE: Act.REST}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            bench.broker.balances = {ONE: some_balances("1500")}
            await asyncio.sleep(60)
            assert outcomes(await replaced(bench, id_, Decimal("200.00"))) == ["taken"]
            view = await bench.desk.replace(id_, Decimal("240.00"))
            assert "BUYING_POWER" in (view.commands[-1].reason or "")

    run_virtual(main())


def test_order_without_a_price_is_denied() -> None:
    async def main() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {ONE: Act.REST}
            id_ = (await bench.send("BUY +10 AAPL @150.00 STP", wait_s=1)).broadcast
            view = await bench.desk.replace(id_, PRICE)
            assert outcomes(view) == ["denied"]
            assert "NO_PRICE" in (view.commands[0].reason or "")

    run_virtual(main())


def test_unknown_line_replaces_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        with pytest.raises(UnknownReference, match="no line"):
            await bench.desk.replace(f"{id_}/A-09", PRICE)
        assert not bench.journal.commands_kept

    on_resting(scenario)


def test_orders_that_cannot_be_read_are_not_replaced() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.reads_fail = True
        with pytest.raises(BrokerUnreachable):
            await bench.desk.replace(id_, PRICE)
        assert not bench.broker.puts

    on_resting(scenario)


# --- the journal -------------------------------------------------------------------------------


def test_replacement_that_cannot_be_written_is_not_sent() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.journal.failure = StoreFull("no room")
        with pytest.raises(StoreFull):
            await bench.desk.replace(id_, PRICE)
        assert not bench.broker.puts

    on_resting(scenario)


def test_line_that_cannot_be_marked_is_not_sent() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        begin = bench.journal.begin_commands

        async def begin_and_fill_the_disk(commands: object) -> None:
            await begin(commands)  # type: ignore[arg-type]
            bench.journal.failure = StoreFull("no room")

        bench.journal.begin_commands = begin_and_fill_the_disk  # type: ignore[method-assign]
        view = await bench.desk.replace(id_, PRICE)
        assert outcomes(view) == ["not_sent"] * 4
        assert not bench.broker.puts

    on_resting(scenario)


def test_everything_is_written_before_the_first_request() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        written: list[tuple[int, set[str]]] = []

        def look() -> None:
            lines = bench.journal.broadcasts[id_].lines
            kept = [c for c in bench.journal.commands_kept.values() if c.price == PRICE]
            written.append((len(kept), {line.state.value for line in lines}))

        bench.broker.before_fire = look
        await bench.desk.replace(id_, PRICE)
        assert written == [(4, {"replacing"})]

    on_resting(scenario)


def test_replacement_goes_on_when_nobody_waits_for_it_any_more() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE))
        await bench.broker.put_arrived.wait()
        asking.cancel()
        view = await bench.desk.follow_replacement(id_, 30)
        assert {line.order for line in view.lines} == {AT_PRICE}
        assert outcomes(view) == ["taken"] * 4

    on_resting(scenario)


def test_cancel_that_may_not_have_arrived_keeps_no_replacement_from_being_found() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {ONE: [CancelAct.LOSE]}
        await bench.desk.cancel(f"{id_}/{ONE}")
        line = first(await replaced(bench, f"{id_}/{ONE}"))
        assert (line.state, line.order) == ("working", AT_PRICE)

    on_resting(scenario)


@pytest.mark.parametrize("price", ["-1", "0", "NaN", "Infinity"])
def test_price_of_no_order_is_refused_for_all_lines(price: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        with pytest.raises(InputError):
            await bench.desk.replace(id_, Decimal(price))
        assert not bench.journal.commands_kept

    on_resting(scenario)
