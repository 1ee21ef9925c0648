"""The operator's word on a line in doubt: what it does, and what a read makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK, some_accounts
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.strangers import BY_HAND, OURS, HonestBroker, enter
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import BrokerOrderState
from swimdesk.domain.decisions import Decision, Verdict
from swimdesk.errors import (
    InputError,
    NoEvidence,
    NotInDoubt,
    StoreFull,
    SwimdeskError,
    UnknownReference,
    VerdictContradicted,
)
from swimdesk.views.models import LineView
from swimdesk.views.requests import ResolveRequest, Scope

ONE, OTHER = "A-01", "A-02"
HORIZON_S = 200.0
"""Longer than it takes until absence is thought likely."""


def in_doubt(scenario: Callable[[Bench, str], Awaitable[None]], act: Act = Act.LOSE) -> None:
    """Play on a broadcast whose first line is in doubt and whose second taught the tag."""

    async def main() -> None:
        async with a_desk(2) as bench:
            bench.broker.acts = {ONE: act, OTHER: Act.REST}
            view = await bench.send(STOCK, wait_s=1)
            await scenario(bench, view.broadcast)

    run_virtual(main())


async def say(
    bench: Bench, id_: str, verdict: str, reason: str = "asked the broker", account: str = ONE
) -> LineView:
    view = await bench.desk.resolve(ResolveRequest(f"{id_}/{account}", verdict, reason))
    return next(line for line in view.lines if line.account == account)


async def line(bench: Bench, id_: str, account: str = ONE) -> LineView:
    view = await bench.desk.broadcast(id_)
    return next(one for one in view.lines if one.account == account)


async def refused(
    bench: Bench, id_: str, verdict: str, kind: type[SwimdeskError], account: str = ONE
) -> str:
    """Say something that is refused: nothing is changed; return what is told."""
    before = await line(bench, id_, account)
    with pytest.raises(kind) as caught:
        await say(bench, id_, verdict, account=account)
    assert type(caught.value) is kind
    now = await line(bench, id_, account)
    assert (now.state, now.order_id) == (before.state, before.order_id)
    assert bench.journal.decided == []
    return caught.value.detail


def decided(bench: Bench) -> Decision:
    (decision,) = bench.journal.decided
    return decision


# --- absent ------------------------------------------------------------------------------------


def test_line_without_any_order_is_absent_by_the_operator_s_word() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        assert (await line(bench, id_)).doubt == "absent_candidate"
        found = await say(bench, id_, "absent")
        assert (found.state, found.doubt, found.order_id) == ("absent", None, None)
        assert "asked the broker" in (found.reason or "")
        decision = decided(bench)
        kept = bench.journal.broadcasts[id_].lines[0]
        assert (decision.ref, decision.verdict) == (kept.ref, Verdict.ABSENT)
        assert decision.reason == "asked the broker"
        assert kept.state == "absent"

    in_doubt(scenario)


def test_absent_is_put_off_while_the_order_may_just_not_be_listed_yet() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        assert "15:03:00" in await refused(bench, id_, "absent", NoEvidence)
        await asyncio.sleep(HORIZON_S)
        await say(bench, id_, "absent")

    in_doubt(scenario)


@pytest.mark.parametrize("look", ["alike", "not to be told"])
def test_absent_is_contradicted_by_any_order_that_may_be_the_line_s(look: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        ours = bench.broker.ledger[0].fingerprint
        order_id = enter(
            bench.broker, ONE, STOCK, tag=OURS, fingerprint=ours if look == "alike" else None,
        )  # fmt: skip
        told = await refused(bench, id_, "absent", VerdictContradicted)
        assert order_id in told
        assert f"placed:{order_id}" in told

    in_doubt(scenario)


def test_order_that_cannot_be_told_and_is_ignored_contradicts_no_more() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        order_id = enter(bench.broker, ONE, STOCK, tag=OURS, fingerprint=None)
        await bench.desk.ignore(ONE, order_id, "entered on the phone")
        assert (await say(bench, id_, "absent")).state == "absent"

    in_doubt(scenario)


def test_order_with_another_mark_or_another_look_contradicts_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        enter(bench.broker, ONE, STOCK, tag=BY_HAND)
        enter(bench.broker, ONE, "BUY +7 AAPL @187.50 LMT", tag=OURS)
        assert (await say(bench, id_, "absent")).state == "absent"

    in_doubt(scenario)


def test_incomplete_read_is_no_evidence() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        bench.broker.reads_fail = True
        assert "Try again" in await refused(bench, id_, "absent", NoEvidence)
        await refused(bench, id_, "placed:1005000000001", NoEvidence)

    in_doubt(scenario)


def test_list_that_is_cut_is_no_evidence() -> None:
    async def main() -> None:
        clock = VirtualClock()
        broker = HonestBroker(clock, some_accounts(1))
        broker.acts = {ONE: Act.LOSE}
        async with a_desk(broker.accounts, broker=broker, clock=clock) as bench:
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await asyncio.sleep(HORIZON_S)
            broker.lists_are_cut = True
            await refused(bench, id_, "absent", NoEvidence)

    run_virtual(main())


def test_young_broadcast_whose_only_orders_are_absent_is_read_slowly() -> None:
    async def main() -> None:
        horizons = Horizons(timedelta(seconds=5), timedelta(seconds=10))
        async with a_desk(1, horizons=horizons) as bench:
            bench.broker.acts = {ONE: Act.LOSE}
            id_ = (await bench.send(STOCK, wait_s=20)).broadcast
            await say(bench, id_, "absent")
            reads = bench.broker.list_reads
            await asyncio.sleep(60)
            assert 3 <= bench.broker.list_reads - reads <= 5

    run_virtual(main())


def test_order_that_comes_after_absent_opens_the_line_again_and_alarms() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        await say(bench, id_, "absent")
        sent = bench.broker.ledger[0]
        bench.broker.ledger.append(replace(sent, account=ONE, order_id="3"))
        reads = bench.broker.list_reads
        await asyncio.sleep(40)
        assert 2 <= bench.broker.list_reads - reads <= 4, "slowly"
        found = await line(bench, id_)
        assert (found.state, found.doubt) == ("in_doubt", "conflict")
        alarms = (await bench.desk.status()).alarms
        assert any("was absent, yet order 3 looks like it" in text for text in alarms)
        assert (await say(bench, id_, "placed:3", "it came")).state == "working"

    in_doubt(scenario)


def test_process_that_has_read_nothing_yet_takes_a_verdict() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(1, journal=journal) as bench:
            bench.broker.acts = {ONE: Act.LOSE}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await asyncio.sleep(HORIZON_S)
            await kill(bench)
        async with a_desk(1, journal=journal, broker=bench.broker) as bench:
            assert (await say(bench, id_, "absent")).state == "absent"

    run_virtual(main())


def test_order_that_is_entered_long_after_absent_opens_the_line_again() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        await say(bench, id_, "absent")
        entered = bench.broker.clock.now()
        bench.broker.ledger.append(
            replace(bench.broker.ledger[0], account=ONE, order_id="3", entered=entered)
        )
        await asyncio.sleep(40)
        found = await line(bench, id_)
        assert (found.state, found.doubt) == ("in_doubt", "conflict")
        assert (await say(bench, id_, "placed:3", "it came")).state == "working"

    in_doubt(scenario)


def test_same_order_sent_anew_after_absent_does_not_open_the_line_again() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        await say(bench, id_, "absent")
        bench.broker.acts[ONE] = Act.REST
        again = await bench.send(STOCK, wait_s=40)
        assert (await line(bench, again.broadcast)).state == "working"
        assert (await line(bench, id_)).state == "absent"

    in_doubt(scenario)


def test_absent_line_is_read_for_after_a_restart_and_not_on_the_next_day() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(1, journal=journal) as bench:
            bench.broker.acts = {ONE: Act.LOSE}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            await asyncio.sleep(HORIZON_S)
            await say(bench, id_, "absent")
            await kill(bench)
        async with a_desk(1, journal=journal, broker=bench.broker) as bench:
            assert (await line(bench, id_)).state == "absent"
            reads = bench.broker.list_reads
            await asyncio.sleep(60)
            assert bench.broker.list_reads > reads
            await asyncio.sleep(timedelta(days=1).total_seconds())
            reads = bench.broker.list_reads
            await asyncio.sleep(60)
            assert bench.broker.list_reads == reads

    run_virtual(main())


# --- placed ------------------------------------------------------------------------------------


def test_look_alike_that_a_person_names_is_the_line_s_and_is_followed() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        (order,) = [one for one in bench.broker.ledger if one.account == ONE]
        enter(bench.broker, ONE, STOCK, tag=OURS, fingerprint=order.fingerprint)
        await asyncio.sleep(2)
        assert (await line(bench, id_)).doubt == "conflict"
        found = await say(bench, id_, f"placed:{order.order_id}")
        assert (found.state, found.doubt, found.order_id) == ("filled", None, order.order_id)
        assert decided(bench).order_id == order.order_id
        fills = await bench.journal.executions(id_)
        assert bench.journal.broadcasts[id_].lines[0].ref in fills

    in_doubt(scenario, Act.TAKE_AND_LOSE_ANSWER)


def test_order_that_no_list_shows_may_be_named_where_its_id_can_be_read() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.list_lag_s = 1000
        (order,) = [one for one in bench.broker.ledger if one.account == ONE]
        assert (await say(bench, id_, f"placed:{order.order_id}")).state == "filled"

    in_doubt(scenario, Act.TAKE_AND_LOSE_ANSWER)


def test_order_that_cannot_be_compared_may_be_taken_and_the_decision_says_so() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        order_id = enter(bench.broker, ONE, STOCK, tag=OURS, fingerprint=None)
        assert (await say(bench, id_, f"placed:{order_id}")).state == "working"
        assert "could not be compared" in decided(bench).reason
        await asyncio.sleep(30)
        assert (await line(bench, id_)).order_id == order_id

    in_doubt(scenario)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("is not what was sent", {"fingerprint": "another look"}),
        ("before this was sent", {"age_s": 600}),
        ("carries the mark", {"tag": BY_HAND}),
        ("neither listed", {"account": OTHER}),
    ],
)
def test_placed_is_contradicted_by_an_order_that_cannot_be_it(
    what: str, changes: dict[str, object]
) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        terms = {"fingerprint": bench.broker.ledger[0].fingerprint, "tag": OURS} | changes
        order_id = enter(bench.broker, str(terms.pop("account", ONE)), STOCK)
        age = timedelta(seconds=float(str(terms.pop("age_s", 0))))
        order = bench.broker.ledger.pop()
        bench.broker.ledger.append(replace(order, entered=order.entered - age, **terms))  # type: ignore[arg-type]
        assert what in await refused(bench, id_, f"placed:{order_id}", VerdictContradicted)

    in_doubt(scenario)


def test_order_that_seems_entered_before_a_clock_was_set_back_is_the_line_s_or_ignored() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        order_id = enter(bench.broker, ONE, STOCK, tag=OURS)
        order = bench.broker.ledger.pop()
        sent = bench.journal.broadcasts[id_].created
        early = replace(order, entered=sent - timedelta(seconds=30))
        bench.broker.ledger.append(early)
        await asyncio.sleep(HORIZON_S)
        told = await refused(bench, id_, "absent", VerdictContradicted)
        assert f"placed:{order_id}, or `swimdesk ignore` it first" in told
        assert "seems entered before" in str((await line(bench, id_)).reason)
        assert (await say(bench, id_, f"placed:{order_id}")).order_id == order_id

    in_doubt(scenario)


def test_order_that_was_known_before_the_broadcast_is_never_the_line_s() -> None:
    async def main() -> None:
        async with a_desk(2) as bench:
            order_id = enter(bench.broker, ONE, STOCK, tag=None)
            bench.broker.acts = {ONE: Act.LOSE, OTHER: Act.REST}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            assert bench.journal.broadcasts[id_].preimage[ONE] == (order_id,)
            told = await refused(bench, id_, f"placed:{order_id}", VerdictContradicted)
            assert "before this was sent" in told
            doubts = (await bench.desk.status()).doubts
            assert [one.candidates for one in doubts] == [()]
            (foreign,) = await bench.desk.foreign(Scope(everyone=True))
            assert foreign.may_be == ()
            await asyncio.sleep(HORIZON_S)
            assert (await say(bench, id_, "absent")).state == "absent"

    run_virtual(main())


def test_order_of_another_line_and_an_order_of_nobody_are_not_to_be_had() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await refused(bench, id_, "placed:99", VerdictContradicted)
        bench.broker.acts = {ONE: Act.REST, OTHER: Act.REST}
        other = await bench.send(STOCK.replace("187.50", "187.40"), wait_s=1)
        (taken,) = [x.order_id for x in other.lines if x.account == ONE]
        assert other.broadcast in await refused(bench, id_, f"placed:{taken}", VerdictContradicted)

    in_doubt(scenario)


# --- what is no verdict ------------------------------------------------------------------------


def test_line_that_is_not_in_doubt_takes_no_verdict() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        told = await refused(bench, id_, "absent", NotInDoubt, account=OTHER)
        assert "working" in told

    in_doubt(scenario)


def test_same_verdict_again_changes_nothing_and_another_one_is_refused() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        first = await say(bench, id_, "absent")
        assert await say(bench, id_, "absent") == first
        decided(bench)
        with pytest.raises(NotInDoubt):
            await say(bench, id_, "placed:7")

    in_doubt(scenario)


@pytest.mark.parametrize("verdict", ["", "placed", "placed:", "absent:7", "gone"])
def test_what_is_no_verdict_is_refused(verdict: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await refused(bench, id_, verdict, InputError)

    in_doubt(scenario)


def test_line_account_and_reason_have_to_be_named() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        for reference, reason in ((id_, "because"), (f"{id_}/{ONE}", "  ")):
            with pytest.raises(InputError):
                await bench.desk.resolve(ResolveRequest(reference, "absent", reason))
        with pytest.raises(UnknownReference):
            await bench.desk.resolve(ResolveRequest(f"{id_}/A-09", "absent", "because"))
        assert bench.journal.decided == []

    in_doubt(scenario)


def test_verdict_that_cannot_be_written_changes_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await asyncio.sleep(HORIZON_S)
        bench.journal.failure = StoreFull("no room")
        await refused(bench, id_, "absent", StoreFull)
        bench.journal.failure = None
        assert (await say(bench, id_, "absent")).state == "absent"

    in_doubt(scenario)


# --- which of two orders works -----------------------------------------------------------------

PRICE = Decimal("187.60")


def replacing(
    scenario: Callable[[Bench, str, str], Awaitable[None]], act: ReplaceAct = ReplaceAct.LOSE
) -> None:
    """Play on a line whose replacement is in doubt; the scenario gets the old order's id."""

    async def main() -> None:
        async with a_desk(2) as bench:
            bench.broker.acts = {ONE: Act.REST, OTHER: Act.REST}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            old = (await line(bench, id_)).order_id
            bench.broker.replace_acts = {ONE: [act]}
            await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
            assert (await line(bench, id_)).state == "in_doubt"
            await scenario(bench, id_, old or "")

    run_virtual(main())


