"""The order of the bench: one SPX iron condor at a price that changes with every broadcast."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

UNDERLYING: Final = "$SPX"
FRIDAY: Final = 4
WEEKS_AHEAD: Final = timedelta(weeks=2)
PRICES: Final = tuple(Decimal("1.40") + Decimal("0.05") * step for step in range(9))
"""Around the mid of the quotes below; a price comes back only when its orders are long done."""

_MIDS: Final = {
    ("C", 6200): Decimal("4.10"),
    ("C", 6220): Decimal("3.30"),
    ("P", 5820): Decimal("4.60"),
    ("P", 5800): Decimal("3.80"),
}
_HALF_SPREAD: Final = Decimal("0.05")
_INDEX: Final = Decimal("6010.00")


class Condor:
    """An iron condor of the Friday about two weeks after a day, its texts and its quotes."""

    def __init__(self, today: date) -> None:
        ahead = today + WEEKS_AHEAD
        self._expiry = ahead + timedelta(days=(FRIDAY - ahead.weekday()) % 7)

    def text(self, turn: int) -> str:
        """Return the order of a broadcast; its neighbours have other prices."""
        day = self._expiry.strftime("%-d %b %y").upper()
        return (
            f"SELL -1 IRON CONDOR SPX 100 (Weeklys) {day} 6200/6220/5820/5800 CALL/PUT"
            f" @{PRICES[turn % len(PRICES)]} LMT [TO OPEN]"
        )

    def quotes(self) -> dict[str, tuple[Decimal | None, Decimal | None, Decimal]]:
        """Return bid, ask and last by symbol; an index has no bid and ask."""
        found: dict[str, tuple[Decimal | None, Decimal | None, Decimal]] = {
            UNDERLYING: (None, None, _INDEX)
        }
        for (right, strike), mid in _MIDS.items():
            symbol = f"SPXW  {self._expiry:%y%m%d}{right}{strike:05}000"
            found[symbol] = (mid - _HALF_SPREAD, mid + _HALF_SPREAD, mid)
        return found
