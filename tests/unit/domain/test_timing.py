"""The proof of timing: each figure from the stamps there are, and none from those there are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.builders import a_broadcast, a_line

from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState
from swimdesk.domain.replacing import EarlierOrder
from swimdesk.domain.timing import Timing, latency_ns, percentile, timing, written_ns

S = LineState


def stamped(
    account: str,
    sent_ns: int | None,
    first_byte_ns: int | None,
    acked_ns: int | None,
    state: LineState = S.ACCEPTED,
) -> Line:
    """Build a line with these stamps."""
    line = a_line(account, state)
    return replace(line, sent_ns=sent_ns, first_byte_ns=first_byte_ns, acked_ns=acked_ns)


ANSWERED = (
    stamped("A-01", 10, 110, 111),
    stamped("A-02", 12, 62, 65),
    stamped("A-03", 15, 215, 218),
)
"""Latencies of 100, 50 and 200."""


def test_every_figure_of_a_broadcast_that_was_answered() -> None:
    assert timing(replace(a_broadcast(*ANSWERED), journal_ns=8)) == Timing(
        journal_ns=8,
        first_write_ns=10,
        last_write_ns=15,
        dispatch_skew_ns=5,
        first_ack_ns=65,
        last_ack_ns=218,
        ack_skew_ns=153,
        ack_p50_ns=111,
        ack_p95_ns=218,
        ack_p99_ns=218,
        latency_p50_ns=100,
        latency_p95_ns=200,
        latency_p99_ns=200,
        latency_max_ns=200,
        overhead_ns=18,
    )


def test_nothing_is_known_of_a_broadcast_without_stamps() -> None:
    assert timing(a_broadcast(a_line("A-01"), a_line("A-02", S.DENIED))) == Timing()


def test_what_was_not_answered_counts_as_written_and_not_as_a_latency() -> None:
    silent = stamped("A-04", 30, None, None, S.IN_DOUBT)
    cut_off = stamped("A-05", 31, 5_000, None, S.IN_DOUBT)
    found = timing(a_broadcast(*ANSWERED, silent, cut_off))
    assert (found.last_write_ns, found.dispatch_skew_ns) == (31, 21)
    assert (found.last_ack_ns, found.latency_max_ns, found.overhead_ns) == (218, 200, 18)


def test_an_answer_without_its_first_byte_has_no_latency_and_no_overhead() -> None:
    found = timing(a_broadcast(stamped("A-01", 10, None, 90)))
    assert (found.first_ack_ns, found.ack_p99_ns) == (90, 90)
    assert (found.latency_p50_ns, found.latency_max_ns, found.overhead_ns) == (None, None, None)


def test_the_overhead_is_ours_where_the_slowest_answer_was_not_the_last() -> None:
    # Held back in a later wave: the broker was quick, the end was late.
    later = stamped("A-04", 500, 520, 521)
    found = timing(a_broadcast(*ANSWERED, later))
    assert (found.latency_max_ns, found.last_ack_ns, found.overhead_ns) == (200, 521, 321)


def test_the_stamp_of_a_wave_that_is_leaving_is_not_taken_for_a_write() -> None:
    leaving = stamped("A-04", 900, None, None, S.SENDING)
    assert written_ns(leaving) is None
    assert timing(a_broadcast(*ANSWERED, leaving)).last_write_ns == 15


def test_a_replaced_line_keeps_the_stamps_of_its_first_order() -> None:
    earlier = (EarlierOrder("7", 0, None, 1),)
    line = replace(ANSWERED[0], state=S.WORKING, earlier=earlier, order_id="8")
    assert latency_ns(line) == 100
    assert timing(a_broadcast(line)) == timing(a_broadcast(ANSWERED[0]))


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 10), (1, 10), (25, 10), (26, 20), (50, 20), (51, 30), (95, 40),
                           (100, 40)]
)  # fmt: skip
def test_percentiles_are_nearest_ranks(percent: int, value: int) -> None:
    assert percentile([10, 20, 30, 40], percent) == value
    assert percentile([7], percent) == 7
