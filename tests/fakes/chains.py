"""Option chains that look like a real market and are the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from swimdesk.desk.ports import ChainContract, Expiry, Quote
from swimdesk.domain.instruments import OptionContract, Right, is_monthly, plain
from swimdesk.domain.pricing import greeks, price
from tests.fakes.virtual import START

TODAY = START.date()
DAYS = (
    date(2026, 11, 27),
    date(2026, 12, 4),
    date(2026, 12, 11),
    date(2026, 12, 18),
    date(2027, 1, 15),
)
SPOT = Decimal(100)
"""The price of every underlying without one of its own."""

_VOLATILITY = 0.18
_CENT = Decimal("0.01")
_EACH_WAY = 400
_OCC_LENGTH = 21
_ROOTS = {"$SPX": "SPXW"}
_STEPS = ((Decimal(1000), Decimal(5)), (Decimal(0), Decimal(1)))


@dataclass(slots=True)
class Listed:
    """What is listed at which prices; ``spots`` gives an underlying a price of its own."""

    spots: dict[str, Decimal] = field(default_factory=dict)

    def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """List the days, the monthly ones of $SPX under both of its roots."""
        return tuple(
            Expiry(day, root, settlement, "S" if is_monthly(day) else "W", (day - TODAY).days)
            for day in DAYS
            for root, settlement in _series(symbol, day)
        )

    def chain(self, symbol: str, day: date, strikes: int) -> tuple[ChainContract, ...]:
        """List calls and puts of a day, that many strikes above and below the price."""
        spot = self.spots.get(symbol, SPOT)
        step = next(step for least, step in _STEPS if spot >= least)
        below = int(spot / step)
        wanted = range(below - strikes + 1, below + strikes + 1)
        near = (number * step for number in wanted if abs(number - below) <= _EACH_WAY)
        return tuple(
            self._row(symbol, OptionContract(root, day, right, strike))
            for strike in near
            if strike > 0
            for root, _ in _series(symbol, day)
            for right in Right
        )

    def quotes(self, symbols: Sequence[str], now: datetime) -> dict[str, Quote]:
        """Quote underlyings with a price of their own, and their options as the chain does."""
        found = {}
        for symbol in symbols:
            if symbol in self.spots:
                spot = self.spots[symbol]
                found[symbol] = Quote(symbol, spot, spot, now, spot - _CENT, spot + _CENT)
            elif len(symbol) == _OCC_LENGTH:
                contract = OptionContract.parse(symbol)
                if contract.underlying in self.spots and contract.expiry in DAYS:
                    row = self._row(contract.underlying, contract)
                    found[symbol] = Quote(symbol, row.mark, row.mark, now, row.bid, row.ask)
        return found

    def _row(self, symbol: str, contract: OptionContract) -> ChainContract:
        spot = float(self.spots.get(symbol, SPOT))
        # What settles in the morning lives a little shorter: its prices differ.
        days = (contract.expiry - TODAY).days - (0.4 if contract.root == "SPX" else 0)
        market = (contract.right, spot, float(contract.strike), days / 365, _VOLATILITY, 0.04)
        mark = Decimal(price(*market)).quantize(_CENT, ROUND_HALF_UP)
        half = max(_CENT, (mark * _CENT).quantize(_CENT))
        return ChainContract(
            instrument=contract,
            bid=max(mark - half, Decimal(0)),
            ask=mark + half,
            mark=mark,
            delta=Decimal(greeks(*market).delta).quantize(Decimal("0.001")),
            volatility=Decimal(str(_VOLATILITY * 100)),
            open_interest=int(contract.strike) * 7 % 9000,
            volume=int(plain(contract.strike)) * 3 % 700,
        )


def _series(symbol: str, day: date) -> tuple[tuple[str, str], ...]:
    evening = (_ROOTS.get(symbol, symbol), "PM")
    return (("SPX", "AM"), evening) if symbol == "$SPX" and is_monthly(day) else (evening,)
