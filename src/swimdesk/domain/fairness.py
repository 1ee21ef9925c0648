"""Who goes first and who last: the order of sending, and how fair it was over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

_FIRST, _LAST = Decimal(0), Decimal(1)


def order_of_sending(count: int, seed: int) -> list[int]:
    """Return which of so many accounts takes each place in the broadcast of that seed.

    Over any ``count`` seeds in a row every account takes every place exactly once, and stands
    beside every other exactly twice: no account is always last, and none always waits for the
    same neighbour.
    """
    # A Williams design: the zigzag 0, -1, 1, -2, 2 ... steps over each distance once, so that
    # turning it by the seed changes every neighbour. A permutation drawn anew for each block of
    # seeds would give some accounts a place twice wherever a window lies across two blocks.
    zigzag = (-(place + 1) // 2 if place % 2 else place // 2 for place in range(count))
    return [(seed + step) % count for step in zigzag]


@dataclass(frozen=True, slots=True)
class Fairness:
    """An account's places over broadcasts to two accounts or more; the mean is 0 first, 1 last."""

    account: str
    broadcasts: int
    mean_place: Decimal
    first: int
    last: int


def fairness(writes: Iterable[Mapping[str, int]]) -> tuple[Fairness, ...]:
    """Tell by account how early it was served, from when each order of a broadcast was written.

    Orders that were written at the same nanosecond share the mean of their places.
    """
    places: dict[str, list[Decimal]] = {}
    for written in writes:
        if len(written) > 1:
            for account, place in _places(written).items():
                places.setdefault(account, []).append(place)
    return tuple(
        Fairness(
            account, len(took), sum(took, _FIRST) / len(took), took.count(_FIRST), took.count(_LAST)
        )
        for account, took in sorted(places.items())
    )


def _places(written: Mapping[str, int]) -> dict[str, Decimal]:
    ordered = sorted(written.values())
    last = len(ordered) - 1
    return {
        account: Decimal(bisect_left(ordered, at) + bisect_right(ordered, at) - 1) / (2 * last)
        for account, at in written.items()
    }
