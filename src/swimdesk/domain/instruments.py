"""What is traded: equities and option contracts, their symbols, multipliers and price ticks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

_OSI = re.compile(r"(?P<root>[A-Z0-9.$/ ]{6})(?P<day>[0-9]{6})(?P<right>[CP])(?P<strike>[0-9]{8})")
_DOTTED = re.compile(
    r"\.(?P<root>[A-Z][A-Z0-9/]{0,5})(?P<day>[0-9]{6})(?P<right>[CP])"
    r"(?P<strike>[0-9]{1,5}(\.[0-9]{1,3})?)"
)
_EQUITY = re.compile(r"[A-Z]{1,5}([./][A-Z]{1,3})?")

OPTION_MULTIPLIER = 100


class Right(StrEnum):
    """Which way an option contract pays."""

    CALL = "CALL"
    PUT = "PUT"


class Settlement(StrEnum):
    """When an option's settlement value is struck on its last day."""

    AM = "AM"
    PM = "PM"


@dataclass(frozen=True, slots=True)
class IndexRoot:
    """One of the two roots of an index option class: SPX (AM, monthly), SPXW (PM, all others)."""

    root: str
    index: str
    settlement: Settlement
    monthly_only: bool


INDEX_ROOTS: dict[str, IndexRoot] = {
    r.root: r
    for r in (
        IndexRoot("SPX", "SPX", Settlement.AM, monthly_only=True),
        IndexRoot("SPXW", "SPX", Settlement.PM, monthly_only=False),
        IndexRoot("NDX", "NDX", Settlement.AM, monthly_only=True),
        IndexRoot("NDXP", "NDX", Settlement.PM, monthly_only=False),
        IndexRoot("RUT", "RUT", Settlement.AM, monthly_only=True),
        IndexRoot("RUTW", "RUT", Settlement.PM, monthly_only=False),
        IndexRoot("VIX", "VIX", Settlement.AM, monthly_only=True),
        IndexRoot("VIXW", "VIX", Settlement.AM, monthly_only=False),
    )
}
"""Index option classes by root; all are European and cash settled."""

PENNY_ALL_PRICES = frozenset({"SPY", "QQQ", "IWM"})


@dataclass(frozen=True, slots=True)
class Equity:
    """A stock or an exchange-traded fund, by its symbol as the broker writes it (``BRK/B``)."""

    symbol: str

    def __post_init__(self) -> None:
        if not _EQUITY.fullmatch(self.symbol):
            raise ValueError(f"not an equity symbol: {self.symbol!r}")

    @property
    def multiplier(self) -> int:
        """Units of the underlying that one of these stands for."""
        return 1

    @property
    def underlying(self) -> str:
        """The quote symbol that drives this instrument's price."""
        return self.symbol


@dataclass(frozen=True, slots=True)
class OptionContract:
    """A standard option contract: root, last day, right and strike."""

    root: str
    expiry: date
    right: Right
    strike: Decimal

    def __post_init__(self) -> None:
        if not 1 <= len(self.root) <= 6:
            raise ValueError(f"not an option root: {self.root!r}")
        if self.strike <= 0 or self.strike >= 100_000 or self.strike * 1000 % 1:
            raise ValueError(f"not a strike: {self.strike}")

    @property
    def symbol(self) -> str:
        """The padded 21-character OCC symbol, e.g. ``SPXW  261211C06200000``."""
        thousandths = int(self.strike * 1000)
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right.value[0]}{thousandths:08d}"

    @property
    def multiplier(self) -> int:
        """Units of the underlying that one contract stands for."""
        return OPTION_MULTIPLIER

    @property
    def underlying(self) -> str:
        """The quote symbol that drives this contract: ``$SPX`` for index classes, else the root."""
        index = INDEX_ROOTS.get(self.root)
        return f"${index.index}" if index else self.root

    @classmethod
    def parse(cls, symbol: str) -> OptionContract:
        """Read a padded OCC symbol or a dotted one (``.SPXW261211C6200``), else ValueError."""
        osi = _OSI.fullmatch(symbol)
        if osi:
            strike = Decimal(osi["strike"]) / 1000
        else:
            osi = _DOTTED.fullmatch(symbol)
            if not osi:
                raise ValueError(f"not an option symbol: {symbol!r}")
            strike = Decimal(osi["strike"])
        try:
            # strptime checks the calendar; the time zone plays no part in a date.
            day = datetime.strptime(osi["day"], "%y%m%d").date()  # noqa: DTZ007
        except ValueError:
            raise ValueError(f"not an option symbol, no such day: {symbol!r}") from None
        right = Right.CALL if osi["right"] == "C" else Right.PUT
        return cls(osi["root"].strip(), day, right, plain(strike))


