"""Whether the market for a ticket is open now, from the broker's own hours of today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from swimdesk.desk.ports import SessionHours
from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract
from swimdesk.domain.orders import Session, Ticket

EASTERN = ZoneInfo("America/New_York")

_SPANS: dict[Session, tuple[str, ...]] = {
    Session.NORMAL: ("regularMarket",),
    Session.AM: ("preMarket",),
    Session.PM: ("postMarket",),
    Session.EXT: ("preMarket", "regularMarket", "postMarket"),
}
"""Which of the broker's session spans an order may work in."""

_NAMES = {"EQ": "stock", "EQO": "option", "IND": "index option"}


def market_day(now: datetime) -> date:
    """Return the exchange's calendar day at that moment."""
    return now.astimezone(EASTERN).date()


def product_of(ticket: Ticket) -> str:
    """Return the broker's product code whose hours bind this ticket: EQ, EQO or IND."""
    contract = ticket.legs[0].instrument
    if not isinstance(contract, OptionContract):
        return "EQ"
    return "IND" if contract.root in INDEX_ROOTS else "EQO"


def closed_reason(ticket: Ticket, hours: Mapping[str, SessionHours], now: datetime) -> str:
    """Return why the ticket cannot work now; empty when its market is open."""
    product = product_of(ticket)
    known = hours.get(product)
    spans = (
        [] if known is None else [s for n in _SPANS[ticket.session] for s in known.spans.get(n, ())]
    )
    if any(start <= now < end for start, end in spans):
        return ""
    shown = ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans) or "none today"
    there = now.astimezone(EASTERN)
    return (
        f"the {_NAMES[product]} market is closed at {there:%a %d %b %H:%M} ET;"
        f" {ticket.session.value} hours: {shown}"
    )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(EASTERN):%H:%M}"
