"""What one unit gains or loses at expiry: its bends, its bounds, where it breaks even; pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from swimdesk.domain.instruments import Right
from swimdesk.domain.orders import Ticket
from swimdesk.domain.payoff import contracts_of, series_of, values_at_the_end

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Payoff:
    """Points of (price of the underlying, points gained per unit), straight lines between."""

    points: tuple[tuple[Decimal, Decimal], ...]

    def at(self, spot: Decimal) -> Decimal:
        """Return what is gained at a price of the underlying."""
        for (low, gain), (high, other) in pairwise(self.points):
            if spot <= high:
                return gain + (other - gain) * (spot - low) / (high - low)
        (low, gain), (high, other) = self.points[-2:]
        return other + (other - gain) * (spot - high) / (high - low)

    @property
    def _slope_above(self) -> Decimal:
        return self.points[-1][1] - self.points[-2][1]

    @property
    def best(self) -> Decimal | None:
        """The most that can be gained; None without a bound."""
        return None if self._slope_above > 0 else max(gain for _, gain in self.points)

    @property
    def worst(self) -> Decimal | None:
        """The least that can be gained, a loss below zero; None without a bound."""
        return None if self._slope_above < 0 else min(gain for _, gain in self.points)

    @property
    def break_evens(self) -> tuple[Decimal, ...]:
        """Prices of the underlying at which gain turns into loss or back."""
        found = []
        for (low, gain), (high, other) in pairwise(self.points):
            if gain * other < 0:
                found.append(low + (high - low) * gain / (gain - other))
            elif gain == 0 and other != 0 and low > 0:
                found.append(low)
        return tuple(dict.fromkeys(found))

    @property
    def gains(self) -> tuple[tuple[Decimal, Decimal | None], ...]:
        """Spans of the underlying's price that end in a gain; None without an upper end."""
        edges: list[Decimal | None] = [_ZERO, *self.break_evens, None]
        spans = []
        for low, high in pairwise(edges):
            inside = (low or _ZERO) + 1 if high is None else ((low or _ZERO) + high) / 2
            if self.at(inside) > 0:
                spans.append((low or _ZERO, high))
        return tuple(spans)


def payoff_of(ticket: Ticket, credit: Decimal) -> Payoff | None:
    """Return the payoff of a unit for which this credit came in (a debit is negative).

    None for shares alone and for legs that end on different days.
    """
    contracts = contracts_of(ticket.legs)
    if len({series_of(contract) for contract in contracts}) != 1:
        return None
    bends = sorted({_ZERO, *(contract.strike for contract in contracts)})
    *values, _ = values_at_the_end(ticket.legs)
    # Beyond the last strike the line goes straight on; any far point of it will do.
    far = Decimal(10) * bends[-1]
    beyond = values[-1] + _slope_beyond(ticket) * far
    points = [*zip(bends, values, strict=True), (bends[-1] + far, beyond)]
    return Payoff(tuple((spot, value + credit) for spot, value in points))


def _slope_beyond(ticket: Ticket) -> Decimal:
    """Return by how many points a unit moves per point of the underlying above every strike."""
    rising = (leg for leg in ticket.legs if getattr(leg.instrument, "right", None) is not Right.PUT)
    return sum((leg.side.sign * ticket.weight(leg) for leg in rising), _ZERO)
