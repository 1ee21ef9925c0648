"""What the desk tells of lines in doubt: since when, what is done, what may be decided."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import ANSWER_DEADLINE_S, Act
from tests.fakes.builders import STOCK, a_broadcast, a_line
from tests.fakes.desk import Bench, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, run_virtual

from swimdesk.desk.doubts import told_alone, told_of
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.searching import Search
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.views import doubting
from swimdesk.views.models import DoubtView

STOCK_PRICE = Decimal("186.50")
BIND, ABSENT = timedelta(seconds=60), timedelta(seconds=180)
HORIZONS = Horizons()


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


async def doubts_of(bench: Bench) -> dict[str, DoubtView]:
    return {one.account: one for one in (await bench.desk.status()).doubts}


def test_a_lost_order_is_told_with_its_reads_and_the_moments_of_decision() -> None:
    async def scenario() -> None:
        async with a_desk() as bench:
            bench.broker.acts = {"A-02": Act.LOSE}
            view = await bench.send(STOCK, wait_s=5)
            doubts = await doubts_of(bench)
            assert list(doubts) == ["A-02"]
            told = doubts["A-02"]
            assert (told.doubt, told.waits_for, told.order_id) == ("unknown", "reads", None)
            assert told.broadcast == view.broadcast
            assert told.reads >= 3
            assert told.decides is not None
            assert told.absent_from is not None
            assert told.absent_from - told.decides == ABSENT - BIND
            text = doubting.doing(told, clock)
            assert f"reading the list of A-02 every {told.every_s:g} s" in text
            assert f"{told.reads} complete reads so far" in text
            assert f"from {clock(told.decides)} on a single look-alike is taken" in text
            assert f"probably absent from {clock(told.absent_from)} on" in text
            assert doubting.hands_off(told) == "do not re-enter this order in A-02"
            ending = view.broadcast[-8:]
            assert told.commands == (
                f'swimdesk resolve {ending}/A-02 --as placed:ORDER_ID --reason "…"',
                f'swimdesk resolve {ending}/A-02 --as absent --reason "…"',
            )

    run_virtual(scenario())


def test_the_look_alike_of_a_lost_answer_is_named_before_it_is_taken() -> None:
    async def scenario() -> None:
        async with a_desk() as bench:
            bench.broker.acts = {"A-02": Act.TAKE_AND_LOSE_ANSWER}
            shown = await bench.send(STOCK, wait_s=5)
            (order_id,) = (o.order_id for o in bench.broker.ledger if o.account == "A-02")
            told = (await doubts_of(bench))["A-02"]
            assert (told.doubt, told.candidates, told.absent_from) == (
                "probable", (order_id,), None,
            )  # fmt: skip
            assert order_id in doubting.known(told)
            assert "the look-alike is taken if it stays alone" in doubting.doing(told, clock)
            assert f"placed:{order_id}" in told.commands[0]
            await bench.desk.follow(shown.broadcast, 90)
            assert await doubts_of(bench) == {}

    run_virtual(scenario())


def test_an_order_without_an_answer_is_told_after_two_seconds_and_keeps_its_age() -> None:
    async def scenario() -> None:
        async with a_desk() as bench:
            bench.broker.acts = {"A-02": Act.HANG}
            await bench.submit(await bench.plan(STOCK))
            await asyncio.sleep(1)
            assert await doubts_of(bench) == {}
            await asyncio.sleep(2)
            told = (await doubts_of(bench))["A-02"]
            assert (told.doubt, told.waits_for, told.commands) == ("sending", "answer", ())
            assert "waiting for the broker's answer" in doubting.doing(told, clock)
            assert doubting.known(told) == "sent, not answered"
            await asyncio.sleep(ANSWER_DEADLINE_S)
            later = (await doubts_of(bench))["A-02"]
            assert later.doubt in ("unknown", "probable")
            assert later.since == told.since

    run_virtual(scenario())


def test_of_an_order_that_probably_never_arrived_absence_is_the_first_verdict() -> None:
    line = a_line("A-01", LineState.IN_DOUBT, doubt=Doubt.ABSENT_CANDIDATE)
    told = told_of(a_broadcast(line), line, START, HORIZONS, Search(every_s=15.0))
    assert "--as absent" in told.commands[0]
    assert "--as placed:ORDER_ID" in told.commands[1]


def test_a_replacement_in_doubt_tells_both_orders() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {"A-01": Act.REST}
            shown = await bench.send(STOCK, wait_s=2)
            bench.broker.replace_acts = {"A-01": [ReplaceAct.TAKE_AND_LOSE_ANSWER]}
            bench.broker.replace_delay_s = 30
            await bench.desk.replace(shown.broadcast, STOCK_PRICE)
            await asyncio.sleep(1)
            told = (await doubts_of(bench))["A-01"]
            old, new = (order.order_id for order in bench.broker.ledger)
            assert told.is_replacement
            assert (told.order_id, told.candidates) == (old, (new,))
            text = doubting.known(told)
            assert old in text
            assert new in text

    run_virtual(scenario())


def test_a_list_that_cannot_be_read_is_told_instead_of_reads() -> None:
    async def scenario() -> None:
        async with a_desk() as bench:
            bench.broker.acts = {"A-02": Act.LOSE}
            await bench.send(STOCK, wait_s=2)
            bench.broker.reads_fail = True
            await asyncio.sleep(20)
            told = (await doubts_of(bench))["A-02"]
            assert told.trouble
            assert "is NOT read" in doubting.doing(told, clock)

    run_virtual(scenario())


def test_a_new_desk_goes_on_with_the_age_of_a_doubt() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        journal = MemoryJournal(now=lambda: START + timedelta(seconds=loop.time()))
        await journal.open_broadcast(a_broadcast(a_line("A-01", LineState.SENDING)))
        opened = journal.now()
        await asyncio.sleep(100)
        async with a_desk(journal=journal) as bench:
            told = (await doubts_of(bench))["A-01"]
            assert (told.doubt, told.since) == ("unknown", opened)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("changes", "waits_for"),
    [
        pytest.param({"doubt": Doubt.UNKNOWN}, "reads", id="unknown"),
        pytest.param({"doubt": Doubt.CONFLICT}, "person", id="conflict"),
        pytest.param({"doubt": Doubt.ABSENT_CANDIDATE}, "person", id="absent"),
        pytest.param(
            {
                "doubt": Doubt.PROBABLE,
                "reason": "probably order 7; it has no mark, a person decides",
            },
            "person",
            id="left to a person",
        ),
    ],
)
def test_what_a_doubt_waits_for(changes: dict[str, object], waits_for: str) -> None:
    line = replace(a_line("A-01", LineState.IN_DOUBT), **changes)  # type: ignore[arg-type]
    told = told_of(a_broadcast(line), line, START, HORIZONS, Search(every_s=0.5))
    assert told.waits_for == waits_for
    assert doubting.may(told)


def test_in_a_home_without_a_desk_nothing_reads_and_nothing_is_promised() -> None:
    line = a_line("A-01", LineState.IN_DOUBT, doubt=Doubt.UNKNOWN)
    told = told_alone(a_broadcast(line), line, START)
    assert (told.waits_for, told.decides, told.absent_from) == ("nobody", None, None)
    assert "while no desk runs" in doubting.doing(told, clock)


def test_an_order_that_an_answer_named_is_said_to_be_asked_for_and_no_other_to_be_taken() -> None:
    line = a_line("A-01", LineState.IN_DOUBT, doubt=Doubt.PROBABLE, order_id="7", accepted=True)
    told = told_of(a_broadcast(line), line, START, HORIZONS, Search(every_s=5, candidates=("77",)))
    text = doubting.doing(told, clock)
    assert f"from {clock(START + BIND)} on order 7 is asked for by its id" in text
    assert "taken" not in text
