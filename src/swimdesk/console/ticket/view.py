"""The staged order as lines: its long form, legs beside the market, figures, graph; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.formats import NOTHING, age, hanging, money, price
from swimdesk.console.ticket.graph import graph
from swimdesk.console.ticket.intent_orders import flow_of, orders_of
from swimdesk.console.ticket.market import FRESH, Look, net_market
from swimdesk.console.ticket.odds import chance, leg_delta
from swimdesk.console.ticket.order import Draft, anchored
from swimdesk.console.ticket.payoff import Payoff, payoff_of
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.spans import Line, apart, beside, flowing, width_of
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.net_price import Anchor, NetMarket
from swimdesk.domain.orders import Leg, Ticket
from swimdesk.domain.payoff import contracts_of
from swimdesk.views.models import PlanView

MARKET_WIDTH: Final = 16
FIGURES_WIDTH: Final = 19
GAP: Final = 2
LEAST_GRAPH: Final = 6
MOST_GRAPH: Final = 13


@dataclass(frozen=True, slots=True)
class Sight:
    """A staged order with what is known of its market."""

    draft: Draft
    look: Look | None
    now: datetime

    @property
    def ticket(self) -> Ticket:
        """The ticket with the price it has, or would get now where the price is open."""
        draft, market = self.draft, self.market
        if not draft.is_open or draft.ticket.price is not None or market is None:
            return draft.ticket
        anchor = draft.formula.anchor if draft.formula else Anchor.MID
        quotes = self.look.of(draft.ticket) if self.look else ()
        price_now = anchored(draft, anchor, market, quotes)
        return Draft(draft.ticket).at(price_now)

    @property
    def market(self) -> NetMarket | None:
        """The market of a unit, in the sign of the ticket's price."""
        return net_market(self.draft.ticket, self.look)

    @property
    def payoff(self) -> Payoff | None:
        """The payoff of a unit at its price, at the natural one where it has none."""
        ticket, market = self.ticket, self.market
        credit = ticket.credit
        if credit is None and market is not None:
            credit = -ticket.side.sign * market.natural(ticket.side)
        return None if credit is None else payoff_of(ticket, credit)


def ticket_lines(sight: Sight, width: int, height: int = 0) -> list[Line]:
    """Return the ticket at a width; a graph where the height leaves room for one."""
    payoff = sight.payoff
    rest: list[Line] = [[]] if height else []
    lines = [*order_lines(sight.draft.text, width), *rest]
    legs, market, figures = _legs(sight), _market(sight), _figures(sight, payoff)
    market = [[] if height else quoted(sight), *market]
    legs_width = max(width_of(line) for line in legs)
    side = [_row(*figure, width=FIGURES_WIDTH) for figure in figures]
    below = [*rest, *flowing([_part(*figure) for figure in figures], width)]
    if legs_width + MARKET_WIDTH + FIGURES_WIDTH + 2 * GAP <= width:
        lines += beside([legs, market, side], [legs_width, MARKET_WIDTH], GAP)
    elif legs_width + MARKET_WIDTH + GAP <= width:
        lines += [*beside([legs, market], [legs_width], GAP), *below]
    else:
        lines += [*legs, *flowing(market, width), *below]
    free = min(height - len(lines) - 1, MOST_GRAPH)
    if payoff is not None and free >= LEAST_GRAPH:
        spot = sight.look.spot(sight.draft.ticket) if sight.look else None
        lines += [[], *graph(sight.ticket, payoff, spot, width, free)]
    return lines


def order_lines(text: str, width: int) -> list[Line]:
    """Return an order in its long form, wrapped under itself."""
    return [[(f" {part}", Role.STRONG)] for part in hanging(text, width - 2, "     ")]


def intent_lines(order: str, plan: PlanView | None, width: int, most: int) -> list[Line]:
    """Return an intent, and the orders it comes to once it is planned."""
    if plan is None:
        return order_lines(order, width)
    facts = [*flow_of(plan), *orders_of(plan, most)]
    names = max((len(name) for name, _ in facts), default=0)
    return [
        *order_lines(plan.order, width),
        *([(f" {name:<{names}}  ", Role.DIM), (text, Role.TEXT)] for name, text in facts),
    ]


