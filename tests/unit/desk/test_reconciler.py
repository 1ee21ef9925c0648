"""What one read says about one line, case by case; pure, without a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.builders import a_broadcast
from tests.fakes.virtual import START
from tests.unit.desk.judging import (
    ABSENT_S,
    BIND_S,
    B,
    Case,
    S,
    an_order,
    in_doubt,
    line_in,
)

from swimdesk.desk.evidence import READS_FOR_ABSENCE
from swimdesk.desk.ports import BrokerOrder, ReadScope
from swimdesk.desk.reconciler import accounts_to_search, could_show
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import Doubt, LineState

# --- an order with a known id ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "state", "filled"),
    [
        (an_order(), "working", 0),
        (an_order(filled=40), "partial", 40),
        (an_order(state=B.CANCELING), "canceling", 0),
        (an_order(state=B.REPLACING), "replacing", 0),
        (an_order(state=B.FILLED, filled=100), "filled", 100),
        (an_order(state=B.CANCELED), "canceled", 0),
        (an_order(state=B.CANCELED, filled=40), "canceled", 40),
        (an_order(state=B.EXPIRED, filled=40), "expired", 40),
        (an_order(state=B.REJECTED), "rejected", 0),
        (an_order(state=B.REPLACED, filled=40), "replaced", 40),
    ],
)
@pytest.mark.parametrize("before", [S.ACCEPTED, S.WORKING, S.PARTIAL, S.CANCELING, S.IN_DOUBT])
def test_a_line_takes_the_state_and_fills_of_its_order(
    order: BrokerOrder, state: str, filled: int, before: LineState
) -> None:
    line = Case([line_in(before, order_id="77")], [order]).only()
    assert (line.state, line.filled, line.doubt, line.accepted) == (state, filled, None, True)
    assert line.average == (Decimal("187.50") if filled else None)


def test_a_state_that_nobody_knows_counts_as_working_and_is_named() -> None:
    order = an_order(state=B.UNRECOGNISED, raw="SUSPENDED")
    line = Case([line_in(S.ACCEPTED, order_id="77")], [order]).only()
    assert line.state == "working"
    assert "SUSPENDED" in (line.reason or "")


def test_the_broker_s_reason_is_kept() -> None:
    order = an_order(state=B.REJECTED, reason="no money")
    assert Case([line_in(S.ACCEPTED, order_id="77")], [order]).only().reason == "no money"


@pytest.mark.parametrize("state", [S.WORKING, S.PARTIAL, S.CANCELING, S.REPLACING])
def test_an_order_that_vanishes_from_the_list_stays_as_it_was(state: LineState) -> None:
    assert not Case([line_in(state, order_id="77")], age_s=9999, reads=99).judged()


def test_an_unchanged_line_is_left_out() -> None:
    line = Case([line_in(S.ACCEPTED, order_id="77")], [an_order(filled=40)]).only()
    assert not Case([line], [an_order(filled=40)]).judged()


def test_filled_units_are_believed_before_the_fills_themselves_are_listed() -> None:
    order = an_order(state=B.FILLED, filled=100, executed=60)
    line = Case([line_in(S.WORKING, order_id="77")], [order]).only()
    assert (line.state, line.filled, line.average) == ("filled", 100, None)
    late = Case([line], [an_order(state=B.FILLED, filled=100)]).only()
    assert (late.filled, late.average) == (100, Decimal("187.50"))


def test_fills_count_where_the_broker_leaves_out_the_filled_quantity() -> None:
    order = replace(an_order(state=B.FILLED, filled=100), filled=Decimal(0))
    assert Case([line_in(S.WORKING, order_id="77")], [order]).only().filled == 100


def test_an_older_picture_of_an_order_takes_no_fill_back() -> None:
    known = line_in(S.PARTIAL, order_id="77", filled=60, average=Decimal("187.50"))
    assert not Case([known], [an_order(filled=40)]).judged()
    assert not Case([known], [an_order()]).judged()


def test_an_end_with_fewer_fills_than_reported_keeps_them_and_says_so() -> None:
    known = line_in(S.PARTIAL, order_id="77", filled=60, average=Decimal("187.50"))
    line = Case([known], [an_order(state=B.CANCELED, filled=40)]).only()
    assert (line.state, line.filled, line.average) == ("canceled", 60, Decimal("187.50"))
    assert line.reason == "the broker now shows 40 filled, 60 were reported before"


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED, S.REPLACED])
def test_a_fill_after_the_end_is_counted_and_complete_ones_make_it_filled(end: LineState) -> None:
    known = line_in(end, order_id="77", accepted=True, filled=40, average=Decimal("187.50"))
    state = B(end.value)
    more = Case([known], [an_order(state=state, filled=70)]).only()
    assert (more.state, more.filled) == (end, 70)
    assert more.reason == f"30 filled after the order had been reported {end}"
    full = Case([known], [an_order(state=state, filled=100)]).only()
    assert (full.state, full.filled) == ("filled", 100)
    assert not Case([known], [an_order(state=B.WORKING, filled=40)]).judged()


# --- is it the order that we sent? -------------------------------------------------------------


@pytest.mark.parametrize("accepted", [True, False])
def test_an_id_whose_order_is_not_what_was_sent_is_taken_back(accepted: bool) -> None:
    known = line_in(S.ACCEPTED, order_id="77", accepted=accepted)
    line = Case([known], [an_order(look="another", state=B.FILLED, filled=100)]).only()
    assert (line.state, line.order_id, line.filled) == ("in_doubt", None, 0)
    assert line.doubt == ("probable" if accepted else "unknown")
    assert "named order 77, which is not what was sent" in (line.reason or "")


@pytest.mark.parametrize("order", [an_order(after_s=-6), an_order(tag="somebody")])
def test_an_id_of_an_older_order_or_of_somebody_elses_is_taken_back(order: BrokerOrder) -> None:
    line = Case([line_in(S.ACCEPTED, order_id="77", accepted=True)], [order]).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", None)
    assert "named order 77, which is not what was sent" in (line.reason or "")


def test_before_our_mark_is_known_a_named_order_beside_its_like_is_for_a_person() -> None:
    known = line_in(S.ACCEPTED, order_id="77", accepted=True)
    line = Case([known], [an_order(), an_order("78")], tag=None).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "conflict", None)
    assert "order 77, yet 78 looks the same" in (line.reason or "")
    assert Case([known], [an_order(), an_order("78")]).only().order_id == "77"
    assert Case([known], [an_order(), an_order("78", look="x")], tag=None).only().order_id == "77"


def test_an_id_whose_order_cannot_be_told_is_kept_but_neither_followed_nor_dropped() -> None:
    known = line_in(S.ACCEPTED, order_id="77", accepted=True)
    strange = an_order(look=None, state=B.FILLED, filled=100, raw="FILLED")
    line = Case([known], [strange], age_s=9999).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", "77")
    assert line.filled == 0
    assert "order 77 (FILLED)" in (line.reason or "")
    assert not Case([line], [strange], age_s=9999).judged()
    told = Case([line], [an_order(state=B.FILLED, filled=100)]).only()
    assert (told.state, told.filled) == ("filled", 100)
    different = Case([line], [an_order(look="another")]).only()
    assert (different.state, different.order_id) == ("in_doubt", None)


def test_a_verified_order_is_followed_even_when_it_can_no_longer_be_compared() -> None:
    line = line_in(S.WORKING, order_id="77")
    assert Case([line], [an_order(look=None, state=B.CANCELED)]).only().state == "canceled"


def test_an_id_that_is_not_listed_yet_is_waited_for() -> None:
    known = line_in(S.ACCEPTED, order_id="77", accepted=True)
    assert not Case([known], age_s=BIND_S - 1, reads=99).judged()
    assert not Case([known], age_s=BIND_S, reads=READS_FOR_ABSENCE - 1).judged()
    assert not Case([known], age_s=BIND_S, complete=False).judged()


def test_an_id_that_complete_reads_do_not_list_is_doubted_at_the_horizon() -> None:
    known = line_in(S.ACCEPTED, order_id="7", accepted=True)
    line = Case([known], age_s=BIND_S).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", "7")
    assert "order 7, which no list shows" in (line.reason or "")
    # ... and the broker having said yes, absence is never suggested.
    assert not Case([line], age_s=9999, reads=999).judged()


def test_an_id_that_is_not_listed_is_doubted_at_once_beside_a_look_alike() -> None:
    known = line_in(S.ACCEPTED, order_id="7", accepted=True)
    line = Case([known], [an_order("77")], reads=1).only()
    assert (line.state, line.order_id) == ("in_doubt", "7")


@pytest.mark.parametrize("read", [{"complete": False}, {"since": START}, {"age_s": 1.9}])
def test_an_id_is_not_given_up_for_a_look_alike_in_a_read_that_may_not_show_it(
    read: dict[str, Any],
) -> None:
    line = line_in(S.ACCEPTED, order_id="77", accepted=True, sent_ns=2 * 10**9)
    assert not Case([line], [an_order("78")], **{"age_s": BIND_S} | read).judged()
    assert Case([line], [an_order("78")], age_s=2).only().state == "in_doubt"


# --- searching ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "complete", "state", "doubt"),
    [
        (BIND_S - 1, True, "in_doubt", "probable"),
        (BIND_S, True, "working", None),
        (BIND_S, False, "in_doubt", "probable"),
        (9999, True, "working", None),
    ],
)
def test_one_look_alike_is_bound_by_a_complete_read_after_the_horizon(
    age_s: float, complete: bool, state: str, doubt: str | None
) -> None:
    line = Case([in_doubt()], [an_order()], age_s=age_s, complete=complete).only()
    assert (line.state, line.doubt) == (state, doubt)
    assert line.order_id == ("77" if state == "working" else None)


@pytest.mark.parametrize(
    ("counted_s", "state"), [(BIND_S - 1, "in_doubt"), (BIND_S, "working"), (-4_930, "working")]
)
def test_wall_clock_that_jumps_forward_does_not_end_the_horizon(
    counted_s: float, state: str
) -> None:
    line = Case([in_doubt()], [an_order()], age_s=9999, counted_s=counted_s).only()
    assert line.state == state


@pytest.mark.parametrize("age_s", [-50, BIND_S - 1])
def test_wall_clock_that_was_set_back_makes_the_horizon_longer(age_s: float) -> None:
    line = Case([in_doubt()], [an_order(after_s=-1)], age_s=age_s, counted_s=9999).only()
    assert line.state == "in_doubt"


def test_machine_that_was_started_anew_has_counted_since_its_start() -> None:
    fresh = Case([in_doubt()], [an_order()], age_s=9999, counted_s=-4_950).only()
    assert fresh.state == "in_doubt", "it runs for 50 s"


def test_one_look_alike_is_not_bound_by_a_read_that_begins_after_the_line_left() -> None:
    line = Case([in_doubt()], [an_order(after_s=30)], age_s=BIND_S, since=START).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", None)
    assert "complete read" in (line.reason or "")


def test_the_horizon_runs_from_the_moment_the_line_left() -> None:
    late_wave = in_doubt(sent_ns=30 * 10**9)
    assert Case([late_wave], [an_order()], age_s=BIND_S + 29).only().state == "in_doubt"
    assert Case([late_wave], [an_order()], age_s=BIND_S + 30).only().state == "working"


@pytest.mark.parametrize(
    ("order", "is_candidate"),
    [
        (an_order(after_s=-5), True),
        (an_order(after_s=-6), False),
        (an_order(look="another"), False),
        (an_order(look=None), False),
        (an_order(tag="somebody"), False),
        (an_order(account="A-02"), False),
    ],
)
def test_what_a_look_alike_is(order: BrokerOrder, is_candidate: bool) -> None:
    line = Case([in_doubt()], [order], age_s=BIND_S).only()
    assert (line.order_id is not None) is is_candidate


def test_an_order_of_a_line_that_was_ready_long_after_the_command_is_still_found() -> None:
    # Stamps count from the command; preparing took 8 s before the broadcast was written down.
    line = in_doubt(sent_ns=8 * 10**9)
    assert Case([line], [an_order(after_s=0)], age_s=BIND_S + 8).only().order_id == "77"


@pytest.mark.parametrize("tag", ["somebody", "ours", None])
def test_before_our_mark_is_known_a_look_alike_is_for_a_person(tag: str | None) -> None:
    line = Case([in_doubt()], [an_order(tag=tag)], age_s=9999, tag=None).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", None)
    assert "not known yet, a person decides" in (line.reason or "")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (an_order(tag=None), "carries no mark of this program"),
        (an_order(after_s=BIND_S + 6), "entered late, at 15:01:06 UTC"),
    ],
)
def test_a_look_alike_of_doubtful_origin_is_for_a_person(order: BrokerOrder, words: str) -> None:
    line = Case([in_doubt()], [order], age_s=9999).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "probable", None)
    assert words in (line.reason or "")
    assert "a person decides" in (line.reason or "")


@pytest.mark.parametrize(
    ("after_s", "doubt"), [(-6, "probable"), (-125, "probable"), (-126, "absent_candidate")]
)
def test_a_look_alike_entered_before_a_clock_was_set_back_is_for_a_person(
    after_s: float, doubt: str
) -> None:
    early = Case([in_doubt()], [an_order(after_s=after_s)], age_s=9999).only()
    assert (early.state, early.doubt, early.order_id) == ("in_doubt", doubt, None)
    assert ("perhaps order 77" in (early.reason or "")) is (doubt == "probable")
    both = [an_order(after_s=after_s), an_order("78")]
    assert Case([early], both, age_s=9999).only().order_id == "78"


@pytest.mark.parametrize("age_s", [1, BIND_S, 9999])
def test_two_look_alikes_are_a_conflict_that_stays_one(age_s: float) -> None:
    line = Case([in_doubt()], [an_order(), an_order("78")], age_s=age_s).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "conflict", None)
    assert "77" in (line.reason or "")
    assert "78" in (line.reason or "")
    # One of the two missing from a later list does not settle it.
    assert not Case([line], [an_order()], age_s=9999).judged()


def test_an_order_of_another_line_is_no_candidate() -> None:
    other = replace(line_in(S.FILLED, order_id="77"), ref="other")
    assert not Case([in_doubt()], [an_order()], age_s=100, others=[other]).judged()


@pytest.mark.parametrize("state", [S.SENDING, S.ACCEPTED, S.IN_DOUBT])
def test_an_order_that_may_be_another_line_s_is_a_conflict(state: LineState) -> None:
    rival = replace(line_in(state), ref="other", order_id="5" if state is S.ACCEPTED else None)
    line = Case([in_doubt()], [an_order()], age_s=9999, others=[rival]).only()
    assert (line.doubt, line.order_id) == ("conflict", None)
    assert "other" in (line.reason or "")


def test_a_line_that_sent_something_else_is_no_rival() -> None:
    other = replace(in_doubt(), ref="other", fingerprint="another")
    settled = replace(line_in(S.REFUSED), ref="third")
    line = Case([in_doubt()], [an_order()], age_s=BIND_S, others=[other, settled]).only()
    assert line.order_id == "77"


# --- absence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "reads", "complete", "is_absent"),
    [
        (ABSENT_S, READS_FOR_ABSENCE, True, True),
        (ABSENT_S - 1, READS_FOR_ABSENCE, True, False),
        (ABSENT_S, READS_FOR_ABSENCE - 1, True, False),
        (9999, 999, False, False),
    ],
)
def test_absence_is_thought_of_after_many_complete_reads_and_the_longer_horizon(
    age_s: float, reads: int, complete: bool, is_absent: bool
) -> None:
    line = Case([in_doubt()], age_s=age_s, reads=reads, complete=complete).only()
    assert line.state == "in_doubt"
    assert line.doubt == ("absent_candidate" if is_absent else "unknown")


def test_a_read_that_does_not_cover_the_account_says_nothing() -> None:
    case = Case([in_doubt()], [an_order()], age_s=9999, covered=frozenset({"A-02"}))
    assert not case.judged()


@pytest.mark.parametrize("doubt", [Doubt.PROBABLE, Doubt.CONFLICT])
def test_what_was_seen_once_is_never_called_absent(doubt: Doubt) -> None:
    assert not Case([in_doubt(doubt)], age_s=9999, reads=999).judged()


def test_an_order_that_turns_up_after_all_ends_the_thought_of_absence() -> None:
    line = Case([in_doubt(Doubt.ABSENT_CANDIDATE)], [an_order()], age_s=300).only()
    assert (line.state, line.order_id) == ("working", "77")


# --- what should not be there ------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.REFUSED, S.NOT_SENT, S.ABSENT])
def test_an_order_of_a_line_that_has_none_is_a_conflict(state: LineState) -> None:
    line = Case([line_in(state)], [an_order()]).only()
    assert (line.state, line.doubt, line.order_id) == ("in_doubt", "conflict", None)
    assert f"was {state}, yet order 77" in (line.reason or "")
    assert not Case([line], [an_order()], age_s=9999).judged()


@pytest.mark.parametrize("state", [S.SENDING, S.ACCEPTED, S.IN_DOUBT])
@pytest.mark.parametrize("before", [S.REFUSED, S.NOT_SENT])
def test_the_order_of_a_second_try_does_not_contradict_the_first(
    before: LineState, state: LineState
) -> None:
    again = replace(line_in(state), ref="again")
    assert not Case([line_in(before)], [an_order()], others=[again]).judged()


def test_a_refusal_is_not_contradicted_by_orders_of_a_later_time() -> None:
    refused = line_in(S.REFUSED)
    assert not Case([refused], [an_order(after_s=50)], age_s=BIND_S).judged()


@pytest.mark.parametrize(("tag", "latest_s"), [(None, 65), ("ours", 9000)])
def test_absence_is_contradicted_by_what_comes_late_only_if_it_carries_our_mark(
    tag: str | None, latest_s: float
) -> None:
    absent = line_in(S.ABSENT)
    assert Case([absent], [an_order(after_s=latest_s)], age_s=9999, tag=tag).judged()
    late = an_order(after_s=latest_s + 1)
    assert bool(Case([absent], [late], age_s=9999, tag=tag).judged()) is (tag == "ours")


@pytest.mark.parametrize("tag", [None, "ours"])
def test_absence_is_contradicted_by_what_seems_entered_before_only_if_it_carries_our_mark(
    tag: str | None,
) -> None:
    case = Case([line_in(S.ABSENT)], [an_order(after_s=-60)], age_s=9999, tag=tag)
    assert bool(case.judged()) is (tag == "ours")


@pytest.mark.parametrize("state", [S.DENIED, S.SKIPPED, S.PLANNED, S.SENDING])
def test_lines_that_wait_or_never_left_are_not_judged(state: LineState) -> None:
    assert not Case([line_in(state)], [an_order()], age_s=9999).judged()


# --- which reads count -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "began_s", "counts"),
    [
        ({}, 3, True),
        ({}, 2, True),
        ({}, 1.9, False),
        ({"complete": False}, 3, False),
        ({"accounts": frozenset({"A-02"})}, 3, False),
        ({"until": START + timedelta(seconds=1)}, 3, False),
        ({"since": START}, 3, False),
        ({"since": START - timedelta(seconds=124)}, 3, False),
    ],
)
def test_only_whole_reads_begun_after_the_line_left_could_show_it(
    changes: dict[str, object], began_s: float, counts: bool
) -> None:
    def at(seconds: float) -> datetime:
        return START + timedelta(seconds=seconds)

    line = in_doubt(sent_ns=2 * 10**9)
    scope = ReadScope(at(began_s), at(-125), at(began_s), frozenset({"A-01"}), complete=True)
    scope = replace(scope, **changes)  # type: ignore[arg-type]
    assert could_show(a_broadcast(line), line, scope) is counts


def test_other_lines_matter_only_where_something_is_to_be_searched_for() -> None:
    states = [S.WORKING, S.FILLED, S.DENIED, S.SENDING, S.ACCEPTED, S.IN_DOUBT, S.REFUSED]
    lines = [line_in(state, f"A-{i}") for i, state in enumerate(states)]
    assert accounts_to_search(a_broadcast(*lines)) == {"A-4", "A-5", "A-6"}


def test_order_that_was_there_before_the_broadcast_is_never_a_candidate() -> None:
    case = Case([in_doubt()], [an_order("5")], age_s=BIND_S)
    assert case.only().order_id == "5"
    case.broadcast = replace(case.broadcast, preimage={"A-01": ("5",)})
    assert case.only().order_id is None
    assert case.only().doubt is Doubt.UNKNOWN
    case.broadcast = replace(case.broadcast, preimage={"A-02": ("5",)})
    assert case.only().order_id == "5"


def test_answer_that_names_an_order_known_before_the_broadcast_is_not_believed() -> None:
    case = Case([line_in(S.ACCEPTED, order_id="5")], [an_order("5")])
    assert case.only().state == "working"
    case.broadcast = replace(case.broadcast, preimage={"A-01": ("5",)})
    line = case.only()
    assert (line.state, line.order_id) == ("in_doubt", None)
    assert "not what was sent" in (line.reason or "")


@pytest.mark.parametrize("tag", ["ours", None])
def test_adopted_order_that_was_not_followed_yet_is_followed_whatever_its_mark(
    tag: str | None,
) -> None:
    # As a process leaves it that dies between the decision and the first look at the order.
    case = Case(
        [line_in(S.ACCEPTED, order_id="5")], [an_order("5", tag="theirs"), an_order("6")], tag=tag
    )
    case.broadcast = replace(case.broadcast, origin=Origin.ADOPTED)
    line = case.only()
    assert (line.state, line.order_id) == ("working", "5")
