"""Legs of structures, the cash that no-arbitrage forces on them, and what a unit can lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from swimdesk.domain.instruments import Equity, OptionContract, Right
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import Leg, Side, StructureKind
from swimdesk.domain.strategies import (
    MixedDirections,
    Shape,
    StructureError,
    build_legs,
    contradicts_sign,
    dearer_first,
    forced_flow,
    max_loss,
    recognise,
    shape_of,
    spread_widths,
)

EXPIRY = date(2026, 12, 11)
CONDOR = "IRON CONDOR SPX 11 DEC 26 6200/6220/5820/5790 CALL/PUT"


def shape(strikes: str, *rights: Right) -> Shape:
    return Shape(("SPXW",), (EXPIRY,), tuple(Decimal(k) for k in strikes.split("/")), rights)


def condor(strikes: str) -> Shape:
    return shape(strikes, Right.CALL, Right.PUT)


def option(right: Right, strike: int, side: Side, expiry: date = EXPIRY) -> Leg:
    return Leg(OptionContract("SPXW", expiry, right, Decimal(strike)), side)


@pytest.mark.parametrize("side", Side)
def test_first_strike_of_each_pair_takes_the_side_and_the_second_the_other(side: Side) -> None:
    legs = build_legs(StructureKind.IRON_CONDOR, side, condor("6200/6220/5820/5800"))
    assert legs == (
        option(Right.CALL, 6200, side),
        option(Right.CALL, 6220, side.opposite),
        option(Right.PUT, 5820, side),
        option(Right.PUT, 5800, side.opposite),
    )


def test_equity_is_one_leg_of_its_own_side() -> None:
    legs = build_legs(StructureKind.EQUITY, Side.SELL, Shape(("AAPL",), (), (), ()))
    assert legs == (Leg(Equity("AAPL"), Side.SELL),)


@pytest.mark.parametrize(
    ("strikes", "offender"),
    [
        ("6200/6200/5820/5800", 1),
        ("6200/6220/5800/5800", 3),
        ("6200/6220/6200/5800", 2),
        ("5820/5800/6220/6200", 2),
        ("6220/6200/5820/6210", 3),
    ],
)
def test_strikes_that_form_no_condor_are_named(strikes: str, offender: int) -> None:
    with pytest.raises(StructureError) as refused:
        build_legs(StructureKind.IRON_CONDOR, Side.SELL, condor(strikes))
    assert refused.value.strike == offender


@pytest.mark.parametrize("strikes", ["6200/6220/5800/5820", "6220/6200/5820/5800"])
def test_condor_whose_pairs_point_different_ways_is_no_structure(strikes: str) -> None:
    with pytest.raises(MixedDirections):
        build_legs(StructureKind.IRON_CONDOR, Side.SELL, condor(strikes))


@pytest.mark.parametrize(
    "wrong", [shape("600", Right.CALL), shape("600/605", Right.CALL, Right.PUT)]
)
def test_vertical_takes_two_strikes_and_one_right(wrong: Shape) -> None:
    with pytest.raises(ValueError, match="VERTICAL"):
        build_legs(StructureKind.VERTICAL, Side.BUY, wrong)


def test_shape_is_what_the_legs_were_built_from() -> None:
    ticket = parse(f"SELL -1 {CONDOR} @1.60")
    assert shape_of(ticket) == condor("6200/6220/5820/5790")


def test_dearer_strike_of_each_pair_comes_first() -> None:
    mixed = condor("6220/6200/5800/5820")
    assert dearer_first(StructureKind.IRON_CONDOR, mixed) == condor("6200/6220/5820/5800")
    put = shape("600/605", Right.PUT)
    assert dearer_first(StructureKind.VERTICAL, put) == shape("605/600", Right.PUT)


@pytest.mark.parametrize(
    ("order", "flow"),
    [
        ("BUY +1 AAPL @1", -1),
        ("SELL -1 SPY 18 DEC 26 600 PUT @1", 1),
        ("BUY +1 VERTICAL SPY 18 DEC 26 600/605 CALL @MKT", -1),
        ("BUY +1 VERTICAL SPY 18 DEC 26 600/605 PUT @MKT", 1),
        ("SELL -1 VERTICAL SPY 18 DEC 26 600/605 PUT @MKT", -1),
        (f"SELL -1 {CONDOR} @MKT", 1),
        (f"BUY +1 {CONDOR} @MKT", -1),
    ],
)
def test_legs_worth_something_cost_a_debit_and_the_others_bring_a_credit(
    order: str, flow: int
) -> None:
    assert forced_flow(parse(order).legs) == flow


def test_no_cash_is_forced_on_legs_that_may_be_worth_either_or_expire_apart() -> None:
    back_ratio = [
        option(Right.CALL, 89, Side.BUY),
        Leg(option(Right.CALL, 92, Side.SELL).instrument, Side.SELL, ratio=2),
    ]
    calendar = [
        option(Right.PUT, 6000, Side.BUY, date(2027, 1, 15)),
        option(Right.PUT, 6000, Side.SELL),
    ]
    assert forced_flow(back_ratio) == 0
    assert forced_flow(calendar) == 0


def test_price_contradicts_only_the_sign_that_the_legs_force() -> None:
    credit = parse(f"SELL -1 {CONDOR} @1.60")
    market = parse(f"SELL -1 {CONDOR} @MKT")
    debit = parse(f"BUY +1 {CONDOR} @1.60")
    assert not contradicts_sign(credit)
    assert not contradicts_sign(market)
    assert not contradicts_sign(debit)
    assert contradicts_sign(replace(credit, price=Decimal("-1.60")))


@pytest.mark.parametrize(
    ("order", "widths"),
    [
        ("BUY +1 AAPL @1", []),
        ("BUY +1 SPY 18 DEC 26 600 PUT @1", []),
        ("BUY +1 VERTICAL SPY 18 DEC 26 602.5/600 PUT @1", ["2.5"]),
        (f"SELL -1 {CONDOR} @1.60", ["20", "30"]),
    ],
)
def test_widths_are_the_distances_of_the_strikes_per_right(order: str, widths: list[str]) -> None:
    assert spread_widths(parse(order)) == tuple(Decimal(width) for width in widths)


@pytest.mark.parametrize(
    ("order", "dollars"),
    [
        (f"SELL -1 {CONDOR} @1.60", "2840"),
        (f"SELL -1 {CONDOR} @35", "0"),
        (f"BUY +1 {CONDOR} @1.60", "160"),
        ("SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @1.25", "375"),
        ("SELL -1 VERTICAL SPY 18 DEC 26 605/600 CALL @-1.25", "125"),
        ("BUY +1 VERTICAL SPY 18 DEC 26 605/600 PUT @2.10", "210"),
        ("BUY +1 VERTICAL SPY 18 DEC 26 600/605 PUT @0", "500"),
        (f"SELL -1 {CONDOR} @MKT", "3000"),
        ("BUY +1 VERTICAL SPY 18 DEC 26 605/600 PUT @MKT", "500"),
        ("BUY +1 SPY 18 DEC 26 600 PUT @4.10", "410"),
        ("BUY +1 SPY 18 DEC 26 600 PUT @MKT", None),
        ("SELL -1 SPY 18 DEC 26 600 CALL @4.10", None),
        ("SELL -1 SPY 18 DEC 26 600 PUT @4.10", None),
        ("BUY +100 AAPL @187.50", "187.50"),
        ("BUY +100 AAPL @MKT", None),
        ("SELL -100 AAPL @187.50", None),
    ],
)
def test_most_that_one_unit_can_lose(order: str, dollars: str | None) -> None:
    assert max_loss(parse(order)) == (None if dollars is None else Decimal(dollars))


@pytest.mark.parametrize(
    "order",
    [
        "SELL -1 AAPL @1",
        "BUY +1 SPY 18 DEC 26 600 PUT @1",
        "SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @1",
        "BUY +1 VERTICAL SPY 18 DEC 26 605/600 PUT @1",
        f"SELL -1 {CONDOR} @1.60",
        f"BUY +1 {CONDOR} @1.60",
        "SELL -1 STRADDLE SPY 18 DEC 26 600 CALL/PUT @20",
        "SELL -1 STRANGLE SPY 18 DEC 26 610/590 CALL/PUT @5",
        "BUY +1 CALENDAR SPY 15 JAN 27/18 DEC 26 600 CALL @2",
        "SELL -1 DIAGONAL SPY 15 JAN 27/18 DEC 26 600/605 CALL @4",
        "BUY +1 BUTTERFLY SPY 18 DEC 26 600/605/610 CALL @1",
        "SELL -1 CONDOR SPY 18 DEC 26 600/605/610/615 PUT @1",
        "SELL -1 IRON BUTTERFLY SPY 18 DEC 26 600/610/590 CALL/PUT @5",
        "BUY +1 DBL DIAG SPY 15 JAN 27/18 DEC 26 580/620/585/615 PUT/CALL/PUT/CALL @3",
        "BUY +1 COVERED SPY 18 DEC 26 600 CALL/SPY @595",
        "BUY +1 COLLAR SPY 18 DEC 26 580/600 PUT/CALL/SPY @595",
    ],
)
def test_legs_in_any_order_are_recognised(order: str) -> None:
    ticket = parse(order)
    for legs in permutations(ticket.legs):
        found = recognise(legs)
        assert found is not None
        assert set(found.legs) == set(ticket.legs)
        named = replace(ticket, side=found.side, kind=found.kind, legs=found.legs)
        assert named == parse(print_ticket(named))
        assert (found.kind, found.side) == (ticket.kind, ticket.side)


def test_legs_that_form_nothing_of_the_table_stay_unnamed() -> None:
    guts = [option(Right.CALL, 5800, Side.SELL), option(Right.PUT, 6200, Side.SELL)]
    both_ways = [option(Right.CALL, 5800, Side.SELL), option(Right.PUT, 6200, Side.BUY)]
    assert recognise(guts) is None
    assert recognise(both_ways) is None
    assert recognise([*guts, option(Right.PUT, 6000, Side.BUY)]) is None
