"""Quotes as the broker writes them: stocks and funds, indices, options (schwab-api 8.1)."""

from __future__ import annotations

from datetime import date, datetime, time

from swimdesk.domain.instruments import Right, Settlement
from swimdesk.sim.holidays import trading_day_before
from swimdesk.sim.listings import Listing, SimExpiry
from swimdesk.sim.market import DayFigures, Market, OptionFigures, SimQuote
from swimdesk.sim.sessions import EASTERN
from swimdesk.sim.universe import EXCHANGES, UNDERLYINGS, AssetType

Json = dict[str, object]
NODES = ("fundamental", "quote", "reference", "extended", "regular")
_DEFAULT_NODES = frozenset({"fundamental", "quote", "reference", "regular"})
_HEAD = ("assetMainType", "assetSubType", "quoteType", "realtime", "ssid", "symbol")
_SECURITY_OPEN, _SECURITY_CLOSED = "Normal", "Closed"


def render_quote(market: Market, symbol: str, fields: frozenset[str] = frozenset()) -> Json | None:
    """Return a symbol's quote object with the wanted nodes (none named: the usual ones), or None.

    Field names and units are the broker's: times in epoch milliseconds, volatility in percent.
    """
    quote, day, listing = market.quote(symbol), market.day(symbol), market.describe(symbol)
    if quote is None or day is None or listing is None:
        return None
    figures = market.figures(symbol)
    if figures is not None:
        body = _option(market, quote, day, listing, figures)
    elif listing.asset_type is AssetType.INDEX:
        body = _index(market, quote, day, listing)
    else:
        body = _equity(market, quote, day, listing)
    wanted = fields or _DEFAULT_NODES
    return {name: value for name, value in body.items() if name in _HEAD or name in wanted}


def quote_time_ms(market: Market) -> int:
    """Return when prices last moved, in epoch milliseconds of the brokerage's clock."""
    return epoch_ms(market.sessions.last_open(market.clock.now()))


def epoch_ms(at: datetime) -> int:
    """Return a time as epoch milliseconds."""
    return int(at.timestamp() * 1000)


def last_trading_day(expiry: SimExpiry) -> date:
    """Return the last day an expiry trades: for AM settlement the day before."""
    return trading_day_before(expiry.date) if expiry.settlement is Settlement.AM else expiry.date


def last_trading_ms(expiry: SimExpiry) -> int:
    """Return 20:00 Eastern of the last trading day in epoch milliseconds, as the broker does."""
    return epoch_ms(datetime.combine(last_trading_day(expiry), time(20), EASTERN))


def option_description(figures: OptionFigures) -> str:
    """Return the short description of market data, e.g. ``META 01/31/2025 525.00 P``."""
    contract = figures.contract
    right = contract.right.value[0]
    return f"{contract.root} {contract.expiry:%m/%d/%Y} {contract.strike:.2f} {right}"


def percent(change: float, base: float) -> float:
    """Return a change as percent of a base, zero where there is no base."""
    return round(100.0 * change / base, 8) if base else 0.0


def _equity(market: Market, quote: SimQuote, day: DayFigures, listing: Listing) -> Json:
    at_ms = quote_time_ms(market)
    is_fund = listing.asset_type is AssetType.COLLECTIVE_INVESTMENT
    touch = _touch(quote)
    return {
        "assetMainType": "EQUITY",
        "assetSubType": "ETF" if is_fund else "COE",
        "quoteType": "NBBO",
        "realtime": True,
        "ssid": listing.instrument_id,
        "symbol": listing.symbol,
        "fundamental": _fundamental(day),
        "quote": {
            **_day(market, quote, day),
            **touch,
            **_mark(quote, day),
            **_VENUES,
            **dict.fromkeys(("askTime", "bidTime", "quoteTime"), at_ms),
        },
        "reference": {"cusip": listing.cusip, **_reference(listing.symbol), **_LENDING},
        "extended": {
            **touch,
            "mark": float(quote.mark),
            "quoteTime": at_ms,
            "totalVolume": 0,
            "tradeTime": at_ms,
        },
        "regular": _regular(quote, day, at_ms),
    }


_VENUES: Json = {
    "askMICId": "ARCX",
    "bidMICId": "XNAS",
    "lastMICId": "XADF",
    "postMarketChange": 0.0,
    "postMarketPercentChange": 0.0,
}
_LENDING: Json = {
    "isHardToBorrow": False,
    "isShortable": True,
    "htbQuantity": 0,
    "htbRate": 0.0,
}


def _touch(quote: SimQuote) -> Json:
    return {
        "askPrice": float(quote.ask),
        "askSize": quote.ask_size,
        "bidPrice": float(quote.bid),
        "bidSize": quote.bid_size,
        "lastPrice": float(quote.last),
        "lastSize": 100,
    }


