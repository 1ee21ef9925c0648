"""Accounts, balances and positions as the wire shows them (schwab-api 4.2, 4.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

from swimdesk.sim.accounts import SimAccount, SimPosition
from swimdesk.sim.funds import Funds, funds_of, market_value, option_requirements, share_rate
from swimdesk.sim.market import DayFigures
from swimdesk.sim.matching import Prices
from swimdesk.sim.rendering import cents, listing_of, stock_leverage
from swimdesk.sim.universe import AssetType

ZERO = Decimal(0)
_DAY_TRADING_LEVERAGE = 4


class DayPrices(Prices, Protocol):
    """The part of the market that balances and positions are shown by."""

    def day(self, symbol: str) -> DayFigures | None:
        """Return the day's figures of a symbol, None when it is not listed."""
        ...


def account_json(account: SimAccount, prices: DayPrices, *, positions: bool) -> dict[str, Any]:
    """Return one element of ``/accounts``; without any position the list is absent."""
    funds = funds_of(account, prices)
    document: dict[str, Any] = {
        "type": "CASH" if account.is_cash_type else "MARGIN",
        "accountNumber": account.number,
        "roundTrips": 0,
        "isDayTrader": False,
        "isClosingOnlyRestricted": account.closing_only,
        "pfcbFlag": False,
    }
    if positions and account.positions:
        requirements = option_requirements(account, prices)
        document["positions"] = [
            _position(account, position, requirements, prices)
            for position in list(account.positions.values())
        ]
    blocks = _cash_balances if account.is_cash_type else _margin_balances
    document |= blocks(account, funds)
    liquidation = cents(funds.liquidation)
    aggregated = {"currentLiquidationValue": liquidation, "liquidationValue": liquidation}
    return {"securitiesAccount": document, "aggregatedBalance": aggregated}


def _common_current(funds: Funds) -> dict[str, float]:
    return {
        "accruedInterest": 0.0,
        "cashBalance": cents(funds.cash),
        "cashReceipts": 0.0,
        "longOptionMarketValue": cents(funds.long_options),
        "liquidationValue": cents(funds.liquidation),
        "longMarketValue": cents(funds.long_stock),
        "moneyMarketFund": 0.0,
        "savings": 0.0,
        "shortMarketValue": cents(funds.short_stock),
        "pendingDeposits": 0.0,
        "mutualFundValue": 0.0,
        "bondValue": 0.0,
        "shortOptionMarketValue": cents(funds.short_options),
    }


def _equity_percentage(funds: Funds) -> float:
    return cents(funds.equity / funds.long_stock * 100) if funds.long_stock else 100.0


def _margin_balances(account: SimAccount, funds: Funds) -> dict[str, Any]:
    available = cents(funds.available)
    buying = cents(funds.available * stock_leverage(account))
    day_trading = cents(max(ZERO, funds.available) * _DAY_TRADING_LEVERAGE)
    in_call = funds.available < 0
    call = cents(max(ZERO, -funds.available))
    current = _common_current(funds) | {
        "availableFunds": available,
        "availableFundsNonMarginableTrade": available,
        "buyingPower": buying,
        "buyingPowerNonMarginableTrade": available,
        "dayTradingBuyingPower": day_trading,
        "equity": cents(funds.equity),
        "equityPercentage": _equity_percentage(funds),
        "longMarginValue": cents(funds.long_stock),
        "maintenanceCall": call,
        "maintenanceRequirement": cents(funds.requirement),
        "marginBalance": cents(min(ZERO, funds.cash)),
        "regTCall": 0.0,
        "shortBalance": 0.0,
        "shortMarginValue": cents(funds.short_stock),
        "sma": available,
    }
    projected = {
        "availableFunds": available,
        "availableFundsNonMarginableTrade": available,
        "buyingPower": buying,
        "dayTradingBuyingPower": day_trading,
        "dayTradingBuyingPowerCall": 0.0,
        "maintenanceCall": call,
        "regTCall": 0.0,
        "isInCall": in_call,
        "stockBuyingPower": buying,
    }
    return {
        "initialBalances": _margin_initial(account, funds),
        "currentBalances": current,
        "projectedBalances": projected,
    }


def _margin_initial(account: SimAccount, funds: Funds) -> dict[str, Any]:
    """Return the day's start; two of its fields hold buying power by an old mapping."""
    started = cents(account.start_value)
    cash = cents(account.start_cash)
    available = cents(funds.available)
    return {
        "accruedInterest": 0.0,
        "availableFundsNonMarginableTrade": available,
        "bondValue": cents(funds.available * _DAY_TRADING_LEVERAGE),
        "buyingPower": cents(funds.available * stock_leverage(account)),
        "cashBalance": cash,
        "cashAvailableForTrading": 0.0,
        "cashReceipts": 0.0,
        "dayTradingBuyingPower": cents(funds.available * _DAY_TRADING_LEVERAGE),
        "dayTradingBuyingPowerCall": 0.0,
        "dayTradingEquityCall": 0.0,
        "equity": started,
        "equityPercentage": _equity_percentage(funds),
        "liquidationValue": started,
        "longMarginValue": cents(funds.long_stock),
        "longOptionMarketValue": cents(funds.long_options),
        "longStockValue": cents(funds.long_stock),
        "maintenanceCall": 0.0,
        "maintenanceRequirement": cents(funds.requirement),
        "margin": cash,
        "marginEquity": started,
        "moneyMarketFund": 0.0,
        "mutualFundValue": available,
        "regTCall": 0.0,
        "shortMarginValue": cents(funds.short_stock),
        "shortOptionMarketValue": cents(funds.short_options),
        "shortStockValue": cents(funds.short_stock),
        "totalCash": 0.0,
        "isInCall": False,
        "unsettledCash": 0.0,
        "pendingDeposits": 0.0,
        "marginBalance": cents(min(ZERO, account.start_cash)),
        "shortBalance": 0.0,
        "accountValue": started,
    }


