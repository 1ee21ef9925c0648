"""What a ticket is quoted at, and the price of an order that leaves it to the market."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from swimdesk.desk.ports import Quote
from swimdesk.domain.net_price import NetMarket, beyond_worth, resolved
from swimdesk.domain.orderlang import Parsed
from swimdesk.domain.orders import Ticket
from swimdesk.domain.risk import price_tick
from swimdesk.domain.strategies import contradicts_sign
from swimdesk.errors import QuoteUnusable


def net_market(ticket: Ticket, quotes: Mapping[str, Quote]) -> NetMarket | None:
    """Add up the market of a unit, in the sign of its price; None where a leg has none."""
    if any(_trouble(symbol, quotes) for symbol in _symbols(ticket)):
        return None
    bid = ask = Decimal(0)
    for leg in ticket.legs:
        quote = quotes[leg.instrument.symbol]
        leg_bid, leg_ask = quote.bid or Decimal(0), quote.ask or Decimal(0)
        weight = ticket.weight(leg)
        same = leg.side is ticket.side
        bid += weight * leg_bid if same else -weight * leg_ask
        ask += weight * leg_ask if same else -weight * leg_bid
    return NetMarket(bid, ask, min(quotes[symbol].as_of for symbol in _symbols(ticket)))


def priced(parsed: Parsed, quotes: Mapping[str, Quote]) -> Ticket:
    """Return the ticket with the price that its formula comes to; QuoteUnusable where none does."""
    ticket = parsed.ticket
    if parsed.formula is None:
        return ticket
    market = net_market(ticket, quotes)
    delayed = [symbol for symbol in _symbols(ticket) if not quotes[symbol].realtime]
    if market is None or delayed:
        found = (_trouble(symbol, quotes) for symbol in _symbols(ticket))
        why = next((one for one in found if one), f"{', '.join(delayed)}: the quote is delayed")
        raise QuoteUnusable(f"{parsed.formula} has no market to follow: {why}. Write a price.")
    penny_pilot = quotes[ticket.legs[0].instrument.symbol].penny_pilot
    found_price = resolved(
        ticket,
        parsed.formula,
        market,
        lambda price: price_tick(ticket, price, penny_pilot=penny_pilot),
    )
    _check(parsed, found_price, market)
    return found_price


def _check(parsed: Parsed, ticket: Ticket, market: NetMarket) -> None:
    """Refuse a price that nobody would have typed: the quotes of the legs do not fit together."""
    price = ticket.price or Decimal(0)
    why = beyond_worth(ticket)
    if contradicts_sign(ticket):
        flow = "pays" if (ticket.credit or 0) < 0 else "receives"
        why = f"{ticket.side} at {price} {flow}, which these strikes rule out"
    if not ticket.is_multi_leg and price <= 0:
        why = "the price of a single leg is above zero"
    if why:
        raise QuoteUnusable(
            f"{parsed.formula} comes to {price} from a market of {market.bid} x {market.ask}:"
            f" {why}. Write a price."
        )


def _symbols(ticket: Ticket) -> list[str]:
    return [leg.instrument.symbol for leg in ticket.legs]


def _trouble(symbol: str, quotes: Mapping[str, Quote]) -> str:
    """Return why a leg has no market; empty where it has one."""
    quote = quotes[symbol]
    if quote.bid is None or quote.ask is None or quote.ask <= 0:
        return f"{symbol} has no bid and ask"
    if quote.bid > quote.ask:
        return f"{symbol} is crossed, {quote.bid} bid and {quote.ask} asked"
    return ""
