"""Which reads are made, what they count for, and what is learnt from them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.builders import a_broadcast, some_accounts
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, run_virtual
from tests.unit.desk.tracking import LISTED, B, Room, S, a_row, line_in

from swimdesk.desk.book import SETTLED_KEPT
from swimdesk.desk.evidence import READS_FOR_ABSENCE
from swimdesk.desk.ports import BrokerOrder, Grounds, ReadScope
from swimdesk.desk.tracker import LOOK_S, PRICE_READS, TAG
from swimdesk.desk.unlisted import AT_ONCE, EVERY
from swimdesk.domain.decisions import Origin
from swimdesk.domain.events import AccountsDiscovered, BroadcastOpened, LinesChanged
from swimdesk.domain.orders import Doubt, LineState


@pytest.mark.parametrize(
    ("states", "followed"),
    [
        ([S.PLANNED, S.SENDING], False),
        ([S.DENIED, S.SKIPPED, S.NOT_SENT], False),
        ([S.CANCELED, S.REJECTED, S.EXPIRED, S.REPLACED], False),
        ([S.ACCEPTED], True),
        ([S.IN_DOUBT], True),
        ([S.ABSENT], True),
        ([S.WORKING], True),
        ([S.PARTIAL], True),
        ([S.CANCELING], True),
        ([S.REPLACING], True),
    ],
)
def test_only_lines_that_a_read_could_change_are_read(
    states: list[LineState], followed: bool
) -> None:
    async def scenario() -> None:
        lines = [line_in(s, f"A-0{i + 1}") for i, s in enumerate(states)]
        room = Room(a_broadcast(*lines))
        assert await room.tracker.round()
        assert bool(room.broker.asked) is followed
        assert bool(room.tracker.targets()) is followed

    run_virtual(scenario())


def test_a_refused_line_is_looked_after_for_a_short_while() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(line_in(S.REFUSED)))
        await room.tracker.round()
        assert len(room.broker.asked) == 1
        await asyncio.sleep(10)
        assert not room.tracker.targets()

    run_virtual(scenario())


def test_each_login_is_read_once_for_its_own_accounts_from_before_the_oldest_order() -> None:
    async def scenario() -> None:
        old = a_broadcast(
            line_in(S.WORKING, "A-05", order_id="5"), id_="old", created=START - timedelta(hours=2)
        )
        new = a_broadcast(*(line_in(S.WORKING, f"A-0{i}", order_id=f"{i}") for i in (1, 2, 8)))
        room = Room(old, new)
        assert await room.tracker.round()
        asked = dict(room.broker.asked)
        assert set(asked) == {("A-01", "A-02"), ("A-05", "A-08")}
        assert all(since < START - timedelta(hours=2) for since in asked.values())

    run_virtual(scenario())


def test_a_login_that_cannot_be_read_leaves_the_others_followed() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(*(line_in(S.ACCEPTED, a, order_id=a) for a in ("A-01", "A-05"))))
        room.broker.ledger = [a_row("A-01", "A-01"), a_row("A-05", "A-05")]
        room.broker.unlisted_logins = {"login-01"}
        assert not await room.tracker.round()
        assert room.line("ref-A-01").state is S.ACCEPTED
        assert room.line("ref-A-05").state is S.WORKING

    run_virtual(scenario())


@pytest.mark.parametrize(
    "bug", [KeyError("11110001, Bearer abcdef"), asyncio.CancelledError("11110001")]
)
def test_a_bug_in_one_logins_read_is_a_read_of_nothing_and_leaves_the_others_followed(
    bug: BaseException,
) -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(*(line_in(S.ACCEPTED, a, order_id=a) for a in ("A-01", "A-05"))))
        room.broker.ledger = [a_row("A-01", "A-01"), a_row("A-05", "A-05")]
        room.broker.broken_logins = {"login-01": bug}
        for _ in range(2):
            assert not await room.tracker.round()
        assert room.line("ref-A-01").state is S.ACCEPTED
        assert room.line("ref-A-05").state is S.WORKING
        kept = [(set(x.scope.accounts), x.scope.complete) for x in room.journal.reads]
        assert kept == [({"A-05"}, True), (set(), False)] * 2
        told = room.tracker.state.detail
        assert f"login-01 not read: a bug of ours: {type(bug).__name__}" in told
        alarms = [text for _, kind, text in room.journal.notes if kind == "alarm"]
        assert len(alarms) == 1
        assert type(bug).__name__ in alarms[0]
        assert not any("0001" in text or "abcdef" in text for text in (told, *alarms))
        room.broker.broken_logins.clear()
        assert await room.tracker.round()
        assert room.line("ref-A-01").state is S.WORKING
        assert room.tracker.state.failing_since is None

    run_virtual(scenario())


def test_a_login_whose_list_comes_incomplete_is_told_until_nothing_is_read_there() -> None:
    async def scenario() -> None:
        lines = [line_in(S.ACCEPTED, a, order_id=a) for a in ("A-01", "A-05")]
        room = Room(a_broadcast(*lines))
        room.broker.ledger = [
            a_row("A-01", "A-01"), a_row("A-01", "99"), a_row("A-05", "A-05"),
        ]  # fmt: skip
        room.broker.cut_logins = {"login-01"}
        assert not await room.tracker.round()
        assert "orders of login-01 not read" in room.tracker.state.detail
        room.broker.ledger[0] = a_row("A-01", "A-01", B.CANCELED)
        assert not await room.tracker.round()
        assert room.line("ref-A-01").state is S.CANCELED
        assert room.tracker.state.failing_since is None

    run_virtual(scenario())


def test_a_login_that_somebody_could_not_read_is_no_trouble_where_nothing_is_followed() -> None:
    async def scenario() -> None:
        room = Room()
        room.broker.broken_logins = {"login-01": KeyError("11110001")}
        (read,) = await room.tracker.read_now(room.broker.accounts[:1], START)
        assert (set(read.accounts), read.complete) == (set(), False)
        assert "KeyError" in room.tracker.trouble("login-01")
        assert room.tracker.state.failing_since is None

    run_virtual(scenario())


def test_a_cut_list_shows_what_it_shows_and_proves_nothing_for_its_login_alone() -> None:
    async def scenario() -> None:
        lines = [line_in(S.IN_DOUBT, a) for a in ("A-01", "A-05")]
        room = Room(a_broadcast(*lines, line_in(S.ACCEPTED, "A-02", order_id="2")))
        room.broker.ledger = [a_row("A-02", "2"), a_row("A-02", "99", look="another")]
        room.broker.cut_logins = {"login-01"}
        await room.rounds(10, every_s=30)
        assert room.line("ref-A-02").state is S.WORKING
        assert room.line("ref-A-01").doubt is Doubt.UNKNOWN
        assert room.line("ref-A-05").doubt is Doubt.ABSENT_CANDIDATE

    run_virtual(scenario())


def test_a_read_that_was_under_way_when_the_order_left_does_not_count() -> None:
    async def scenario() -> None:
        # The line leaves at 200 s; five reads before that and four after are not enough.
        line = line_in(S.IN_DOUBT, sent_ns=200 * 10**9)
        room = Room(a_broadcast(line))
        room.broker.latency_s = 10
        await asyncio.sleep(145)
        await room.rounds(6)  # the last one begins at 195 s and ends at 205 s
        await asyncio.sleep(200)
        await room.rounds(4)
        assert room.line("ref-A-01").doubt is Doubt.UNKNOWN
        await room.rounds(1)
        assert room.line("ref-A-01").doubt is Doubt.ABSENT_CANDIDATE

    run_virtual(scenario())


def test_reads_of_another_account_do_not_count() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(line_in(S.IN_DOUBT), line_in(S.IN_DOUBT, "A-05")))
        room.broker.unlisted_logins = {"login-01"}
        await room.rounds(20, every_s=30)
        assert room.line("ref-A-05").doubt is Doubt.ABSENT_CANDIDATE
        room.broker.unlisted_logins = set()
        await room.rounds(4)
        assert room.line("ref-A-01").doubt is Doubt.UNKNOWN
        await room.rounds(1)
        assert room.line("ref-A-01").doubt is Doubt.ABSENT_CANDIDATE

    run_virtual(scenario())


def test_one_order_is_not_given_to_lines_of_two_broadcasts() -> None:
    async def scenario() -> None:
        one = a_broadcast(line_in(S.IN_DOUBT, ref="one"), id_="B-1")
        two = a_broadcast(line_in(S.IN_DOUBT, ref="two"), id_="B-2")
        room = Room(one, two)
        room.broker.ledger = [a_row()]
        await room.rounds(10, every_s=30)
        for ref in ("one", "two"):
            assert (room.line(ref).doubt, room.line(ref).order_id) == (Doubt.CONFLICT, None)

    run_virtual(scenario())


def test_what_one_broadcast_binds_is_taken_for_the_next_one_of_the_same_round() -> None:
    async def scenario() -> None:
        one = a_broadcast(line_in(S.IN_DOUBT, ref="one", fingerprint="x"), id_="B-1")
        two = a_broadcast(line_in(S.ACCEPTED, ref="two", order_id="77", fingerprint="x"), id_="B-2")
        room = Room(one, two)
        room.broker.ledger = [a_row(look="x")]
        await room.rounds(8, every_s=30)
        assert room.line("one").order_id is None
        assert room.line("two").state is S.WORKING

    run_virtual(scenario())


def bound_to(row: BrokerOrder, others: Iterable[BrokerOrder]) -> str | None:
    """Return what a line in doubt is bound to after another line's order was seen."""

    async def scenario() -> str | None:
        room = Room(
            a_broadcast(
                line_in(S.ACCEPTED, "A-02", order_id="2", acked_ns=1), line_in(S.IN_DOUBT, "A-01")
            )
        )
        room.broker.ledger = [*others]
        await room.rounds(2)
        room.broker.ledger.append(row)
        await room.rounds(3, every_s=30)
        return room.line("ref-A-01").order_id

    return run_virtual(scenario())


