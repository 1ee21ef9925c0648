"""The payoff of one unit at expiry as a curve over the price of the underlying; pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from swimdesk.console.formats import price
from swimdesk.console.ticket.payoff import Payoff
from swimdesk.console.widgets.braille import DOTS_ACROSS, curve, row_of
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.spans import Line
from swimdesk.domain.orders import Ticket
from swimdesk.domain.payoff import contracts_of

SPOT: Final = "▲"
_MARGIN_CELLS: Final = 9
"""Room for the bounds at the left."""

_ZERO_LINE: Final = "─"
_LEAST_MARGIN: Final = Decimal("0.02")
_MARGIN: Final = Decimal("0.35")


def graph(
    ticket: Ticket, payoff: Payoff, spot: Decimal | None, width: int, height: int
) -> list[Line]:
    """Return the curve with its bounds at the left and the prices that matter below."""
    low, high = _span(ticket, payoff, spot)
    margin = _MARGIN_CELLS
    across = width - margin - 1
    steps = across * DOTS_ACROSS
    values = [
        float(payoff.at(low + (high - low) * x / (steps - 1)) * ticket.multiplier)
        for x in range(steps)
    ]
    top, bottom = max(*values, 0.0), min(*values, 0.0)
    rows = curve(values, height - 1, bottom, top)
    zero = row_of(0.0, height - 1, bottom, top)
    lines = [
        [
            (f"{_label(number, zero, height - 2, top, bottom):>{margin}} ", Role.DIM),
            *_row(row, number, zero),
        ]
        for number, row in enumerate(rows)
    ]
    lines.append([(" " * (margin + 1), Role.DIM), *_axis(payoff, spot, low, high, across)])
    return lines


def _span(ticket: Ticket, payoff: Payoff, spot: Decimal | None) -> tuple[Decimal, Decimal]:
    strikes = [contract.strike for contract in contracts_of(ticket.legs)]
    marks = [*strikes, *payoff.break_evens, *([spot] if spot is not None else [])]
    low, high = min(marks), max(marks)
    margin = max((high - low) * _MARGIN, high * _LEAST_MARGIN)
    return max(low - margin, Decimal(0)), high + margin


def _label(number: int, zero: int, last: int, top: float, bottom: float) -> str:
    if number == zero:
        return "0"
    if number == 0:
        return f"{top:+,.0f}"
    return f"{bottom:+,.0f}" if number == last else ""


def _row(row: str, number: int, zero: int) -> Line:
    if number != zero:
        return [(row, Role.GAIN if number < zero else Role.LOSS)]
    line: Line = []
    for cell in row:
        line.append((_ZERO_LINE, Role.DIM) if cell == " " else (cell, Role.TEXT))
    return line


def _axis(payoff: Payoff, spot: Decimal | None, low: Decimal, high: Decimal, width: int) -> Line:
    """Return the spot and the break-evens under their place; what would overlap is left out."""
    marks = [] if spot is None else [(spot, f"{SPOT} {price(spot)}")]
    marks += [(one, price(one.quantize(Decimal("0.01")))) for one in payoff.break_evens]
    cells = [" "] * width
    for at, text in marks:
        place = int((at - low) / (high - low) * (width - 1))
        start = place if text.startswith(SPOT) else place - len(text) // 2
        start = min(max(start, 0), width - len(text))
        around = cells[max(start - 1, 0) : start + len(text) + 1]
        if start >= 0 and set(around) <= {" "}:
            cells[start : start + len(text)] = text
    return [("".join(cells), Role.DIM)]
