"""Orders that an answer named and that no list shows: kept, asked for by their ids, given up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.builders import a_broadcast
from tests.fakes.virtual import START, run_virtual
from tests.unit.desk import tracking
from tests.unit.desk.judging import (
    BIND_S,
    CONFIRMED_NS,
    TICKET,
    B,
    Case,
    S,
    an_order,
    in_doubt,
    line_in,
)
from tests.unit.desk.tracking import Room, a_row

from swimdesk.desk.by_id import ASKED_S
from swimdesk.desk.named import AT_ONCE
from swimdesk.desk.ports import Grounds
from swimdesk.desk.reconciler import named_but_unlisted, reconcile
from swimdesk.desk.tracker import TAG
from swimdesk.domain.broadcast import Line
from swimdesk.domain.events import BroadcastOpened
from swimdesk.domain.replacing import Replacement


def test_order_named_by_an_answer_is_not_given_up_for_another_while_the_broker_may_have_it() -> (
    None
):
    known = line_in(S.ACCEPTED, order_id="7", accepted=True)
    line = Case([known], [an_order("77")]).only()
    late: dict[str, Any] = {"age_s": 9999, "reads": 999}
    assert not Case([line], [an_order("77")], **late).judged()
    assert Case([line], [an_order("77"), an_order("7")], **late).only().order_id == "7"


def test_order_that_the_broker_does_not_have_gives_way_to_the_only_look_alike() -> None:
    known = line_in(S.ACCEPTED, order_id="7", accepted=True)
    found: dict[str, Any] = {"age_s": BIND_S, "unknown": frozenset({("A-01", "7")})}
    line = Case([known], [an_order("77")], **found).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", None)
    assert "order 7, which the broker does not have" in (line.reason or "")
    assert Case([line], [an_order("77")], age_s=BIND_S).only().order_id == "77"
    alone = Case([known], **found).only()
    assert (alone.state, alone.order_id) == ("in_doubt", None)


def test_order_that_the_broker_does_not_have_yet_is_waited_for_until_the_horizon() -> None:
    known = line_in(S.ACCEPTED, order_id="7", accepted=True)
    early = Case([known], [an_order("77")], BIND_S - 1, unknown=frozenset({("A-01", "7")})).only()
    assert (early.state, early.order_id) == ("in_doubt", "7")


@pytest.mark.parametrize(
    ("line", "read", "is_asked"),
    [
        ({}, {}, True),
        ({"state": S.IN_DOUBT}, {}, True),
        ({}, {"age_s": BIND_S - 1}, False),
        ({}, {"counted_s": BIND_S - 1}, False),
        ({}, {"complete": False}, False),
        ({}, {"since": START}, False),
        ({}, {"covered": frozenset({"A-02"})}, False),
        ({}, {"orders": [an_order("7")]}, False),
        ({"state": S.WORKING}, {}, False),
        ({"order_id": None}, {}, False),
    ],
)
def test_which_orders_are_asked_for_by_their_ids(
    line: dict[str, Any], read: dict[str, Any], is_asked: bool
) -> None:
    known = replace(line_in(S.ACCEPTED, order_id="7", accepted=True), **line)
    case = Case([known], **{"age_s": BIND_S} | read)
    found = named_but_unlisted(case.broadcast, case.evidence())
    assert found == ([("A-01", "7")] if is_asked else [])


def test_what_was_said_of_an_order_that_cannot_be_told_stands_while_no_list_shows_it() -> None:
    told = Case([line_in(S.ACCEPTED, order_id="7", accepted=True)], [an_order("7", look=None)])
    line = told.only()
    assert "cannot be compared" in (line.reason or "")
    assert not Case([line], age_s=BIND_S).judged()


# --- replacements --------------------------------------------------------------------------------

OLD, NEW = an_order("7", B.REPLACED), an_order("8", look="new look", after_s=2)
THEIRS = an_order("88", look="new look", after_s=3)


def being_replaced(**changes: Any) -> Line:
    """Build a line whose replacement an answer named as order 8."""
    asked = Replacement("c", TICKET.price or Decimal(1), 100, "new look", "h", START, taken=True)
    asked = replace(asked, order_id="8", asked_ns=CONFIRMED_NS)
    return line_in(S.REPLACING, order_id="7", accepted=True, replacement=replace(asked, **changes))


@pytest.mark.parametrize("age_s", [4, BIND_S, 9999])
def test_replacement_that_an_answer_named_is_waited_for_beside_its_like(age_s: float) -> None:
    line = Case([being_replaced()], [OLD, THEIRS], age_s).only()
    assert line.order_id == "7"
    assert line.replacement is not None
    assert line.replacement.order_id == "8"
    assert Case([line], [OLD, THEIRS, NEW], age_s).only().order_id == "8"


def test_replacement_that_the_broker_does_not_have_gives_way_to_its_like() -> None:
    case = Case([being_replaced()], [OLD, THEIRS], BIND_S)
    assert named_but_unlisted(case.broadcast, case.evidence()) == [("A-01", "8")]
    unknown = frozenset({("A-01", "8")})
    assert Case([being_replaced()], [OLD, THEIRS], BIND_S, unknown=unknown).only().order_id == "88"
    alone = Case([being_replaced()], [OLD], BIND_S, unknown=unknown).only()
    assert (alone.state, alone.order_id) == (S.IN_DOUBT, "7")
    assert alone.replacement is not None
    assert alone.replacement.order_id is None, "it is not asked for again and again"


@pytest.mark.parametrize("read", [{"age_s": BIND_S - 1}, {"complete": False}, {"counted_s": 1}])
def test_replacement_is_not_asked_for_before_a_whole_read_should_show_it(
    read: dict[str, Any],
) -> None:
    case = Case([being_replaced()], [OLD], **{"age_s": BIND_S} | read)
    assert named_but_unlisted(case.broadcast, case.evidence()) == []


@pytest.mark.parametrize(("counted_s", "standing"), [(2, "asked"), (BIND_S, "not_seen")])
def test_wall_clock_that_jumps_forward_does_not_end_the_horizon_of_a_replacement(
    counted_s: float, standing: str
) -> None:
    asked = being_replaced(taken=False, order_id=None).replacement
    line = in_doubt(order_id="7", accepted=True, replacement=asked)
    case = Case([line], [an_order("7")], 9999, counted_s=counted_s)
    (change,) = reconcile(case.broadcast, replace(case.evidence(), reads={"c": 5}))
    assert change.line.replacement is not None
    assert change.line.replacement.standing == standing


# --- asked for -----------------------------------------------------------------------------------

A_TWIN = replace(a_row(order_id="78"), entered=START + timedelta(seconds=1))


def a_room(*ids: str) -> Room:
    """Build a room with accepted orders, one in each account, that no list shows."""
    lines = [
        replace(tracking.line_in(S.ACCEPTED, f"A-0{place}", order_id=id_), accepted=True)
        for place, id_ in enumerate(ids, 1)
    ]
    room = Room(a_broadcast(*lines))
    room.journal.facts[TAG] = "TA_desk"
    room.broker.left_out = set(ids)
    return room


def a_full_room() -> tuple[Room, list[str]]:
    """Build a room with more unlisted orders at the broker than are asked for at once."""
    ids = [f"{70 + place}" for place in range(AT_ONCE + 2)]
    room = a_room(*ids)
    room.broker.ledger = [a_row(f"A-0{n}", id_) for n, id_ in enumerate(ids, 1)]
    return room, ids


def test_order_that_no_list_shows_is_found_by_its_id_after_the_horizon_and_no_sooner() -> None:
    async def scenario() -> None:
        room = a_room("77")
        room.broker.ledger = [a_row(), A_TWIN]
        await room.rounds(12, every_s=5)
        assert room.line("ref-A-01").state is S.IN_DOUBT
        assert room.broker.asked_for == []
        await room.tracker.round()
        assert (room.line("ref-A-01").state, room.line("ref-A-01").order_id) == (S.WORKING, "77")
        assert room.journal.bindings["A-01", "77"].grounds is Grounds.ANSWER

    run_virtual(scenario())


def test_order_that_was_found_by_its_id_is_followed_so_to_its_end() -> None:
    async def scenario() -> None:
        room = a_room("77")
        room.broker.ledger = [a_row()]
        await room.rounds(13, every_s=5)
        assert room.line("ref-A-01").state is S.WORKING
        room.broker.ledger = [a_row(state=B.FILLED, filled=100)]
        room.broker.asked_for.clear()
        await room.rounds(2)
        assert room.line("ref-A-01").state is S.FILLED
        assert room.broker.asked_for == ["77"]

    run_virtual(scenario())


def test_order_that_a_list_that_is_not_whole_leaves_out_is_not_asked_for() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(tracking.line_in(S.WORKING, order_id="77")))
        room.broker.ledger = [a_row()]
        room.broker.cut_logins = {"login-01"}
        await room.tracker.round()
        assert room.broker.asked_for == []

    run_virtual(scenario())


def test_order_that_the_broker_does_not_have_is_given_up_and_the_only_candidate_taken() -> None:
    async def scenario() -> None:
        room = a_room("77")
        room.broker.ledger = [A_TWIN]
        await room.rounds(14, every_s=5)
        assert (room.line("ref-A-01").state, room.line("ref-A-01").order_id) == (S.WORKING, "78")
        assert room.journal.bindings["A-01", "78"].grounds is Grounds.ONLY_CANDIDATE
        assert [read.scope.unknown for read in room.journal.reads if read.scope.unknown] == [
            {("A-01", "77")}
        ]

    run_virtual(scenario())


def test_order_that_cannot_be_asked_for_is_not_given_up() -> None:
    async def scenario() -> None:
        room = a_room("77")
        room.broker.ledger = [a_row(), A_TWIN]
        room.broker.orders_unreadable = True
        await room.rounds(40, every_s=5)
        assert (room.line("ref-A-01").state, room.line("ref-A-01").order_id) == (S.IN_DOUBT, "77")
        room.broker.orders_unreadable = False
        await room.tracker.round()
        assert room.line("ref-A-01").state is S.WORKING

    run_virtual(scenario())


def test_only_so_many_orders_are_asked_for_beside_one_read_and_all_in_the_end() -> None:
    async def scenario() -> None:
        room, ids = a_full_room()
        await asyncio.sleep(BIND_S)
        await room.tracker.round()
        assert room.broker.asked_for == ids[:AT_ONCE]
        await room.tracker.round()
        assert {*room.broker.asked_for} == {*ids}
        assert {room.line(f"ref-A-0{n}").state for n in range(1, len(ids) + 1)} == {S.WORKING}

    run_virtual(scenario())


def test_orders_that_can_never_be_read_keep_no_other_from_being_asked_for() -> None:
    async def scenario() -> None:
        room, ids = a_full_room()
        room.broker.unreadable = set(ids[:AT_ONCE])
        await asyncio.sleep(BIND_S)
        await room.rounds(2)
        found = [room.line(f"ref-A-0{n}").state for n in range(1, len(ids) + 1)]
        assert found[AT_ONCE:] == [S.WORKING, S.WORKING]
        room.broker.unreadable.clear()
        await room.tracker.round()
        assert room.line("ref-A-01").state is S.WORKING

    run_virtual(scenario())


def test_order_whose_read_hangs_keeps_the_news_of_others_back_for_a_moment_only() -> None:
    async def scenario() -> None:
        room = a_room("77")
        other = a_broadcast(tracking.line_in(S.WORKING, "A-05", order_id="90"), id_="1")
        room.journal.broadcasts[other.id] = other
        room.book.apply(BroadcastOpened(other))
        room.broker.ledger = [a_row(), a_row("A-05", "90", B.FILLED, filled=100)]
        room.broker.hanging = {"77"}
        await asyncio.sleep(BIND_S)
        async with asyncio.timeout(ASKED_S + 1):
            await room.tracker.round()
        assert room.line("ref-A-05").state is S.FILLED
        assert room.line("ref-A-01").order_id == "77"

    run_virtual(scenario())


def test_order_that_is_followed_by_its_id_and_hangs_stops_no_round() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(tracking.line_in(S.WORKING, order_id="77")))
        room.broker.ledger, room.broker.left_out = [a_row()], {"77"}
        room.broker.hanging = {"77"}
        async with asyncio.timeout(ASKED_S + 1):
            await room.tracker.round()
        assert room.broker.asked_for == ["77"]
        assert room.line("ref-A-01").state is S.WORKING

    run_virtual(scenario())
