"""The auditor: the brokerage's own ledger against what the desk says, account by account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from swimdesk.views.models import BroadcastView, LineView

NEVER_THERE = frozenset({"planned", "denied", "skipped", "refused", "not_sent", "absent"})
UNKNOWN = frozenset({"in_doubt", "sending"})
MAY_HAVE_COME = frozenset({"taken", "unknown", None})
ENDED = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "REPLACED"})
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


@dataclass(slots=True)
class _Lines:
    """What the desk says of one account."""

    lines: list[LineView] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Orders that an answer to a replacement named."""
    replacements: int = 0
    """Replacements that may have made an order."""


def audit(ledger: Mapping[str, Any], broadcasts: Iterable[BroadcastView]) -> Audit:
    """Compare every account of the ledger with the lines of all broadcasts of a home."""
    said: dict[str, _Lines] = defaultdict(_Lines)
    for broadcast in broadcasts:
        last4 = {line.account: line.last4 for line in broadcast.lines}
        for line in broadcast.lines:
            said[line.last4].lines.append(line)
        for command in broadcast.commands:
            if command.kind == "replace" and command.outcome in MAY_HAVE_COME:
                account = said[last4[command.account]]
                account.replacements += 1
                account.named |= {command.new_order_id} if command.new_order_id else set()
    found = Audit()
    for account in ledger["accounts"].values():
        _account(found, account, said[account["last4"]])
    return found


def _account(found: Audit, account: Mapping[str, Any], said: _Lines) -> None:
    name = f"…{account['last4']}"
    orders = {str(order["id"]): order for order in account["orders"]}
    lines = said.lines
    bound = [line.order_id for line in lines if line.order_id is not None]
    bound += [order_id for line in lines for order_id in line.lineage]
    unknown = [line for line in lines if _is_unknown(line)]
    rejected = {one for one, order in orders.items() if _is_rejected_replacement(order)}
    loose = set(orders) - set(bound) - (said.named & rejected)
    is_lost = len(loose) > len(unknown)
    (found.lost if is_lost else found.waiting).extend(f"{name} {one}" for one in sorted(loose))
    most = len([x for x in lines if _may_be_there(x)]) + said.replacements
    if len(bound) != len(set(bound)) or len(orders) > most:
        found.doubled.append(f"{name}: {len(orders)} orders, {len(bound)} bound")
    for line in lines:
        _line(found, name, line, orders)


def _is_unknown(line: LineView) -> bool:
    """Tell whether a line says that an order may be there which it does not name."""
    return line.state == "replacing" or line.state in UNKNOWN


def _is_rejected_replacement(order: Mapping[str, Any]) -> bool:
    return order["status"] == "REJECTED" and order.get("replaces") is not None


def _may_be_there(line: LineView) -> bool:
    return line.state not in NEVER_THERE


def _line(found: Audit, name: str, line: LineView, orders: Mapping[str, Any]) -> None:
    if line.order_id is None:
        if line.state not in NEVER_THERE | UNKNOWN:
            found.lied.append(f"{name} says {line.state} without an order")
        return
    order = orders.get(line.order_id)
    earlier = [orders[one] for one in line.lineage if one in orders]
    filled = sum(int(one["filled"]) for one in (order, *earlier) if one is not None)
    if order is None or len(earlier) < len(line.lineage):
        found.lied.append(f"{name} names an order that does not exist: {line.order_id}")
    elif line.state in OVER and order["status"] != OVER[line.state]:
        found.lied.append(f"{name} {line.order_id} is {order['status']}, said {line.state}")
    elif (line.state == "filled" and filled != line.filled) or line.filled > filled:
        found.lied.append(f"{name} {line.order_id} filled {filled}, said {line.filled}")
    elif line.state not in UNKNOWN and any(one["status"] not in ENDED for one in earlier):
        found.lied.append(f"{name} {line.order_id} is not alone: an earlier order works")
