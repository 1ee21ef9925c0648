"""One account's line between its quantity and the checks: effect, cover, cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from swimdesk.desk.exposure import Ours, after_orders, debit_of, live_tickets, marks_of
from swimdesk.desk.ports import Holdings, Quote
from swimdesk.desk.reading import SETTLE
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Denial, Line
from swimdesk.domain.effects import resolve_effect
from swimdesk.domain.margin import Cost, cost
from swimdesk.domain.orders import LIVE, UNRESOLVED, Effect, Leg, LineState, Side, Ticket
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.domain.positions import held
from swimdesk.domain.risk import DenialCode, QuoteFacts, denial
from swimdesk.errors import BrokerError, LoginRequired

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
    """Resolve the effect of a sized ticket in one account."""
    quantities = held(holdings.positions)
    free = after_orders(quantities, ours, closes)
    cover = after_orders(
        quantities,
        ours,
        lambda line, leg: closes(line, leg) or leg.side is Side.SELL,
    )
    resolved = resolve_effect(ticket, quantities, free)
    return Drafted(holdings.account, resolved.ticket, holdings, cover, ours, resolved.denials)


def with_shared_tickets(drafts: Iterable[Drafted]) -> list[Drafted]:
    """Let equal tickets be one object, so that what is made of a ticket is made once for all."""
    shared: dict[Ticket, Ticket] = {}
    return [
        draft if ticket is draft.ticket else replace(draft, ticket=ticket)
        for draft in drafts
        for ticket in [shared.setdefault(draft.ticket, draft.ticket)]
    ]


def bare_line(
    account: Account,
    ticket: Ticket,
    verdict: Verdict,
    reason: str | None,
    denials: tuple[Denial, ...],
) -> PlannedLine:
    """Build a line that is decided without an order."""
    return PlannedLine(
        account.alias, account.login, account.last4, ticket, verdict, 0, reason, denials
    )


def unread_line(account: Account, ticket: Ticket, error: BrokerError) -> PlannedLine:
    """Deny an account of which nothing is known."""
    needs_login = isinstance(error, LoginRequired)
    code = DenialCode.LOGIN_NOT_READY if needs_login else DenialCode.NOT_READ
    return bare_line(account, ticket, Verdict.DENIED, None, (denial(code, error.detail),))


def unresolved_line(draft: Drafted) -> PlannedLine:
    """Deny what neither opens nor closes: there is no order to render or to price."""
    line = bare_line(draft.account, draft.ticket, Verdict.DENIED, None, draft.denials)
    return replace(line, quantity=draft.ticket.quantity, buying_power=buying_power_of(draft))


def closes(line: Line, leg: Leg) -> bool:
    """Tell whether a leg of an order of ours closes something."""
    return leg in line.ticket.legs_of(Effect.CLOSE)


def cost_in(draft: Drafted, market: Market) -> Cost:
    """Work out what a draft costs its account."""
    return _cost_of(draft.ticket, draft.account, draft.cover, market.quotes)


def _cost_of(
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


def reserved_in(draft: Drafted, quotes: Mapping[str, Quote]) -> Decimal:
    """Add up what our own orders hold that left after the balances were read."""
    cover = held(draft.holdings.positions)
    return sum(
        (
            _cost_of(ticket, draft.account, cover, quotes).requirement
            for broadcast, line in draft.ours
            if line.state in LIVE and _is_newer(broadcast, line, draft)
            for ticket in live_tickets(line)
        ),
        Decimal(0),
    )


def opening_in(draft: Drafted, quotes: Mapping[str, Quote]) -> Decimal:
    """Add up the dollars of our own live orders that open more of the draft's underlying."""
    cover = held(draft.holdings.positions)
    return sum(
        (
            _cost_of(ticket, draft.account, cover, quotes).notional
            for _, line in draft.ours
            if line.state in LIVE
            and line.ticket.effect is not Effect.CLOSE
            and line.ticket.underlying == draft.ticket.underlying
            for ticket in live_tickets(line)
        ),
        Decimal(0),
    )


def _is_newer(broadcast: Broadcast, line: Line, draft: Drafted) -> bool:
    """Tell whether the balances may not show this order yet; doubt always counts."""
    return line.state in _NEVER_SHOWN or (
        broadcast.created >= draft.holdings.balances.as_of - SETTLE
    )


def freed(draft: Drafted, broadcast: Broadcast, line: Line, market: Market) -> Drafted:
    """Return a draft that is to take the place of a line's order, as if that were gone.

    What the order holds by the balances that were read is free for the draft.
    """
    if _is_newer(broadcast, line, draft):
        return draft
    left = line.ticket.sized(draft.ticket.quantity)
    held_by_it = _cost_of(left, draft.account, draft.cover, market.quotes).requirement
    more, now = max(held_by_it, Decimal(0)), draft.holdings.balances
    balances = replace(
        now,
        option_buying_power=now.option_buying_power + more,
        stock_buying_power=now.stock_buying_power + more,
    )
    return replace(draft, holdings=replace(draft.holdings, balances=balances))


def buying_power_of(draft: Drafted) -> Decimal:
    """Return the buying power that a draft is paid from, in dollars."""
    known = draft.holdings.balances
    has_shares = draft.ticket.shares is not None
    return known.stock_buying_power if has_shares else known.option_buying_power
