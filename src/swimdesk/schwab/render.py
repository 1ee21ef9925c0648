"""Ticket -> the broker's JSON: the only place that knows its order types, instructions and legs.

Key order and the order of legs follow the broker's own samples (schwab-api 5.4).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from swimdesk.domain.instruments import Equity, OptionContract, Right
from swimdesk.domain.orders import (
    Effect,
    Leg,
    OrderType,
    Session,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
)
from swimdesk.errors import InputError, InvariantBroken
from swimdesk.schwab.fingerprint import fingerprint
from swimdesk.schwab.words import (
    ComplexStrategy,
    Instruction,
    WireDuration,
    WireOrderType,
    WireSession,
)

SESSIONS = {
    Session.NORMAL: WireSession.NORMAL,
    Session.EXT: WireSession.SEAMLESS,
    Session.AM: WireSession.AM,
    Session.PM: WireSession.PM,
}
DURATIONS = {
    TimeInForce.DAY: WireDuration.DAY,
    TimeInForce.GTC: WireDuration.GOOD_TILL_CANCEL,
    TimeInForce.GTD: WireDuration.GOOD_TILL_CANCEL,
    TimeInForce.FOK: WireDuration.FILL_OR_KILL,
    TimeInForce.IOC: WireDuration.IMMEDIATE_OR_CANCEL,
}
LAST_MOMENT = "23:59:59+0000"
"""When an order for a last day ends: early evening in New York, past the regular session."""
SINGLE_LEG_TYPES = {
    OrderType.LIMIT: WireOrderType.LIMIT,
    OrderType.MARKET: WireOrderType.MARKET,
    OrderType.STOP: WireOrderType.STOP,
    OrderType.STOP_LIMIT: WireOrderType.STOP_LIMIT,
    OrderType.MARKET_ON_CLOSE: WireOrderType.MARKET_ON_CLOSE,
    OrderType.LIMIT_ON_CLOSE: WireOrderType.LIMIT_ON_CLOSE,
}
COMPLEX_STRATEGIES = {
    StructureKind.EQUITY: ComplexStrategy.NONE,
    StructureKind.OPTION: ComplexStrategy.NONE,
    StructureKind.VERTICAL: ComplexStrategy.VERTICAL,
    StructureKind.BACKRATIO: ComplexStrategy.BACK_RATIO,
    StructureKind.STRADDLE: ComplexStrategy.STRADDLE,
    StructureKind.STRANGLE: ComplexStrategy.STRANGLE,
    StructureKind.CALENDAR: ComplexStrategy.CALENDAR,
    StructureKind.DIAGONAL: ComplexStrategy.DIAGONAL,
    StructureKind.BUTTERFLY: ComplexStrategy.BUTTERFLY,
    StructureKind.UNBALANCED_BUTTERFLY: ComplexStrategy.UNBALANCED_BUTTERFLY,
    StructureKind.CONDOR: ComplexStrategy.CONDOR,
    StructureKind.UNBALANCED_CONDOR: ComplexStrategy.UNBALANCED_CONDOR,
    StructureKind.IRON_CONDOR: ComplexStrategy.IRON_CONDOR,
    StructureKind.UNBALANCED_IRON_CONDOR: ComplexStrategy.UNBALANCED_IRON_CONDOR,
    StructureKind.IRON_BUTTERFLY: ComplexStrategy.CUSTOM,
    StructureKind.DOUBLE_DIAGONAL: ComplexStrategy.DOUBLE_DIAGONAL,
    StructureKind.VERTICAL_ROLL: ComplexStrategy.VERTICAL_ROLL,
    StructureKind.COVERED: ComplexStrategy.COVERED,
    StructureKind.COLLAR: ComplexStrategy.COLLAR_WITH_STOCK,
    StructureKind.CUSTOM: ComplexStrategy.CUSTOM,
}
EQUITY_INSTRUCTIONS = {
    (Side.BUY, Effect.OPEN): Instruction.BUY,
    (Side.BUY, Effect.CLOSE): Instruction.BUY_TO_COVER,
    (Side.SELL, Effect.OPEN): Instruction.SELL_SHORT,
    (Side.SELL, Effect.CLOSE): Instruction.SELL,
}
OPTION_INSTRUCTIONS = {
    (Side.BUY, Effect.OPEN): Instruction.BUY_TO_OPEN,
    (Side.BUY, Effect.CLOSE): Instruction.BUY_TO_CLOSE,
    (Side.SELL, Effect.OPEN): Instruction.SELL_TO_OPEN,
    (Side.SELL, Effect.CLOSE): Instruction.SELL_TO_CLOSE,
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A ticket as it will be sent."""

    body: bytes
    body_hash: str
    fingerprint: str


