"""The brokerage's own record of what reached it and what became of it, for auditors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.clock import SimClock
from swimdesk.sim.faults import Operation
from swimdesk.sim.orders import SimOrder
from swimdesk.sim.rendering import wire_time


@dataclass(slots=True)
class Arrival:
    """One order request (place or replace) that reached the brokerage."""

    operation: Operation
    arrived_ns: int
    """On the monotonic clock."""
    order_id: int | None = None
    """The order it created; None where it created none (yet)."""
    fault: str | None = None


class Ledger:
    """Holds every arrival per account, beside the accounts' own orders."""

    def __init__(self, accounts: Iterable[SimAccount], clock: SimClock) -> None:
        self._accounts = list(accounts)
        self._clock = clock
        self._arrivals: dict[str, list[Arrival]] = {a.number: [] for a in self._accounts}

    def note(self, account: SimAccount, operation: Operation, fault: str | None) -> Arrival:
        """Write down that an order request arrived, whatever is answered."""
        arrived_ns = int(self._clock.monotonic_s() * 1_000_000_000)
        arrival = Arrival(operation, arrived_ns, fault=fault)
        self._arrivals[account.number].append(arrival)
        return arrival

    def snapshot(self) -> dict[str, Any]:
        """Return arrivals and orders per account number, ready for JSON."""
        return {"accounts": {account.number: self._account(account) for account in self._accounts}}

    def _account(self, account: SimAccount) -> dict[str, Any]:
        arrivals = self._arrivals[account.number]
        return {
            "login": account.login,
            "last4": account.last4,
            "posts": sum(a.operation is Operation.PLACE for a in arrivals),
            "arrivals": [
                {
                    "operation": arrival.operation.value,
                    "arrived_ns": arrival.arrived_ns,
                    "order_id": arrival.order_id,
                    "fault": arrival.fault,
                }
                for arrival in arrivals
            ],
            "orders": [_order(order) for order in account.orders],
        }


def _order(order: SimOrder) -> dict[str, Any]:
    return {
        "id": order.order_id,
        "status": order.status.value,
        "received": order.received,
        "entered": wire_time(order.entered_s),
        "closed": None if order.closed_s is None else wire_time(order.closed_s),
        "quantity": order.units,
        "filled": order.filled_units,
        "reason": order.reason,
        "replaces": order.replaces,
        "replaced_by": order.replaced_by,
        "fills": [
            {
                "activity_id": activity.activity_id,
                "quantity": activity.units,
                "time": wire_time(activity.at_s),
                "legs": [
                    {
                        "leg_id": executed.leg.leg_id,
                        "symbol": executed.leg.symbol,
                        "instruction": executed.leg.instruction,
                        "quantity": str(executed.quantity),
                        "price": str(executed.price),
                    }
                    for executed in activity.legs
                ],
            }
            for activity in order.activities
            if activity.kind == "FILL"
        ],
    }
