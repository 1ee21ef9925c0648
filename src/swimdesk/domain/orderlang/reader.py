"""Order text to ticket: side and quantity, then the parts, then what they say together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from swimdesk.domain.net_price import PriceFormula, beyond_worth
from swimdesk.domain.orderlang.legs import ReadLegs, read_legs
from swimdesk.domain.orderlang.printer import print_ticket
from swimdesk.domain.orderlang.scanner import END, Scanner
from swimdesk.domain.orderlang.shorthand import is_shorthand, read_shorthand_legs
from swimdesk.domain.orderlang.terms import Terms, read_terms
from swimdesk.domain.orders import Leg, Side, Ticket
from swimdesk.domain.strategies import (
    Shape,
    build_legs,
    contradicts_sign,
    dearer_first,
    forced_flow,
)
from swimdesk.domain.structures import STRUCTURES
from swimdesk.errors import OrderTextError

_REPLACING = re.compile(rf"\(REPLACING +(#?[0-9A-Z-]+)\){END}")
_SIDE = re.compile(rf"(BUY|SELL){END}")
_FILL = re.compile(rf"(?:BOT|SOLD){END}")
_QUANTITY = re.compile(rf"([+-]?)([0-9]{{1,3}}(?:,[0-9]{{3}}){{1,3}}|[0-9]{{1,9}}){END}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A ticket and what the operator should know about how its text was read.

    With a ``formula`` the ticket is one at the market until its price has been worked out.
    """

    ticket: Ticket
    notices: tuple[str, ...] = ()
    formula: PriceFormula | None = None


def parse(text: str, *, today: date | None = None) -> Ticket:
    """Read one order; OrderTextError with the column for anything not understood.

    With ``today`` (the exchange's day) an expiry before it is an error too.
    """
    return parse_with_notices(text, today=today).ticket


def parse_with_notices(text: str, *, today: date | None = None) -> Parsed:
    """Read one order as ``parse`` does and say what was dropped or is worth a second look."""
    scanner, parsed, column = _read(text, today)
    if parsed.formula is not None:
        problem = f"{parsed.formula} becomes a price only when an order is planned"
        raise scanner.error(f"{problem}, expected a price such as @1.60", column)
    return parsed


def parse_order(text: str, *, today: date | None = None) -> Parsed:
    """Read one order that is still to be planned: it may leave its price to the market.

    A price beyond all that the legs can ever be worth is an error here.
    """
    scanner, parsed, column = _read(text, today)
    problem = beyond_worth(parsed.ticket)
    if problem:
        raise scanner.error(f"{problem}, expected a price within that", column)
    return parsed


def _read(text: str, today: date | None) -> tuple[Scanner, Parsed, int]:
    """Read one order; also return where its price stands."""
    scanner = Scanner(text)
    notices: list[str] = []
    replaced = scanner.take(_REPLACING)
    if replaced:
        notices.append(f"(Replacing {replaced[1]}) was dropped: this is a new order")
    if is_shorthand(scanner):
        side, read = read_shorthand_legs(scanner, today)
        quantity_column = scanner.column
        quantity = _read_quantity(scanner, side)
    else:
        side = _read_side(scanner)
        quantity_column = scanner.column
        quantity = _read_quantity(scanner, side)
        read = read_legs(scanner, side, today)
    notices += read.notices
    _check_units(scanner, quantity, quantity_column, read)
    terms = read_terms(scanner, side, read.kind, today)
    if read.legs is None:
        problem = "the pairs of strikes point different ways"
        raise _two_readings(scanner, problem, read.column, quantity, read, terms)
    ticket = _ticket(side, quantity, read, read.legs, terms)
    if contradicts_sign(ticket):
        flow, sign = (
            ("bring a credit", "pays")
            if forced_flow(read.legs) > 0
            else ("cost a debit", "receives")
        )
        problem = f"{side} with these strikes must {flow}, yet the price {sign}"
        raise _two_readings(scanner, problem, terms.column, quantity, read, terms)
    if not ticket.price and forced_flow(read.legs) == side.sign:
        flow = "receives a credit" if side is Side.BUY else "pays a debit"
        notices.append(f"by the order of its strikes this {side} {flow}; no price confirms it")
    return scanner, Parsed(ticket, tuple(notices), terms.formula), terms.column


def _read_side(text: Scanner) -> Side:
    if text.sees(_FILL):
        problem = "BOT and SOLD report a fill that has happened, not an order"
        raise text.error(f"{problem}, expected BUY or SELL")
    mismatch = text.expected("BUY or SELL")
    word = text.take(_SIDE)
    if not word:
        raise mismatch
    return Side(word[1])


def _read_quantity(text: Scanner, side: Side) -> int:
    sign = "+" if side is Side.BUY else "-"
    mismatch = text.expected(f"a whole number above zero such as {sign}1")
    written = text.take(_QUANTITY)
    if not written:
        raise mismatch
    if written[1] not in ("", sign):
        raise text.error(
            f"read {written[0]!r}, expected {sign}{written[2]}, the sign of a {side}",
            written.start() + 1,
        )
    quantity = int(written[2].replace(",", ""))
    if not quantity:
        raise mismatch
    return quantity


def _check_units(text: Scanner, quantity: int, column: int, read: ReadLegs) -> None:
    most = STRUCTURES[read.kind].most_units
    if quantity > most:
        raise text.error(f"read a quantity of {quantity}, expected at most {most}", column)


def _ticket(
    side: Side, quantity: int, read: ReadLegs, legs: tuple[Leg, ...], terms: Terms
) -> Ticket:
    return Ticket(
        side,
        quantity,
        read.kind,
        legs,
        terms.order_type,
        terms.price,
        terms.stop_price,
        terms.time_in_force,
        terms.session,
        terms.effect,
        terms.good_till,
    )


def _two_readings(
    text: Scanner, problem: str, column: int, quantity: int, read: ReadLegs, terms: Terms
) -> OrderTextError:
    """Return the error that shows the order to receive and the order to pay, neither guessed."""
    shape = dearer_first(read.kind, read.shape)
    orders = [
        print_ticket(_unmistakable(_with_legs(side, quantity, read, shape, terms)))
        for side in (Side.SELL, Side.BUY)
    ]
    if terms.formula is not None:
        orders = [order.replace("@MKT", str(terms.formula)) for order in orders]
    return text.error(f"{problem}, expected '{orders[0]}' or '{orders[1]}'", column)


def _with_legs(side: Side, quantity: int, read: ReadLegs, shape: Shape, terms: Terms) -> Ticket:
    return _ticket(side, quantity, read, build_legs(read.kind, side, shape), terms)


def _unmistakable(ticket: Ticket) -> Ticket:
    """Return the ticket with the sign of price that its legs force."""
    if ticket.price is None:
        return ticket
    meant = replace(ticket, price=abs(ticket.price))
    return replace(meant, price=-abs(ticket.price)) if contradicts_sign(meant) else meant