def render(ticket: Ticket) -> Rendered:
    """Return the request body of a ticket, the same bytes for the same ticket.

    InputError for what the broker has no order for; the effect must be resolved.
    """
    order_type, price = _type_and_price(ticket)
    complex_strategy = COMPLEX_STRATEGIES[ticket.kind]
    key = _leg_order(ticket, order_type)
    pairs = sorted(zip(ticket.legs, ticket.effects, strict=True), key=lambda pair: key(pair[0]))
    legs = [
        (leg.instrument.symbol, _instruction(leg, effect), ticket.quantity * leg.ratio)
        for leg, effect in pairs
    ]
    asset_types = {
        leg.instrument.symbol: "EQUITY" if isinstance(leg.instrument, Equity) else "OPTION"
        for leg in ticket.legs
    }
    body: dict[str, Any] = {"orderType": order_type, "session": SESSIONS[ticket.session]}
    if price is not None:
        body["price"] = price_text(price)
    if ticket.stop_price is not None:
        body["stopPrice"] = price_text(ticket.stop_price)
    body |= {"duration": DURATIONS[ticket.time_in_force], "orderStrategyType": "SINGLE"}
    if ticket.good_till is not None:
        body["cancelTime"] = f"{ticket.good_till.isoformat()}T{LAST_MOMENT}"
    if not ticket.is_equity:
        body["complexOrderStrategyType"] = complex_strategy
    if ticket.is_multi_leg:
        body["quantity"] = ticket.quantity
    body["orderLegCollection"] = [
        {
            "instruction": instruction,
            "quantity": quantity,
            "instrument": {"symbol": symbol, "assetType": asset_types[symbol]},
        }
        for symbol, instruction, quantity in legs
    ]
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode()
    mark = fingerprint(
        order_type,
        SESSIONS[ticket.session],
        DURATIONS[ticket.time_in_force],
        price,
        ticket.stop_price,
        complex_strategy,
        ((symbol, instruction, Decimal(quantity)) for symbol, instruction, quantity in legs),
    )
    return Rendered(raw, hashlib.sha256(raw).hexdigest(), mark)


def price_text(price: Decimal) -> str:
    """Return a price as the samples write it: two decimals, more only where the price has more."""
    exponent = price.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{price:.{places}f}"


def _type_and_price(ticket: Ticket) -> tuple[WireOrderType, Decimal | None]:
    if ticket.stop_price is not None and ticket.stop_price <= 0:
        raise InputError(f"a stop price is above zero, this one is {ticket.stop_price}")
    if not ticket.is_multi_leg:
        if ticket.price is not None and ticket.price <= 0:
            raise InputError(f"the price of a single leg is above zero, this one is {ticket.price}")
        return SINGLE_LEG_TYPES[ticket.order_type], ticket.price
    if ticket.order_type is OrderType.MARKET:
        return WireOrderType.MARKET, None
    credit = ticket.credit
    if ticket.order_type is not OrderType.LIMIT or credit is None:
        raise InputError(f"the broker takes no {ticket.order_type} order of several legs")
    if credit == 0:
        return WireOrderType.NET_ZERO, None
    return (WireOrderType.NET_CREDIT if credit > 0 else WireOrderType.NET_DEBIT), abs(credit)


def _instruction(leg: Leg, effect: Effect) -> Instruction:
    if effect is Effect.AUTO:
        raise InvariantBroken("an order was to be rendered before its effect was resolved")
    stock = isinstance(leg.instrument, Equity)
    return (EQUITY_INSTRUCTIONS if stock else OPTION_INSTRUCTIONS)[leg.side, effect]


def _leg_order(ticket: Ticket, order_type: WireOrderType) -> Callable[[Leg], tuple[Any, ...]]:
    """Return the sort key of the samples: condors from put wing to call wing, else what pays.

    Shares stand before the options that go with them.
    """
    if ticket.kind is StructureKind.IRON_CONDOR:
        return _from_put_wing_to_call_wing
    first = {WireOrderType.NET_CREDIT: Side.SELL, WireOrderType.NET_DEBIT: Side.BUY}.get(order_type)
    return lambda leg: (leg is not ticket.shares, first is not None and leg.side is not first)


def _from_put_wing_to_call_wing(leg: Leg) -> tuple[Any, ...]:
    contract = leg.instrument
    if not isinstance(contract, OptionContract):
        raise InvariantBroken("an iron condor with a leg that is no option")
    return (contract.right is Right.CALL, contract.strike)
