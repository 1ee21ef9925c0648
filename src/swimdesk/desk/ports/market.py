"""Quotes, chains and hours as the desk asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from swimdesk.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote; an index has no bid and ask. ``as_of`` is the broker's quote time."""

    symbol: str
    last: Decimal
    mark: Decimal
    as_of: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    description: str = ""
    penny_pilot: bool = False
    realtime: bool = True
    is_normal: bool = True
    is_halted: bool = False
    close: Decimal | None = None
    """The last price of the regular session."""
    average_volume: Decimal | None = None
    """Per day over the last 10 days."""


@dataclass(frozen=True, slots=True)
class ChainContract:
    """One row of an option chain; greeks are None where the broker has none."""

    instrument: Instrument
    bid: Decimal
    ask: Decimal
    mark: Decimal
    delta: Decimal | None
    volatility: Decimal | None
    open_interest: int
    volume: int


@dataclass(frozen=True, slots=True)
class Expiry:
    """A listed expiration of an underlying."""

    day: date
    root: str
    settlement: str
    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class SessionHours:
    """When one market trades on a day: spans per session name; empty when closed."""

    market: str
    is_open: bool
    spans: Mapping[str, tuple[tuple[datetime, datetime], ...]]


class MarketData(Protocol):
    """Quotes, chains and hours; reads raise BrokerError."""

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Read quotes; symbols the broker does not know are missing from the answer."""
        ...

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """Read the listed expirations; UnknownSymbol if the broker does not list any."""
        ...

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """Read calls and puts of one day around the money."""
        ...

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Read the session hours by product: ``EQ``, ``EQO``, ``IND``."""
        ...
