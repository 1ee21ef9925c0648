"""Spans of time sorted into bins of one round width; drawn by the console and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import Final

from swimdesk.views.models import LineView

_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Bin:
    """So many answers came within these milliseconds; the end is not part of it."""

    start: int
    end: int
    count: int


def latencies(lines: Iterable[LineView]) -> list[float]:
    """Return the broker's latencies of the lines that were answered, in milliseconds."""
    return [line.latency_ms for line in lines if line.latency_ms is not None]


def bins(times: Sequence[float], most: int) -> list[Bin]:
    """Sort times into at most so many bins of one round width."""
    if not times:
        return []
    low, high = min(times), max(times)
    step = next((s for s in _STEPS if _edges(low, high, s) <= most), None)
    step = step or ceil((high + 1) / most)
    first = floor(low / step) * step
    edges = [first + step * number for number in range(_edges(low, high, step) + 1)]
    return [
        Bin(start, end, sum(start <= time < end for time in times))
        for start, end in pairwise(edges)
    ]


def _edges(low: float, high: float, step: int) -> int:
    return floor(high / step) - floor(low / step) + 1


def bars(found: Sequence[Bin], width: int) -> list[int]:
    """Return how long each bin's bar is: the largest has the width, what there is shows."""
    most = max((one.count for one in found), default=0)
    return [ceil(width * one.count / most) if most else 0 for one in found]
