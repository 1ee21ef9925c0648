"""What the reconciler keeps for any lines, any list and any order of reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.builders import a_broadcast, a_line, a_ticket
from tests.fakes.fills import fills_of
from tests.fakes.virtual import START

from swimdesk.desk.evidence import Evidence, Horizons
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead
from swimdesk.desk.reconciler import reconcile
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState, may_move

pytestmark = pytest.mark.slow

TICKET = a_ticket("BUY +10 AAPL @187.50 LMT")
ACCOUNTS = ("A-01", "A-02")
LOOKS = ("x", "x", "x", "y")
SENT_STATES = sorted(set(LineState) - {LineState.PLANNED, LineState.DENIED, LineState.SKIPPED})
HAVE_ORDER = frozenset(LineState) - {
    LineState.PLANNED, LineState.DENIED, LineState.SKIPPED, LineState.SENDING, LineState.REFUSED,
    LineState.NOT_SENT, LineState.ABSENT, LineState.IN_DOUBT,
}  # fmt: skip


@dataclass
class World:
    """Broadcasts with at most one line per account each, as the journal guarantees."""

    broadcasts: list[Broadcast]
    looks: dict[str, str | None]
    """What the order behind each id looks like; an id never changes what it is."""
    owners: dict[str, str]
    """The account of each order id."""

    def lines(self) -> list[Line]:
        return [line for b in self.broadcasts for line in b.lines]

    def ours(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {account: [] for account in ACCOUNTS}
        for line in self.lines():
            found[line.account].append(line)
        return found

    def see(self, look: Look) -> list[tuple[Line, Change]]:
        """Judge a read broadcast by broadcast, each seeing what the one before changed."""
        seen = []
        for place, broadcast in enumerate(self.broadcasts):
            changes = reconcile(broadcast, look.evidence(self.ours()))
            seen += [(broadcast.line(c.line.ref), c) for c in changes]
            self.broadcasts[place] = broadcast.with_lines(c.line for c in changes)
        return seen


@dataclass(frozen=True)
class Look:
    """One read of the lists."""

    orders: tuple[BrokerOrder, ...]
    accounts: frozenset[str]
    complete: bool
    age_s: int
    tag: str | None
    reads: int

    def evidence(self, ours: dict[str, list[Line]]) -> Evidence:
        now = START + timedelta(seconds=self.age_s)
        read = OrdersRead(
            self.accounts, START - timedelta(minutes=1), now, self.orders, self.complete
        )
        reads = {line.ref: self.reads for lines in ours.values() for line in lines}
        return Evidence(read, now, ours, self.tag, reads, Horizons())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    ids = [str(1000 + i) for i in range(6)]
    looks = {order_id: draw(st.sampled_from([*LOOKS, None])) for order_id in ids}
    owners = {order_id: draw(st.sampled_from(ACCOUNTS)) for order_id in ids}
    free = dict.fromkeys(ids)
    broadcasts = []
    for number in range(draw(st.integers(1, 3))):
        lines = []
        for account in draw(st.sets(st.sampled_from(ACCOUNTS), min_size=1)):
            state = draw(st.sampled_from(SENT_STATES))
            line = replace(
                a_line(account, state, ticket=TICKET),
                ref=f"{number}-{account}",
                fingerprint=draw(st.sampled_from(LOOKS)),
                accepted=state in HAVE_ORDER,
                filled=10 if state is LineState.FILLED else 0,
            )
            if state is LineState.IN_DOUBT:
                line = replace(line, doubt=draw(st.sampled_from(Doubt)))
            own = [i for i in free if owners[i] == account]
            # An id that is no longer in any answer's shadow was verified, so it looks like ours.
            if state is not LineState.ACCEPTED:
                own = [i for i in own if looks[i] == line.fingerprint]
            if state in HAVE_ORDER:
                line = replace(line, order_id=draw(st.sampled_from(own)) if own else f"no-{number}")
                free.pop(line.order_id or "", None)
            lines.append(line)
        broadcasts.append(a_broadcast(*lines, id_=f"B-{number}"))
    return World(broadcasts, looks, owners)


@st.composite
def looks_at(draw: st.DrawFn, world: World) -> Look:
    orders = []
    for order_id in draw(st.lists(st.sampled_from(sorted(world.owners)), unique=True, min_size=1)):
        filled = draw(st.integers(0, 10))
        orders.append(
            BrokerOrder(
                world.owners[order_id],
                order_id,
                draw(st.sampled_from(BrokerOrderState)),
                "RAW",
                START + timedelta(seconds=draw(st.sampled_from([0, 1, 65, 66, -5, -6]))),
                world.looks[order_id],
                Decimal(10),
                Decimal(filled),
                fills_of(TICKET, order_id, draw(st.integers(0, filled)), START),
                tag=draw(st.sampled_from(["ours", "ours", None, "other"])),
            )
        )
    return Look(
        tuple(orders),
        draw(st.sampled_from([frozenset(ACCOUNTS), frozenset(ACCOUNTS[:1])])),
        draw(st.sampled_from([True, True, False])),
        draw(st.sampled_from([60, 180, 5000, 0, 30, 179])),
        draw(st.sampled_from([None, "ours"])),
        draw(st.sampled_from([0, 4, 5, 50])),
    )


cases = worlds().flatmap(
    lambda world: st.tuples(st.just(world), st.lists(looks_at(world), min_size=1, max_size=4))
)
thorough = settings(max_examples=300)


def fresh(world: World) -> World:
    """Return a world that can be changed without changing the drawn one."""
    return World(list(world.broadcasts), world.looks, world.owners)


@thorough
@given(cases)
def test_a_line_is_only_ever_bound_to_an_order_that_looks_like_what_was_sent(
    case: tuple[World, list[Look]],
) -> None:
    world = fresh(case[0])
    for look in case[1]:
        for before, change in world.see(look):
            line = change.line
            if line.order_id is not None and line.order_id != before.order_id:
                assert world.looks[line.order_id] == line.fingerprint
                assert look.complete
            if before.state is LineState.ACCEPTED and line.state in HAVE_ORDER:
                assert world.looks[line.order_id or ""] == line.fingerprint


@thorough
@given(cases)
def test_no_order_ever_belongs_to_two_lines(case: tuple[World, list[Look]]) -> None:
    world = fresh(case[0])
    for look in case[1]:
        world.see(look)
        bound = Counter((x.account, x.order_id) for x in world.lines() if x.order_id is not None)
        assert max(bound.values(), default=1) == 1


@thorough
@given(cases)
def test_a_look_alike_that_two_lines_may_have_sent_is_given_to_neither(
    case: tuple[World, list[Look]],
) -> None:
    world = fresh(case[0])
    for look in case[1]:
        for before, change in world.see(look):
            if change.line.order_id is not None and before.order_id is None:
                rivals = [
                    x
                    for x in world.lines()
                    if (x.account, x.fingerprint) == (before.account, before.fingerprint)
                    and x.ref != before.ref
                    and x.state in (LineState.SENDING, LineState.IN_DOUBT, LineState.ACCEPTED)
                ]
                assert not rivals


@thorough
@given(cases)
def test_absence_is_never_concluded_and_never_even_thought_of_without_complete_reads(
    case: tuple[World, list[Look]],
) -> None:
    world = fresh(case[0])
    for look in case[1]:
        for before, change in world.see(look):
            assert change.line.state is not LineState.ABSENT
            if change.line.doubt is Doubt.ABSENT_CANDIDATE is not before.doubt:
                assert look.complete
                assert look.reads >= 5
                assert look.age_s >= 180
                assert not before.accepted
            if before.order_id is not None and change.line.order_id is None:
                assert before.state in (LineState.ACCEPTED, LineState.IN_DOUBT)
            assert look.accounts >= {before.account}


@thorough
@given(cases)
def test_every_move_is_legal_and_fills_only_grow(case: tuple[World, list[Look]]) -> None:
    world = fresh(case[0])
    for look in case[1]:
        for before, change in world.see(look):
            assert may_move(before.state, change.line.state)
            assert change.line.filled >= before.filled
            assert (change.line.doubt is not None) is (change.line.state is LineState.IN_DOUBT)


@thorough
@given(cases)
def test_the_same_reads_lead_to_the_same_decisions_in_whatever_order_they_list(
    case: tuple[World, list[Look]],
) -> None:
    one, other = fresh(case[0]), fresh(case[0])
    for look in case[1]:
        one.see(look)
        other.see(replace(look, orders=look.orders[::-1]))
        for left, right in zip(one.lines(), other.lines(), strict=True):
            assert replace(left, reason=None) == replace(right, reason=None)


@thorough
@given(cases)
def test_reading_the_same_twice_says_nothing_new(case: tuple[World, list[Look]]) -> None:
    world = fresh(case[0])
    for look in case[1]:
        for _ in range(4):  # an id is first given up, then searched for, then bound
            world.see(look)
        assert not world.see(look)
