"""How early each account was served, from when its orders were written."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from swimdesk.domain.fairness import Fairness, fairness, order_of_sending


def test_places_are_counted_over_broadcasts() -> None:
    writes = [
        {"A-01": 10, "A-02": 20, "A-03": 30},
        {"A-01": 99, "A-02": 20, "A-03": 30},
        {"A-01": 2, "A-02": 1},
    ]
    assert fairness(writes) == (
        Fairness("A-01", 3, Decimal(2) / 3, 1, 2),
        Fairness("A-02", 3, Decimal("0.5") / 3, 2, 0),
        Fairness("A-03", 2, Decimal("0.75"), 0, 1),
    )


def test_who_was_alone_was_neither_first_nor_last() -> None:
    assert fairness([{"A-01": 5}, {}]) == ()


def test_orders_of_one_moment_share_the_mean_of_their_places() -> None:
    first, second, third = fairness([{"A-01": 5, "A-02": 5, "A-03": 9}])
    assert first == replace(second, account="A-01") == Fairness("A-01", 1, Decimal("0.25"), 0, 0)
    assert third == Fairness("A-03", 1, Decimal(1), 0, 1)


def test_nobody_and_one_account_have_an_order_as_well() -> None:
    assert order_of_sending(0, 7) == []
    assert order_of_sending(1, 7) == [0]
