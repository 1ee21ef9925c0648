"""Legs of a chain: picking, what they cost, the order they make."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.chain.legs import (
    Picks,
    Touch,
    name_of,
    net_of,
    order_text,
    ticket_of,
    worst_of,
)
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.orderlang import parse_order
from swimdesk.domain.orders import Side, StructureKind
from swimdesk.errors import InputError

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)
ROOM = Touch(Decimal("1.00"), Decimal("1.10"), Decimal("0.20"))


def option(
    strike: str, right: Right = Right.CALL, day: date = NEAR, root: str = "SPY"
) -> OptionContract:
    return OptionContract(root, day, right, Decimal(strike))


def picked(*trades: tuple[OptionContract, int]) -> Picks:
    picks = Picks()
    for contract, count in trades:
        for _ in range(abs(count)):
            picks = picks.traded(contract, 1 if count > 0 else -1)
    return picks


def test_a_leg_bought_again_counts_twice_and_sold_again_goes_away() -> None:
    call = option("620")
    assert picked((call, 2)).counts == {call: 2}
    assert picked((call, 2)).traded(call, -1).counts == {call: 1}
    assert picked((call, 1)).traded(call, -1) == Picks()


def test_what_all_legs_have_in_common_is_the_quantity_of_the_order() -> None:
    picks = picked((option("620"), -2), (option("625"), 2)).more(2)
    ticket = ticket_of(picks, None)
    assert (ticket.side, ticket.quantity, ticket.kind) == (Side.SELL, 6, StructureKind.VERTICAL)


def test_the_last_leg_taken_away_takes_the_units_with_it() -> None:
    call = option("620")
    assert picked((call, 1)).more(4).traded(call, -1).units == 1


def test_there_are_never_fewer_units_than_one() -> None:
    assert picked((option("620"), 1)).more(-3).units == 1


@pytest.mark.parametrize(
    ("trades", "sentence"),
    [
        ([(option(str(600 + n)), 1) for n in range(5)], "at most 4 legs"),
        ([(option("600"), 1), (option("100", root="AAPL"), 1)], "one underlying"),
        ([(option("600"), 101)], "at most 100 contracts"),
    ],
)
def test_legs_that_no_order_can_hold_are_refused(
    trades: list[tuple[OptionContract, int]], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        picked(*trades)


def test_no_legs_make_no_order() -> None:
    with pytest.raises(InputError, match="no legs"):
        ticket_of(Picks(), None)


def test_both_roots_of_an_index_may_stand_in_one_order() -> None:
    picks = picked((option("6000", root="SPX"), -1), (option("6000", day=FAR, root="SPXW"), 1))
    assert ticket_of(picks, None).kind is StructureKind.CALENDAR


@pytest.mark.parametrize(
    ("trades", "text"),
    [
        (
            [(option("620"), -1), (option("625"), 1), (option("580", Right.PUT), -1),
             (option("575", Right.PUT), 1)],
            "SELL -1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @mid",
        ),
        ([(option("600"), 1), (option("605"), -1)],
         "BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @mid"),
        ([(option("600", Right.PUT), -1)], "SELL -1 SPY 100 18 DEC 26 600 PUT @mid"),
        ([(option("600"), -1), (option("600", day=FAR), 1)],
         "BUY +1 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @mid"),
        ([(option("600"), 1), (option("610"), -3), (option("620"), 1)],
         "BUY +1 1/3/1 ~BUTTERFLY SPY 100 18 DEC 26 600/610/620 CALL @mid"),
        ([(option("600"), -1), (option("610"), -2)],
         "SELL -1 1/2 CUSTOM SPY 100 18 DEC 26/18 DEC 26 600/610 CALL/CALL @mid"),
    ],
)  # fmt: skip
def test_legs_become_the_order_an_operator_would_type(
    trades: list[tuple[OptionContract, int]], text: str
) -> None:
    picks = picked(*trades)
    touched = net_of(picks.legs(), lambda _: ROOM)
    assert order_text(ticket_of(picks, touched)) == text


def test_the_net_takes_each_leg_at_its_own_side_of_the_market() -> None:
    touches = {
        option("620"): Touch(Decimal("2.00"), Decimal("2.10"), Decimal("0.30")),
        option("625"): Touch(Decimal("1.00"), Decimal("1.20"), Decimal("0.20")),
    }
    net = net_of(picked((option("620"), -1), (option("625"), 1)).legs(), touches.get)
    assert net is not None
    assert net.natural == Decimal("0.80")
    assert net.mid == Decimal("0.95")
    assert net.delta == Decimal("-0.10")


@pytest.mark.parametrize(
    "touch",
    [None, Touch(Decimal(0), Decimal(0)), Touch(Decimal("1.10"), Decimal("1.00"))],
    ids=["not quoted", "nobody sells", "crossed"],
)
def test_a_leg_without_a_market_leaves_no_net(touch: Touch | None) -> None:
    assert net_of(picked((option("620"), -1)).legs(), lambda _: touch) is None


def test_the_worst_loss_of_a_spread_is_its_width_less_what_it_brings() -> None:
    picks = picked((option("620"), -1), (option("625"), 1))
    touches = {
        option("620"): Touch(Decimal("2.00"), Decimal("2.10")),
        option("625"): Touch(Decimal("1.00"), Decimal("1.20")),
    }
    net = net_of(picks.legs(), touches.get)
    assert net is not None
    assert net.delta is None
    assert worst_of(ticket_of(picks, net), net) == Decimal(405)
    assert worst_of(ticket_of(picked((option("620"), -1)), None), None) is None


def test_structures_carry_the_names_of_the_order_language() -> None:
    assert name_of(ticket_of(picked((option("620"), -1), (option("625"), 1)), None)) == "VERTICAL"
    assert name_of(ticket_of(picked((option("620"), -1)), None)) == "CALL"


some_options = st.builds(
    option,
    st.integers(100, 120).map(str),
    st.sampled_from(Right),
    st.sampled_from([NEAR, FAR]),
    st.sampled_from(["SPY"]),
)


@given(
    st.dictionaries(some_options, st.integers(-4, 4).filter(bool), min_size=1, max_size=4),
    st.integers(1, 9),
)
def test_whatever_is_picked_reads_back_as_the_same_trade(
    counts: dict[OptionContract, int], units: int
) -> None:
    picks = picked(*counts.items()).more(units - 1)
    read = parse_order(order_text(ticket_of(picks, None))).ticket
    traded = {leg.instrument: leg.side.sign * leg.ratio * read.quantity for leg in read.legs}
    assert traded == {contract: count * units for contract, count in counts.items()}