def test_the_tag_is_learnt_from_an_order_that_an_answer_named_and_that_was_verified() -> None:
    ours = a_row("A-02", "2", tag="TA_desk")
    assert bound_to(a_row(tag="TA_desk"), [ours]) == "77"
    assert bound_to(a_row(tag="API_TOS"), [ours]) is None
    assert bound_to(a_row(tag=None), [ours]) is None


def test_the_tag_is_not_learnt_from_an_order_that_is_not_ours() -> None:
    foreign = a_row("A-02", "2", look="another", tag="API_TOS")
    assert bound_to(a_row(tag="API_TOS"), [foreign]) is None
    assert bound_to(a_row(tag="TA_desk"), [foreign]) is None


def test_the_tag_is_not_learnt_from_an_adopted_order() -> None:
    async def scenario() -> None:
        line = line_in(S.ACCEPTED, order_id="77", fingerprint="look")
        room = Room(replace(a_broadcast(line), origin=Origin.ADOPTED))
        room.broker.ledger = [a_row(tag="API_TOS:CHART")]
        await room.tracker.round()
        assert room.line(line.ref).state is S.WORKING
        assert await room.journal.fact(TAG) is None

    run_virtual(scenario())


def test_the_tag_is_not_learnt_from_a_look_alike() -> None:
    async def scenario() -> None:
        room = Room(
            a_broadcast(line_in(S.IN_DOUBT, "A-01", acked_ns=1), id_="B-1"),
            a_broadcast(line_in(S.IN_DOUBT, "A-02", fingerprint="x"), id_="B-2"),
        )
        room.broker.ledger = [a_row(tag="API_TOS")]
        await room.rounds(4, every_s=30)
        room.broker.ledger.append(a_row("A-02", "78", look="x", tag="API_TOS"))
        await room.rounds(1)
        assert room.line("ref-A-01").order_id is None
        assert room.line("ref-A-02").order_id is None

    run_virtual(scenario())


