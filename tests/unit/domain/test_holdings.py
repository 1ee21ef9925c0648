"""What is held of an underlying, told as structures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from swimdesk.domain.holdings import everything_in, held_of, not_orderable, same_underlying
from swimdesk.domain.instruments import parse_instrument
from swimdesk.domain.intents import shown
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import Side, StructureKind, Ticket
from swimdesk.domain.positions import Position
from swimdesk.domain.structures import STRUCTURES


def positions(**quantities: int) -> tuple[Position, ...]:
    """Build positions; ``C620`` is a call of 18 DEC 26, ``C620_JAN`` one of 15 JAN 27."""
    return tuple(position(name, quantity) for name, quantity in quantities.items())


def position(name: str, quantity: int) -> Position:
    symbol = name
    if name[1:].partition("_")[0].isdigit():
        day = "270115" if name.endswith("_JAN") else "261218"
        symbol = f"SPY   {day}{name[0]}{int(name[1:].partition('_')[0]):05d}000"
    one = Decimal(1)
    return Position(symbol, Decimal(quantity), one, one, parse_instrument(symbol))


CONDOR = {"C620": -1, "C625": 1, "P580": -1, "P575": 1}
TOLD: dict[str, tuple[dict[str, int], list[str]]] = {
    "nothing": ({}, []),
    "shares": ({"SPY": 150}, ["SPY (+150 shares)"]),
    "short shares": ({"SPY": -5}, ["SPY (-5 shares)"]),
    "other underlying": ({"QQQ": 5}, []),
    "condor": (CONDOR, ["SPY IC 18DEC26 620/625/580/575 (-1)"]),
    "condors": ({k: -3 * q for k, q in CONDOR.items()}, ["SPY IC 18DEC26 620/625/580/575 (+3)"]),
    "condor and more calls": (
        CONDOR | {"C620": -3, "C625": 3},
        ["SPY IC 18DEC26 620/625/580/575 (-1)", "SPY VERT 18DEC26 620/625C (-2)"],
    ),
    "two condors of one day": (
        CONDOR | {"C630": -1, "C635": 1, "P570": -1, "P565": 1},
        [f"SPY 18DEC26 {leg}" for leg in (
            "620C (-1)", "625C (+1)", "580P (-1)", "575P (+1)", "630C (-1)", "635C (+1)",
            "570P (-1)", "565P (+1)",
        )],
    ),
    "condors of two days": (
        CONDOR | {f"{k}_JAN": q for k, q in CONDOR.items()},
        ["SPY IC 18DEC26 620/625/580/575 (-1)", "SPY IC 15JAN27 620/625/580/575 (-1)"],
    ),
    "calendar": ({"C620": -2, "C620_JAN": 2}, ["SPY CAL 15JAN27/18DEC26 620C (+2)"]),
    "strangle": ({"C620": -1, "P580": -1}, ["SPY STRANG 18DEC26 620/580 (-1)"]),
    "covered call": ({"SPY": 200, "C620": -2}, ["SPY COV 18DEC26 620C (+2)"]),
    "collar": ({"SPY": 100, "C620": -1, "P580": 1}, ["SPY COLLAR 18DEC26 580/620 (+1)"]),
    "call on some of the shares": (
        {"SPY": 150, "C620": -1}, ["SPY 18DEC26 620C (-1)", "SPY (+150 shares)"],
    ),
    "back ratio": ({"C600": 1, "C610": -2}, ["SPY BACKRATIO 18DEC26 600/610C (+1)"]),
    "butterfly": ({"C600": 2, "C605": -4, "C610": 2}, ["SPY BFLY 18DEC26 600/605/610C (+2)"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_holdings_are_told_as_structures(name: str) -> None:
    held, told = TOLD[name]
    assert [shown(one) for one in held_of("SPY", positions(**held))] == told


@pytest.mark.parametrize("name", TOLD)
def test_structures_add_up_to_what_is_held(name: str) -> None:
    held = {p.symbol: p.quantity for p in positions(**TOLD[name][0]) if p.symbol != "QQQ"}
    total: dict[str, Decimal] = {}
    for one in held_of("SPY", positions(**TOLD[name][0])):
        for leg in one.legs:
            symbol = leg.instrument.symbol
            total[symbol] = total.get(symbol, Decimal(0)) + leg.side.sign * leg.ratio * one.units
    assert total == held


def ticket_of(order: str) -> Ticket:
    return parse(order)


@pytest.mark.parametrize(
    "order",
    [
        "SELL -2 IRON CONDOR SPY 18 DEC 26 620/625/580/575 CALL/PUT @1",
        "BUY +1 IRON BUTTERFLY SPY 18 DEC 26 600/610/590 CALL/PUT @5",
        "BUY +3 VERTICAL SPY 18 DEC 26 600/605 CALL @1",
        "SELL -1 DIAGONAL SPY 15 JAN 27/18 DEC 26 600/605 CALL @4",
        "BUY +1 CONDOR SPY 18 DEC 26 600/605/610/615 CALL @1",
        "BUY +1 DBL DIAG SPY 15 JAN 27/18 DEC 26 580/620/585/615 PUT/CALL/PUT/CALL @3",
    ],
)
def test_structure_that_was_bought_or_sold_is_found_again(order: str) -> None:
    ticket = ticket_of(order)
    held = [
        Position(
            leg.instrument.symbol,
            Decimal(leg.side.sign * leg.ratio * ticket.quantity),
            Decimal(1),
            Decimal(1),
            leg.instrument,
        )
        for leg in reversed(ticket.legs)
    ]
    found = held_of("SPY", held)
    if ticket.kind is StructureKind.DOUBLE_DIAGONAL:
        assert [one.kind for one in found] == [StructureKind.STRANGLE, StructureKind.STRANGLE]
        return
    (one,) = found
    assert (one.kind, one.side, one.units) == (ticket.kind, ticket.side, ticket.quantity)
    assert set(one.legs) == set(ticket.legs)


def test_free_units_are_bounded_by_the_leg_that_is_shortest() -> None:
    (condor,) = held_of("SPY", positions(**{k: 2 * q for k, q in CONDOR.items()}))
    free = {p.symbol: p.quantity for p in positions(**CONDOR)}
    assert condor.units == 2
    assert condor.free_units(free) == 1
    assert condor.free_units({}) == 0
    assert condor.side is Side.SELL
    assert STRUCTURES[condor.kind].short == "IC"


@pytest.mark.parametrize(
    ("name", "symbol", "same"),
    [
        ("SPX", "SPXW  261211C06200000", True),
        ("SPXW", "SPX   261218C06200000", True),
        ("BRK/B", "BRKB  261218C00600000", True),
        ("BRKB", "BRK/B", True),
        ("SPY", "SPYG", False),
    ],
)
def test_underlying_is_known_by_all_its_names(name: str, symbol: str, same: bool) -> None:
    assert same_underlying(name, parse_instrument(symbol)) is same


def test_everything_is_told_underlying_by_underlying() -> None:
    index = "SPXW  261211C06200000"
    known = (*positions(**(CONDOR | {"QQQ": 5, "SPY": -3})), position(index, 2))
    assert [shown(one) for one in everything_in(known)] == [
        "QQQ (+5 shares)",
        "SPX 11DEC26 6200C (+2)",
        "SPY IC 18DEC26 620/625/580/575 (-1)",
        "SPY (-3 shares)",
    ]
    assert everything_in(()) == ()


def test_what_no_order_can_close_is_named() -> None:
    fund = Position("SWVXX", Decimal("12.5"), Decimal(1), Decimal(12))
    shares = replace(position("SPY", 1), quantity=Decimal("-10.25"))
    left = not_orderable((fund, shares, *positions(QQQ=5)))
    assert [(one.symbol, one.quantity) for one in left] == [
        ("SWVXX", Decimal("12.5")),
        ("SPY", Decimal("-0.25")),
    ]


@pytest.mark.parametrize(
    ("there", "naked"),
    [
        ({"C620": -1}, True),
        ({"P580": -1}, True),
        ({"SPY": -5}, True),
        ({"C620": -1, "P580": -1}, True),
        ({"C620": -2, "C625": 1}, True),
        ({"C620": 1}, False),
        ({"SPY": 5}, False),
        ({"C620": -1, "C625": 1}, False),
        (CONDOR, False),
        ({"SPY": 100, "C620": -1}, False),
    ],
)
def test_shorts_that_nothing_covers_are_known(there: dict[str, int], naked: bool) -> None:
    (one,) = everything_in(positions(**there))
    assert one.is_naked is naked
