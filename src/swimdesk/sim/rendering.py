"""Orders and preferences as the wire shows them (schwab-api 4.5, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from swimdesk.sim.accounts import AccountKind, SimAccount
from swimdesk.sim.answers import as_bytes
from swimdesk.sim.listings import Listing, describe
from swimdesk.sim.orders import Activity, OrderTerms, SimLeg, SimOrder, Status
from swimdesk.sim.universe import AssetType


@lru_cache(maxsize=4096)
def wire_time(epoch_s: int) -> str:
    """Return a time as orders carry it: whole seconds, ``+0000``."""
    return f"{datetime.fromtimestamp(epoch_s, UTC):%Y-%m-%dT%H:%M:%S}+0000"


@lru_cache(maxsize=8192)
def listing_of(symbol: str) -> Listing:
    """Return how a symbol is listed; only for symbols that passed the checks."""
    listing = describe(symbol)
    if listing is None:
        raise KeyError(symbol)
    return listing


@lru_cache(maxsize=8192)
def leg_instrument(symbol: str) -> dict[str, Any]:
    """Return the instrument of an order leg; callers must not change it."""
    listing = listing_of(symbol)
    head = {"assetType": listing.asset_type.value, "cusip": listing.cusip, "symbol": symbol}
    if listing.contract is not None:
        return {
            **head,
            "description": listing.description,
            "instrumentId": listing.instrument_id,
            "type": "VANILLA",
            "putCall": listing.contract.right.value,
            "underlyingSymbol": listing.underlying,
            "optionDeliverables": [
                {"symbol": listing.deliverable_symbol, "deliverableUnits": 100.0}
            ],
        }
    if listing.asset_type is AssetType.COLLECTIVE_INVESTMENT:
        head["description"] = listing.description
        return {**head, "instrumentId": listing.instrument_id, "type": "EXCHANGE_TRADED_FUND"}
    return {**head, "instrumentId": listing.instrument_id}


def order_bytes(order: SimOrder, tag: str) -> bytes:
    """Return an order as JSON; kept until the order changes."""
    if order.rendered is None:
        order.rendered = as_bytes(_order(order, tag))
    return order.rendered


def _order(order: SimOrder, tag: str) -> dict[str, Any]:
    terms = order.terms
    live = not order.is_terminal
    document: dict[str, Any] = {
        "session": terms.session,
        "duration": terms.duration,
        "orderType": terms.order_type,
    }
    if terms.cancel_at is not None:
        document["cancelTime"] = wire_time(int(terms.cancel_at.timestamp()))
    document |= {
        "complexOrderStrategyType": terms.complex_type,
        "quantity": float(order.units),
        "filledQuantity": float(order.filled_units),
        "remainingQuantity": float(order.open_units),
        "requestedDestination": "AUTO",
        "destinationLinkName": order.destination,
    }
    document |= _prices(terms)
    document["orderLegCollection"] = [_leg(leg) for leg in terms.legs]
    document |= {
        "orderStrategyType": "SINGLE",
        "orderId": order.order_id,
        "cancelable": live and order.status is not Status.PENDING_CANCEL,
        "editable": order.status is Status.PENDING_ACTIVATION,
        "status": order.shown_status or order.status.value,
        "enteredTime": wire_time(order.entered_s),
    }
    if order.closed_s is not None:
        document["closeTime"] = wire_time(order.closed_s)
    document |= {"tag": order.tag or tag, "accountNumber": int(order.account_number)}
    if order.activities:
        document["orderActivityCollection"] = [_activity(a) for a in order.activities]
    if order.reason is not None:
        document["statusDescription"] = order.reason
    return document


def _prices(terms: OrderTerms) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if terms.stop_price is not None:
        shown |= {"stopPrice": float(terms.stop_price), "stopType": "STANDARD"}
    if terms.price is not None and terms.order_type != "NET_ZERO":
        shown["price"] = float(terms.price)
    if terms.tax_lot_method is not None:
        shown["taxLotMethod"] = terms.tax_lot_method
    if terms.special_instruction is not None:
        shown["specialInstruction"] = terms.special_instruction
    return shown


def _leg(leg: SimLeg) -> dict[str, Any]:
    return {
        "orderLegType": "OPTION" if leg.contract else "EQUITY",
        "legId": leg.leg_id,
        "instrument": leg_instrument(leg.symbol),
        "instruction": leg.instruction,
        "positionEffect": "OPENING" if leg.is_opening else "CLOSING",
        "quantity": float(leg.quantity),
    }


def _activity(activity: Activity) -> dict[str, Any]:
    return {
        "activityType": "EXECUTION",
        "activityId": activity.activity_id,
        "executionType": activity.kind,
        "quantity": float(activity.units),
        "orderRemainingQuantity": float(activity.remaining_units),
        "executionLegs": [
            {
                "legId": executed.leg.leg_id,
                "quantity": float(executed.quantity),
                "mismarkedQuantity": 0.0,
                "price": float(executed.price),
                "time": wire_time(activity.at_s),
                "instrumentId": listing_of(executed.leg.symbol).instrument_id,
            }
            # The real brokerage often lists the last leg first: match by legId.
            for executed in reversed(activity.legs)
        ],
    }


def stock_leverage(account: SimAccount) -> int:
    """Return how many dollars of shares one available dollar buys."""
    return 2 if account.kind is AccountKind.MARGIN else 1


def cents(amount: Decimal) -> float:
    """Return an amount as the wire shows money."""
    return float(round(amount, 2))


def user_preference(
    accounts: list[SimAccount], stream_url: str, customer_id: str, new_id: Callable[[], str]
) -> dict[str, Any]:
    """Return the preferences of a login; the correlation id differs at every call."""
    return {
        "accounts": [
            {
                "accountNumber": account.number,
                "primaryAccount": False,
                "type": "BROKERAGE",
                "nickName": account.nickname,
                "displayAcctId": f"...{account.number[-3:]}",
                "autoPositionEffect": False,
                "accountColor": "Green",
                "lotSelectionMethod": "FIFO",
            }
            for account in accounts
        ],
        "streamerInfo": [
            {
                "streamerSocketUrl": stream_url,
                "schwabClientCustomerId": customer_id,
                "schwabClientCorrelId": new_id(),
                "schwabClientChannel": "N9",
                "schwabClientFunctionId": "APIAPP",
            }
        ],
        "offers": [{"level2Permissions": True, "mktDataPermission": "NP"}],
    }
