"""Positions as the wire shows them (schwab-api 4.3): written in pieces, of which most stay."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from swimdesk.sim.accounts import SimAccount, SimPosition
from swimdesk.sim.funds import option_requirements, share_rate
from swimdesk.sim.market import DayFigures
from swimdesk.sim.matching import Prices
from swimdesk.sim.rendering import cents, listing_of
from swimdesk.sim.universe import AssetType

ZERO = Decimal(0)


class DayPrices(Prices, Protocol):
    """The part of the market that balances and positions are shown by."""

    def day(self, symbol: str) -> DayFigures | None:
        """Return the day's figures of a symbol, None when it is not listed."""
        ...


def positions_text(account: SimAccount, values: dict[str, Decimal], prices: DayPrices) -> str:
    """Return the list of positions as JSON; ``values`` are their market values by symbol."""
    rate = share_rate(account.kind)
    requirements = option_requirements(account, prices)
    texts = []
    for symbol, position in account.positions.items():
        value = values[symbol]
        required = requirements.get(symbol, ZERO)
        if position.contract is None:
            required = abs(value) * rate
        texts.append(_text(position, value, required, _net_change(symbol, prices)))
    return f"[{','.join(texts)}]"


def _text(position: SimPosition, value: Decimal, required: Decimal, net_change: float) -> str:
    if position.shown is None:
        position.shown = _lasting_text(position)
    gain = value - position.previous_value - position.day_cost
    base = abs(position.previous_value) or abs(position.day_cost)
    open_gain = cents(value - position.cost_price * position.quantity * position.multiplier)
    side = "long" if position.quantity > 0 else "short"
    # Zero-valued optional fields vanish.
    open_text = f',"{side}OpenProfitLoss":{open_gain!r}' if open_gain else ""
    return (
        f'{position.shown},"currentDayProfitLoss":{cents(gain)!r}'
        f',"currentDayProfitLossPercentage":{cents(gain / base * 100) if base else 0.0!r}'
        f',"marketValue":{cents(value)!r},"maintenanceRequirement":{cents(required)!r}{open_text}'
        f',"instrument":{_instrument_text(position.symbol)},"netChange":{net_change!r}}}}}'
    )


def _lasting_text(position: SimPosition) -> str:
    """Return the beginning of a position's JSON: what only trades change."""
    quantity = float(abs(position.quantity))
    is_long = position.quantity > 0
    name = "Long" if is_long else "Short"
    document: dict[str, Any] = {
        "shortQuantity": 0.0 if is_long else quantity,
        "averagePrice": _price(position.cost_price),
        "longQuantity": quantity if is_long else 0.0,
        "settledLongQuantity": float(max(0, position.previous_quantity)),
        "settledShortQuantity": float(min(0, position.previous_quantity)),
    }
    optional = {
        f"average{name}Price": _price(position.trade_price),
        f"taxLotAverage{name}Price": _price(position.cost_price),
        f"previousSession{name}Quantity": float(abs(position.previous_quantity)),
    }
    document |= {key: figure for key, figure in optional.items() if figure}
    document["currentDayCost"] = cents(position.day_cost)
    return _open_ended(document)


@lru_cache(maxsize=8192)
def _instrument_text(symbol: str) -> str:
    """Return the beginning of an instrument's JSON: all but the change of the day."""
    listing = listing_of(symbol)
    document: dict[str, Any] = {
        "assetType": listing.asset_type.value,
        "cusip": listing.cusip,
        "symbol": symbol,
    }
    if listing.asset_type is not AssetType.EQUITY:
        document["description"] = listing.description
    if listing.contract is not None:
        document |= {
            "type": "VANILLA",
            "putCall": listing.contract.right.value,
            "underlyingSymbol": listing.underlying,
        }
    elif listing.asset_type is AssetType.COLLECTIVE_INVESTMENT:
        document["type"] = "EXCHANGE_TRADED_FUND"
    return _open_ended(document)


def _open_ended(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":")).removesuffix("}")


def _net_change(symbol: str, prices: DayPrices) -> float:
    quote, day = prices.quote(symbol), prices.day(symbol)
    if quote is None or day is None:
        return 0.0
    return round(float(quote.last) - day.close, 4)


def _price(price: Decimal) -> float:
    return float(round(price, 4))