Instrument: TypeAlias = Equity | OptionContract


def quote_symbol(symbol: str) -> str:
    """Return the quote symbol of what was typed: indexes carry a ``$`` (``spx`` is ``$SPX``)."""
    name = symbol.strip().upper() if len(symbol) != 21 else symbol
    index = INDEX_ROOTS.get(name)
    return f"${index.index}" if index else name


def parse_instrument(symbol: str) -> Instrument:
    """Read a broker symbol of an equity or an option; ValueError if it is neither."""
    if len(symbol) == 21 or symbol.startswith("."):
        return OptionContract.parse(symbol)
    return Equity(symbol)


def plain(number: Decimal) -> Decimal:
    """Return the number without trailing zeros and without an exponent (``6200``, ``62.5``)."""
    trimmed = number.normalize()
    exponent = trimmed.as_tuple().exponent
    return trimmed.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else trimmed


def third_friday(year: int, month: int) -> date:
    """Return the third Friday, on which monthly options expire unless the exchanges are closed."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


CLOSED_THIRD_FRIDAYS = frozenset(
    {
        date(2019, 4, 19),  # Good Friday, as are the others in April
        date(2022, 4, 15),
        date(2025, 4, 18),
        date(2026, 6, 19),  # Juneteenth, as are the others in June
        date(2027, 6, 18),
        date(2030, 4, 19),
        date(2032, 6, 18),
        date(2033, 4, 15),
    }
)
"""Third Fridays of 2015 to 2035 on which the exchanges stay closed (NYSE calendar)."""


def monthly_expiry(year: int, month: int) -> date:
    """Return the day on which monthly options expire: the third Friday, or the day before it.

    VIX keeps days of its own, Wednesdays; nothing here tells those.
    """
    friday = third_friday(year, month)
    return friday - timedelta(days=1) if friday in CLOSED_THIRD_FRIDAYS else friday


def is_monthly(expiry: date) -> bool:
    """Tell whether the day is the monthly expiry of all classes but VIX."""
    return expiry == monthly_expiry(expiry.year, expiry.month)


def equity_tick(price: Decimal) -> Decimal:
    """Return the price step of a stock order: a cent from $1, a hundredth of a cent below."""
    return Decimal("0.01") if abs(price) >= 1 else Decimal("0.0001")


def option_tick(root: str, price: Decimal, *, penny_pilot: bool) -> Decimal:
    """Return the price step of a single option (schwab-api 9.4).

    Penny classes: 0.01 below 3.00, then 0.05 (SPY, QQQ, IWM: 0.01 throughout); other classes
    0.05, then 0.10.
    """
    if root in PENNY_ALL_PRICES:
        return Decimal("0.01")
    if penny_pilot:
        return Decimal("0.01") if price < 3 else Decimal("0.05")
    return Decimal("0.05") if price < 3 else Decimal("0.10")


def spread_tick(root: str) -> Decimal:
    """Return the net price step of a spread: 0.05 for SPX classes (reject text), else 0.01."""
    index = INDEX_ROOTS.get(root)
    return Decimal("0.05") if index is not None and index.index == "SPX" else Decimal("0.01")
