"""How far the broker's clock is from ours, from the dates of its answers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schwab.support import NOW

from swimdesk.schwab.skew import Offset


def stamped(broker_time: datetime) -> datetime:
    """Return what the broker writes into a Date header: whole seconds, cut."""
    return broker_time.replace(microsecond=0)


def answers(offset: Offset, off_by_s: float, count: int = 30, start: datetime = NOW) -> datetime:
    """Feed answers that took up to a fifth of a second; return our time after them."""
    drawn = random.Random(7)
    now = start
    for _ in range(count):
        sent = now + timedelta(seconds=drawn.uniform(0.5, 1.5))
        broker_time = sent + timedelta(seconds=drawn.uniform(0, 0.1) + off_by_s)
        now = sent + timedelta(seconds=0.2)
        offset.sample(stamped(broker_time), sent, now)
    return now


@pytest.mark.parametrize("off_by_s", [-7.0, 40.0, -7.5, 1.3, -3600.0])
def test_clock_that_is_off_is_measured_to_half_a_second(off_by_s: float) -> None:
    offset = Offset()
    answers(offset, off_by_s)
    assert abs(offset.to_broker(NOW) - NOW - timedelta(seconds=off_by_s)) < timedelta(seconds=0.5)
    assert offset.to_ours(offset.to_broker(NOW)) == NOW


@pytest.mark.parametrize("off_by_s", [0.0, 0.05, -0.05])
def test_offset_below_its_uncertainty_is_ignored(off_by_s: float) -> None:
    offset = Offset()
    answers(offset, off_by_s)
    assert offset.to_ours(NOW) == offset.to_broker(NOW) == NOW


def test_slow_answer_says_too_little() -> None:
    offset = Offset()
    offset.sample(NOW + timedelta(seconds=3), NOW, NOW + timedelta(seconds=20))
    assert offset.to_ours(NOW) == NOW


@pytest.mark.parametrize(
    "date", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_date_that_cannot_be_of_now_is_ignored(date: datetime) -> None:
    offset = Offset()
    offset.sample(date.replace(microsecond=0), NOW, NOW)
    assert offset.to_ours(NOW) == NOW


def test_clock_of_ours_that_goes_back_during_a_read_says_nothing() -> None:
    offset = Offset()
    offset.sample(NOW, NOW, NOW - timedelta(seconds=60))
    assert offset.to_ours(NOW) == NOW


def test_one_answer_is_enough_for_a_large_offset() -> None:
    offset = Offset()
    offset.sample(NOW - timedelta(seconds=7), NOW, NOW)
    assert offset.to_broker(NOW) == NOW - timedelta(seconds=6.5)


def test_estimate_that_still_holds_does_not_move() -> None:
    offset = Offset()
    now = answers(offset, 40.0)
    before = offset.to_ours(NOW)
    answers(offset, 40.0, start=now)
    assert offset.to_ours(NOW) == before


def test_clock_that_jumps_is_believed_at_its_new_place() -> None:
    offset = Offset()
    now = answers(offset, 40.0)
    answers(offset, -7.0, count=3, start=now)
    assert abs(offset.to_broker(NOW) - NOW + timedelta(seconds=7)) < timedelta(seconds=0.6)


def test_old_answers_are_forgotten_while_the_clock_drifts() -> None:
    offset, now = Offset(), NOW
    for step in range(600):
        now = answers(offset, 2.0 + step / 100, count=1, start=now)
    assert abs(offset.to_broker(NOW) - NOW - timedelta(seconds=8)) < timedelta(seconds=1)


@given(
    st.floats(-100, 100),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1)), min_size=1, max_size=30),
)
def test_correction_is_never_off_by_more_than_the_fastest_answer_allows(
    off_by_s: float, trips: list[tuple[float, float]]
) -> None:
    offset, now = Offset(), NOW
    for took_s, part in trips:
        broker_time = now + timedelta(seconds=took_s * part + off_by_s)
        after = now + timedelta(seconds=took_s)
        offset.sample(stamped(broker_time), now, after)
        now = after
    error_s = abs((offset.to_broker(NOW) - NOW).total_seconds() - off_by_s)
    assert error_s <= 1.001 + min(took_s for took_s, _ in trips[-20:])
