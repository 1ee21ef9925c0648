"""Holdings of an account, signed, and what an order would do to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from swimdesk.domain.instruments import Instrument
from swimdesk.domain.orders import Effect, Leg


@dataclass(frozen=True, slots=True)
class Position:
    """A holding; ``quantity`` is signed, ``instrument`` None for what cannot be ordered here."""

    symbol: str
    quantity: Decimal
    average_price: Decimal
    market_value: Decimal
    instrument: Instrument | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an account held on a day before anything of that day was traded, by symbol.

    It is worked out from one read of its positions at ``at``, less the day's fills known then.
    """

    account: str
    login: str
    last4: str
    day: date
    at: datetime
    quantities: Mapping[str, Decimal]


def held(positions: Iterable[Position]) -> dict[str, Decimal]:
    """Return the signed quantity per symbol."""
    quantities: dict[str, Decimal] = {}
    for position in positions:
        quantities[position.symbol] = (
            quantities.get(position.symbol, Decimal(0)) + position.quantity
        )
    return quantities


def leg_effect(leg: Leg, units: int, holdings: Mapping[str, Decimal]) -> Effect | None:
    """Tell whether a leg opens or closes in this account; None where it would cross zero."""
    holding = holdings.get(leg.instrument.symbol, Decimal(0))
    traded = Decimal(leg.side.sign * leg.ratio * units)
    if holding * traded >= 0:
        return Effect.OPEN
    return Effect.CLOSE if abs(traded) <= abs(holding) else None
