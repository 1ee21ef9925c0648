"""One plan, sent: what each answer of the broker makes of its line."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK
from tests.fakes.desk import a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.errors import OrderDenied, PlanExpired, StoreFull, TradingHalted
from swimdesk.views.models import BroadcastView


def states(view: BroadcastView) -> dict[str, str]:
    """Return the state of each account's line."""
    return {line.account: line.state for line in view.lines}


def test_every_account_gets_exactly_one_order_and_is_followed_to_its_fill() -> None:
    async def scenario() -> None:
        async with a_desk(48) as bench:
            view = await bench.send()
            assert view.state == "settled"
            assert view.counts["accepted"] == view.counts["filled"] == 48
            assert set(bench.broker.posts.values()) == {1}
            assert {str(line.average) for line in view.lines} == {"1.60"}
            assert {line.filled for line in view.lines} == {1}

    run_virtual(scenario())


def test_all_intents_are_committed_before_the_first_order_leaves() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            written: list[list[str]] = []
            bench.broker.before_fire = lambda: written.append(
                [line.state.value for b in bench.journal.broadcasts.values() for line in b.lines]
            )
            await bench.send()
            assert written == [["sending"] * 4]
            assert bench.journal.writes[0] == "open_broadcast"

    run_virtual(scenario())


def test_nothing_leaves_when_the_intents_cannot_be_written() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan()
            bench.journal.failure = StoreFull("the disk is full")
            with pytest.raises(StoreFull):
                await bench.submit(plan)
            assert not bench.broker.posts

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("act", "state", "doubt"),
    [
        (Act.REFUSE, "refused", None),
        (Act.NOT_SENT, "not_sent", None),
        (Act.LOSE, "in_doubt", "unknown"),
        (Act.TAKE_AND_FORGET_TO_REPORT, "in_doubt", "probable"),
        (Act.TAKE_AND_LOSE_ANSWER, "in_doubt", "probable"),
        (Act.TAKE_WITHOUT_ID, "in_doubt", "probable"),
        (Act.NAME_ANOTHER_ORDER, "in_doubt", "probable"),
        (Act.NAME_NO_ORDER, "in_doubt", "probable"),
        (Act.REJECT, "rejected", None),
        (Act.REST, "working", None),
    ],
)
def test_one_bad_answer_makes_its_own_line_honest_and_leaves_the_others_alone(
    act: Act, state: str, doubt: str | None
) -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = act
            view = await bench.send()
            lines = {line.account: line for line in view.lines}
            assert (lines["A-02"].state, lines["A-02"].doubt) == (state, doubt)
            assert {lines[f"A-0{i}"].state for i in (1, 3, 4)} == {"filled"}
            assert bench.broker.posts["A-02"] <= 1

    run_virtual(scenario())


@pytest.mark.parametrize(
    "act",
    [
        Act.TAKE_AND_LOSE_ANSWER,
        Act.TAKE_WITHOUT_ID,
        Act.NAME_ANOTHER_ORDER,
        Act.NAME_NO_ORDER,
    ],
)
def test_a_single_look_alike_is_bound_after_the_horizon_and_not_before(act: Act) -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = act
            early = await bench.send(wait_s=50)
            assert states(early)["A-02"] == "in_doubt"
            late = await bench.desk.follow(early.broadcast, 30)
            line = next(x for x in late.lines if x.account == "A-02")
            assert line.state == "filled"
            bound = next(o for o in bench.broker.ledger if o.order_id == line.order_id)
            assert bound.fingerprint == line.order
            assert bench.broker.posts["A-02"] == 1

    run_virtual(scenario())


def test_an_answer_that_names_another_line_s_order_puts_only_that_line_in_doubt() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            await bench.send(STOCK)
            bench.broker.acts["A-02"] = Act.NAME_AN_EARLIER_ORDER_OF_OURS
            view = await bench.send(wait_s=5)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.order_id) == ("in_doubt", None)
            assert view.counts["filled"] == 3
            view = await bench.desk.follow(view.broadcast, 90)
            assert view.counts["filled"] == 4

    run_virtual(scenario())


