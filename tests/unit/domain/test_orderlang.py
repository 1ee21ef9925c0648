"""What the order language reads, and that it prints the same order back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from swimdesk.domain.instruments import Equity, OptionContract, Right
from swimdesk.domain.orderlang import parse, parse_with_notices, print_ticket
from swimdesk.domain.orders import (
    Effect,
    Leg,
    OrderType,
    Session,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
)

WEEKLY = date(2026, 12, 11)
MONTHLY = date(2026, 12, 18)
CONDOR = (
    "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT"
    " @1.60 LMT [TO OPEN]"
)

# Printed exactly as read.
CANONICAL = [
    "BUY +100 AAPL @187.50 LMT",
    "BUY +1 BRK/B @612.05 LMT",
    "BUY +10000 SOUN @0.8875 LMT",
    "SELL -100 AAPL @MKT",
    "SELL -100 AAPL @MOC",
    "SELL -100 AAPL @187.50 LOC",
    "SELL -100 AAPL @180.00 STP GTC",
    "SELL -100 AAPL @180.00/179.50 STPLMT GTC [TO CLOSE]",
    "BUY +100 AAPL @187.50 LMT FOK",
    "BUY +100 AAPL @187.50 LMT GTD 18 DEC 26 EXT [TO OPEN]",
    "BUY +100 AAPL @187.50 LMT IOC",
    "BUY +100 AAPL @187.50 LMT EXT",
    "BUY +100 AAPL @187.50 LMT GTC EXT [TO OPEN]",
    "BUY +100 AAPL @187.50 LMT AM",
    "BUY +100 AAPL @187.50 LMT PM",
    "BUY +2 SPY 100 18 DEC 26 600 CALL @4.10 LMT",
    "BUY +2 SPY 100 (Weeklys) 11 DEC 26 602.5 CALL @4.10 LMT",
    "SELL -2 SPY 100 18 DEC 26 600 PUT @3.00 STP",
    "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    "BUY +1 VERTICAL SPY 100 18 DEC 26 605/600 PUT @MKT",
    "BUY +1 VERTICAL SPY 100 18 DEC 26 605/600 CALL @-1.25 LMT",
    "BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @0.00 LMT",
    CONDOR,
    "BUY +1 IRON CONDOR SPX 100 18 DEC 26 [AM] 6200/6220/5820/5800 CALL/PUT @1.60 LMT GTC",
    "SELL -1 IRON CONDOR SPX 100 (Weeklys) 18 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT",
]

# What else is read, and how it is printed.
VARIANTS = [
    ("buy 100 aapl @187.5", "BUY +100 AAPL @187.50 LMT"),
    ("  BUY +100  AAPL\t@187.50   LMT  ", "BUY +100 AAPL @187.50 LMT"),
    ("BUY +100 AAPL @187.50 LMT DAY [AUTO] BEST", "BUY +100 AAPL @187.50 LMT"),
    ("BUY +100 AAPL @187.50 GTC LMT", "BUY +100 AAPL @187.50 LMT GTC"),
    ("BUY +1,000 AAPL @1,250.00", "BUY +1000 AAPL @1250.00 LMT"),
    ("BUY +100 AAPL @ .85", "BUY +100 AAPL @0.85 LMT"),
    ("SELL 5 AAPL MKT", "SELL -5 AAPL @MKT"),
    ("SELL \u22121 SPY\u00a018 DEC 26 600 CALL @4", "SELL -1 SPY 100 18 DEC 26 600 CALL @4.00 LMT"),
    ("BUY +2 SPY 18 dec 26 600.00 call @4.10", "BUY +2 SPY 100 18 DEC 26 600 CALL @4.10 LMT"),
    ("BUY +2 SPY 08 JAN 27 600 CALL @4.10", "BUY +2 SPY 100 (Weeklys) 8 JAN 27 600 CALL @4.10 LMT"),
    ("BUY +1 BRK/B 100 18 DEC 26 500 PUT @4.10", "BUY +1 BRKB 100 18 DEC 26 500 PUT @4.10 LMT"),
    ("BUY +1 SPXW  261211C06200000 @4", "BUY +1 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @4.00 LMT"),
    ("BUY +1 SPXW 261211C06200000 @4.10", "BUY +1 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @4.10 LMT"),
    ("BUY +1 .SPXW261211C6200 @4.10", "BUY +1 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @4.10 LMT"),
    ("BUY +1 .spy261218p602.5 @4.10", "BUY +1 SPY 100 18 DEC 26 602.5 PUT @4.10 LMT"),
    (
        "sell -1 vertical spy 18 dec 26 600/605 call @1.25 cr lmt",
        "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    ),
    (
        "BUY +1 VERTICAL SPY 18 DEC 26 600/605 CALL @1.25DB",
        "BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    ),
    (
        "BUY +1 VERTICAL SPY 18 DEC 26 605/600 CALL @-.80 CR",
        "BUY +1 VERTICAL SPY 100 18 DEC 26 605/600 CALL @-0.80 LMT",
    ),
    (
        "SPY IC 18DEC26 620/625/580/575 -1 @1.60",
        "SELL -1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @1.60 LMT",
    ),
    ("AAPL +100 @187.5", "BUY +100 AAPL @187.50 LMT"),
    ("aapl -5 mkt ext", "SELL -5 AAPL @MKT EXT"),
    ("BRK/B +1 @612.05 gtd 18dec26", "BUY +1 BRK/B @612.05 LMT GTD 18 DEC 26"),
    (
        "SPY VERT 18DEC26 600/605C -1 @1.25",
        "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    ),
    ("SPY 18DEC26 600P +2 @4.1 GTC", "BUY +2 SPY 100 18 DEC 26 600 PUT @4.10 LMT GTC"),
    (
        "SPX CAL 15JAN27[AM]/18DEC26 6000P +1 @48.75",
        "BUY +1 CALENDAR SPX 100 15 JAN 27 [AM]/18 DEC 26 6000 PUT @48.75 LMT",
    ),
    (
        "SPY IBFLY 18DEC26 600/610/590 -1 @5 [to open]",
        "SELL -1 IRON BUTTERFLY SPY 100 18 DEC 26 600/610/590 CALL/PUT @5.00 LMT [TO OPEN]",
    ),
    (
        "SELL \u22121  IRON  CONDOR SPX 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.6 [to open]",
        CONDOR,
    ),
]  # fmt: skip


def contract(
    right: Right, strike: str, root: str = "SPXW", expiry: date = WEEKLY
) -> OptionContract:
    return OptionContract(root, expiry, right, Decimal(strike))


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_text_is_printed_as_it_was_read(text: str) -> None:
    assert print_ticket(parse(text)) == text


@pytest.mark.parametrize(("text", "canonical"), VARIANTS)
def test_other_ways_to_write_an_order_are_read_as_the_canonical_one(
    text: str, canonical: str
) -> None:
    assert print_ticket(parse(text)) == canonical


def test_sold_iron_condor_sells_the_first_strike_of_each_pair() -> None:
    assert parse(CONDOR) == Ticket(
        Side.SELL,
        1,
        StructureKind.IRON_CONDOR,
        (
            Leg(contract(Right.CALL, "6200"), Side.SELL),
            Leg(contract(Right.CALL, "6220"), Side.BUY),
            Leg(contract(Right.PUT, "5820"), Side.SELL),
            Leg(contract(Right.PUT, "5800"), Side.BUY),
        ),
        OrderType.LIMIT,
        Decimal("1.60"),
        effect=Effect.OPEN,
    )


def test_bought_vertical_buys_its_first_strike() -> None:
    ticket = parse("BUY +3 VERTICAL SPY 100 18 DEC 26 605/600 PUT @2.10 LMT GTC")
    assert [(leg.side, leg.instrument.symbol) for leg in ticket.legs] == [
        (Side.BUY, "SPY   261218P00605000"),
        (Side.SELL, "SPY   261218P00600000"),
    ]
    assert (ticket.quantity, ticket.credit) == (3, Decimal("-2.10"))
    assert ticket.time_in_force is TimeInForce.GTC


def test_stop_limit_names_the_stop_first() -> None:
    assert parse("SELL -7 AAPL @180/179.50 STPLMT PM") == Ticket(
        Side.SELL,
        7,
        StructureKind.EQUITY,
        (Leg(Equity("AAPL"), Side.SELL),),
        OrderType.STOP_LIMIT,
        price=Decimal("179.50"),
        stop_price=Decimal(180),
        session=Session.PM,
    )


def test_negative_price_of_a_sale_is_a_debit() -> None:
    ticket = parse("SELL -1 VERTICAL SPY 100 18 DEC 26 605/600 CALL @-.80")
    assert ticket.price == Decimal("-0.80")
    assert ticket.credit == Decimal("-0.80")


@pytest.mark.parametrize("price", ["@0", "@.00", "@-0.00"])
def test_net_zero_is_a_price_of_zero_without_sign(price: str) -> None:
    ticket = parse(f"BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL {price}")
    assert str(ticket.price) == "0"


@pytest.mark.parametrize(
    ("expiry", "root"),
    [
        ("SPX 100 11 DEC 26", "SPXW"),
        ("SPX 100 (Weeklys) 11 DEC 26", "SPXW"),
        ("SPX 100 (Weeklys) 18 DEC 26", "SPXW"),
        ("SPX 100 (Quarterlys) 31 DEC 26", "SPXW"),
        ("SPX 100 (EOM) 30 NOV 26", "SPXW"),
        ("SPX 100 18 DEC 26 [AM]", "SPX"),
        ("SPXW 100 18 DEC 26", "SPXW"),
        ("NDX 100 (Weeklys) 18 DEC 26", "NDXP"),
        ("NDX 100 18 DEC 26 [AM]", "NDX"),
        ("RUT 100 11 DEC 26", "RUTW"),
        ("VIX 100 16 DEC 26", "VIX"),
        ("VIX 100 16 DEC 26 [AM]", "VIX"),
        ("VIX 100 (Weeklys) 9 DEC 26", "VIXW"),
        ("VIXW 100 9 DEC 26 [AM]", "VIXW"),
        # Juneteenth 2027 is kept on Friday 18 June, Good Friday 2030 is 19 April: monthlies expire
        # the day before.
        ("SPX 100 17 JUN 27 [AM]", "SPX"),
        ("SPX 100 18 APR 30 [AM]", "SPX"),
        ("SPX 100 17 DEC 26", "SPXW"),
        ("SPX 100 16 JUN 28 [AM]", "SPX"),
        ("SPX 100 15 JUN 28", "SPXW"),
        ("SPY 100 17 JUN 27", "SPY"),
        ("SPY 100 18 DEC 26", "SPY"),
        ("SPY 100 (EOM) 30 NOV 26", "SPY"),
    ],
)
def test_marks_of_the_expiry_tell_the_root(expiry: str, root: str) -> None:
    ticket = parse(f"BUY +1 {expiry} 20 CALL @1.00")
    instrument = ticket.legs[0].instrument
    assert isinstance(instrument, OptionContract)
    assert instrument.root == root
    assert parse(print_ticket(ticket)) == ticket


def test_replacing_prefix_is_dropped_with_a_notice() -> None:
    parsed = parse_with_notices("(Replacing #1001234567) BUY +100 AAPL @187.50 LMT")
    assert parsed.ticket == parse("BUY +100 AAPL @187.50 LMT")
    assert parsed.notices == ("(Replacing #1001234567) was dropped: this is a new order",)


def test_plain_order_brings_no_notice() -> None:
    assert parse_with_notices(CONDOR).notices == ()


@pytest.mark.parametrize("price", ["@MKT", "@0.00"])
def test_unusual_strike_order_that_no_price_confirms_brings_a_notice(price: str) -> None:
    usual, unusual = "600/605", "605/600"
    order = "BUY +1 VERTICAL SPY 100 18 DEC 26 {} CALL {}"
    assert parse_with_notices(order.format(usual, price)).notices == ()
    [notice] = parse_with_notices(order.format(unusual, price)).notices
    assert "this BUY receives a credit" in notice


def test_expiry_of_today_is_still_read() -> None:
    text = "BUY +2 SPY 100 18 DEC 26 600 CALL @4.10 LMT"
    assert parse(text, today=MONTHLY) == parse(text)


def test_expiries_of_a_calendar_are_marked_as_thinkorswim_does() -> None:
    text = "BUY +1 CALENDAR SPX 100 15 JAN 27 [AM]/18 DEC 26 6000 PUT @48.75 LMT GTC"
    ticket = parse(text)
    assert [(leg.side, leg.instrument.symbol) for leg in ticket.legs] == [
        (Side.BUY, "SPX   270115P06000000"),
        (Side.SELL, "SPXW  261218P06000000"),
    ]
    marked = "BUY +1 CALENDAR SPX 15 JAN 27 [AM]/(Weeklys) 18 DEC 26 6000 PUT @48.75 GTC"
    assert parse(marked) == ticket
    assert print_ticket(ticket) == text


@pytest.mark.parametrize(
    ("order", "legs"),
    [
        ("BUY +1 1/2 BACKRATIO {} 600/605 CALL", "+1 C600, -2 C605"),
        ("SELL -1 1/2 BACKRATIO {} 600/605 CALL", "-1 C600, +2 C605"),
        ("BUY +1 STRADDLE {} 600 CALL/PUT", "+1 C600, +1 P600"),
        ("SELL -1 STRANGLE {} 610/590 CALL/PUT", "-1 C610, -1 P590"),
        ("BUY +1 BUTTERFLY {} 600/605/610 CALL", "+1 C600, -2 C605, +1 C610"),
        ("SELL -1 BUTTERFLY {} 610/605/600 PUT", "-1 P610, +2 P605, -1 P600"),
        ("BUY +1 1/3/2 ~BUTTERFLY {} 600/605/610 CALL", "+1 C600, -3 C605, +2 C610"),
        ("BUY +1 CONDOR {} 600/605/610/615 CALL", "+1 C600, -1 C605, -1 C610, +1 C615"),
        ("BUY +1 2/1/1/3 ~CONDOR {} 600/605/610/615 PUT", "+2 P600, -1 P605, -1 P610, +3 P615"),
        (
            "SELL -1 2/2/1/1 ~IRON CONDOR {} 610/620/590/580 CALL/PUT",
            "-2 C610, +2 C620, -1 P590, +1 P580",
        ),
        ("SELL -1 IRON BUTTERFLY {} 600/610/590 CALL/PUT", "-1 C600, +1 C610, -1 P600, +1 P590"),
        ("BUY +1 1/-2/1 CUSTOM {0}/{1}/{1} 600/605/590 CALL/CALL/PUT", "+1 C600, -2 C605, +1 P590"),
        ("SELL -1 -1/3 CUSTOM {0}/{1} 600/605 CALL/PUT", "+1 C600, -3 P605"),
    ],
)
def test_each_structure_makes_its_legs(order: str, legs: str) -> None:
    text = order.format("SPY 100 18 DEC 26", "18 DEC 26") + " @MKT"
    ticket = parse(text)
    assert print_ticket(ticket) == text
    shown = [
        f"{leg.side.sign * leg.ratio:+d} {leg.instrument.right[0]}{leg.instrument.strike}"
        for leg in ticket.legs
        if isinstance(leg.instrument, OptionContract)
    ]
    assert ", ".join(shown) == legs


def test_double_diagonal_names_the_far_put_and_call_first() -> None:
    text = "BUY +1 DBL DIAG SPY 100 15 JAN 27/18 DEC 26 580/620/585/615 PUT/CALL/PUT/CALL @3.00 LMT"
    ticket = parse(text)
    assert [(leg.side, leg.instrument.symbol) for leg in ticket.legs] == [
        (Side.BUY, "SPY   270115P00580000"),
        (Side.BUY, "SPY   270115C00620000"),
        (Side.SELL, "SPY   261218P00585000"),
        (Side.SELL, "SPY   261218C00615000"),
    ]
    assert print_ticket(ticket) == text


def test_iron_butterfly_may_repeat_its_middle() -> None:
    short = parse("SELL -1 IRON BUTTERFLY SPY 18 DEC 26 600/610/590 CALL/PUT @5")
    assert parse("SELL -1 IRON BUTTERFLY SPY 18 DEC 26 600/610/600/590 CALL/PUT @5") == short


def test_ratios_are_reduced_with_a_notice() -> None:
    parsed = parse_with_notices("BUY +1 2/6/4 ~BUTTERFLY SPY 18 DEC 26 600/605/610 CALL @1")
    assert [leg.ratio for leg in parsed.ticket.legs] == [1, 3, 2]
    assert parsed.ticket.quantity == 1
    assert parsed.notices == (
        "the ratios 2/6/4 were read as 1/3/2, each unit is that many contracts",
    )


def test_price_of_a_sold_back_ratio_may_be_negative_and_is_then_paid() -> None:
    text = "SELL -1 1/2 BACKRATIO NFLX 100 (Weeklys) 11 DEC 26 89/92 CALL @-.71 LMT"
    assert parse(text).credit == Decimal("-0.71")


def test_legs_that_are_not_those_of_the_kind_are_not_printed() -> None:
    sold_alone = Ticket(
        Side.BUY,
        1,
        StructureKind.OPTION,
        (Leg(contract(Right.CALL, "6200"), Side.SELL),),
        OrderType.MARKET,
    )
    with pytest.raises(ValueError, match="do not form OPTION as BUY"):
        print_ticket(sold_alone)
