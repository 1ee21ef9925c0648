"""Option chains and expiry lists as the broker writes them (schwab-api 8.2, 8.3)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.sim.listings import SimExpiry
from swimdesk.sim.market import DayFigures, Market, OptionFigures, SimQuote
from swimdesk.sim.quotejson import (
    Json,
    last_trading_ms,
    option_description,
    percent,
    quote_time_ms,
)
from swimdesk.sim.series import RATE
from swimdesk.sim.sessions import EASTERN
from swimdesk.sim.universe import UNDERLYINGS, AssetType, Underlying

MOST_CONTRACTS = 8_000
"""More contracts than this make a body that the broker's gateway refuses (about 10 MB)."""

_EXCHANGE_SHORT = {"Q": "NAS", "N": "NYS", "P": "PSE", "0": "IND"}


@dataclass(frozen=True, slots=True)
class ChainFilter:
    """What part of a chain is wanted; None leaves that side unbounded."""

    rights: tuple[Right, ...] = (Right.CALL, Right.PUT)
    strike_count: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    with_underlying: bool = False


class ChainTooBig(Exception):
    """A chain that the broker's gateway would not pass on."""


def render_chain(market: Market, symbol: str, wanted: ChainFilter) -> Json:
    """Return the chain of an underlying; ChainTooBig where the filter lets too much through."""
    rows = [
        (expiry, _strikes(market, symbol, expiry, wanted.strike_count))
        for expiry in market.expiries(symbol)
        if (wanted.first_day is None or expiry.date >= wanted.first_day)
        and (wanted.last_day is None or expiry.date <= wanted.last_day)
    ]
    count = sum(len(strikes) for _, strikes in rows) * len(wanted.rights)
    if count > MOST_CONTRACTS:
        raise ChainTooBig(f"{count} contracts")
    underlying = UNDERLYINGS[symbol]
    return {
        "symbol": symbol,
        "status": "SUCCESS",
        "underlying": _underlying(market, symbol) if wanted.with_underlying else None,
        "strategy": "SINGLE",
        "interval": 0.0,
        "isDelayed": False,
        "isIndex": underlying.is_index,
        "interestRate": round(100.0 * RATE, 3),
        "underlyingPrice": round(market.spot(symbol), 4),
        "volatility": 29.0,
        "daysToExpiration": 0.0,
        "dividendYield": underlying.dividend_yield,
        "numberOfContracts": count,
        **_asset_type(underlying),
        "isChainTruncated": False,
        "callExpDateMap": _map(market, rows, Right.CALL) if Right.CALL in wanted.rights else {},
        "putExpDateMap": _map(market, rows, Right.PUT) if Right.PUT in wanted.rights else {},
    }


def render_expiries(market: Market, symbol: str) -> Json:
    """Return the expiry list of an underlying."""
    today = market.today
    return {
        "expirationList": [
            {
                "expirationDate": str(expiry.date),
                "daysToExpiration": (expiry.date - today).days,
                "expirationType": expiry.type,
                "settlementType": expiry.settlement.value[0],
                "optionRoots": expiry.root,
                "standard": True,
            }
            for expiry in market.expiries(symbol)
        ]
    }


def _strikes(
    market: Market, symbol: str, expiry: SimExpiry, count: int | None
) -> tuple[Decimal, ...]:
    """Return the strikes of an expiry: all, or that many below and above the price."""
    strikes = market.strikes(expiry.root, expiry.date)
    if count is None:
        return strikes
    middle = bisect_right(strikes, Decimal(str(market.spot(symbol))))
    return strikes[max(middle - count, 0) : middle + count]


def _map(
    market: Market, rows: list[tuple[SimExpiry, tuple[Decimal, ...]]], right: Right
) -> dict[str, dict[str, list[Json]]]:
    """Return date:days -> strike -> contracts; two where both roots of an index list one."""
    today = market.today
    days: dict[str, dict[str, list[Json]]] = {}
    for expiry, strikes in rows:
        by_strike = days.setdefault(f"{expiry.date}:{(expiry.date - today).days}", {})
        for strike in strikes:
            contract = OptionContract(expiry.root, expiry.date, right, strike)
            by_strike.setdefault(str(float(strike)), []).append(_contract(market, contract))
    return days


def _contract(market: Market, contract: OptionContract) -> Json:
    symbol = contract.symbol
    quote, day, figures = market.quote(symbol), market.day(symbol), market.figures(symbol)
    if quote is None or day is None or figures is None:
        raise ValueError(f"not listed: {symbol}")
    at_ms = quote_time_ms(market)
    return {
        "putCall": contract.right.value,
        "symbol": symbol,
        "description": option_description(figures),
        **_ALWAYS,
        **_sides(quote),
        **_changes(quote, day),
        "tradeTimeInLong": at_ms,
        "quoteTimeInLong": at_ms,
        **_theory(figures, float(quote.mark)),
        **_specification(contract, figures.expiry),
        "daysToExpiration": figures.days,
    }


