"""The order of sending is fair wherever one begins to count."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.fairness import fairness, order_of_sending

COUNTS = st.integers(1, 48)
SEEDS = st.integers(0, 2**32)


@given(COUNTS, SEEDS)
def test_each_broadcast_serves_every_account_once(count: int, seed: int) -> None:
    assert sorted(order_of_sending(count, seed)) == list(range(count))


@given(COUNTS, SEEDS)
def test_any_run_of_broadcasts_gives_every_account_every_place_once(count: int, seed: int) -> None:
    rows = [order_of_sending(count, seed + n) for n in range(count)]
    for place in range(count):
        assert sorted(row[place] for row in rows) == list(range(count))


@given(st.integers(2, 32), SEEDS)
def test_any_run_of_broadcasts_puts_every_two_accounts_side_by_side_twice(
    count: int, seed: int
) -> None:
    rows = [order_of_sending(count, seed + n) for n in range(count)]
    beside = Counter(frozenset(pair) for row in rows for pair in pairwise(row))
    assert len(beside) == count * (count - 1) // 2
    assert set(beside.values()) == {2}


@given(st.integers(2, 32), SEEDS)
def test_the_figures_of_a_fair_run_are_alike_for_all(count: int, seed: int) -> None:
    writes = [
        {f"A-{account:02}": at for at, account in enumerate(order_of_sending(count, seed + n))}
        for n in range(count)
    ]
    served = fairness(writes)
    assert {(one.broadcasts, one.first, one.last) for one in served} == {(count, 1, 1)}
    assert {round(one.mean_place, 9) for one in served} == {Decimal("0.5")}
