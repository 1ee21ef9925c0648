"""What an intent such as CLOSE comes to: the order of each account with its price; pure."""

from __future__ import annotations

from decimal import Decimal

from swimdesk.console.formats import money
from swimdesk.console.shortorder import short_order
from swimdesk.views.models import PlanView

Facts = list[tuple[str, str]]


def orders_of(plan: PlanView, most: int) -> Facts:
    """Return accounts that would be sent to with their orders in short, so many at the most."""
    sent = [line for line in plan.lines if line.verdict == "send"]
    shown = sent if len(sent) <= most else sent[: max(most - 1, 0)]
    facts = [(line.account, short_order(line.order, plan.created.year).whole) for line in shown]
    if len(shown) < len(sent):
        facts.append(("…", f"and {len(sent) - len(shown)} more; Enter on its row shows each"))
    return facts


def flow_of(plan: PlanView) -> Facts:
    """Return the cash at the limits of all orders; nothing where one of them has no limit."""
    total = Decimal(0)
    for line in plan.lines:
        if line.verdict != "send":
            continue
        ticket = short_order(line.order, plan.created.year).ticket
        if ticket is None or ticket.credit is None:
            return []
        total += ticket.credit * ticket.multiplier * line.quantity
    if not total:
        return []
    name = "credit" if total > 0 else "debit"
    return [(name, f"${money(abs(total))} in all at the limits, before fees")]
