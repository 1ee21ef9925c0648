"""The brokerage's books as one JSON document, to be taken up by a later run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from swimdesk.domain.instruments import OptionContract
from swimdesk.errors import InputError
from swimdesk.sim.accounts import SimAccount, SimPosition
from swimdesk.sim.listings import Listing
from swimdesk.sim.orders import Activity, ExecutedLeg, OrderTerms, SimOrder, Status
from swimdesk.sim.validation import ReadOrder, read_order

Describe = Callable[[str], Listing | None]


def dump_accounts(accounts: Iterable[SimAccount]) -> dict[str, Any]:
    """Return what accounts own and have ordered, by account number."""
    return {
        account.number: {
            "cash": str(account.cash),
            "start_value": str(account.start_value),
            "start_cash": str(account.start_cash),
            "positions": [_dump_position(p) for p in account.positions.values()],
            "orders": [_dump_order(order) for order in account.orders],
        }
        for account in accounts
    }


def load_accounts(
    accounts: Iterable[SimAccount], dumped: Mapping[str, Any], describe: Describe
) -> None:
    """Give fresh accounts what was dumped; InputError where it belongs to another brokerage."""
    fresh = {account.number: account for account in accounts}
    if set(fresh) != set(dumped):
        raise InputError("the saved state belongs to a brokerage with other accounts")
    for number, raw in dumped.items():
        account = fresh[number]
        account.clear()
        account.cash = Decimal(raw["cash"])
        account.start_value = Decimal(raw["start_value"])
        account.start_cash = Decimal(raw["start_cash"])
        for position in raw["positions"]:
            account.hold(_load_position(position))
        for order in raw["orders"]:
            account.add(_load_order(order, number, describe))


def _dump_position(position: SimPosition) -> dict[str, Any]:
    return {
        "symbol": position.symbol,
        "quantity": position.quantity,
        "trade_price": str(position.trade_price),
        "cost_price": str(position.cost_price),
        "previous_quantity": position.previous_quantity,
        "previous_value": str(position.previous_value),
        "day_cost": str(position.day_cost),
    }


def _load_position(raw: Mapping[str, Any]) -> SimPosition:
    symbol = raw["symbol"]
    return SimPosition(
        symbol,
        OptionContract.parse(symbol) if len(symbol) == 21 else None,
        raw["quantity"],
        Decimal(raw["trade_price"]),
        Decimal(raw["cost_price"]),
        raw["previous_quantity"],
        Decimal(raw["previous_value"]),
        Decimal(raw["day_cost"]),
    )


_PLAIN = (
    "order_id",
    "received",
    "entered_s",
    "destination",
    "filled_units",
    "closed_s",
    "reason",
    "replaces",
    "replaced_by",
    "expires_s",
    "decided",
    "triggered",
    "activated",
    "fill_cap",
)
"""The fields of an order that JSON carries as they are."""


def _dump_order(order: SimOrder) -> dict[str, Any]:
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        "status": order.status.value,
        "reserve": str(order.reserve),
        "activities": [
            {
                "activity_id": activity.activity_id,
                "kind": activity.kind,
                "units": activity.units,
                "remaining_units": activity.remaining_units,
                "at_s": activity.at_s,
                "legs": [
                    [executed.leg.leg_id, str(executed.quantity), str(executed.price)]
                    for executed in activity.legs
                ],
            }
            for activity in order.activities
        ],
    }


def _load_order(raw: Mapping[str, Any], number: str, describe: Describe) -> SimOrder:
    read = read_order(json.dumps(raw["received"]).encode(), describe)
    if not isinstance(read, ReadOrder):
        raise InputError(f"the saved state holds an order {raw['order_id']} that is not valid")
    plain = {name: raw[name] for name in _PLAIN}
    return SimOrder(
        account_number=number,
        terms=read.terms,
        status=Status(raw["status"]),
        reserve=Decimal(raw["reserve"]),
        activities=[_load_activity(activity, read.terms) for activity in raw["activities"]],
        **plain,
    )


def _load_activity(raw: Mapping[str, Any], terms: OrderTerms) -> Activity:
    legs = {leg.leg_id: leg for leg in terms.legs}
    executed = tuple(
        ExecutedLeg(legs[leg_id], Decimal(quantity), Decimal(price))
        for leg_id, quantity, price in raw["legs"]
    )
    return Activity(
        raw["activity_id"],
        raw["kind"],
        raw["units"],
        raw["remaining_units"],
        raw["at_s"],
        executed,
    )