def test_a_silent_line_does_not_hold_up_the_news_of_the_others() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.HANG
            shown = await bench.submit(await bench.plan())
            await asyncio.sleep(2)
            view = await bench.desk.broadcast(shown.broadcast)
            assert view.counts["filled"] == 3
            assert states(view)["A-02"] == "sending"

    run_virtual(scenario())


def test_an_order_that_lists_late_is_waited_for_and_not_doubted() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.list_lag_s = 20
            early = await bench.send(wait_s=15)
            assert {line.state for line in early.lines} == {"accepted"}
            late = await bench.desk.follow(early.broadcast, 20)
            assert late.counts["filled"] == 4

    run_virtual(scenario())


def test_the_time_of_the_journal_is_kept_with_the_broadcast() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            view = await bench.send(broadcast="B-1")
            assert view.timing_ms.journal is not None
            assert bench.journal.broadcasts["B-1"].journal_ns is not None

    run_virtual(scenario())


def test_a_lost_order_is_never_resent_and_becomes_probably_absent_only_by_many_reads() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.LOSE
            view = await bench.send(wait_s=400)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.doubt) == ("in_doubt", "absent_candidate")
            assert bench.broker.posts["A-02"] == 1

    run_virtual(scenario())


def test_reads_that_fail_are_no_evidence_of_absence() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.LOSE
            bench.broker.reads_fail = True
            view = await bench.send(wait_s=400)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.doubt) == ("in_doubt", "unknown")
            assert states(view)["A-01"] == "accepted"

    run_virtual(scenario())


def test_two_look_alikes_are_a_conflict_for_a_person() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.TAKE_AND_LOSE_ANSWER
            shown = await bench.submit(await bench.plan())
            twin = next(o for o in bench.broker.ledger if o.account == "A-02")
            bench.broker.ledger.append(replace(twin, order_id="999"))
            view = await bench.desk.follow(shown.broadcast, 120)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.doubt) == ("in_doubt", "conflict")
            assert "999" in (line.reason or "")

    run_virtual(scenario())


def test_a_look_alike_under_a_foreign_tag_is_not_ours() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.LOSE
            shown = await bench.submit(await bench.plan())
            await bench.desk.follow(shown.broadcast, 5)
            ours = next(o for o in bench.broker.ledger if o.account == "A-01")
            by_hand = replace(ours, account="A-02", order_id="999", tag="API_TOS:X")
            bench.broker.ledger.append(by_hand)
            view = await bench.desk.follow(shown.broadcast, 120)
            assert states(view)["A-02"] == "in_doubt"
            assert next(x for x in view.lines if x.account == "A-02").order_id is None

    run_virtual(scenario())


def test_a_refused_line_that_the_broker_lists_after_all_becomes_doubtful_with_an_alarm() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts["A-02"] = Act.REFUSE
            shown = await bench.submit(await bench.plan())
            ours = next(o for o in bench.broker.ledger if o.account == "A-01")
            bench.broker.ledger.append(replace(ours, account="A-02", order_id="999"))
            view = await bench.desk.follow(shown.broadcast, 5)
            line = next(x for x in view.lines if x.account == "A-02")
            assert (line.state, line.doubt) == ("in_doubt", "conflict")
            assert any("A-02" in text for text in (await bench.desk.status()).alarms)

    run_virtual(scenario())


def test_a_cancelled_caller_does_not_cancel_the_orders_in_flight() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan()
            asking = asyncio.ensure_future(bench.submit(plan, broadcast="B-1"))
            fired = asyncio.Event()
            bench.broker.before_fire = fired.set
            await fired.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            view = await bench.desk.follow("B-1", 10)
            assert view.counts["filled"] == 4

    run_virtual(scenario())


