"""Whether a price makes sense: tick, sign, distance from the market, freshness of the quotes."""

from __future__ import annotations

from decimal import Decimal

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.instruments import (
    equity_tick,
    option_tick,
    spread_tick,
)
from swimdesk.domain.orders import Effect, OrderType, Session, StructureKind, Ticket
from swimdesk.domain.payoff import contracts_of
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.limits import RiskLimits

COLLAR_CEILING = 2
"""So many times the collar a price may be typed to."""
FAR = 2
"""So many times the collar a resting price may be away before it is asked about."""


def price_tick(ticket: Ticket, price: Decimal, *, penny_pilot: bool) -> Decimal:
    """Return the step that this ticket's price must be a multiple of."""
    if ticket.kind is StructureKind.EQUITY:
        return equity_tick(price)
    root = contracts_of(ticket.legs)[0].root
    if ticket.is_multi_leg:
        return spread_tick(root)
    return option_tick(root, abs(price), penny_pilot=penny_pilot)


def tick(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny a price between two ticks."""
    for price in (facts.ticket.price, facts.ticket.stop_price):
        if price is None:
            continue
        step = price_tick(facts.ticket, price, penny_pilot=facts.penny_pilot)
        if price % step:
            return denial(DenialCode.PRICE_TICK, f"{price} is not a multiple of {step}")
    return None


def sign(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Catch a mirrored order: the price pays where the market would be paid, or the reverse.

    A market around zero quotes both, as that of a roll or a calendar may.
    """
    credit, mid, natural = facts.ticket.credit, facts.quotes.net_mid, facts.quotes.net_natural
    if not facts.ticket.is_multi_leg or credit is None or mid is None:
        return None
    touches = (mid,) if natural is None else (natural, 2 * mid - natural)
    if any(credit * touch >= 0 for touch in touches):
        return None
    meant, quoted = ("credit", "debit") if credit > 0 else ("debit", "credit")
    return denial(
        DenialCode.PRICE_SIGN,
        f"the order is a {meant} of {abs(credit)}, the market quotes a {quoted} of"
        f" {abs(mid):.2f}: check side and strikes",
    )


def collar(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny a limit that gives away more than the collar against the middle of the market."""
    mid = _open_mid(facts)
    given = _given_away(facts.ticket, mid)
    if mid is None or given is None:
        return None
    room = _room(facts.ticket, mid, limits)
    if given <= room:
        return None
    return denial(
        DenialCode.PRICE_COLLAR,
        f"{given:.2f} a unit worse than mid {abs(mid):.2f}, collar {room:.2f}",
        given,
        room * COLLAR_CEILING,
    )


def far(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Ask about an opening limit so good that it would never fill: most likely mistyped."""
    mid = _open_mid(facts)
    given = _given_away(facts.ticket, mid)
    if mid is None or given is None or facts.ticket.effect is Effect.CLOSE:
        return None
    away = FAR * _room(facts.ticket, mid, limits)
    if -given <= away:
        return None
    return denial(
        DenialCode.PRICE_FAR,
        f"{-given:.2f} a unit better than mid {abs(mid):.2f}, asked about from {away:.2f}",
    )


def extended_collar(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny a limit outside the regular session that its last prices do not bear out."""
    close = facts.quotes.net_close
    if facts.ticket.session is Session.NORMAL or close is None or facts.session:
        return None
    given = _given_away(facts.ticket, close)
    room = _room(facts.ticket, close, limits)
    if given is None or given <= room:
        return None
    return denial(
        DenialCode.EXTENDED_COLLAR,
        f"{given:.2f} a unit worse than the last regular price {abs(close):.2f}, collar {room:.2f}",
        given,
        room * COLLAR_CEILING,
    )


def extended_spread(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny trading outside the regular session where bid and ask are far apart."""
    spread = _spread(facts)
    if facts.ticket.session is Session.NORMAL or spread is None:
        return None
    return _too_wide(DenialCode.EXTENDED_SPREAD, spread, limits.max_extended_spread)


def market_spread(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny a market order where bid and ask are far apart."""
    spread = _spread(facts)
    if facts.ticket.order_type is not OrderType.MARKET or spread is None:
        return None
    return _too_wide(DenialCode.MARKET_SPREAD, spread, limits.max_market_spread)


def freshness(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny what would trade on quotes that are old, delayed, abnormal or one-sided."""
    if facts.session:
        # Nobody quotes a closed market; that it is closed is said elsewhere.
        return None
    regular = facts.ticket.session is Session.NORMAL
    oldest = limits.quote_max_age_s if regular else limits.quote_max_age_extended_s
    quotes = facts.quotes
    why = quotes.unsound
    if not why and quotes.age_s > oldest:
        why = f"the oldest quote is {quotes.age_s} s old, limit {oldest} s"
    if not why and quotes.net_mid is None:
        why = "a leg has no bid and ask"
    is_market = facts.ticket.order_type is OrderType.MARKET
    return denial(DenialCode.QUOTE_STALE, why, is_hard=is_market) if why else None


def halted(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny new orders in what is halted."""
    found = facts.quotes.halted
    return denial(DenialCode.SECURITY_HALTED, found) if found else None


def _open_mid(facts: LineFacts) -> Decimal | None:
    """Return the middle of an open market; a closed one says nothing about a price."""
    return None if facts.session else facts.quotes.net_mid


def _given_away(ticket: Ticket, fair: Decimal | None) -> Decimal | None:
    """Return how much a limit pays above (or takes below) a fair net, per unit."""
    if ticket.credit is None or ticket.stop_price is not None or fair is None:
        return None
    return fair - ticket.credit


def _room(ticket: Ticket, fair: Decimal, limits: RiskLimits) -> Decimal:
    if ticket.shares is not None:
        return max(limits.collar_equity * abs(fair), limits.collar_equity_floor)
    return max(limits.collar_option * abs(fair), limits.collar_option_floor)


def _spread(facts: LineFacts) -> Decimal | None:
    """Return ask minus bid of the net as a fraction of its middle; None without both."""
    mid, natural = _open_mid(facts), facts.quotes.net_natural
    if mid is None or natural is None:
        return None
    return 2 * (mid - natural) / abs(mid) if mid else Decimal(1)


def _too_wide(code: DenialCode, spread: Decimal, most: Decimal) -> Denial | None:
    if spread <= most:
        return None
    return denial(code, f"bid and ask are {spread:.1%} apart, limit {most:.1%}", spread * 100)
