"""The broker's order as one of our tickets: what we could have sent, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.schwab.test_render import echo, wire

from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import Effect, Ticket
from swimdesk.schwab.mapping import broker_orders
from swimdesk.schwab.render import render
from swimdesk.schwab.tickets import ticket_of

ORDERS = (
    "BUY +100 AAPL @187.50 LMT",
    "SELL -100 AAPL @MKT",
    "SELL -100 AAPL @180.00 STP GTC",
    "BUY +10 SPY @600.00/601.00 STPLMT EXT",
    "BUY +2 SPY 100 18 DEC 26 600 CALL @4.10 LMT",
    "SELL -3 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT",
    "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT",
    "BUY +1 CALENDAR SPX 100 15 JAN 27 [AM]/18 DEC 26 6000 PUT @48.75 LMT GTC",
    "SELL -1 1/2 BACKRATIO NFLX 100 (Weeklys) 11 DEC 26 89/92 CALL @-.71 LMT",
    "BUY +2 BUTTERFLY SPY 100 18 DEC 26 600/605/610 CALL @.80 LMT",
    "BUY +1 STRADDLE SPY 100 18 DEC 26 600 CALL/PUT @20.00 LMT",
    "BUY +1 COVERED SPY 100 18 DEC 26 620 CALL/SPY @595.00 LMT",
)


def listed(ticket: Ticket, **changes: Any) -> dict[str, Any]:
    """Show a ticket's order as the broker lists it."""
    return echo(json.loads(render(ticket).body)) | changes


@pytest.mark.parametrize("effect", [Effect.OPEN, Effect.CLOSE])
@pytest.mark.parametrize("text", ORDERS)
def test_order_is_read_back_as_a_ticket_that_makes_the_same_order(
    text: str, effect: Effect
) -> None:
    ticket = parse(text).with_effect(effect)
    found = ticket_of(wire(listed(ticket)))
    assert found is not None
    assert render(found).fingerprint == render(ticket).fingerprint
    assert parse(print_ticket(found)) == found
    assert found.effect is effect


@pytest.mark.parametrize("text", [order for order in ORDERS if "CALENDAR" not in order])
def test_order_with_one_way_to_write_it_is_read_back_as_it_was(text: str) -> None:
    ticket = parse(text).with_effect(Effect.OPEN)
    found = ticket_of(wire(listed(ticket)))
    assert found is not None
    assert (found.side, found.kind, found.quantity, found.price) == (
        ticket.side, ticket.kind, ticket.quantity, ticket.price,
    )  # fmt: skip


def test_order_for_a_last_day_keeps_that_day() -> None:
    ticket = parse("BUY +100 AAPL @187.50 LMT GTD 11 DEC 26").with_effect(Effect.OPEN)
    assert ticket_of(wire(listed(ticket))) == ticket


def test_legs_called_custom_by_the_broker_are_custom() -> None:
    vertical = parse(ORDERS[5]).with_effect(Effect.OPEN)
    found = ticket_of(wire(listed(vertical, complexOrderStrategyType="CUSTOM")))
    assert found is not None
    assert found.kind == "CUSTOM"
    assert found.credit == vertical.credit


@pytest.mark.parametrize(
    "changes",
    [
        {"orderType": "TRAILING_STOP"},
        {"orderType": "NEW_WORD"},
        {"orderStrategyType": "TRIGGER"},
        {"specialInstruction": "ALL_OR_NONE"},
        {"duration": "END_OF_WEEK"},
        {"quantity": None, "orderLegCollection": []},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_this_program_cannot_send_is_no_ticket(changes: dict[str, Any]) -> None:
    assert ticket_of(wire(listed(parse(ORDERS[0]).with_effect(Effect.OPEN), **changes))) is None


def test_half_a_share_is_no_ticket() -> None:
    body = listed(parse(ORDERS[0]).with_effect(Effect.OPEN), quantity=0.5)
    body["orderLegCollection"][0]["quantity"] = 0.5
    assert ticket_of(wire(body)) is None


def test_legs_are_told_with_the_side_that_they_trade() -> None:
    ticket = replace(parse(ORDERS[5]), effect=Effect.CLOSE)
    body = listed(ticket, enteredTime="2026-11-23T15:00:00+0000")
    (order,) = broker_orders(wire(body), "A-01")
    sides = {leg.symbol[-8:-3]: (leg.side, leg.quantity) for leg in order.legs}
    assert sides == {"00600": ("SELL", Decimal(3)), "00605": ("BUY", Decimal(3))}
    assert order.ticket is not None
