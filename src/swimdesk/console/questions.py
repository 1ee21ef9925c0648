"""What the confirmation of a plan says: accounts, contracts, worst loss, price, requests; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.formats import age, money, price
from swimdesk.console.modals.confirm import FactsOf, Question
from swimdesk.console.session import Stage, needs_count
from swimdesk.console.ticket.intent_orders import flow_of
from swimdesk.console.ticket.market import FRESH, Look, net_market
from swimdesk.console.ticket.order import Draft, read_draft
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import Ticket
from swimdesk.views.models import PlanView
from swimdesk.views.warnings import CAUTION

MOST_ORDERS: Final = 4
"""So many different orders of one plan are told one by one."""


def question_of(
    stage: Stage,
    plan: PlanView,
    *,
    mode: str = "",
    latest: Callable[[], Look | None] = lambda: None,
    now: Callable[[], datetime],
) -> Question:
    """Return the question; ``latest`` tells the market again while it stands."""
    count = plan.counts["send"]
    draft = read_draft(plan.order)
    facts = [
        ("order", plan.order),
        *(() if draft else orders_of(plan)),
        ("accounts", _accounts(stage, plan)),
        (_size_name(draft), size_of(plan, draft)),
        ("worst loss", f"{dollars(plan.max_loss)} over all accounts"),
        *_flow(plan, draft),
        ("held", f"{dollars(plan.requirement)} of buying power"),
        ("requests", _requests(stage, count)),
    ]

    def live() -> FactsOf:
        return (("price", against_market(draft, latest(), now())),) if draft else ()

    return Question(
        f"SEND {count} ORDER{'S' * (count != 1)}",
        tuple(facts),
        f"SEND TO {count}",
        count=count if needs_count(plan) else None,
        expires=plan.expires,
        warnings=(
            *plan.notices,
            *(f"{w.accounts} x {w.detail}" for w in plan.warnings if w.grade == CAUTION),
            *(f"overridden: {word}" for word in plan.overrides),
        ),
        mode=mode,
        live=live,
    )


def dollars(amount: Decimal | None) -> str:
    """Return dollars; what nothing bounds is unlimited."""
    return "UNLIMITED" if amount is None else f"${money(amount)}"


def units_of(plan: PlanView) -> int:
    """Return the units of all orders that would be sent."""
    return sum(line.quantity for line in plan.lines if line.verdict == "send")


def cash_of(plan: PlanView, ticket: Ticket) -> Decimal | None:
    """Return the cash that comes in at the limit over all accounts; negative is paid."""
    if ticket.credit is None:
        return None
    return ticket.credit * ticket.multiplier * units_of(plan)


def size_of(plan: PlanView, draft: Draft | None) -> str:
    """Return how much would be traded in all."""
    units = units_of(plan)
    if draft is None or draft.ticket.is_equity:
        return f"{units:,}"
    options = (leg.ratio for leg in draft.ticket.legs if leg.instrument.multiplier > 1)
    each = sum(options)
    return f"{units * each:,} in {units:,} units" if each > 1 else f"{units:,}"


def against_market(draft: Draft, look: Look | None, now: datetime) -> str:
    """Return the price beside mid and natural, and how old their quotes are where they are."""
    ticket = draft.ticket
    own = "at the market" if ticket.price is None else price(ticket.price)
    market = net_market(ticket, look)
    if market is None or look is None:
        return f"{own}; no quote of every leg"
    span = look.age(ticket, now)
    stale = f", QUOTES {age(span)} OLD" if span > FRESH else f", quoted {age(span)} ago"
    return f"{own}; mid {price(market.mid)}, natural {price(market.natural(ticket.side))}{stale}"


def orders_of(plan: PlanView) -> FactsOf:
    """Return what is really sent where the text says only what it is for: CLOSE, ROLL, FLAT."""
    units: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    for line in plan.lines:
        draft = read_draft(line.order) if line.verdict == "send" else None
        if draft is not None:
            text = print_ticket(draft.ticket.sized(1))
            units[text] += line.quantity
            accounts[text] += 1
    facts = [
        ("sends", f"{text}, {units[text]:,} times in {count} account{'s' * (count != 1)}")
        for text, count in accounts.most_common(MOST_ORDERS)
    ]
    more = len(accounts) - len(facts)
    return (*facts, *([("", f"and {more} other orders: the plan lists them")] if more > 0 else []))


def _accounts(stage: Stage, plan: PlanView) -> str:
    left_out = [
        f"{number} {word}"
        for number, word in (
            (plan.counts.get("denied", 0), "denied"),
            (plan.counts.get("skipped", 0), "skipped"),
            (len(stage.excluded), "left out by hand"),
        )
        if number
    ]
    return f"{plan.counts['send']}" + (f"; {', '.join(left_out)}" if left_out else "")


def _size_name(draft: Draft | None) -> str:
    if draft is None:
        return "units"
    return "shares" if draft.ticket.is_equity else "contracts"


def _flow(plan: PlanView, draft: Draft | None) -> list[tuple[str, str]]:
    cash = cash_of(plan, draft.ticket) if draft else None
    if draft is None:
        return flow_of(plan)
    if cash is None:
        return []
    name = "credit" if cash > 0 else "debit"
    per_unit = abs(draft.ticket.credit or Decimal(0))
    return [(name, f"${money(abs(cash))} in all, {price(per_unit)} a unit, before fees")]


def _requests(stage: Stage, count: int) -> str:
    how = {"all": "all at once", "canary": "one first, then the rest"}
    return f"{count}, {how.get(stage.waves, f'{stage.waves} at a time')}"