_ALWAYS: Json = {
    "exchangeName": "OPR",
    "lastSize": 1,
    "openPrice": 0.0,
    "theoreticalVolatility": 29.0,
    "nonStandard": False,
    "mini": False,
}
"""What is the same in every contract of this market."""


def _sides(quote: SimQuote) -> Json:
    return {
        "bid": float(quote.bid),
        "ask": float(quote.ask),
        "last": float(quote.last),
        "mark": float(quote.mark),
        "bidSize": quote.bid_size,
        "askSize": quote.ask_size,
        "bidAskSize": f"{quote.bid_size}X{quote.ask_size}",
    }


def _changes(quote: SimQuote, day: DayFigures) -> Json:
    change, mark_change = float(quote.last) - day.close, float(quote.mark) - day.close
    return {
        "highPrice": day.high,
        "lowPrice": day.low,
        "closePrice": day.close,
        "totalVolume": day.volume,
        "netChange": round(change, 2),
        "percentChange": round(percent(change, day.close), 2),
        "markChange": round(mark_change, 2),
        "markPercentChange": round(percent(mark_change, day.close), 2),
        "high52Week": day.year_high,
        "low52Week": day.year_low,
    }


def _theory(figures: OptionFigures, mark: float) -> Json:
    greeks, intrinsic = figures.greeks, figures.intrinsic
    return {
        "volatility": round(100.0 * figures.volatility, 3),
        "delta": round(greeks.delta, 3),
        "gamma": round(greeks.gamma, 3),
        "theta": round(greeks.theta, 3),
        "vega": round(greeks.vega, 3),
        "rho": round(greeks.rho, 3),
        "openInterest": figures.open_interest,
        "timeValue": round(mark - max(intrinsic, 0.0), 2),
        "theoreticalOptionValue": round(figures.theoretical, 3),
        "intrinsicValue": round(intrinsic, 2),
        "extrinsicValue": round(mark - intrinsic, 2),
        "inTheMoney": intrinsic > 0.0,
    }


def _specification(contract: OptionContract, expiry: SimExpiry) -> Json:
    underlying = UNDERLYINGS[contract.underlying]
    return {
        "optionDeliverablesList": [_deliverable(underlying.symbol, is_index=underlying.is_index)],
        "strikePrice": float(contract.strike),
        "expirationDate": _closing_time(expiry.date),
        "expirationType": expiry.type,
        "lastTradingDay": last_trading_ms(expiry),
        "multiplier": float(contract.multiplier),
        "settlementType": expiry.settlement.value[0],
        "deliverableNote": f"100 {underlying.symbol}",
        "optionRoot": contract.root,
        "exerciseType": "E" if underlying.is_index else "A",
        "pennyPilot": underlying.penny_pilot,
    }


def _asset_type(underlying: Underlying) -> Json:
    if underlying.is_index:
        return {"assetMainType": "INDEX"}
    is_fund = underlying.asset_type is AssetType.COLLECTIVE_INVESTMENT
    return {"assetMainType": "EQUITY", "assetSubType": "ETF" if is_fund else "COE"}


def _deliverable(symbol: str, *, is_index: bool) -> Json:
    kind = "INDEX" if is_index else "STOCK"
    return {"symbol": symbol, "assetType": kind, "deliverableUnits": 100.0}


def _closing_time(day: date) -> str:
    """Return 16:00 Eastern of a day as the broker writes it, in UTC with milliseconds."""
    close = datetime.combine(day, time(16), EASTERN).astimezone(UTC)
    return close.isoformat(timespec="milliseconds")


def _underlying(market: Market, symbol: str) -> Json | None:
    quote, day = market.quote(symbol), market.day(symbol)
    if quote is None or day is None:
        return None
    underlying, at_ms = UNDERLYINGS[symbol], quote_time_ms(market)
    change, mark_change = float(quote.last) - day.close, float(quote.mark) - day.close
    return {
        "ask": float(quote.ask),
        "askSize": quote.ask_size,
        "bid": float(quote.bid),
        "bidSize": quote.bid_size,
        "change": round(change, 2),
        "close": day.close,
        "delayed": False,
        "description": underlying.description,
        "exchangeName": _EXCHANGE_SHORT[underlying.exchange],
        "fiftyTwoWeekHigh": day.year_high,
        "fiftyTwoWeekLow": day.year_low,
        "highPrice": day.high,
        "last": float(quote.last),
        "lowPrice": day.low,
        "mark": float(quote.mark),
        "markChange": round(mark_change, 2),
        "markPercentChange": round(percent(mark_change, day.close), 2),
        "openPrice": day.open,
        "percentChange": round(percent(change, day.close), 2),
        "quoteTime": at_ms,
        "symbol": symbol,
        "totalVolume": day.volume,
        "tradeTime": at_ms,
    }