def test_fills_that_come_after_the_word_filled_are_waited_for_but_not_for_ever() -> None:
    async def scenario() -> None:
        room = Room(
            a_broadcast(line_in(S.ACCEPTED, order_id="77")),
            a_broadcast(line_in(S.WORKING, "A-05", order_id="5"), id_="resting"),
        )
        room.broker.ledger = [a_row(state=B.FILLED, filled=100)]
        await room.rounds(1)
        assert (room.line("ref-A-01").state, room.line("ref-A-01").average) == (S.FILLED, None)
        assert len(room.tracker.targets()) == 2
        await room.rounds(PRICE_READS)
        assert len(room.tracker.targets()) == 1
        await room.rounds(3)
        assert len(room.tracker.targets()) == 1

    run_virtual(scenario())


def test_a_resting_order_is_written_down_once_and_not_at_every_read() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(line_in(S.ACCEPTED, order_id="77")))
        room.broker.ledger = [a_row(filled=40)]
        await room.rounds(10)
        assert room.journal.writes.count("record") == 1

    run_virtual(scenario())


def test_a_broadcast_that_leaves_memory_while_it_is_read_stops_nothing() -> None:
    async def scenario() -> None:
        long_ago = START - timedelta(hours=1)
        room = Room(a_broadcast(line_in(S.WORKING, order_id="1"), id_="0", created=long_ago))
        reading = asyncio.ensure_future(room.tracker.round())
        await asyncio.sleep(0)
        ended = line_in(S.CANCELED, order_id="1")
        room.book.apply(LinesChanged("0", (ended,)))
        for number in range(SETTLED_KEPT):
            room.book.apply(BroadcastOpened(a_broadcast(line_in(S.REFUSED), id_=f"1-{number}")))
        assert "0" not in room.book.snapshot.broadcasts
        assert await reading

    run_virtual(scenario())