def quoted(sight: Sight) -> Line:
    """Return how old the quotes are, as a word where they are fresh."""
    look, ticket = sight.look, sight.draft.ticket
    if look is None:
        return [("reading quotes …", Role.DIM)]
    span = look.age(ticket, sight.now)
    if len(look.of(ticket)) < len(ticket.legs):
        return [("NO QUOTE of every leg", Role.WARN)]
    if span > FRESH:
        return [(f"QUOTES {age(span)} OLD", Role.WARN)]
    return [("live", Role.DIM)]


def _legs(sight: Sight) -> list[Line]:
    ticket = sight.draft.ticket
    days = len({contract.expiry for contract in contracts_of(ticket.legs)}) > 1
    day = f"{'expiry':<6} " if days else ""
    head = f"{'':>5} {'strike':>6}   {day}{'~delta':>6} {'bid':>6} x {'ask':<6}"
    return [[(head, Role.DIM)], *(_leg(sight, leg, days) for leg in ticket.legs)]


def _leg(sight: Sight, leg: Leg, days: bool) -> Line:
    contract, look = leg.instrument, sight.look
    quote = look.quote(leg) if look else None
    delta = leg_delta(sight.draft.ticket, leg, look, sight.now) if look else None
    if isinstance(contract, OptionContract):
        what = f"{price_short(contract.strike):>6} {contract.right.value[0]}"
        day = f" {contract.expiry:%d%b}".upper() + " " if days else ""
    else:
        what, day = f"{contract.symbol:>6}  ", "       " if days else ""
    bid, ask = (price(quote.bid), price(quote.ask)) if quote else (NOTHING, NOTHING)
    return [
        (f"{leg.side.sign * leg.ratio:>+5} ", Role.GAIN if leg.side.sign > 0 else Role.LOSS),
        (what, Role.STRONG),
        (f"{day} {_delta(delta):>6}", Role.DIM),
        (f" {bid:>6} x {ask:<6}", Role.TEXT),
    ]


def price_short(strike: Decimal) -> str:
    """Return a strike as it is written in orders."""
    return f"{strike.normalize():f}"


def _delta(delta: float | None) -> str:
    return NOTHING if delta is None else f"{delta:.2f}".replace("0.", ".", 1)


def _market(sight: Sight) -> list[Line]:
    ticket, market = sight.ticket, sight.market
    credit = ticket.credit
    sign = 1
    name = "limit"
    if ticket.is_multi_leg and credit is not None:
        name = "credit" if credit > 0 else "debit" if credit < 0 else "even"
        # A price below zero flips what the side says; its amount is what the eye compares.
        sign = -1 if ticket.price is not None and ticket.price < 0 else 1
    shown = None if ticket.price is None else sign * ticket.price
    lines: list[Line] = []
    if ticket.stop_price is not None:
        lines.append(_row("stop", price(ticket.stop_price)))
    lines.append(
        _row("price", str(ticket.order_type), Role.STRONG)
        if sight.draft.is_at_market
        else _row(name, price(shown), Role.STRONG)
    )
    lines.append(_row("mid", price(sign * market.mid) if market else NOTHING))
    natural = market.natural(ticket.side) if market else None
    lines.append(_row("natural", price(None if natural is None else sign * natural)))
    if not sight.draft.is_at_market:
        is_open = sight.draft.is_open
        lines.append(
            _row("lock", "open" if is_open else "on", Role.ACCENT if is_open else Role.DIM)
        )
    return lines


def _figures(sight: Sight, payoff: Payoff | None) -> list[tuple[str, str, Role]]:
    """Return what one unit can gain and lose at expiry; nothing for shares and calendars."""
    if payoff is None:
        return []
    each = sight.draft.ticket.multiplier
    best, worst = payoff.best, payoff.worst
    loss = "UNLIMITED" if worst is None else money(max(-worst * each, Decimal(0)))
    figures = [
        ("max gain", "unlimited" if best is None else money(best * each), Role.TEXT),
        ("max loss", loss, Role.STRONG),
    ]
    odds = chance(sight.ticket, payoff.gains, sight.look, sight.now) if sight.look else None
    if odds is not None:
        figures.append(("chance", f"~{odds:.0%}", Role.TEXT))
    evens = (price(one.quantize(Decimal("0.01"))) for one in payoff.break_evens)
    figures += [("even at", even, Role.TEXT) for even in evens]
    return figures


def _part(name: str, value: str, role: Role) -> Line:
    return [(f"{name} ", Role.DIM), (value, role)]


def _row(name: str, value: str, role: Role = Role.TEXT, width: int = MARKET_WIDTH) -> Line:
    return apart([(name, Role.DIM)], [(value, role)], width)
