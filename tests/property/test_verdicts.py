"""Whatever the operator says and the lists show: no verdict stands that a read contradicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.builders import a_broadcast, a_line, a_ticket
from tests.fakes.fills import fills_of
from tests.fakes.virtual import START

from swimdesk.desk.origins import Origins
from swimdesk.desk.ports import ENDED, BrokerOrder, BrokerOrderState
from swimdesk.desk.reconciler import listed_since, sent_before
from swimdesk.desk.verdicts import Case, judge_absent, judge_placed
from swimdesk.domain.broadcast import Line
from swimdesk.domain.decisions import Decision, DecisionKind
from swimdesk.domain.orders import Doubt, LineState, may_move
from swimdesk.domain.replacing import EarlierOrder, Replacement
from swimdesk.errors import VerdictContradicted

pytestmark = pytest.mark.slow

TICKET = a_ticket("BUY +10 AAPL @187.50 LMT")
ALIAS = "A-01"
IDS = [str(number) for number in range(1000, 1006)]
TAGS = ("ours", None, "other")


@st.composite
def orders(draw: st.DrawFn) -> BrokerOrder:
    order_id = draw(st.sampled_from(IDS))
    filled = draw(st.integers(0, 10))
    return BrokerOrder(
        ALIAS, order_id, draw(st.sampled_from(BrokerOrderState)), "RAW",
        START + timedelta(seconds=draw(st.sampled_from([-60, -5, 0, 1, 30, 600]))),
        draw(st.sampled_from(["look", "look", "new look", "another", None])),
        Decimal(10), Decimal(filled), fills_of(TICKET, order_id, filled, START),
        tag=draw(st.sampled_from(TAGS)),
    )  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> Line:
    line = replace(
        a_line(ALIAS, LineState.IN_DOUBT, ticket=TICKET), doubt=draw(st.sampled_from(Doubt))
    )
    earlier = tuple(EarlierOrder(one) for one in draw(st.sets(st.sampled_from(IDS), max_size=1)))
    line = replace(line, earlier=earlier)
    if draw(st.booleans()):
        at = START + timedelta(seconds=20)
        named = draw(st.sampled_from([None, *IDS]))
        asked = Replacement("c", Decimal("187.60"), 10, "new look", "h", at, order_id=named)
        return replace(line, replacement=asked, order_id=draw(st.sampled_from(IDS)))
    return replace(line, order_id=draw(st.sampled_from([None, None, *IDS])))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    line = draw(lines())
    broadcast = a_broadcast(line)
    listed = draw(st.lists(orders(), max_size=5, unique_by=lambda order: order.order_id))
    owned = {(ALIAS, order_id): broadcast.id for order_id in line.order_ids}
    others = draw(st.sets(st.sampled_from(IDS), max_size=2)) - line.order_ids
    owned |= {(ALIAS, order_id): "01OTHER" for order_id in others}
    ignored = {
        (ALIAS, one): Decision(START, "local", DecisionKind.IGNORE, ALIAS, "why", None, one)
        for one in draw(st.sets(st.sampled_from(IDS), max_size=1))
    }
    known = Origins(owned, frozenset(), ignored, {}, draw(st.sampled_from([None, "ours"])))
    return Case(broadcast, line, listed, known)


def may_be_ours(case: Case, order: BrokerOrder) -> bool:
    """Say in other words than the program when an order may be the line's own."""
    owner = case.origins.ours.get((ALIAS, order.order_id))
    if owner == "01OTHER" or order.order_id in {one.order_id for one in case.line.earlier}:
        return False
    return not (case.origins.tag and order.tag and order.tag != case.origins.tag)


@settings(max_examples=1000)
@given(cases())
def test_absent_stands_only_where_no_order_may_be_the_line_s(case: Case) -> None:
    try:
        change = judge_absent(case, "why")
    except VerdictContradicted:
        return
    assert not case.line.is_being_replaced
    assert (change.line.state, change.line.doubt, change.line.order_id) == (
        LineState.ABSENT, None, None,
    )  # fmt: skip
    for order in case.orders:
        is_ignored = (ALIAS, order.order_id) in case.origins.ignored
        is_early = order.entered < sent_before(case.broadcast)
        is_alike = order.fingerprint == "look" and order.entered >= listed_since(case.broadcast)
        assert not (is_alike and may_be_ours(case, order) and not (is_early and is_ignored))


@settings(max_examples=1000)
@given(cases(), st.sampled_from(IDS))
def test_placed_stands_only_for_an_order_that_may_be_the_line_s(case: Case, said: str) -> None:
    named = next((order for order in case.orders if order.order_id == said), None)
    try:
        change = judge_placed(case, said, named)
    except VerdictContradicted:
        return
    line, before = change.line, case.line
    assert named is not None
    assert line.order_id == said
    assert may_move(before.state, line.state)
    assert line.state is not LineState.IN_DOUBT
    assert line.filled >= before.filled
    if before.is_being_replaced and said == before.order_id:
        return
    assert may_be_ours(case, named)
    wanted = "new look" if before.is_being_replaced else "look"
    assert named.fingerprint in {wanted, None}
    assert named.entered >= listed_since(case.broadcast)


@settings(max_examples=1000)
@given(cases(), st.sampled_from(IDS))
def test_one_of_two_orders_is_said_to_work_only_where_the_other_does_not(
    case: Case, said: str
) -> None:
    asked = case.line.replacement
    named = next((order for order in case.orders if order.order_id == said), None)
    if asked is None:
        return
    try:
        judge_placed(case, said, named)
    except VerdictContradicted:
        return
    for order in case.orders:
        if order.order_id in {said, *(one.order_id for one in case.line.earlier)}:
            continue
        is_old = order.order_id == case.line.order_id
        is_new = order.fingerprint == "new look" and order.entered >= asked.asked
        if is_old or (is_new and may_be_ours(case, order)):
            assert order.state in ENDED


@settings(max_examples=300)
@given(cases())
def test_order_that_only_a_read_of_its_own_finds_contradicts_absent(case: Case) -> None:
    if case.line.order_id is None or case.orders:
        return
    unlisted = BrokerOrder(
        ALIAS, case.line.order_id, BrokerOrderState.WORKING, "WORKING", START, None, Decimal(10),
        Decimal(0),
    )  # fmt: skip
    with pytest.raises(VerdictContradicted):
        judge_absent(case, "why", unlisted)