def test_a_repeated_request_shows_the_first_broadcast_instead_of_sending_again() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            first = await bench.send(broadcast="B-1")
            plan = await bench.plan(STOCK)
            again = await bench.submit(plan, broadcast="B-1")
            assert again.order == first.order
            assert sum(bench.broker.posts.values()) == 4

    run_virtual(scenario())


def test_a_key_is_used_once_however_often_it_comes() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plans = [await bench.plan(), await bench.plan()]
            first, second = await asyncio.gather(
                *(bench.submit(plan, key="monday") for plan in plans)
            )
            assert first.broadcast == second.broadcast
            assert sum(bench.broker.posts.values()) == 4

    run_virtual(scenario())


def test_a_plan_can_be_sent_once() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan(save=True)
            await bench.submit(plan)
            with pytest.raises(PlanExpired):
                await bench.submit(plan)
            assert sum(bench.broker.posts.values()) == 4

    run_virtual(scenario())


def test_two_plans_of_one_order_do_not_both_leave() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plans = [await bench.plan(), await bench.plan()]
            await bench.submit(plans[0])
            with pytest.raises(OrderDenied, match="DUPLICATE"):
                await bench.submit(plans[1])
            assert set(bench.broker.posts.values()) == {1}

    run_virtual(scenario())


def test_an_old_plan_is_not_sent() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan()
            await asyncio.sleep(61)
            with pytest.raises(PlanExpired):
                await bench.submit(plan)
            assert not bench.broker.posts

    run_virtual(scenario())


def test_a_halted_desk_sends_nothing_until_it_is_resumed() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            await bench.desk.halt("lunch")
            plan = await bench.plan()
            with pytest.raises(TradingHalted, match="lunch"):
                await bench.submit(plan)
            assert not bench.broker.posts
            await bench.desk.resume()
            assert (await bench.submit(plan)).counts["accounts"] == 4

    run_virtual(scenario())


def test_a_halt_file_put_there_by_hand_stops_the_next_wave() -> None:
    async def scenario() -> None:
        async with a_desk(12) as bench:
            fired: list[int] = []

            def halt_after_the_canary() -> None:
                fired.append(1)
                bench.sentinel.text = "stop"

            bench.broker.before_fire = halt_after_the_canary
            view = await bench.send(waves="canary")
            assert len(fired) == 1
            assert view.counts["filled"] == 2
            assert view.counts["not_sent"] == 10

    run_virtual(scenario())


def test_a_refusal_stops_the_next_wave_where_that_was_asked_for() -> None:
    async def scenario() -> None:
        async with a_desk(9) as bench:
            bench.broker.acts = dict.fromkeys([f"A-0{i}" for i in range(1, 10)], Act.REFUSE)
            view = await bench.send(waves="3", on_refuse="stop")
            assert view.counts["refused"] == 3
            assert view.counts["not_sent"] == 6
            assert sum(bench.broker.posts.values()) == 3

    run_virtual(scenario())


def test_results_that_cannot_be_written_are_shown_and_halt_the_desk() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan()

            def fill_the_disk() -> None:
                bench.journal.failure = StoreFull("the disk is full")

            bench.broker.before_fire = fill_the_disk
            shown = await bench.submit(plan)
            view = await bench.desk.follow(shown.broadcast, 5)
            assert view.counts["filled"] == 4
            assert bench.sentinel.text is not None
            bench.journal.failure = None
            with pytest.raises(TradingHalted):
                await bench.submit(await bench.plan(STOCK))

    run_virtual(scenario())


def test_a_partial_fill_is_working_with_its_units_and_then_filled() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts["A-01"] = Act.PARTIAL
            view = await bench.send(STOCK, wait_s=5)
            assert (view.lines[0].state, view.lines[0].filled) == ("partial", 50)
            order = bench.broker.ledger[0]
            bench.broker.ledger[0] = replace(order, state=BrokerOrderState.FILLED)
            view = await bench.desk.follow(view.broadcast, 30)
            assert view.lines[0].state == "filled"

    run_virtual(scenario())
