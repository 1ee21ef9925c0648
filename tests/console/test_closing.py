"""Holdings told as structures, and the line that closes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from swimdesk.console.holdings.closing import account_words, closing_line, closing_part
from swimdesk.console.holdings.stakes import Stake, stakes_of, total
from swimdesk.domain.intents import ticket_for
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orderlang.commandline import read_command_line
from swimdesk.domain.orderlang.intent_text import parse_intent
from swimdesk.domain.orders import Side, Ticket
from swimdesk.domain.positions import Position, held
from swimdesk.errors import InputError
from swimdesk.views.models import BalanceView, HoldingView, PositionView
from tests.fakes.virtual import START

KNOWN = ("A-01", "A-02", "A-03")

ORDERS = (
    "BUY +100 AAPL @187.50",
    "SELL -40 BRK/B @410.00",
    "SELL -2 SPX 100 (Weeklys) 11 DEC 26 6200 CALL @4.00",
    "BUY +2 SPX 100 18 DEC 26 [AM] 5800 PUT @4.00",
    "SELL -3 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25",
    "SELL -1 1/2 BACKRATIO NFLX 100 (Weeklys) 11 DEC 26 89/92 CALL @-.71",
    "BUY +2 STRADDLE SPY 100 18 DEC 26 600 CALL/PUT @11.00",
    "SELL -2 STRANGLE SPY 100 18 DEC 26 620/580 CALL/PUT @3.00",
    "BUY +1 CALENDAR SPX 100 15 JAN 27 [AM]/18 DEC 26 6000 PUT @48.75",
    "BUY +1 DIAGONAL SPY 100 15 JAN 27/18 DEC 26 600/610 CALL @8.00",
    "BUY +4 BUTTERFLY SPY 100 18 DEC 26 590/600/610 CALL @1.00",
    "BUY +1 CONDOR SPY 100 18 DEC 26 590/595/605/610 CALL @2.00",
    "SELL -2 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60",
    "SELL -1 IRON BUTTERFLY SPY 100 18 DEC 26 600/610/590 CALL/PUT @5.20",
    "BUY +1 COVERED SPY 100 18 DEC 26 610 CALL/SPY @595.20",
    "BUY +1 COLLAR SPY 100 18 DEC 26 580/620 PUT/CALL/SPY @598.00",
)


def holding_of(*positions: PositionView, account: str = "A-01") -> HoldingView:
    zero = Decimal(0)
    return HoldingView(BalanceView(account, "0001", zero, zero, zero, zero, START), positions)


def a_view(symbol: str, quantity: str, average: str, value: str) -> PositionView:
    return PositionView(
        "A-01", "0001", symbol, "", Decimal(quantity), Decimal(average), Decimal(value)
    )


def filled(ticket: Ticket) -> tuple[Position, ...]:
    return tuple(
        Position(
            leg.instrument.symbol,
            Decimal(leg.side.sign * leg.ratio * ticket.quantity),
            Decimal(2),
            Decimal(leg.side.sign * leg.ratio * ticket.quantity * leg.instrument.multiplier * 3),
            leg.instrument,
        )
        for leg in ticket.legs
    )


def stakes(positions: Sequence[Position]) -> tuple[Stake, ...]:
    views = (
        a_view(one.symbol, str(one.quantity), str(one.average_price), str(one.market_value))
        for one in positions
    )
    return stakes_of(holding_of(*views))


@pytest.mark.parametrize("order", ORDERS)
def test_what_an_order_opened_is_one_structure_and_its_line_closes_all_of_it(order: str) -> None:
    ticket = parse(order)
    positions = filled(ticket)
    (stake,) = stakes(positions)
    line = read_command_line(closing_line([stake], KNOWN))
    assert line.accounts == ("A-01",)
    closed = ticket_for(parse_intent(line.order), positions, held(positions), Decimal(1))
    assert isinstance(closed, Ticket)
    assert {(leg.instrument, leg.side.opposite) for leg in closed.legs} == {
        (leg.instrument, leg.side) for leg in ticket.legs
    }
    assert closed.quantity == ticket.quantity


@pytest.mark.parametrize("order", ORDERS)
def test_the_parts_of_a_structure_are_worth_what_the_positions_are(order: str) -> None:
    positions = filled(parse(order))
    (stake,) = stakes(positions)
    assert stake.worth.value == sum(one.market_value for one in positions)
    assert stake.worth.gain == sum(one.market_value for one in positions) / 3


def test_a_leg_in_two_structures_gives_each_its_share() -> None:
    low, high, top = (f"SPY   261218C00{strike}000" for strike in ("600", "605", "610"))
    found = stakes_of(
        holding_of(
            a_view(low, "2", "5", "1200"),
            a_view(high, "-1", "3", "-250"),
            a_view(top, "-1", "2", "-150"),
        )
    )
    assert total(stake.worth for stake in found).value == 800
    assert sum(part.quantity for one in found for part in one.parts if part.symbol == low) == 2


def test_parts_of_a_share_and_funds_are_shown_and_not_closed() -> None:
    found = stakes_of(
        holding_of(a_view("AAPL", "10.5", "100", "1155"), a_view("SWVXX#1", "90", "1", "90"))
    )
    shares, rest, fund = found
    assert (shares.units, rest.units, fund.units) == tuple(map(Decimal, ("10", "0.5", "90")))
    assert fund.worth.gain is None
    for one in (rest, fund):
        with pytest.raises(InputError):
            closing_line([one], KNOWN)
        with pytest.raises(InputError):
            closing_part("A-01", one.parts[0], KNOWN)


def test_a_position_without_an_average_price_has_no_profit_told() -> None:
    (stake,) = stakes_of(holding_of(a_view("AAPL", "10", "0", "1155")))
    assert stake.worth.gain is None


def test_one_symbol_is_closed_by_an_order_that_may_only_close() -> None:
    positions = filled(parse(ORDERS[12]))
    (stake,) = stakes(positions)
    line = read_command_line(closing_part("A-01", stake.parts[0], KNOWN))
    ticket = parse(line.order.replace("@mid", "@1.00"))
    assert (ticket.side, ticket.quantity, ticket.effect.value) == (Side.BUY, 2, "close")
    assert ticket.legs[0].instrument.symbol == stake.parts[0].symbol
    assert line.accounts == ("A-01",)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (("A-01", "A-02", "A-03", "A-04", "IRA", "B-9"), "all"),
        (("A-02",), "acc A-02"),
        (("A-01", "A-02"), "acc A-01,A-02"),
        (("A-04", "A-02", "A-03", "B-9"), "acc A-02..04,B-9"),
        (("A-01", "A-03", "IRA"), "acc A-01,A-03,IRA"),
    ],
)
def test_accounts_are_named_in_few_words(chosen: tuple[str, ...], words: str) -> None:
    known = ("A-01", "A-02", "A-03", "A-04", "IRA", "B-9")
    assert account_words(chosen, known) == words
    line = read_command_line(f"BUY +1 AAPL @1 {words}")
    assert set(line.accounts or known) == set(chosen)


def test_a_crowd_of_contracts_of_one_day_is_told_one_by_one_and_whole() -> None:
    views = [
        a_view(f"SPY   261218C00{600 + n}000", "1" if n % 2 else "-1", "2", "100")
        for n in range(40)
    ]
    found = stakes_of(holding_of(*views))
    assert len(found) == 40
    assert {one.held.kind.value for one in found if one.held} == {"OPTION"}
    assert total(one.worth for one in found).value == 4000
    assert closing_line(found[:1], KNOWN) == "CLOSE SPY 18 DEC 26 600C @mid acc A-01"
