"""What makes two orders look alike to a person reading the broker's list (reliability 3.4).

The account is not part of it, nor is anything the broker may present differently: the order of the
legs, asset types, the short or long form of a stock instruction, trailing zeros, the last day of an
order that is good till then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from swimdesk.domain.instruments import plain
from swimdesk.schwab.wire import WireLeg, WireOrder
from swimdesk.schwab.words import (
    ComplexStrategy,
    Instruction,
    StrategyType,
    WireDuration,
    WireOrderType,
    WireSession,
)

Leg = tuple[str, Instruction, Decimal]

_I = Instruction
INSTRUCTION_CLASS: dict[Instruction, str] = {
    _I.BUY: "BUY",
    _I.BUY_TO_COVER: "BUY",
    _I.SELL: "SELL",
    _I.SELL_SHORT: "SELL",
    _I.SELL_SHORT_EXEMPT: "SELL",
    _I.BUY_TO_OPEN: "BUY_TO_OPEN",
    _I.BUY_TO_CLOSE: "BUY_TO_CLOSE",
    _I.SELL_TO_OPEN: "SELL_TO_OPEN",
    _I.SELL_TO_CLOSE: "SELL_TO_CLOSE",
}
"""Instructions that the broker may show for one another; those not listed cannot be told."""

_T = WireOrderType
PRICED = frozenset({_T.LIMIT, _T.STOP_LIMIT, _T.LIMIT_ON_CLOSE, _T.NET_CREDIT, _T.NET_DEBIT})
STOPPED = frozenset({_T.STOP, _T.STOP_LIMIT})


def fingerprint(
    order_type: WireOrderType,
    session: WireSession,
    duration: WireDuration,
    price: Decimal | None,
    stop_price: Decimal | None,
    complex_strategy: ComplexStrategy,
    legs: Iterable[Leg],
    special_instruction: str = "NONE",
) -> str:
    """Return the fingerprint of an order: 32 hexadecimal digits, equal for look-alikes."""
    parts = [
        order_type,
        session,
        duration,
        _figure(price if order_type in PRICED else None),
        _figure(stop_price if order_type in STOPPED else None),
        complex_strategy,
        special_instruction,
        *sorted(
            f"{symbol.strip()} {INSTRUCTION_CLASS[instruction]} {_figure(quantity)}"
            for symbol, instruction, quantity in legs
        ),
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def fingerprint_of_wire(order: WireOrder) -> str | None:
    """Return the fingerprint of an order as the broker shows it; None when it cannot be told.

    Trees cannot: we send none, and a leaf of one must not pass for ours.
    """
    legs = [_leg(leg) for leg in order.order_leg_collection]
    words = (order.order_type, order.session, order.duration)
    complex_strategy = order.complex_order_strategy_type or ComplexStrategy.NONE
    if order.child_order_strategies or order.order_strategy_type is not StrategyType.SINGLE:
        return None
    if any(word == "UNRECOGNISED" for word in (*words, complex_strategy)):
        return None
    if order.order_type is None or order.session is None or order.duration is None:
        return None
    if (order.order_type in PRICED and order.price is None) or (
        order.order_type in STOPPED and order.stop_price is None
    ):
        return None
    known = [leg for leg in legs if leg is not None]
    if not known or len(known) < len(legs):
        return None
    return fingerprint(
        order.order_type,
        order.session,
        order.duration,
        order.price,
        order.stop_price,
        complex_strategy,
        known,
        order.special_instruction or "NONE",
    )


def _leg(leg: WireLeg) -> Leg | None:
    if not leg.instrument.symbol or leg.quantity is None:
        return None
    if leg.instruction not in INSTRUCTION_CLASS:
        return None
    return leg.instrument.symbol, leg.instruction, leg.quantity


def _figure(number: Decimal | None) -> str:
    return "-" if number is None else format(plain(number), "f")
