"""When an order may work: session, calendar, expiry, and orders that outlive the day."""

from __future__ import annotations

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.orders import OrderType, Session, TimeInForce
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.limits import RiskLimits


def session(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny orders for a market that is closed."""
    return denial(DenialCode.SESSION_CLOSED, facts.session) if facts.session else None


_BEYOND_TODAY = frozenset({TimeInForce.GTC, TimeInForce.GTD})
_AT_CLOSE = frozenset({OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE})


def session_mismatch(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Catch what the broker takes in no session or not in this one (schwab-api 5.2)."""
    ticket = facts.ticket
    session, order_type, life = ticket.session, ticket.order_type, ticket.time_in_force
    if not ticket.is_equity and order_type in _AT_CLOSE:
        return denial(DenialCode.SESSION_MISMATCH, f"options take no {order_type.value} orders")
    if session is Session.NORMAL:
        return None
    if not ticket.is_equity:
        why = "only stocks trade outside the regular session"
    elif order_type is not OrderType.LIMIT:
        why = f"outside the regular session an order must be LMT, this one is {order_type.value}"
    elif life in _BEYOND_TODAY and session is not Session.EXT:
        why = f"an order of the {session.value} session cannot be {life.value}"
    else:
        return None
    return denial(DenialCode.SESSION_MISMATCH, f"{session.value}: {why}")


def expired(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny contracts that trade no more."""
    return denial(DenialCode.EXPIRED, facts.expired) if facts.expired else None


def outlives_the_day(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Ask for GTC to be meant: the broker cancels nothing when this desk goes away."""
    if facts.ticket.time_in_force is not TimeInForce.GTC:
        return None
    return denial(
        DenialCode.GTC_ORDER, "stays at the broker until it is canceled, also without this desk"
    )
