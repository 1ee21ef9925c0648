"""One account's order between sizing and the checks: what it is, costs and is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from swimdesk.desk.exposure import Ours, after_orders, debit_of, marks_of, tickets_of
from swimdesk.desk.ports import Holdings, Quote
from swimdesk.desk.reading import SETTLE
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Denial, Line
from swimdesk.domain.effects import resolve_effect
from swimdesk.domain.margin import Cost, cost
from swimdesk.domain.orders import LIVE, UNRESOLVED, Effect, Leg, LineState, Side, Ticket
from swimdesk.domain.positions import held
from swimdesk.domain.risk import QuoteFacts

_NEVER_SHOWN = UNRESOLVED | {LineState.PLANNED, LineState.ACCEPTED}
"""States in which no balance can be trusted to hold the order's money."""


@dataclass(frozen=True, slots=True)
class Market:
    """What the market says about a ticket: quotes by symbol, why it cannot trade, net prices."""

    quotes: Mapping[str, Quote]
    closed: str
    expired: str
    facts: QuoteFacts
    """What the quotes of the legs come to."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """One account's line between sizing and the checks."""

    account: Account
    ticket: Ticket
    holdings: Holdings
    cover: Mapping[str, Decimal]
    """Signed quantity per symbol after our own working orders, what they buy left out."""
    ours: Ours
    denials: tuple[Denial, ...] = ()


def draft_of(ticket: Ticket, holdings: Holdings, ours: Ours) -> Drafted:
    quantities = held(holdings.positions)
    free = after_orders(quantities, ours, _closes)
    cover = after_orders(
        quantities,
        ours,
        lambda line, leg: _closes(line, leg) or leg.side is Side.SELL,
    )
    resolved = resolve_effect(ticket, quantities, free)
    return Drafted(holdings.account, resolved.ticket, holdings, cover, ours, resolved.denials)


def _closes(line: Line, leg: Leg) -> bool:
    return leg in line.ticket.legs_of(Effect.CLOSE)


def cost_of_draft(draft: Drafted, market: Market) -> Cost:
    return cost_of(draft.ticket, draft.account, draft.cover, market.quotes)


def cost_of(
    ticket: Ticket, account: Account, cover: Mapping[str, Decimal], quotes: Mapping[str, Quote]
) -> Cost:
    spot = quotes.get(ticket.underlying)
    return cost(
        ticket,
        debit=debit_of(ticket, quotes),
        spot=spot.last if spot else None,
        account_type=account.capabilities.type,
        holdings=cover,
        marks=marks_of(ticket, quotes),
    )


def reserved(draft: Drafted, quotes: Mapping[str, Quote]) -> Decimal:
    """Add up what our own orders hold that left after the balances were read."""
    cover = held(draft.holdings.positions)
    return sum(
        (
            cost_of(ticket, draft.account, cover, quotes).requirement
            for broadcast, line in draft.ours
            if line.state in LIVE and is_newer(broadcast, line, draft)
            for ticket in tickets_of(line)
        ),
        Decimal(0),
    )


def is_newer(broadcast: Broadcast, line: Line, draft: Drafted) -> bool:
    """Tell whether the balances may not show this order yet; doubt always counts."""
    return line.state in _NEVER_SHOWN or (
        broadcast.created >= draft.holdings.balances.as_of - SETTLE
    )


def buying_power(draft: Drafted) -> Decimal:
    known = draft.holdings.balances
    has_shares = draft.ticket.shares is not None
    return known.stock_buying_power if has_shares else known.option_buying_power