def test_every_read_is_written_down_before_a_change_that_rests_on_it() -> None:
    async def scenario() -> None:
        room = Room(a_broadcast(line_in(S.ACCEPTED, order_id="77")))
        room.broker.ledger = [a_row()]
        numbers: list[tuple[int, int | None]] = []
        record = room.journal.record

        async def noted(*args: Any, read: int | None = None, **kwargs: Any) -> None:
            numbers.append((len(room.journal.reads), read))
            await record(*args, read=read, **kwargs)

        room.journal.record = noted  # type: ignore[method-assign]
        await room.rounds(2)
        assert numbers == [(1, 1)]
        assert [read.scope.complete for read in room.journal.reads] == [True, True]
        assert room.journal.bindings["A-01", "77"].grounds is Grounds.ANSWER

    run_virtual(scenario())


def test_of_what_ended_long_ago_only_what_a_line_rests_on_is_written_down() -> None:
    async def scenario() -> None:
        sought = line_in(S.IN_DOUBT, "A-02")
        room = Room(a_broadcast(line_in(S.WORKING, order_id="77"), sought))
        rows = [a_row(state=B.FILLED), a_row("A-02", "78"), a_row(order_id="79")]
        room.broker.ledger = [replace(row, closed=START - timedelta(days=5)) for row in rows]
        await room.rounds(2)
        written = [[order.order_id for order in read.fresh] for read in room.journal.reads]
        assert written == [["77", "78"], []]

    run_virtual(scenario())


def test_reads_of_an_earlier_process_count_for_absence() -> None:
    async def scenario() -> None:
        broadcast = a_broadcast(line_in(S.IN_DOUBT))
        first = Room(broadcast)
        await first.rounds(READS_FOR_ABSENCE - 1, every_s=50)
        later = Room(broadcast, journal=first.journal)
        forgetful = Room(broadcast)
        await later.tracker.load()
        for room in (later, forgetful):
            await room.tracker.round()
        assert later.line(broadcast.lines[0].ref).doubt is Doubt.ABSENT_CANDIDATE
        assert forgetful.line(broadcast.lines[0].ref).doubt is Doubt.UNKNOWN

    run_virtual(scenario())


