"""A line whose order is replaced: what it was, what it is, what may still trade."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import STOCK, a_line, a_ticket
from tests.fakes.virtual import START

from swimdesk.domain.orders import TERMINAL, LineState
from swimdesk.domain.replacing import EarlierOrder, Replacement, Standing, average_of

ASKED = Replacement("c-1", Decimal("187.60"), 60, "look", "hash", START)
PRICES = st.decimals("0.01", "999.99", places=2)


def test_orders_of_a_line_are_the_one_it_has_and_those_it_had() -> None:
    line = a_line(state=LineState.WORKING)
    assert line.order_ids == frozenset()
    earlier = (EarlierOrder("1"), EarlierOrder("2"))
    assert replace(line, order_id="3", earlier=earlier).order_ids == {"1", "2", "3"}


@pytest.mark.parametrize("state", LineState)
def test_line_at_its_end_is_not_being_replaced(state: LineState) -> None:
    line = replace(a_line(state=state), replacement=ASKED)
    assert line.is_being_replaced is (state not in TERMINAL)


@pytest.mark.parametrize("standing", sorted(set(Standing) - {Standing.ASKED}))
def test_replacement_that_came_to_nothing_is_not_under_way(standing: Standing) -> None:
    asked = replace(ASKED, standing=standing)
    assert not replace(a_line(state=LineState.WORKING), replacement=asked).is_being_replaced


def test_both_orders_count_while_it_is_in_doubt_which_one_works() -> None:
    line = replace(a_line(state=LineState.WORKING, ticket=a_ticket(STOCK)), filled=40)
    assert line.may_trade == 60
    line = line.moved(LineState.REPLACING, replacement=ASKED)
    assert line.may_trade == 60
    assert line.moved(LineState.IN_DOUBT).may_trade == 120


@given(st.lists(st.tuples(st.integers(1, 99), PRICES), min_size=1, max_size=5))
def test_average_lies_between_its_parts(parts: list[tuple[int, Decimal]]) -> None:
    average = average_of([*parts, (0, None)])
    prices = [price for _, price in parts]
    assert average is not None
    assert min(prices) <= round(average, 9) <= max(prices)
    assert average_of([*parts, (1, None)]) is None


def test_average_of_nothing_is_none_and_of_one_part_exact() -> None:
    assert average_of([]) is None
    assert average_of([(0, Decimal(1))]) is None
    assert average_of([(0, None), (3, Decimal("1.0000000000000000000000000001"))]) == Decimal(
        "1.0000000000000000000000000001"
    )
