"""From what was read to the facts that the risk checks judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from swimdesk.desk.exposure import net_of
from swimdesk.desk.pace import NEVER_LEFT
from swimdesk.desk.ports import Quote
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.instruments import Equity
from swimdesk.domain.orders import OPEN, LineState, Ticket
from swimdesk.domain.plan import PlannedLine
from swimdesk.domain.positions import Position
from swimdesk.domain.risk import BroadcastFacts, LiveOrder, QuoteFacts

_SECOND = timedelta(seconds=1)


def quote_facts(ticket: Ticket, quotes: Mapping[str, Quote], now: datetime) -> QuoteFacts:
    """Tell what the quotes of a ticket's legs come to; every leg is quoted."""
    legs = [quotes[leg.instrument.symbol] for leg in ticket.legs]
    underlying = quotes.get(ticket.underlying)
    watched = {q.symbol: q for q in (*legs, *((underlying,) if underlying else ()))}
    unsound = [f"{q.symbol} is delayed" for q in legs if not q.realtime]
    unsound += [f"{q.symbol} is not quoted normally" for q in legs if not q.is_normal]
    halts = [f"trading of {q.symbol} is halted" for q in watched.values() if q.is_halted]
    return QuoteFacts(
        net_mid=net_of(ticket, quotes, natural=False),
        net_natural=net_of(ticket, quotes, natural=True),
        net_close=_net_close(ticket, quotes),
        age_s=max(0, *((now - q.as_of) // _SECOND for q in legs)),
        unsound=", ".join(unsound),
        halted=", ".join(halts),
    )


def _net_close(ticket: Ticket, quotes: Mapping[str, Quote]) -> Decimal | None:
    """Return cash received per unit at the last regular prices; None where a leg has none."""
    total = Decimal(0)
    for leg in ticket.legs:
        close = quotes[leg.instrument.symbol].close
        if close is None:
            return None
        total -= leg.side.sign * ticket.weight(leg) * close
    return total


def in_underlying(positions: Iterable[Position], underlying: str) -> Decimal:
    """Return the dollars in an underlying: its shares, and its options net of each other."""
    shares = options = Decimal(0)
    for position in positions:
        if isinstance(position.instrument, Equity):
            if position.instrument.underlying == underlying:
                shares += position.market_value
        elif position.instrument is not None and position.instrument.underlying == underlying:
            options += position.market_value
    return abs(shares) + abs(options)


def earlier_orders(ours: Iterable[tuple[Broadcast, Line]]) -> tuple[LiveOrder, ...]:
    """Return our earlier orders of an account that the duplicate check must look at."""
    unidentified = (LineState.PLANNED, LineState.SENDING, LineState.IN_DOUBT)
    orders = tuple(
        LiveOrder(
            line.fingerprint,
            line.state in unidentified
            or (line.state is LineState.ACCEPTED and line.order_id is None),
            broadcast.created,
            traded=line.filled > 0,
            working=line.order_id if line.state in OPEN else None,
        )
        for broadcast, line in ours
        if line.fingerprint is not None
        and line.state not in NEVER_LEFT
        and not line.has_closed_nothing
    )
    asked = (line.replacement for _, line in ours if line.is_being_replaced)
    return orders + tuple(LiveOrder(one.fingerprint, True, one.asked) for one in asked if one)


def broadcast_facts(
    ticket: Ticket,
    lines: Sequence[PlannedLine],
    notional: Decimal,
    quotes: Mapping[str, Quote],
) -> BroadcastFacts:
    """Add up the lines that would be sent."""
    units = sum(line.quantity for line in lines)
    quote = quotes.get(ticket.underlying)
    return BroadcastFacts(
        notional=notional,
        units=units,
        symbol=ticket.underlying,
        shares=sum(
            line.quantity * line.ticket.shares.ratio
            for line in lines
            if line.ticket.shares and line.ticket.underlying == ticket.underlying
        ),
        average_volume=quote.average_volume if quote else None,
    )
