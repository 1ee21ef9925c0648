"""Accounts and balances as the wire shows them (schwab-api 4.2)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.funds import Funds, funds_of, market_values
from swimdesk.sim.holdings import DayPrices, positions_text
from swimdesk.sim.rendering import cents, stock_leverage

ZERO = Decimal(0)
_DAY_TRADING_LEVERAGE = 4


def account_text(account: SimAccount, prices: DayPrices, *, positions: bool) -> str:
    """Return one element of ``/accounts`` as JSON; without any position the list is absent."""
    values = market_values(account, prices)
    funds = funds_of(account, prices, values)
    document: dict[str, Any] = {
        "type": "CASH" if account.is_cash_type else "MARGIN",
        "accountNumber": account.number,
        "roundTrips": 0,
        "isDayTrader": False,
        "isClosingOnlyRestricted": account.closing_only,
        "pfcbFlag": False,
    }
    blocks = _cash_balances if account.is_cash_type else _margin_balances
    text = _text(document | blocks(account, funds))
    if positions and account.positions:
        held = positions_text(account, values, prices)
        text = f'{text.removesuffix("}")},"positions":{held}}}'
    liquidation = cents(funds.liquidation)
    aggregated = {"currentLiquidationValue": liquidation, "liquidationValue": liquidation}
    return f'{{"securitiesAccount":{text},"aggregatedBalance":{_text(aggregated)}}}'


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


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
