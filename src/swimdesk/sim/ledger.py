"""The brokerage's own record of what reached it and what became of it, for auditors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.answers import as_bytes
from swimdesk.sim.clock import SimClock
from swimdesk.sim.faults import Operation
from swimdesk.sim.orders import SimOrder
from swimdesk.sim.rendering import wire_time

AT_ONCE: Final = 25
"""As many orders are written down before other work has its turn."""


@dataclass(slots=True)
class Arrival:
    """One order request (place or replace) that reached the brokerage."""

    operation: Operation
    arrived_ns: int
    """On the monotonic clock."""
    order_id: int | None = None
    """The order it created; None where it created none (yet)."""
    fault: str | None = None
    recorded: bytes | None = None
    """The arrival as JSON, as long as it stays valid."""

    def created(self, order: SimOrder) -> None:
        """Take in which order the request led to."""
        self.order_id = order.order_id
        self.recorded = None


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

    def as_json(self) -> bytes:
        """Return arrivals and orders per account number, all as of now."""
        texts = (b'"%s":%s' % (a.number.encode(), self._account(a)) for a in self._accounts)
        return b'{"accounts":{%s}}' % b",".join(texts)

    def preparing(self) -> Iterator[None]:
        """Write most of it down beforehand, stopping now and then for others to work."""
        for account in self._accounts:
            for place, order in enumerate(account.orders):
                _order_text(order)
                if place % AT_ONCE == 0:
                    yield

    def _account(self, account: SimAccount) -> bytes:
        arrivals = self._arrivals[account.number]
        head = {
            "login": account.login,
            "last4": account.last4,
            "posts": sum(a.operation is Operation.PLACE for a in arrivals),
        }
        return b'%s,"arrivals":[%s],"orders":[%s]}' % (
            as_bytes(head).removesuffix(b"}"),
            b",".join(map(_arrival_text, arrivals)),
            b",".join(map(_order_text, account.orders)),
        )


def _arrival_text(arrival: Arrival) -> bytes:
    if arrival.recorded is None:
        arrival.recorded = as_bytes(
            {
                "operation": arrival.operation.value,
                "arrived_ns": arrival.arrived_ns,
                "order_id": arrival.order_id,
                "fault": arrival.fault,
            }
        )
    return arrival.recorded


def _order_text(order: SimOrder) -> bytes:
    if order.recorded is None:
        order.recorded = as_bytes(_order(order))
    return order.recorded


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
