"""The staged order as a ticket that keys change: quantity, price, lock, sizing; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Final

from swimdesk.console.session import Stage
from swimdesk.domain.net_price import Anchor, NetMarket, PriceFormula, resolved
from swimdesk.domain.orderlang import parse_order, print_ticket
from swimdesk.domain.orders import OrderType, Ticket
from swimdesk.domain.risk import price_tick
from swimdesk.domain.sizing import SizingRule, parse_sizing
from swimdesk.errors import InputError
from swimdesk.views.models import QuoteView

ROUND_LOT: Final = 100
"""A whole number of these many shares changes by as many."""

_NICKEL: Final = Decimal("0.05")
_OWN_QUANTITY: Final = frozenset({SizingRule.TEXT, SizingRule.MULT})
_MARKET: Final = f"@{OrderType.MARKET}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as it would be planned; with a ``formula`` its price follows the market."""

    ticket: Ticket
    formula: PriceFormula | None = None

    @property
    def is_open(self) -> bool:
        """Whether the price is not locked."""
        return self.formula is not None

    @property
    def is_at_market(self) -> bool:
        """Whether the order has no limit at all."""
        return self.formula is None and self.ticket.price is None

    @property
    def text(self) -> str:
        """The order in the long form."""
        written = print_ticket(self.ticket)
        return written if self.formula is None else written.replace(_MARKET, str(self.formula), 1)

    def at(self, price: Decimal) -> Ticket:
        """Return the ticket at a limit."""
        kind = OrderType.LIMIT if self.ticket.price is None else self.ticket.order_type
        return replace(self.ticket, order_type=kind, price=price)


@lru_cache(maxsize=64)
def read_draft(order: str) -> Draft | None:
    """Read a staged order; None for what is no single ticket or is not understood."""
    try:
        parsed = parse_order(order)
    except InputError:
        return None
    return Draft(parsed.ticket, parsed.formula)


def draft_of(stage: Stage) -> Draft | None:
    """Return the staged order as a ticket; an open price stands at what the plan made of it."""
    draft = read_draft(stage.order)
    if draft is None:
        return read_draft(stage.plan.order) if stage.plan else None
    if draft.is_open and stage.plan:
        planned = read_draft(stage.plan.order)
        if planned is not None:
            return Draft(planned.ticket, draft.formula)
    return draft


def with_units(stage: Stage, draft: Draft, steps: int) -> str:
    """Return the order text for more or fewer units; InputError where it cannot be."""
    if parse_sizing(stage.sizing).rule not in _OWN_QUANTITY:
        raise InputError(f"{stage.sizing} finds the quantity by itself: z changes the sizing.")
    ticket = draft.ticket
    is_lots = ticket.is_equity and ticket.quantity % ROUND_LOT == 0
    quantity = ticket.quantity + steps * (ROUND_LOT if is_lots else 1)
    if quantity < 1:
        raise InputError("That is the smallest quantity; Esc drops the order.")
    return _sized_text(draft, quantity)


def with_price(draft: Draft, price: Decimal) -> str:
    """Return the order text at a limit; stop and time in force stay."""
    return print_ticket(draft.at(price))


def opened(draft: Draft) -> str:
    """Return the order text with a price that follows the middle of the market."""
    ticket = draft.ticket
    if ticket.order_type not in (OrderType.LIMIT, OrderType.MARKET):
        raise InputError(f"A {ticket.order_type} price does not follow the market.")
    return Draft(
        replace(ticket, order_type=OrderType.MARKET, price=None), PriceFormula(Anchor.MID)
    ).text


def moved(draft: Draft, price: Decimal, ticks: int, quotes: Sequence[QuoteView]) -> Decimal:
    """Return the price so many steps better for the operator (worse where negative)."""
    ticket = draft.ticket
    tick = tick_of(ticket, price, quotes)
    better = -ticket.side.sign * ticks
    # Off the grid the first step is onto it.
    start = (price / tick).to_integral_value(ROUND_FLOOR if better > 0 else ROUND_CEILING)
    changed = (start + better) * tick
    if changed <= 0 and not ticket.is_multi_leg:
        raise InputError("The price of a single leg is above zero.")
    return changed


def anchored(
    draft: Draft, anchor: Anchor, market: NetMarket, quotes: Sequence[QuoteView]
) -> Decimal:
    """Return the price that mid or natural come to now, on the structure's step."""
    priced = resolved(
        draft.ticket,
        PriceFormula(anchor),
        market,
        lambda price: tick_of(draft.ticket, price, quotes),
    )
    return priced.price or Decimal(0)


def tick_of(ticket: Ticket, price: Decimal, quotes: Sequence[QuoteView]) -> Decimal:
    """Return the price step; a single option is taken for a penny one only if it is quoted so."""
    sides = [side for quote in quotes for side in (quote.bid, quote.ask) if side is not None]
    return price_tick(ticket, price, penny_pilot=any(side % _NICKEL for side in sides))


def sized(stage: Stage, draft: Draft | None, sizing: str) -> Stage:
    """Return the stage with another sizing; one that finds the quantity itself asks for unit 1."""
    rule = parse_sizing(sizing).rule
    order = stage.order
    if rule not in _OWN_QUANTITY and draft is not None and draft.ticket.quantity != 1:
        order = _sized_text(draft, 1)
    return stage.changed(sizing=sizing, remainder=None, order=order)


def _sized_text(draft: Draft, quantity: int) -> str:
    """Return the text for so many units; an open price is left to the next plan."""
    ticket = draft.ticket.sized(quantity)
    if draft.is_open:
        ticket = replace(ticket, order_type=OrderType.MARKET, price=None)
    return replace(draft, ticket=ticket).text
