"""Which reads are made, what they count for, and what is learnt from them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import a_broadcast, a_line, a_ticket, some_accounts
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import START, VirtualClock, run_virtual

from swimdesk.desk.book import SETTLED_KEPT, Book
from swimdesk.desk.bus import Bus
from swimdesk.desk.calm import Calm
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.tracker import PRICE_READS, Tracker
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import BroadcastOpened, LinesChanged
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import BrokerUnreachable

S, B = LineState, BrokerOrderState
TICKET = a_ticket("BUY +100 AAPL @187.50 LMT")


class Lists(FakeBroker):
    """A broker whose lists can be broken by login."""

    def __init__(self, accounts: int = 8) -> None:
        super().__init__(VirtualClock(), some_accounts(accounts))
        self.asked: list[tuple[tuple[str, ...], datetime]] = []
        self.unlisted_logins: set[str] = set()
        self.cut_logins: set[str] = set()

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """List as scripted: not at all, cut, or whole."""
        self.asked.append((tuple(accounts), since))
        began = self.clock.now()
        read = await super().orders(accounts, since)
        logins = {account.login for account in self.accounts if account.alias in accounts}
        if logins & self.unlisted_logins:
            raise BrokerUnreachable("no answer")
        if logins & self.cut_logins:
            return replace(read, until=began, orders=read.orders[:-1], complete=False)
        return replace(read, until=began)


async def nothing_new() -> None:
    """Discover no accounts that are not known."""


class Room:
    """A tracker with its book, journal and broker; use inside ``run_virtual``."""

    def __init__(self, *broadcasts: Broadcast, accounts: int = 8) -> None:
        self.broker = Lists(accounts)
        self.book, self.journal = Book(), MemoryJournal()
        self.recorder = Recorder(self.journal, self.book, Bus(), self.broker.clock)
        self.tracker = Tracker(
            self.broker,
            self.book,
            self.recorder,
            self.broker.clock,
            Horizons(),
            discover=nothing_new,
            calm=Calm(),
        )
        for broadcast in broadcasts:
            self.journal.broadcasts[broadcast.id] = broadcast
            self.book.apply(BroadcastOpened(broadcast))

    def line(self, ref: str) -> Line:
        """Return a line as the book has it."""
        return next(
            x for b in self.book.snapshot.broadcasts.values() for x in b.lines if x.ref == ref
        )

    async def rounds(self, count: int, *, every_s: float = 0.0) -> None:
        """Read so many times."""
        for _ in range(count):
            await self.tracker.round()
            await asyncio.sleep(every_s)


def a_row(
    account: str = "A-01",
    order_id: str = "77",
    state: BrokerOrderState = B.WORKING,
    *,
    look: str = "look",
    filled: int = 0,
    tag: str | None = "TA_desk",
) -> BrokerOrder:
    """Build an order of the ledger."""
    return BrokerOrder(
        account, order_id, state, state.upper(), START, look, Decimal(100), Decimal(filled),
        tag=tag,
    )  # fmt: skip


def line_in(state: LineState, account: str = "A-01", **changes: object) -> Line:
    """Build a line of the login that the fake accounts have."""
    login = {x.alias: x.login for x in some_accounts(8)}[account]
    line = replace(a_line(account, state, ticket=TICKET), login=login)
    if state is S.IN_DOUBT:
        line = replace(line, doubt=Doubt.UNKNOWN)
    return replace(line, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "followed"),
    [
        ([S.PLANNED, S.SENDING], False),
        ([S.DENIED, S.SKIPPED, S.NOT_SENT, S.ABSENT], False),
        ([S.CANCELED, S.REJECTED, S.EXPIRED, S.REPLACED], False),
        ([S.ACCEPTED], True),
        ([S.IN_DOUBT], True),
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
    assert bound_to(a_row(tag="TA_desk"), [foreign]) == "77"


def test_the_tag_is_not_learnt_from_a_look_alike() -> None:
    async def scenario() -> None:
        room = Room(
            a_broadcast(line_in(S.IN_DOUBT, "A-01", acked_ns=1), id_="B-1"),
            a_broadcast(line_in(S.IN_DOUBT, "A-02", fingerprint="x"), id_="B-2"),
        )
        room.broker.ledger = [a_row(tag="API_TOS")]
        await room.rounds(4, every_s=30)
        assert room.line("ref-A-01").order_id == "77"
        room.broker.ledger.append(a_row("A-02", "78", look="x", tag="TA_desk"))
        await room.rounds(1)
        assert room.line("ref-A-02").order_id == "78"

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
