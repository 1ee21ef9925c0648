"""Previews of orders as the wire shows them (schwab-api 5.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from swimdesk.sim.fees import fees_per_contract
from swimdesk.sim.funds import available_funds
from swimdesk.sim.matching import Prices
from swimdesk.sim.orders import OrderTerms, SimLeg
from swimdesk.sim.rendering import cents, leg_instrument, listing_of, stock_leverage, wire_time
from swimdesk.sim.rules import Case

ZERO = Decimal(0)


def preview(case: Case, reasons: list[str], epoch_s: int) -> dict[str, Any]:
    """Return the preview of an order that the rules judged so."""
    rejects = [{"activityMessage": text, "originalSeverity": "REJECT"} for text in reasons]
    return {
        "orderId": 0,
        "orderStrategy": _strategy(case, bool(reasons), epoch_s),
        "orderValidationResult": {"rejects": rejects} if rejects else {},
        "commissionAndFee": _fee_tables(case.terms, case.prices),
    }


def _strategy(case: Case, rejected: bool, epoch_s: int) -> dict[str, Any]:
    account, terms = case.account, case.terms
    natural = abs(case.quote.natural) if case.quote else ZERO
    price = natural if terms.price is None else terms.price
    value = float(price * terms.unit_multiplier * terms.units)
    entered = wire_time(epoch_s)
    closed = {"closeTime": entered} if rejected else {}
    is_net = terms.order_type in ("NET_CREDIT", "NET_DEBIT", "NET_ZERO")
    return {
        "accountNumber": account.number,
        "advancedOrderType": "NONE",
        **closed,
        "enteredTime": entered,
        "orderBalance": _projected(case, value),
        "orderStrategyType": "SINGLE",
        "orderVersion": 1,
        "session": terms.session,
        "status": "REJECTED" if rejected else "ACCEPTED",
        "discretionary": False,
        "duration": terms.duration,
        "filledQuantity": 0.0,
        "orderType": "LIMIT" if is_net else terms.order_type,
        "orderValue": value,
        **({} if terms.price is None else {"price": float(terms.price)}),
        "quantity": float(terms.units),
        "remainingQuantity": 0.0 if rejected else float(terms.units),
        "sellNonMarginableFirst": False,
        "strategy": terms.complex_type,
        "amountIndicator": "SHARES",
        "orderLegs": [_preview_leg(leg, rejected, case.prices) for leg in terms.legs],
    }


def _projected(case: Case, value: float) -> dict[str, float]:
    account, prices = case.account, case.prices
    left = available_funds(account, prices) - case.cost
    legs = case.terms.legs
    commission = sum((_commission(leg, prices) * leg.quantity for leg in legs), ZERO)
    return {
        "orderValue": value,
        "projectedAvailableFund": cents(left),
        "projectedBuyingPower": cents(left * stock_leverage(account)),
        "projectedCommission": cents(commission),
    }


def _preview_leg(leg: SimLeg, rejected: bool, prices: Prices) -> dict[str, Any]:
    quote = prices.quote(leg.symbol)
    figures = {}
    if quote is not None:
        figures = {
            "askPrice": float(quote.ask),
            "bidPrice": float(quote.bid),
            "lastPrice": float(quote.last),
            "markPrice": float(quote.mark),
        }
    listing = listing_of(leg.symbol)
    instrument = {k: v for k, v in leg_instrument(leg.symbol).items() if k in _PREVIEW_KEYS}
    return {
        **figures,
        "projectedCommission": cents(_commission(leg, prices)),
        **({"finalSymbol": leg.symbol} if rejected else {}),
        "legId": leg.leg_id,
        "assetType": listing.asset_type.value,
        "instruction": leg.instruction,
        "positionEffect": "OPENING" if leg.is_opening else "CLOSING",
        "instrument": instrument,
    }


_PREVIEW_KEYS = frozenset(
    {
        "assetType",
        "symbol",
        "description",
        "type",
        "putCall",
        "underlyingSymbol",
        "optionDeliverables",
    }
)


def _premium(leg: SimLeg, prices: Prices) -> Decimal:
    quote = prices.quote(leg.symbol)
    return quote.mark if quote else ZERO


def _commission(leg: SimLeg, prices: Prices) -> Decimal:
    return fees_per_contract(leg, _premium(leg, prices)).commission


def _fee_tables(terms: OrderTerms, prices: Prices) -> dict[str, Any]:
    found = [fees_per_contract(leg, _premium(leg, prices)) for leg in terms.legs]
    commissions = [
        {"commissionValues": _values(BASE_CHARGE=ZERO, COMMISSION=f.commission)} for f in found
    ]
    charged = []
    for leg, fee in zip(terms.legs, found, strict=True):
        values = {"SEC_FEE": fee.sale, "OPT_REG_FEE": fee.regulatory, "TAF_FEE": ZERO}
        if fee.index:
            values = {"OPT_REG_FEE": fee.regulatory, "INDEX_OPTION_FEE": fee.index}
            if not leg.is_buy:
                values["SEC_FEE"] = fee.sale
        charged.append({"feeValues": _values(**values)})
    return {
        "commission": {"commissionLegs": commissions},
        "fee": {"feeLegs": charged},
        "trueCommission": {"commissionLegs": commissions},
    }


def _values(**amounts: Decimal) -> list[dict[str, Any]]:
    return [{"value": float(amount), "type": kind} for kind, amount in amounts.items()]
