"""The auditor: the brokerage's own ledger against what the desk says, account by account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from swimdesk.views.models import BroadcastView, LineView

NEVER_THERE = frozenset({"denied", "skipped", "refused", "not_sent", "absent"})
UNKNOWN = frozenset({"in_doubt", "sending"})
OVER = {"filled": "FILLED", "canceled": "CANCELED", "rejected": "REJECTED", "expired": "EXPIRED"}


@dataclass(slots=True)
class Audit:
    """What does not agree; three empty lists are the promise kept, whatever waits."""

    lost: list[str] = field(default_factory=list)
    """Orders at the broker that no line knows of."""
    doubled: list[str] = field(default_factory=list)
    """Accounts with more orders than lines that may have sent one."""
    lied: list[str] = field(default_factory=list)
    """Lines whose state the ledger contradicts."""
    waiting: list[str] = field(default_factory=list)
    """Orders at the broker that no line names yet, though one in doubt may be it."""

    @property
    def is_clean(self) -> bool:
        """Whether everything agrees."""
        return not (self.lost or self.doubled or self.lied)


def audit(ledger: Mapping[str, Any], broadcasts: Iterable[BroadcastView]) -> Audit:
    """Compare every account of the ledger with the lines of all broadcasts of a home."""
    lines: dict[str, list[LineView]] = defaultdict(list)
    for broadcast in broadcasts:
        for line in broadcast.lines:
            lines[line.last4].append(line)
    found = Audit()
    for account in ledger["accounts"].values():
        _account(found, account, lines[account["last4"]])
    return found


def _account(found: Audit, account: Mapping[str, Any], lines: list[LineView]) -> None:
    name = f"…{account['last4']}"
    orders = {str(order["id"]): order for order in account["orders"]}
    bound = [line.order_id for line in lines if line.order_id is not None]
    unknown = [line for line in lines if line.state in UNKNOWN and line.order_id is None]
    loose = set(orders) - set(bound)
    is_lost = len(loose) > len(unknown)
    (found.lost if is_lost else found.waiting).extend(f"{name} {one}" for one in sorted(loose))
    if len(bound) != len(set(bound)) or len(orders) > len([x for x in lines if _may_be_there(x)]):
        found.doubled.append(f"{name}: {len(orders)} orders, {len(bound)} bound")
    for line in lines:
        _line(found, name, line, orders)


def _may_be_there(line: LineView) -> bool:
    return line.state not in NEVER_THERE


def _line(found: Audit, name: str, line: LineView, orders: Mapping[str, Any]) -> None:
    if line.order_id is None:
        if line.state not in NEVER_THERE | UNKNOWN:
            found.lied.append(f"{name} says {line.state} without an order")
        return
    order = orders.get(line.order_id)
    if order is None:
        found.lied.append(f"{name} names order {line.order_id}, which does not exist")
    elif line.state in OVER and order["status"] != OVER[line.state]:
        found.lied.append(f"{name} {line.order_id} is {order['status']}, said {line.state}")
    elif line.state == "filled" and int(order["filled"]) != line.filled:
        found.lied.append(f"{name} {line.order_id} filled {order['filled']}, said {line.filled}")