def _cash_balances(account: SimAccount, funds: Funds) -> dict[str, Any]:
    available = cents(funds.available)
    started = cents(account.start_value)
    initial = {
        "accruedInterest": 0.0,
        "cashAvailableForTrading": cents(account.start_cash),
        "cashAvailableForWithdrawal": cents(account.start_cash),
        "cashBalance": cents(account.start_cash),
        "bondValue": 0.0,
        "cashReceipts": 0.0,
        "liquidationValue": started,
        "longOptionMarketValue": cents(funds.long_options),
        "longStockValue": cents(funds.long_stock),
        "moneyMarketFund": 0.0,
        "mutualFundValue": available,
        "shortOptionMarketValue": cents(funds.short_options),
        "shortStockValue": 0.0,
        "isInCall": False,
        "unsettledCash": 0.0,
        "cashDebitCallValue": 0.0,
        "pendingDeposits": 0.0,
        "accountValue": started,
    }
    trading = {"cashAvailableForTrading": available, "cashAvailableForWithdrawal": available}
    current = _common_current(funds) | trading
    current |= {
        "cashCall": 0.0,
        "longNonMarginableMarketValue": cents(funds.long_stock),
        "totalCash": cents(funds.cash),
        "cashDebitCallValue": 0.0,
        "unsettledCash": 0.0,
    }
    return {
        "initialBalances": initial,
        "currentBalances": current,
        "projectedBalances": dict(trading),
    }


def _position(
    account: SimAccount,
    position: SimPosition,
    requirements: dict[str, Decimal],
    prices: DayPrices,
) -> dict[str, Any]:
    value = market_value(position, prices)
    quantity = abs(position.quantity)
    side = "long" if position.quantity > 0 else "short"
    long_quantity, short_quantity = (quantity, 0) if side == "long" else (0, quantity)
    day_gain = value - position.previous_value - position.day_cost
    base = abs(position.previous_value) or abs(position.day_cost)
    requirement = requirements.get(position.symbol, ZERO)
    if position.contract is None:
        requirement = abs(value) * share_rate(account.kind)
    open_gain = value - position.cost_price * position.quantity * position.multiplier
    document: dict[str, Any] = {
        "shortQuantity": float(short_quantity),
        "averagePrice": _price(position.cost_price),
        "currentDayProfitLoss": cents(day_gain),
        "currentDayProfitLossPercentage": cents(day_gain / base * 100) if base else 0.0,
        "longQuantity": float(long_quantity),
        "settledLongQuantity": float(max(0, position.previous_quantity)),
        "settledShortQuantity": float(min(0, position.previous_quantity)),
        "instrument": _position_instrument(position.symbol, prices),
        "marketValue": cents(value),
        "maintenanceRequirement": cents(requirement),
    }
    name = side.capitalize()
    optional = {
        f"average{name}Price": _price(position.trade_price),
        f"taxLotAverage{name}Price": _price(position.cost_price),
        f"{side}OpenProfitLoss": cents(open_gain),
        f"previousSession{name}Quantity": float(abs(position.previous_quantity)),
    }
    document |= {key: figure for key, figure in optional.items() if figure}
    document["currentDayCost"] = cents(position.day_cost)
    return document


def _position_instrument(symbol: str, prices: DayPrices) -> dict[str, Any]:
    listing = listing_of(symbol)
    document: dict[str, Any] = {
        "assetType": listing.asset_type.value,
        "cusip": listing.cusip,
        "symbol": symbol,
    }
    if listing.asset_type is not AssetType.EQUITY:
        document["description"] = listing.description
    document["netChange"] = _net_change(symbol, prices)
    if listing.contract is not None:
        document |= {
            "type": "VANILLA",
            "putCall": listing.contract.right.value,
            "underlyingSymbol": listing.underlying,
        }
    elif listing.asset_type is AssetType.COLLECTIVE_INVESTMENT:
        document["type"] = "EXCHANGE_TRADED_FUND"
    return document


def _net_change(symbol: str, prices: DayPrices) -> float:
    quote, day = prices.quote(symbol), prices.day(symbol)
    if quote is None or day is None:
        return 0.0
    return round(float(quote.last) - day.close, 4)


def _price(price: Decimal) -> float:
    return float(round(price, 4))
