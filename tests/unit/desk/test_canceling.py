"""Canceling: written down first, all at once, and what became of it decided by reads alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
from tests.fakes.broker import Act, CancelAct, FakeBroker
from tests.fakes.builders import STOCK, a_broadcast, a_line, some_accounts
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.strangers import enter
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.ports import CancelOutcome, OrdersRead
from swimdesk.domain.commands import Command
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import StoreFull, UnknownReference
from swimdesk.views.models import BroadcastView, LineView
from swimdesk.views.requests import Scope

Scenario: TypeAlias = Callable[[Bench, str], Awaitable[None]]

ALL = ("A-01", "A-02", "A-03", "A-04")


def on_resting(scenario: Scenario, acts: dict[str, Act] | None = None) -> None:
    """Play a scenario on a broadcast whose orders rest, or do as scripted, and are followed."""

    async def main() -> None:
        async with a_desk() as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST) | (acts or {})
            view = await bench.send(STOCK, wait_s=1)
            await scenario(bench, view.broadcast)

    run_virtual(main())


async def canceled(bench: Bench, reference: str, wait_s: float = 30.0) -> BroadcastView:
    """Cancel and follow to the end."""
    await bench.desk.cancel(reference)
    return await bench.desk.follow(reference, wait_s)


def outcomes(view: BroadcastView) -> list[str | None]:
    return [command.outcome for command in view.commands]


def states(view: BroadcastView) -> list[str]:
    return [line.state for line in view.lines]


def line_of(view: BroadcastView, account: str) -> LineView:
    return next(line for line in view.lines if line.account == account)


def test_all_open_orders_are_asked_at_once_and_read_as_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["taken"] * 4
        assert states(asked) == ["canceling"] * 4
        assert bench.broker.most_cancels_at_once == 4
        view = await bench.desk.follow(id_, 30)
        assert states(view) == ["canceled"] * 4
        assert view.state == "settled"
        assert outcomes(view) == ["taken"] * 4
        assert [c.order_id for c in view.commands] == [line.order_id for line in view.lines]

    on_resting(scenario)


def test_one_line_is_canceled_and_only_that_one_is_waited_for() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        before = bench.broker.clock.now()
        view = await canceled(bench, f"{id_}/A-02", wait_s=3600)
        assert states(view) == ["working", "canceled", "working", "working"]
        assert [account for account, _ in bench.broker.cancels] == ["A-02"]
        assert (bench.broker.clock.now() - before).total_seconds() < 60

    on_resting(scenario)


@pytest.mark.parametrize("account", ["A-09", ""])
def test_line_that_is_not_there_cancels_nothing(account: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        with pytest.raises(UnknownReference, match="no line"):
            await bench.desk.cancel(f"{id_}/{account}")
        assert not bench.broker.cancels
        assert not bench.journal.commands_kept

    on_resting(scenario)


def test_fill_that_wins_the_race_is_shown_as_filled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-01": [CancelAct.FILL_FIRST]}
        view = await canceled(bench, id_)
        assert states(view) == ["filled", "canceled", "canceled", "canceled"]
        assert line_of(view, "A-01").filled == 100
        assert outcomes(view) == ["taken"] * 4

    on_resting(scenario)


def test_units_filled_before_the_cancel_are_kept() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-01": [CancelAct.PARTIAL_FIRST]}
        view = await canceled(bench, id_)
        assert [line.filled for line in view.lines] == [50, 0, 50, 0]
        assert states(view) == ["canceled"] * 4
        executions = await bench.journal.executions(id_)
        assert [len(fills) for fills in executions.values()] == [1, 1]

    on_resting(scenario, {"A-03": Act.PARTIAL})


def test_refused_cancel_proves_nothing_and_a_read_decides() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-01": [CancelAct.REFUSE]}
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked)[0] == "refused"
        line = line_of(asked, "A-01")
        assert (line.state, line.reason) == ("working", "cancel refused: cannot be canceled")
        view = await bench.desk.follow(id_, 5)
        assert states(view) == ["working", "canceled", "canceled", "canceled"]
        again = await canceled(bench, id_)
        assert states(again) == ["canceled"] * 4
        assert outcomes(again)[4:] == ["taken", "ended", "ended", "ended"]

    on_resting(scenario)


def test_cancel_that_may_have_arrived_leaves_the_line_and_a_read_finds_it_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-01": [CancelAct.TAKE_AND_LOSE_ANSWER]}
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked)[0] == "unknown"
        line = line_of(asked, "A-01")
        assert (line.state, line.reason) == ("working", "cancel unknown: connection reset")
        assert states(await bench.desk.follow(id_, 30)) == ["canceled"] * 4

    on_resting(scenario)


def test_lost_cancel_is_repeated_only_when_asked_for() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-01": [CancelAct.LOSE]}
        assert states(await canceled(bench, id_))[0] == "working"
        assert len(bench.broker.cancels) == 4
        view = await canceled(bench, f"{id_}/A-01")
        assert states(view)[0] == "canceled"
        assert len(bench.broker.cancels) == 5

    on_resting(scenario)


def test_cancel_repeated_while_the_first_is_under_way_does_no_harm() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.gather(bench.desk.cancel(id_), bench.desk.cancel(id_))
        view = await bench.desk.follow(id_, 30)
        assert states(view) == ["canceled"] * 4
        assert outcomes(view) == ["taken"] * 8

    on_resting(scenario)


def test_halted_desk_cancels() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await bench.desk.halt("lunch")
        assert states(await canceled(bench, id_)) == ["canceled"] * 4

    on_resting(scenario)


def test_reads_that_hang_hold_no_cancel_up() -> None:
    class Slow(FakeBroker):
        is_slow = False

        async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
            if self.is_slow:
                await asyncio.sleep(3600)
            return await super().orders(accounts, since)

    async def main() -> None:
        broker = Slow(VirtualClock(), some_accounts(4), dict.fromkeys(ALL, Act.REST))
        async with a_desk(broker=broker) as bench:
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            broker.is_slow = True
            await asyncio.sleep(5)
            async with asyncio.timeout(1):
                assert outcomes(await bench.desk.cancel(id_)) == ["taken"] * 4

    run_virtual(main())


def test_old_broadcast_is_read_often_again_after_a_cancel() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(600)
        before = bench.broker.clock.now()
        view = await canceled(bench, id_)
        assert states(view) == ["canceled"] * 4
        assert (bench.broker.clock.now() - before).total_seconds() < 3

    on_resting(scenario)


def test_one_request_that_breaks_loses_no_other() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {"A-02": [CancelAct.BREAK], "A-03": [CancelAct.NOT_SENT]}
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["taken", "unknown", "not_sent", "taken"]
        kept = await bench.journal.commands(id_)
        assert [c.outcome for c in kept] == outcomes(asked)
        assert any("A-02" in alarm for alarm in (await bench.desk.status()).alarms)

    on_resting(scenario)


# --- what cannot be canceled -------------------------------------------------------------------


def test_lines_that_cannot_be_canceled_say_why_and_nothing_is_sent() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        await journal.open_broadcast(
            a_broadcast(
                a_line("A-01", LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason="reset"),
                a_line("A-02", LineState.DENIED),
                a_line("A-03", LineState.FILLED, order_id="1", accepted=True, filled=1),
                a_line("A-04", LineState.WORKING, accepted=True),
                a_line("A-05", LineState.IN_DOUBT, doubt=Doubt.PROBABLE, order_id="7"),
            )
        )
        async with a_desk(journal=journal) as bench:
            view = await bench.desk.cancel("01BROADCAST")
            assert outcomes(view) == ["not_sent", "ended", "ended", "not_sent", "not_sent"]
            reasons = [command.reason or "" for command in view.commands]
            doubt, denied, filled, nameless, named = reasons
            assert "in doubt" in doubt
            assert "reset" in doubt
            assert (denied, filled) == ("denied already", "filled already")
            assert "no order to name" in nameless
            assert "no order to name" not in named
            assert "placed:7" in named
            assert not bench.broker.cancels
            assert states(view) == ["in_doubt", "denied", "filled", "working", "in_doubt"]

    run_virtual(main())


def test_lines_that_are_leaving_cannot_be_canceled_yet() -> None:
    async def main() -> None:
        async with a_desk() as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST)
            view = await bench.submit(await bench.plan(STOCK), waves="1")
            asked = await bench.desk.cancel(view.broadcast)
            assert sorted({*outcomes(asked)}, key=str) == ["not_sent"]
            reasons = {command.reason or "" for command in asked.commands}
            assert any("not answered" in reason for reason in reasons)
            assert any("has not left" in reason for reason in reasons)
            assert not bench.broker.cancels

    run_virtual(main())


def test_alias_that_means_another_account_now_is_not_asked() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        first, *others = bench.broker.accounts
        stranger = type(first)(first.alias, first.login, "9999", first.groups)
        bench.broker.accounts = (stranger, *others)
        await bench.desk.accounts(Scope(everyone=True))
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["not_sent", "taken", "taken", "taken"]
        assert "another account" in (asked.commands[0].reason or "")

    on_resting(scenario)


# --- an order that nobody has looked at --------------------------------------------------------


def before_any_read(scenario: Scenario, act: Act, *, is_readable: bool = True) -> None:
    """Play a scenario on a broadcast whose answers came and whose orders were not read yet."""

    async def main() -> None:
        async with a_desk() as bench:
            bench.broker.acts = dict.fromkeys(ALL, act)
            bench.broker.reads_fail = True
            id_ = (await bench.send(STOCK, wait_s=0)).broadcast
            assert {line.state for line in (await bench.desk.broadcast(id_)).lines} == {"accepted"}
            bench.broker.orders_unreadable = not is_readable
            await scenario(bench, id_)

    run_virtual(main())


def test_accepted_order_is_looked_at_and_canceled_and_not_taken_for_ours_by_that_look() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["taken"] * 4
        # Only a list shows whether another order looks the same.
        assert states(asked) == ["accepted"] * 4
        bench.broker.reads_fail = False
        assert states(await bench.desk.follow(id_, 30)) == ["canceled"] * 4

    before_any_read(scenario, Act.REST)


def test_order_of_somebody_else_is_never_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["not_sent"] * 4
        assert states(asked) == ["in_doubt"] * 4
        assert not bench.broker.cancels

    before_any_read(scenario, Act.NAME_ANOTHER_ORDER)


def test_look_alike_that_is_older_than_the_broadcast_is_never_canceled() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        older = [replace(o, entered=o.entered - timedelta(minutes=1)) for o in bench.broker.ledger]
        bench.broker.ledger = older
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["not_sent"] * 4
        assert states(asked) == ["in_doubt"] * 4
        assert not bench.broker.cancels

    before_any_read(scenario, Act.REST)


def test_look_alike_that_was_known_before_the_broadcast_is_never_canceled() -> None:
    async def main() -> None:
        async with a_desk() as bench:
            for account in ALL:
                enter(bench.broker, account, STOCK)
            bench.broker.acts = dict.fromkeys(ALL, Act.NAME_AN_EARLIER_ORDER_OF_OURS)
            plan = await bench.plan(STOCK)
            bench.broker.reads_fail = True
            id_ = (await bench.submit(plan)).broadcast
            await bench.desk.follow(id_, 0)
            asked = await bench.desk.cancel(id_)
            assert outcomes(asked) == ["not_sent"] * 4
            assert states(asked) == ["in_doubt"] * 4
            assert not bench.broker.cancels

    run_virtual(main())


def test_accepted_order_that_cannot_be_looked_at_is_canceled_and_stays_unverified() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asked = await bench.desk.cancel(id_)
        assert outcomes(asked) == ["taken"] * 4
        assert states(asked) == ["accepted"] * 4
        bench.broker.reads_fail = False
        assert states(await bench.desk.follow(id_, 30)) == ["canceled"] * 4

    before_any_read(scenario, Act.REST, is_readable=False)


# --- the journal -------------------------------------------------------------------------------


def test_command_that_cannot_be_written_is_not_sent() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.journal.failure = StoreFull("no room")
        with pytest.raises(StoreFull):
            await bench.desk.cancel(id_)
        assert not bench.broker.cancels

    on_resting(scenario)


def test_every_command_is_written_before_it_is_sent() -> None:
    class Watching(FakeBroker):
        written_before: list[int]

        async def cancel(self, account: str, order_id: str) -> CancelOutcome:
            self.written_before.append(len(journal.commands_kept))
            assert all(one.outcome is None for one in journal.commands_kept.values())
            return await super().cancel(account, order_id)

    journal = MemoryJournal()

    async def main() -> None:
        broker = Watching(VirtualClock(), some_accounts(4), dict.fromkeys(ALL, Act.REST))
        broker.written_before = []
        async with a_desk(broker=broker, journal=journal) as bench:
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await bench.desk.cancel(id_)
        assert broker.written_before == [4, 4, 4, 4]

    run_virtual(main())


def test_answers_that_come_at_once_share_their_commits() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        journal, written = bench.journal, Counter[str]()
        end, record = journal.end_commands, journal.record

        async def slow_end(commands: Sequence[Command]) -> None:
            written["outcomes"] += 1
            await asyncio.sleep(0.001)
            await end(commands)

        async def slow_record(*args: Any, **kwargs: Any) -> None:
            written["lines"] += 1
            await asyncio.sleep(0.001)
            await record(*args, **kwargs)

        journal.end_commands = slow_end  # type: ignore[method-assign]
        journal.record = slow_record  # type: ignore[method-assign]
        asked = await bench.desk.cancel(id_)
        assert (outcomes(asked), states(asked)) == (["taken"] * 4, ["canceling"] * 4)
        assert [one.outcome for one in await journal.commands(id_)] == ["taken"] * 4
        assert written == {"outcomes": 2, "lines": 2}

    on_resting(scenario)


def test_outcome_that_cannot_be_written_is_shown_all_the_same() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        work = asyncio.ensure_future(bench.desk.cancel(id_))
        await bench.broker.cancel_arrived.wait()
        bench.journal.failure = StoreFull("no room")
        assert outcomes(await work) == ["taken"] * 4
        assert any("not written" in alarm for alarm in (await bench.desk.status()).alarms)

    on_resting(scenario)


def test_restart_never_sends_a_cancel_again() -> None:
    """Killed between the journal's commit and the request: the command stays without an outcome."""

    class Stopped(FakeBroker):
        asked: asyncio.Event
        is_stopped = True

        async def cancel(self, account: str, order_id: str) -> CancelOutcome:
            if self.is_stopped:
                self.asked.set()
                await asyncio.Event().wait()
            return await super().cancel(account, order_id)

    async def main() -> None:
        journal = MemoryJournal()
        broker = Stopped(VirtualClock(), some_accounts(4), dict.fromkeys(ALL, Act.REST))
        broker.asked = asyncio.Event()
        async with a_desk(broker=broker, journal=journal) as bench:
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            work = asyncio.ensure_future(bench.desk.cancel(id_))
            await broker.asked.wait()
            await kill(bench)
            assert work.cancelled() or work.cancel()
        broker.is_stopped = False
        async with a_desk(broker=broker, journal=journal) as second:
            view = await second.desk.follow(id_, 300)
            assert states(view) == ["working"] * 4
            assert outcomes(view) == [None] * 4
            assert not broker.cancels
            assert states(await canceled(second, id_)) == ["canceled"] * 4
        assert len(broker.cancels) == 4

    run_virtual(main())


def test_cancel_goes_on_when_nobody_waits_for_it_any_more() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        work = asyncio.ensure_future(bench.desk.cancel(id_))
        await bench.broker.cancel_arrived.wait()
        work.cancel()
        view = await bench.desk.follow(id_, 30)
        assert states(view) == ["canceled"] * 4
        assert outcomes(view) == ["taken"] * 4

    on_resting(scenario)
