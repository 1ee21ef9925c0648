"""Spans of time in bins of one round width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.views.histogram import Bin, bars, bins


@given(st.lists(st.floats(0, 60_000), min_size=1, max_size=60), st.integers(2, 8))
def test_every_answer_is_in_one_of_so_many_bins(times: list[float], most: int) -> None:
    found = bins(times, most)
    # One more where no round width will do and the last lies just across an edge.
    assert len(found) <= most + 1
    assert sum(one.count for one in found) == len(times)
    assert len({one.end - one.start for one in found}) == 1


def test_the_width_is_the_smallest_round_one_and_empty_bins_stay() -> None:
    found = bins([41.0, 43.9, 59.0, 101.0], 8)
    assert found == [
        Bin(40, 50, 2), Bin(50, 60, 1), Bin(60, 70, 0), Bin(70, 80, 0), Bin(80, 90, 0),
        Bin(90, 100, 0), Bin(100, 110, 1),
    ]  # fmt: skip


def test_no_times_are_no_bins() -> None:
    assert bins([], 6) == []
    assert bars([], 40) == []


@pytest.mark.parametrize(
    ("counts", "width", "lengths"),
    [((100, 1, 0), 40, [40, 1, 0]), ((3, 2), 3, [3, 2]), ((0,), 9, [0])],
)
def test_the_largest_has_the_width_and_what_there_is_shows(
    counts: tuple[int, ...], width: int, lengths: list[int]
) -> None:
    assert bars([Bin(n, n + 1, count) for n, count in enumerate(counts)], width) == lengths
