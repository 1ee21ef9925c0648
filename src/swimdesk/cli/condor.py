"""An iron condor off a live chain, for demonstrations: about 15 delta short, 20 points wide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from swimdesk.errors import UnknownSymbol

if TYPE_CHECKING:
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.models import ChainRow, ChainView

INDEX: Final = "$SPX"
_ROOT: Final = "SPXW"
_DAYS_AHEAD: Final = 7
_STRIKES: Final = 160
_SHORT_DELTA: Final = Decimal("0.15")
_WIDTH: Final = Decimal(20)
_TICK: Final = Decimal("0.05")


async def choose_condor(desk: DeskFacade) -> str:
    """Return an order text that a market which is open fills; UnknownSymbol without a chain."""
    nearest = await desk.chain(INDEX, None, 1)
    first = date.fromisoformat(nearest.expiry)
    for day in nearest.expiries:
        if (date.fromisoformat(day) - first).days < _DAYS_AHEAD:
            continue
        chain = await desk.chain(INDEX, day, _STRIKES)
        # A monthly expiry has two roots; the text would have to say which.
        if all(row.symbol.startswith(_ROOT) for row in chain.rows):
            return condor_text(chain)
    raise UnknownSymbol(f"{INDEX} lists no weekly expiration {_DAYS_AHEAD} days ahead.")


def condor_text(chain: ChainView) -> str:
    """Write the order: a quarter of the way from what the market gives at once to the middle."""
    short_call, long_call = _pair(chain.rows, "CALL", _WIDTH)
    short_put, long_put = _pair(chain.rows, "PUT", -_WIDTH)
    shorts, longs = (short_call, short_put), (long_call, long_put)
    natural = sum((x.bid for x in shorts), Decimal(0)) - sum(x.ask for x in longs)
    middle = sum((x.mark for x in shorts), Decimal(0)) - sum(x.mark for x in longs)
    price = ((natural * 3 + middle) / 4 / _TICK).to_integral_value(ROUND_FLOOR) * _TICK
    strikes = "/".join(f"{x.strike:f}" for x in (short_call, long_call, short_put, long_put))
    day = date.fromisoformat(chain.expiry)
    expiry = f"{day.day} {day:%b %y}".upper()
    return (
        f"SELL -1 IRON CONDOR SPX 100 (Weeklys) {expiry} {strikes} CALL/PUT"
        f" @{max(price, _TICK):.2f} LMT"
    )


def _pair(rows: Sequence[ChainRow], right: str, width: Decimal) -> tuple[ChainRow, ChainRow]:
    """Return the short leg and the long one that far beyond it."""
    by_strike = {row.strike: row for row in rows if row.right == right}
    able = [row for row in by_strike.values() if row.delta and row.strike + width in by_strike]
    if not able:
        raise UnknownSymbol(f"{INDEX} lists no {right} spread {abs(width)} points wide.")
    short = min(able, key=lambda row: abs(abs(row.delta or Decimal(0)) - _SHORT_DELTA))
    return short, by_strike[short.strike + width]