def _regular(quote: SimQuote, day: DayFigures, at_ms: int) -> Json:
    change = float(quote.last) - day.close
    return {
        "regularMarketLastPrice": float(quote.last),
        "regularMarketLastSize": 100,
        "regularMarketNetChange": round(change, 4),
        "regularMarketPercentChange": percent(change, day.close),
        "regularMarketTradeTime": at_ms,
    }


def _index(market: Market, quote: SimQuote, day: DayFigures, listing: Listing) -> Json:
    return {
        "assetMainType": "INDEX",
        "realtime": True,
        "ssid": listing.instrument_id,
        "symbol": listing.symbol,
        "fundamental": _fundamental(day),
        "quote": {**_day(market, quote, day), "lastPrice": float(quote.last)},
        "reference": _reference(listing.symbol),
    }


def _option(
    market: Market,
    quote: SimQuote,
    day: DayFigures,
    listing: Listing,
    figures: OptionFigures,
) -> Json:
    return {
        "assetMainType": "OPTION",
        "realtime": True,
        "ssid": listing.instrument_id,
        "symbol": quote.symbol,
        "quote": {
            **_day(market, quote, day),
            **_mark(quote, day),
            **_greeks(figures),
            "askPrice": float(quote.ask),
            "askSize": quote.ask_size,
            "bidPrice": float(quote.bid),
            "bidSize": quote.bid_size,
            "indAskPrice": 0.0,
            "indBidPrice": 0.0,
            "indQuoteTime": 0,
            "impliedYield": 0.0,
            "lastPrice": float(quote.last),
            "lastSize": 1,
            "moneyIntrinsicValue": round(figures.intrinsic, 4),
            "openInterest": figures.open_interest,
            "quoteTime": quote_time_ms(market),
            "theoreticalOptionValue": round(figures.theoretical, 8),
            "timeValue": round(float(quote.last) - max(figures.intrinsic, 0.0), 8),
            "underlyingPrice": round(figures.underlying_price, 4),
            "volatility": round(100.0 * figures.volatility, 8),
        },
        "reference": _option_reference(figures),
    }


def _option_reference(figures: OptionFigures) -> Json:
    contract, expiry = figures.contract, figures.expiry
    underlying = UNDERLYINGS[contract.underlying]
    return {
        "contractType": "C" if contract.right is Right.CALL else "P",
        "daysToExpiration": figures.days,
        "deliverables": f"100 {underlying.symbol}",
        "description": option_description(figures),
        "exchange": "O",
        "exchangeName": EXCHANGES["O"],
        "exerciseType": "E" if underlying.is_index else "A",
        "expirationDay": expiry.date.day,
        "expirationMonth": expiry.date.month,
        "expirationType": expiry.type,
        "expirationYear": expiry.date.year,
        "isPennyPilot": underlying.penny_pilot,
        "lastTradingDay": last_trading_ms(expiry),
        "multiplier": float(contract.multiplier),
        "settlementType": expiry.settlement.value[0],
        "strikePrice": float(contract.strike),
        "underlying": underlying.symbol,
        "underlyingAssetType": "INDEX" if underlying.is_index else "EQUITY",
    }


def _day(market: Market, quote: SimQuote, day: DayFigures) -> Json:
    change = float(quote.last) - day.close
    is_open = market.sessions.is_open("equity", market.clock.now())
    return {
        "52WeekHigh": day.year_high,
        "52WeekLow": day.year_low,
        "closePrice": day.close,
        "highPrice": day.high,
        "lowPrice": day.low,
        "netChange": round(change, 4),
        "netPercentChange": percent(change, day.close),
        "openPrice": day.open,
        "securityStatus": _SECURITY_OPEN if is_open else _SECURITY_CLOSED,
        "totalVolume": day.volume,
        "tradeTime": quote_time_ms(market),
    }


def _mark(quote: SimQuote, day: DayFigures) -> Json:
    change = float(quote.mark) - day.close
    return {
        "mark": float(quote.mark),
        "markChange": round(change, 4),
        "markPercentChange": percent(change, day.close),
    }


def _greeks(figures: OptionFigures) -> Json:
    greeks = figures.greeks
    return {
        "delta": round(greeks.delta, 8),
        "gamma": round(greeks.gamma, 8),
        "rho": round(greeks.rho, 8),
        "theta": round(greeks.theta, 8),
        "vega": round(greeks.vega, 8),
    }


def _reference(symbol: str) -> Json:
    underlying = UNDERLYINGS[symbol]
    return {
        "description": underlying.description,
        "exchange": underlying.exchange,
        "exchangeName": EXCHANGES[underlying.exchange],
    }


def _fundamental(day: DayFigures) -> Json:
    return {
        "avg10DaysVolume": float(day.average_volume),
        "avg1YearVolume": float(day.average_volume),
        "divAmount": 0.0,
        "divFreq": 0,
        "divPayAmount": 0.0,
        "divYield": 0.0,
        "eps": 0.0,
        "fundLeverageFactor": 0.0,
        "peRatio": 0.0,
    }