def test_order_that_is_too_old_for_the_lists_is_followed_by_its_id() -> None:
    async def scenario() -> None:
        resting = [line_in(S.WORKING, f"A-0{n}", order_id=f"7{n}") for n in range(1, 8)]
        long_ago = START - LISTED - timedelta(days=10)
        room = Room(replace(a_broadcast(*resting), created=long_ago))
        rows = [a_row(one.account, one.order_id or "", B.FILLED, filled=100) for one in resting]
        room.broker.ledger = [replace(row, entered=long_ago) for row in rows]
        await room.tracker.round()
        filled = [room.line(one.ref).state is S.FILLED for one in resting]
        assert sum(filled) == AT_ONCE
        await room.tracker.round()
        assert {room.line(one.ref).state for one in resting} == {S.FILLED}
        assert room.journal.reads[-1].fresh[0].order_id == "77"

    run_virtual(scenario())


def test_old_order_that_cannot_be_read_by_its_id_is_tried_again_in_its_turn() -> None:
    async def scenario() -> None:
        long_ago = START - LISTED - timedelta(days=10)
        line = line_in(S.WORKING, order_id="77")
        room = Room(replace(a_broadcast(line), created=long_ago))
        room.broker.ledger = [replace(a_row(state=B.CANCELED), entered=long_ago)]
        room.broker.orders_unreadable = True
        await room.rounds(2)
        room.broker.orders_unreadable = False
        await room.tracker.round()
        assert room.line(line.ref).state is S.WORKING, "not more often than it may be read"
        await asyncio.sleep(EVERY.total_seconds())
        await room.tracker.round()
        assert room.line(line.ref).state is S.CANCELED

    run_virtual(scenario())


class NotedJournal(MemoryJournal):
    """Notes since when the scopes of earlier reads were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_since: list[datetime] = []

    async def scopes_since(self, moment: datetime) -> tuple[ReadScope, ...]:
        """Note and answer."""
        self.asked_since.append(moment)
        return await super().scopes_since(moment)


@pytest.mark.parametrize(("state", "asked"), [(S.WORKING, []), (S.IN_DOUBT, [START])])
def test_start_does_not_go_through_all_the_reads_of_an_order_that_rests_for_weeks(
    state: LineState, asked: list[datetime]
) -> None:
    async def scenario() -> None:
        old = a_broadcast(line_in(S.WORKING, order_id="77"), id_="0")
        resting = replace(old, created=START - timedelta(days=30))
        young = a_broadcast(line_in(state, order_id="78"), id_="1")
        room = Room(resting, young, journal=(journal := NotedJournal()))
        await room.tracker.load()
        assert journal.asked_since == asked

    run_virtual(scenario())


def test_look_before_sending_makes_known_what_is_there_and_reads_no_account_twice() -> None:
    async def scenario() -> None:
        room = Room()
        room.book.apply(AccountsDiscovered(some_accounts(8)))
        room.broker.ledger = [a_row(), a_row("A-05", "78")]
        await room.tracker.look(["A-01", "A-05"])
        assert room.reads.known({"A-01"}) == {"A-01": ("77",)}
        asked = len(room.broker.asked)
        await room.tracker.look(["A-01"])
        assert len(room.broker.asked) == asked
        room.broker.unlisted_logins = {some_accounts(2)[1].login}
        await room.tracker.look(["A-02"])
        assert room.reads.stale(["A-02"]) == ["A-02"]

    run_virtual(scenario())


def test_look_before_sending_waits_for_a_slow_broker_only_so_long() -> None:
    async def scenario() -> None:
        room = Room()
        room.book.apply(AccountsDiscovered(some_accounts(8)))
        room.broker.hanging_logins = {some_accounts(1)[0].login}
        begun = asyncio.get_running_loop().time()
        await room.tracker.look(["A-01"])
        assert asyncio.get_running_loop().time() - begun <= LOOK_S
        assert room.reads.stale(["A-01"]) == ["A-01"]

    run_virtual(scenario())
