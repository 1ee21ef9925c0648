"""Whether the market for a ticket is open now, from the broker's own hours of today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from swimdesk.desk.ports import SessionHours
from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Settlement
from swimdesk.domain.orders import Session, Ticket
from swimdesk.domain.payoff import contracts_of

EASTERN = ZoneInfo("America/New_York")
USUAL_CLOSE = time(16)

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
    contracts = contracts_of(ticket.legs)
    if not contracts:
        return "EQ"
    return "IND" if contracts[0].root in INDEX_ROOTS else "EQO"


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


def expired_reason(ticket: Ticket, hours: Mapping[str, SessionHours], now: datetime) -> str:
    """Return which contract of the ticket no longer trades; empty while all of them do.

    On its last day a contract trades to the close of stock options (13:00 on short days), also
    where its index trades on; one that settles in the morning stops the day before.
    """
    close = _option_close(hours, now)
    for leg in ticket.legs:
        contract = leg.instrument
        if isinstance(contract, OptionContract) and _is_over(contract, close, now):
            return f"{contract.symbol} expired on {contract.expiry:%d %b %Y} and trades no more"
    return ""


def _is_over(contract: OptionContract, close: datetime, now: datetime) -> bool:
    today = market_day(now)
    root = INDEX_ROOTS.get(contract.root)
    if root is not None and root.settlement is Settlement.AM:
        return today >= contract.expiry
    return today > contract.expiry or (today == contract.expiry and now >= close)


def _option_close(hours: Mapping[str, SessionHours], now: datetime) -> datetime:
    known = hours.get("EQO")
    ends = [end for _, end in known.spans.get("regularMarket", ())] if known else []
    return max(ends, default=datetime.combine(market_day(now), USUAL_CLOSE, EASTERN))


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(EASTERN):%H:%M}"
