"""What the order language refuses: where, and what it expected there."""

from __future__ import annotations

from datetime import date

import pytest

from swimdesk.domain.orderlang import parse
from swimdesk.errors import OrderTextError

TODAY = date(2026, 11, 23)
SPX = "IRON CONDOR SPX 100"
SPY = "SPY 18 DEC 26"
STRIKES = "6200/6220/5820/5800 CALL/PUT"

# The caret stands under the column of the error; then a part of what the sentence says.
REFUSED = [
    ("", 1, "the text ends, expected BUY or SELL"),
    ("   ", 1, "the text ends, expected BUY or SELL"),
    ("AAPL 100 @187.5", 1, "read 'AAPL', expected BUY or SELL"),
    ("AAPL +100", 10, "the text ends, expected a price such as @1.60 or @mid, or @MKT"),
    ("SPX +1 @6000", 5, "SPX is an index and trades through its options only"),
    ("SPY IC 18DEC26 620/625/580/575 1 @1.60", 32, "read '1', expected a quantity with its sign"),
    ("SPY IC 18DEC26 620/625/580/575 +1 -1 @1.60", 35, "read '-1', expected a price such as"),
    ("SPY IC 18DEC26 620/625/580/575C -1 @1.60", 31, "read 'C', expected no type right behind"),
    ("SPY IC 18DEC26 620/625/580 -1 @1.60", 16, "read '620/625/580', expected 4 different"),
    ("SPY VERT 18DEC26 600/605 -1 @1.25", 26, "expected C or P right behind 2 different strikes"),
    ("SPY IRON 18DEC26 620/625/580/575 -1 @1.60", 1, "read 'SPY', expected BUY or SELL"),
    ("SPY VERT 20NOV26 600/605C -1 @1", 10, "20 NOV 26 is over, expected 23 NOV 26 or later"),
    ("SPX 18DEC26 6000P +1 @3", 5, "'SPX 100 18 DEC 26 [AM]' or 'SPX 100 (Weeklys) 18 DEC 26'"),
    ("BUY +1 AAPL @1 GTD", 19, "the text ends, expected the last day of the order such as"),
    ("BUY +1 AAPL @1 GTD 20 NOV 26", 20, "20 NOV 26 is over, expected 23 NOV 26 or later"),
    ("BUY +1 AAPL @1 GTD 31 NOV 26", 20, "'31 NOV 26' is no day of the calendar"),
    ("CLOSE SPY IC @0.40", 1, "read 'CLOSE', expected BUY or SELL"),
    ("  BOT +1 AAPL @187.50", 3, "report a fill that has happened, not an order"),
    ("SOLD -1 AAPL @187.50 CBOE", 1, "report a fill that has happened, not an order"),
    ("BUY", 4, "the text ends, expected a whole number above zero such as +1"),
    ("BUY AAPL @1", 5, "read 'AAPL', expected a whole number"),
    ("BUY -1 AAPL @1", 5, "read '-1', expected +1, the sign of a BUY"),
    ("SELL +1 AAPL @1", 6, "read '+1', expected -1, the sign of a SELL"),
    ("BUY 0 AAPL @1", 5, "read '0', expected a whole number above zero"),
    ("BUY +1.5 AAPL @1", 5, "read '+1.5', expected a whole number"),
    ("BUY +1,00 AAPL @1", 5, "read '+1,00', expected a whole number"),
    ("BUY +1000001 AAPL @1", 5, "expected at most 1000000"),
    ("BUY +10001 SPY 100 18 DEC 26 600 CALL @1", 5, "expected at most 10000"),
    ("BUY +1 TOOLONG @1", 8, "read 'TOOLONG', expected VERTICAL, BACKRATIO, STRADDLE, STRANGLE"),
    ("BUY +1 PROTECTED SPY", 8, "VERT ROLL, COVERED, COLLAR, CUSTOM or a symbol"),
    ("BUY +1 COVERED SPY 18 DEC 26 600 CALL @1", 34, "read 'CALL', expected CALL/SPY"),
    ("BUY +1 COVERED SPY 18 DEC 26 600 CALL/QQQ @1", 34, "read 'CALL/QQQ', expected CALL/SPY"),
    ("BUY +1 COLLAR SPY 18 DEC 26 620/580 PUT/CALL/SPY @1", 33, "not above the put strike"),
    ("BUY +1 COVERED SPX 11 DEC 26 600 CALL/SPX @1", 20, "SPX is an index and has no shares"),
    ("SPX COV 11DEC26 600 +1 @1", 9, "SPX is an index and has no shares"),
    ("BUY +1 COVERED SPY 18 DEC 26 600 CALL/SPY @-5", 43, "must cost a debit"),
    (
        "SELL -1 VERT ROLL SPY 15 JAN 27/18 DEC 26 600/605/610/605 CALL @1",
        51,
        "600/605/605/610 CALL @1.00 LMT' or 'BUY",
    ),
    ("SELL -1 1/2 SPY", 9, "read '1/2', expected VERTICAL, BACKRATIO, STRADDLE, STRANGLE"),
    ("SELL -1 1/2 VERTICAL SPY", 9, "read '1/2', expected no ratios in front of VERTICAL"),
    ("SELL -1 BACKRATIO NFLX", 9, "expected ratios such as 1/2 in front of BACKRATIO"),
    (f"BUY +1 1/2/3 BACKRATIO {SPY} 600/605 CALL @1", 8, "expected ratios such as 1/2 in front"),
    (f"BUY +1 2/2 BACKRATIO {SPY} 600/605 CALL @1", 8, "these ratios have a structure of their"),
    (f"BUY +1 1/0 BACKRATIO {SPY} 600/605 CALL @1", 8, "whole numbers from 1 to 100, expected"),
    (f"BUY +1 1/-2 BACKRATIO {SPY} 600/605 CALL @1", 8, "whole numbers from 1 to 100, expected"),
    (f"BUY +1 1/101 BACKRATIO {SPY} 600/605 CALL @1", 8, "whole numbers from 1 to 100, expected"),
    (f"BUY +1 1/2/1 ~BUTTERFLY {SPY} 600/605/615 CALL @1", 8, "expected ratios such as 1/3/2"),
    (f"BUY +1 BUTTERFLY {SPY} 600/610/605 CALL @1", 40, "3 different strikes K1/K2/K3 rising or"),
    (f"BUY +1 CONDOR {SPY} 600/605/604/610 CALL @1", 41, "4 different strikes K1/K2/K3/K4 rising"),
    (f"BUY +1 STRANGLE {SPY} 590/610 CALL/PUT @1", 35, "the put strike 610 is not below the call"),
    (f"BUY +1 STRADDLE {SPY} 600 CALL @1", 35, "read 'CALL', expected CALL/PUT"),
    (f"BUY +1 IRON BUTTERFLY {SPY} 600/590/610 CALL/PUT @1", 45, "the call K2 above and the put"),
    (f"BUY +1 IRON BUTTERFLY {SPY} 600/610/605/590 CALL/PUT @1", 37, "read '600/610/605/590'"),
    (f"BUY +1 CALENDAR {SPY}/15 JAN 27 600 CALL @1", 21, "expected the far expiry of a CALENDAR"),
    (f"BUY +1 CALENDAR {SPY}/18 DEC 26 600 CALL @1", 21, "expected the far expiry of a CALENDAR"),
    (f"BUY +1 CALENDAR {SPY} 600 CALL @1", 31, "read '600', expected '/' and an expiry"),
    ("BUY +1 DIAGONAL SPY 15 JAN 27/18 DEC 26 600/600 CALL @1", 45, "expected 2 different strikes"),
    ("BUY +1 CALENDAR SPX 15 JAN 27/18 DEC 26 6000 CALL @1", 21, "15 JAN 27 exists under two"),
    (f"BUY +1 1/-1 CUSTOM {SPY}/18 DEC 26 600/600 CALL/CALL @1", 48, "the strike 600 stands twice"),
    (f"BUY +1 1/-1 CUSTOM {SPY}/18 DEC 26 600/605 CALL @1", 52, "CALL or PUT for each of 2 legs"),
    ("BUY +1 /ESH27 @6000", 8, "the broker's API does not trade futures"),
    ("BUY +1 ./EWZ26C6000 @6", 8, "the broker's API does not trade futures"),
    ("BUY +1 VERTICAL /ES 18 DEC 26", 17, "the broker's API does not trade futures"),
    ("BUY +1 SPX @6000", 12, "SPX is an index and trades through its options only"),
    ("BUY +1 AAPL", 12, "the text ends, expected @PRICE, 100, an expiry such as '18 DEC 26'"),
    ("BUY +1 SPY 10 18 DEC 26 600 CALL @1", 12, "read '10', expected @PRICE, 100, an expiry"),
    ("BUY +1 SPY 100 100 18 DEC 26 600 CALL @1", 16, "read '100', expected an expiry"),
    ("BUY +1 SPY 100 (Weekly) 11 DEC 26 600 CALL @1", 16, "(Weeklys), (Quarterlys), (EOM)"),
    ("BUY +1 SPY 100 31 FEB 27 600 CALL @1", 16, "'31 FEB 27' is no day of the calendar"),
    ("BUY +1 SPY 100 00 DEC 26 600 CALL @1", 16, "'00 DEC 26' is no day of the calendar"),
    ("BUY +1 SPY 100 18 DEZ 26 600 CALL @1", 16, "read '18', expected an expiry"),
    ("BUY +1 SPY 100 20 NOV 26 600 CALL @1", 16, "20 NOV 26 is over, expected 23 NOV 26 or later"),
    ("BUY +1 SPY   261120C00600000 @1", 8, "20 NOV 26 is over, expected 23 NOV 26 or later"),
    ("BUY +1 SPY   261232C00600000 @1", 8, "names no contract, expected the symbol of an option"),
    ("BUY +1 SPY   691218C00600000 @1", 8, "names no contract, expected the symbol of an option"),
    ("BUY +1 SPY   261218C00000000 @1", 8, "names no contract, expected the symbol of an option"),
    ("BUY +1 .SPY261218C0 @1", 8, "names no contract, expected the symbol of an option"),
    ("BUY +1 SPX   261211C06200000 @1", 8, "expected 'SPX 100 (Weeklys) 11 DEC 26'"),
    ("BUY +1 AAPL1 261218C00200000 @1", 8, "read 'AAPL1', expected VERTICAL, BACKRATIO"),
    (f"SELL -1 {SPX} 11 DEC 26 [AM] {STRIKES} @1", 39, "expected 'SPX 100 (Weeklys) 11 DEC 26'"),
    (f"SELL -1 {SPX} 18 DEC 26 {STRIKES} @1", 29, "'SPX 100 18 DEC 26 [AM]' or 'SPX 100 (Week"),
    (f"SELL -1 {SPX} (Weeklys) 18 DEC 26 [AM] {STRIKES} @1", 49, "exclude each other"),
    ("BUY +1 SPXW 18 DEC 26 [AM] 600 CALL @1", 23, "SPXW settles in the evening"),
    ("BUY +1 SPY 18 DEC 26 [AM] 600 CALL @1", 22, "[AM] belongs to index classes such as SPX"),
    ("BUY +1 SPY (Weeklys) 18 DEC 26 600 CALL @1", 12, "is a monthly expiry of SPY, expected no"),
    ("BUY +1 ABCD/WS 18 DEC 26 6 CALL @1", 16, "ABCD/WS names no class of options, expected a"),
    ("BUY +1 SP/X 18 DEC 26 6 CALL @1", 13, "SP/X names no class of options, expected a root"),
    ("BUY +1 SPX 17 JUN 27 600 CALL @1", 12, "17 JUN 27 exists under two roots"),
    ("BUY +1 SPX 18 JUN 27 [AM] 600 CALL @1", 22, "in that month on 17 JUN 27 only"),
    ("BUY +1 SPX   260619C06200000 @1", 8, "in that month on 18 JUN 26 only"),
    ("BUY +1 SPY (Weeklys) 17 JUN 27 600 CALL @1", 12, "17 JUN 27 is a monthly expiry of SPY"),
    ("BUY +1 SPY 18 DEC 26", 21, "the text ends, expected one strike such as 600"),
    ("BUY +1 SPY 18 DEC 26 CALL @1", 22, "read 'CALL', expected one strike such as 600"),
    ("BUY +1 SPY 18 DEC 26 600/605 CALL @1", 22, "read '600/605', expected one strike"),
    ("BUY +1 SPY 18 DEC 26 0 CALL @1", 22, "read '0', expected a strike above 0"),
    ("BUY +1 SPY 18 DEC 26 100000 CALL @1", 22, "expected a strike above 0 and below 100000"),
    ("BUY +1 SPY 18 DEC 26 600.0001 CALL @1", 22, "read '600.0001', expected a strike"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 600/0 CALL @1", 35, "read '0', expected a strike"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 600 CALL @1", 31, "expected 2 different strikes K1/K2"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 600/600.0 CALL @1", 35, "the strike 600 stands twice"),
    ("BUY +1 SPY 18 DEC 26 600 @1", 26, "read '@1', expected CALL or PUT"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 600/605 CALL/PUT @1", 39, "expected CALL or PUT"),
    (f"SELL -1 {SPX} 11 DEC 26 6200/6220/5820/5800 PUT/CALL @1", 59, "expected CALL/PUT"),
    (f"SELL -1 {SPX} 11 DEC 26 6200/6220/6200/5800 CALL/PUT @1", 49, "put strike 6200 is not bel"),
    (f"SELL -1 {SPX} 11 DEC 26 6200/6220/5820/5820 CALL/PUT @1", 54, "strike 5820 stands twice"),
    ("BUY +1 SPY 18 DEC 26 600 CALL", 30, "the text ends, expected a price such as @1.60 or"),
    ("BUY +1 AAPL @mid", 13, "@mid becomes a price only when an order is planned"),
    ("BUY +1 AAPL @1,25", 13, "read '@1,25', expected a price"),
    ("BUY +1 AAPL @+1", 13, "read '@+1', expected a price"),
    ("BUY +1 AAPL @1.60X", 13, "read '@1.60X', expected a price"),
    ("BUY +1 AAPL @1.23456", 14, "expected an amount below 1000000 with at most 4 decimals"),
    ("BUY +1 AAPL @1000000", 14, "expected an amount below 1000000"),
    ("BUY +1 AAPL @0", 14, "expected an amount above zero"),
    ("BUY +1 AAPL @-4.10", 14, "expected an amount above zero"),
    ("BUY +1 AAPL @180/0 STPLMT", 18, "expected an amount above zero"),
    ("BUY +1 AAPL @1 CR", 16, "CR does not agree with BUY at 1, expected DB"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 605/600 CALL @-2 DB", 48, "expected CR"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 605/600 CALL @0 CR", 47, "expected neither CR nor DB"),
    ("BUY +1 AAPL @1 GTD 12/18/26", 20, "read '12/18/26', expected the last day of the order"),
    ("BUY +1 AAPL @1 GTX", 16, "read 'GTX', expected LMT, STP, STPLMT, LOC, DAY, GTC, GTD, FOK"),
    ("BUY +1 AAPL @1 GTC DAY", 20, "read 'DAY', expected LMT, STP, STPLMT, LOC, EXT"),
    ("BUY +1 AAPL @MKT LMT", 18, "read 'LMT', expected DAY"),
    ("BUY +1 AAPL @1 LMT [TO CLOSE/TO OPEN]", 20, "expected [TO OPEN] or [TO CLOSE]"),
    ("BUY +1 AAPL @1 LMT CBOE", 20, "expected BEST or no exchange"),
    ("BUY +1 AAPL @1 LMT OCO", 20, "or the end of the text"),
    ("BUY +1 AAPL @180/179 LMT", 22, "two prices and STPLMT go together"),
    ("BUY +1 AAPL @180/179", 13, "two prices and STPLMT go together"),
    ("BUY +1 AAPL @180 STPLMT", 18, "expected @STOP/LIMIT STPLMT"),
    ("BUY +1 VERTICAL SPY 18 DEC 26 600/605 CALL @1 STP", 47, "expected LMT or MKT for VERTICAL"),
    ("BUY +1 SPY 18 DEC 26 600 CALL @MOC", 31, "read 'MOC', expected LMT, MKT, STP or STPLMT"),
    ("BUY +1 AAPL\n@1", 12, "one line is one order"),
    (" BUY +1\r\nAAPL @1", 8, "one line is one order"),
    ("BUY +1\u2028AAPL @1", 7, "one line is one order"),
    ("BUY +1 \u00c4\u00d6 @1", 8, "expected VERTICAL, BACKRATIO, STRADDLE"),
    ("BUY +\u0661 AAPL @1", 5, "expected a whole number"),
    ("BUY +1 A\x00PL @1", 8, r"read 'A\x00PL', expected"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "sentence"), REFUSED)
def test_refusal_names_column_and_expectation(text: str, column: int, sentence: str) -> None:
    with pytest.raises(OrderTextError) as refused:
        parse(text, today=TODAY)
    assert refused.value.column == column
    assert refused.value.detail.startswith(f"column {column}: ")
    assert sentence in refused.value.detail
    assert "expected" in refused.value.detail


def test_price_against_its_strikes_shows_both_readings() -> None:
    with pytest.raises(OrderTextError) as refused:
        parse("BUY +2 VERTICAL SPY 100 18 DEC 26 605/600 CALL @2.00 GTC")
    assert refused.value.column == 48
    assert refused.value.detail == (
        "column 48: BUY with these strikes must bring a credit, yet the price pays, expected"
        " 'SELL -2 VERTICAL SPY 100 18 DEC 26 600/605 CALL @2.00 LMT GTC' or"
        " 'BUY +2 VERTICAL SPY 100 18 DEC 26 600/605 CALL @2.00 LMT GTC'"
    )


def test_condor_that_pays_where_it_must_receive_shows_both_readings() -> None:
    with pytest.raises(OrderTextError) as refused:
        parse(f"SELL -1 {SPX} 11 DEC 26 {STRIKES} @-1.60")
    assert "SELL with these strikes must bring a credit, yet the price pays" in refused.value.detail
    assert refused.value.detail.count("6200/6220/5820/5800 CALL/PUT @1.60 LMT") == 2


def test_pairs_that_point_different_ways_show_both_readings() -> None:
    with pytest.raises(OrderTextError) as refused:
        parse(f"SELL -1 {SPX} 11 DEC 26 6200/6220/5800/5820 CALL/PUT @MKT")
    order = "SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @MKT"
    assert refused.value.detail == (
        "column 49: the pairs of strikes point different ways, expected"
        f" 'SELL -1 IRON CONDOR {order}' or 'BUY +1 IRON CONDOR {order}'"
    )


def test_each_reading_offered_is_an_order_that_is_read() -> None:
    with pytest.raises(OrderTextError) as refused:
        parse("SELL -1 VERTICAL SPY 100 (Weeklys) 11 DEC 26 605/600 CALL @2.00 [TO OPEN]")
    first, second = refused.value.detail.split("'")[1::2]
    assert parse(first).credit == 2
    assert parse(second).credit == -2
