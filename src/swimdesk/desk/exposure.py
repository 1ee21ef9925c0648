"""What a ticket is worth at the market, and what our own live orders will have done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from swimdesk.desk.ports import Quote
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import LIVE, Leg, LineState, Side, Ticket

Ours: TypeAlias = tuple[tuple[Broadcast, Line], ...]
"""Our lines of one account, each with its broadcast."""


def after_orders(
    quantities: Mapping[str, Decimal], ours: Ours, counts: Callable[[Line, Leg], bool]
) -> dict[str, Decimal]:
    """Return what would be held once those legs of our live orders were through that count."""
    left = dict(quantities)
    for _, line in ours:
        for leg in line.ticket.legs if line.state in LIVE else ():
            if counts(line, leg):
                symbol = leg.instrument.symbol
                open_units = leg.ratio * line.may_trade
                left[symbol] = left.get(symbol, Decimal(0)) + leg.side.sign * open_units
    return left


def live_tickets(line: Line) -> tuple[Ticket, ...]:
    """Return what holds money for a line: two tickets while a replacement is in doubt."""
    asked = line.replacement
    if asked is None or not line.is_being_replaced or line.state is not LineState.IN_DOUBT:
        return (line.ticket,)
    return (line.ticket, line.ticket.repriced(asked.price).sized(asked.quantity))


def debit_of(ticket: Ticket, quotes: Mapping[str, Quote]) -> Decimal:
    """Return what a unit costs: its limit, its stop, or what the market asks for now."""
    if ticket.credit is not None:
        return -ticket.credit
    if ticket.stop_price is not None:
        return ticket.side.sign * ticket.stop_price
    return -(net_of(ticket, quotes, natural=True) or Decimal(0))


def marks_of(ticket: Ticket, quotes: Mapping[str, Quote]) -> dict[str, Decimal]:
    """Return what each leg is worth at the middle of its market, by symbol, where it has one."""
    marks = {}
    for leg in ticket.legs:
        quote = quotes.get(leg.instrument.symbol)
        if quote is None:
            continue
        mark = _price(quote, leg.side, natural=False)
        mark = quote.mark if mark is None else mark
        if mark is not None:
            marks[leg.instrument.symbol] = mark
    return marks


def unpriced_symbols(
    ours: Mapping[str, Iterable[tuple[Broadcast, Line]]], accounts: Iterable[Account]
) -> set[str]:
    """Return what our live market orders in these accounts trade: only quotes tell their cost."""
    return {
        leg.instrument.symbol
        for account in accounts
        for _, line in ours.get(account.alias, ())
        if line.state in LIVE and line.ticket.price is None and line.ticket.stop_price is None
        for leg in line.ticket.legs
    }


def net_of(ticket: Ticket, quotes: Mapping[str, Quote], *, natural: bool) -> Decimal | None:
    """Return cash received per unit at mid, or at the touch (else mark); None without quotes."""
    total = Decimal(0)
    for leg in ticket.legs:
        quote = quotes.get(leg.instrument.symbol)
        price = None if quote is None else _price(quote, leg.side, natural=natural)
        if price is None:
            return None
        total -= leg.side.sign * ticket.weight(leg) * price
    return total


def _price(quote: Quote, side: Side, *, natural: bool) -> Decimal | None:
    if natural:
        touch = quote.ask if side is Side.BUY else quote.bid
        return quote.mark if touch is None else touch
    return None if quote.bid is None or quote.ask is None else (quote.bid + quote.ask) / 2