def test_old_order_works_on_by_the_operator_s_word() -> None:
    async def scenario(bench: Bench, id_: str, old: str) -> None:
        found = await say(bench, id_, f"placed:{old}")
        assert (found.state, found.order_id, found.lineage) == ("working", old, ())
        assert "@187.50" in found.order

    replacing(scenario)


def test_absent_is_no_verdict_on_a_line_that_had_an_order() -> None:
    async def scenario(bench: Bench, id_: str, old: str) -> None:
        await asyncio.sleep(5)
        assert "placed:" in await refused_replacing(bench, id_, "absent")

    replacing(scenario)


async def refused_replacing(bench: Bench, id_: str, verdict: str) -> str:
    with pytest.raises((VerdictContradicted, NoEvidence)) as caught:
        await say(bench, id_, verdict)
    assert (await line(bench, id_)).state == "in_doubt"
    return caught.value.detail


def test_new_order_works_once_the_old_one_has_ended() -> None:
    async def scenario(bench: Bench, id_: str, old: str) -> None:
        new = enter(
            bench.broker, ONE, STOCK.replace("187.50", "187.60"), tag=None,
        )  # fmt: skip
        assert f"order {old}" in await refused_replacing(bench, id_, f"placed:{new}")
        assert f"order {new}" in await refused_replacing(bench, id_, f"placed:{old}")
        bench.broker.end_replaced(old)
        found = await say(bench, id_, f"placed:{new}")
        assert (found.state, found.order_id, found.lineage) == ("working", new, (old,))
        assert "@187.60" in found.order
        bench.broker.fill(new)
        await asyncio.sleep(20)
        assert (await line(bench, id_)).state == "filled"

    replacing(scenario)


def test_old_order_that_was_replaced_by_nobody_knows_what_ends_its_line() -> None:
    async def scenario(bench: Bench, id_: str, old: str) -> None:
        bench.broker.end_replaced(old)
        assert bench.broker.order_of(old).state is BrokerOrderState.REPLACED
        assert (await say(bench, id_, f"placed:{old}")).state == "replaced"

    replacing(scenario)
