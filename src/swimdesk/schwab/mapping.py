"""Schwab's words -> the domain's: orders with their trees and fills, accounts with holdings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, Holdings, OrderLeg
from swimdesk.domain.accounts import Account, AccountType, Balances
from swimdesk.domain.executions import Execution
from swimdesk.domain.instruments import Instrument, parse_instrument, plain
from swimdesk.domain.orders import Side
from swimdesk.domain.positions import Position
from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.fingerprint import INSTRUCTION_CLASS, fingerprint_of_wire
from swimdesk.schwab.tickets import ticket_of
from swimdesk.schwab.wire import (
    WireActivity,
    WireBalances,
    WireExecutionLeg,
    WireInstrument,
    WireOrder,
    WirePosition,
    WireSecuritiesAccount,
)
from swimdesk.schwab.words import ActivityType, AssetType, ComplexStrategy, ExecutionType
from swimdesk.telemetry.redaction import redact

_S = BrokerOrderState
STATES: dict[str, BrokerOrderState] = {
    "NEW": _S.WORKING,
    "ACCEPTED": _S.WORKING,
    "QUEUED": _S.WORKING,
    "WORKING": _S.WORKING,
    "PENDING_ACTIVATION": _S.WORKING,
    "PENDING_ACKNOWLEDGEMENT": _S.WORKING,
    "PENDING_RECALL": _S.WORKING,
    "AWAITING_PARENT_ORDER": _S.WORKING,
    "AWAITING_CONDITION": _S.WORKING,
    "AWAITING_STOP_CONDITION": _S.WORKING,
    "AWAITING_MANUAL_REVIEW": _S.WORKING,
    "AWAITING_RELEASE_TIME": _S.WORKING,
    "AWAITING_UR_OUT": _S.WORKING,
    "PENDING_CANCEL": _S.CANCELING,
    "PENDING_REPLACE": _S.REPLACING,
    "FILLED": _S.FILLED,
    "CANCELED": _S.CANCELED,
    "REJECTED": _S.REJECTED,
    "EXPIRED": _S.EXPIRED,
    "REPLACED": _S.REPLACED,
}
"""Status groups (schwab-api 6.2); any other text, UNKNOWN too, is UNRECOGNISED: live, uncertain."""

ORDERABLE = frozenset({AssetType.EQUITY, AssetType.COLLECTIVE_INVESTMENT, AssetType.OPTION})
_ZERO = Decimal(0)
_SIDES = {side.value: side for side in Side}


def broker_orders(order: WireOrder, account: str) -> tuple[BrokerOrder, ...]:
    """Return an order and, where it is a tree, all its nodes, parents first.

    ProtocolDrift if any of them has no id or time, or a fill that cannot be booked.
    """
    return tuple(_nodes(order, account, None, in_tree=bool(order.child_order_strategies)))


def _nodes(
    order: WireOrder, account: str, parent_entered: datetime | None, *, in_tree: bool
) -> Iterator[BrokerOrder]:
    entered = order.entered_time or parent_entered
    if order.order_id is None or entered is None:
        raise ProtocolDrift("an order in the broker's list has no id or no time")
    raw_status = order.status or ""
    yield BrokerOrder(
        account=account,
        order_id=order.order_id,
        state=STATES.get(raw_status, BrokerOrderState.UNRECOGNISED),
        raw_status=raw_status,
        entered=entered,
        # A leaf of a tree is never ours: we send none.
        fingerprint=None if in_tree else fingerprint_of_wire(order),
        quantity=order.quantity or _ZERO,
        filled=order.filled_quantity or _ZERO,
        executions=tuple(_executions(order, order.order_id)),
        reason=redact(order.status_description or "") or None,
        tag=order.tag,
        closed=order.close_time,
        description=describe(order),
        legs=tuple(
            OrderLeg(
                leg.leg_id,
                leg.instrument.symbol or "",
                _SIDES.get(INSTRUCTION_CLASS.get(leg.instruction, "").partition("_")[0]),
                leg.quantity or _ZERO,
            )
            for leg in order.order_leg_collection
        ),
        ticket=None if in_tree else ticket_of(order),
    )
    for child in order.child_order_strategies:
        yield from _nodes(child, account, entered, in_tree=True)
    for replacing in order.replacing_order_collection:
        yield from _nodes(replacing, account, entered, in_tree=in_tree)


def _executions(order: WireOrder, order_id: str) -> Iterator[Execution]:
    """Give the fills; a cancel or a replace writes an execution too, of price 0, no fill."""
    symbols = {leg.leg_id: leg.instrument.symbol for leg in order.order_leg_collection}
    for activity in order.order_activity_collection:
        if (
            activity.activity_type is ActivityType.EXECUTION
            and activity.execution_type is ExecutionType.FILL
        ):
            for leg in activity.execution_legs:
                if leg.quantity:
                    yield _execution(order_id, activity, leg, symbols)


def _execution(
    order_id: str,
    activity: WireActivity,
    leg: WireExecutionLeg,
    symbols: dict[int | None, str | None],
) -> Execution:
    symbol = symbols.get(leg.leg_id)
    if (
        activity.activity_id is None
        or leg.leg_id is None
        or leg.quantity is None
        or leg.price is None
        or leg.time is None
        or symbol is None
    ):
        raise ProtocolDrift(f"a fill of order {order_id} cannot be booked: a field is missing")
    return Execution(
        order_id,
        activity.activity_id,
        leg.leg_id,
        symbol,
        plain(leg.quantity),
        leg.price,
        leg.time,
    )


def describe(order: WireOrder) -> str:
    """Return in a few words what an order trades: ``SELL_TO_OPEN 2 SPY … LIMIT 1.25``."""
    legs = order.order_leg_collection
    price = order.price if order.price is not None else order.stop_price
    terms = [order.order_type or "", "" if price is None else f"{price:f}"]
    if not legs:
        what = [order.order_strategy_type or "order"]
    elif len(legs) == 1:
        (leg,) = legs
        quantity = plain(leg.quantity or _ZERO)
        what = [leg.instruction, f"{quantity:f}", leg.instrument.symbol or "?"]
    else:
        root = (legs[0].instrument.symbol or "?").split()[0]
        shape = order.complex_order_strategy_type or ComplexStrategy.CUSTOM
        units = plain(order.quantity or _ZERO)
        what = [f"{units:f}", shape, root, f"of {len(legs)} legs"]
    return " ".join(part for part in (*what, *terms) if part)


def account_as_read(account: Account, wire: WireSecuritiesAccount) -> Account:
    """Return the account with its kind and closing-only flag as the broker has them."""
    kinds = {"MARGIN": AccountType.MARGIN, "CASH": AccountType.CASH}
    kind = kinds.get(wire.type or "", AccountType.UNRECOGNISED)
    # A restriction that the operator has set stays, whatever the broker says.
    closing_only = account.capabilities.closing_only or bool(wire.is_closing_only_restricted)
    return replace(
        account, capabilities=replace(account.capabilities, type=kind, closing_only=closing_only)
    )


def holdings_of(wire: WireSecuritiesAccount, configured: Account, now: datetime) -> Holdings:
    """Return balances and positions of an account, its kind and flags as just read."""
    account = account_as_read(configured, wire)
    return Holdings(
        account=account,
        balances=_balances(wire, account, now),
        positions=tuple(_position(position) for position in wire.positions),
    )


def _balances(wire: WireSecuritiesAccount, account: Account, now: datetime) -> Balances:
    blocks = [wire.current_balances, wire.projected_balances, wire.initial_balances]
    present = [block for block in blocks if block is not None]
    if not present:
        raise ProtocolDrift(f"the broker sent no balances for {account.alias}")

    def first(*names: str) -> Decimal:
        """Return the first figure there is; the broker leaves out what is zero."""
        figures = (_figure(block, name) for name in names for block in present)
        return next((figure for figure in figures if figure is not None), _ZERO)

    cash_only = account.capabilities.type is not AccountType.MARGIN
    spendable = (
        "cash_available_for_trading" if cash_only else "available_funds_non_marginable_trade"
    )
    return Balances(
        liquidation_value=first("liquidation_value"),
        cash=first("cash_balance", "total_cash"),
        option_buying_power=first(spendable),
        stock_buying_power=first("cash_available_for_trading" if cash_only else "buying_power"),
        as_of=now,
    )


def _figure(block: WireBalances, name: str) -> Decimal | None:
    figure = getattr(block, name)
    return figure if isinstance(figure, Decimal) else None


def _position(wire: WirePosition) -> Position:
    long, short = wire.long_quantity or _ZERO, wire.short_quantity or _ZERO
    traded_at = wire.average_short_price if short else wire.average_long_price
    return Position(
        symbol=wire.instrument.symbol or wire.instrument.cusip or "?",
        quantity=plain(long - short),
        average_price=(wire.average_price if traded_at is None else traded_at) or _ZERO,
        market_value=wire.market_value or _ZERO,
        instrument=orderable(wire.instrument),
        description=wire.instrument.description or "",
    )


def orderable(wire: WireInstrument) -> Instrument | None:
    """Return what can be ordered of a holding; None for funds, bonds, cash, adjusted options.

    ETFs come as COLLECTIVE_INVESTMENT. A root with a digit marks an adjusted contract, whose
    deliverable is not 100 shares (schwab-api 9.1).
    """
    if wire.symbol is None or wire.asset_type not in ORDERABLE:
        return None
    is_option = wire.asset_type is AssetType.OPTION
    if is_option != (len(wire.symbol) == 21) or (
        is_option and any(char.isdigit() for char in wire.symbol[:6])
    ):
        return None
    try:
        return parse_instrument(wire.symbol)
    except ValueError:
        return None
