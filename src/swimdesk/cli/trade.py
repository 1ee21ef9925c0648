"""Planning: what an order would do in each account, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.endings import Refusal
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import full_scope_options, json_option, sizing_options
from swimdesk.cli.output import Output
from swimdesk.errors import InputError, OrderTextError
from swimdesk.views.requests import PlanRequest, Scope

if TYPE_CHECKING:
    from swimdesk.views.models import PlanView

PLAN_FIELDS: Final = (
    "account", "last4", "quantity", "effect", "verdict", "requirement", "max_loss",
    "buying_power", "reason",
)  # fmt: skip


@contextmanager
def explaining(order: str) -> Iterator[None]:
    """Show the order text with the place that an error in it is about."""
    try:
        yield
    except OrderTextError as error:
        raise Refusal(error, order=order) from error


def require_scope(scope: Scope) -> None:
    """Refuse to plan for accounts that nobody named."""
    if scope.is_empty:
        raise InputError("Say which accounts: --all, --group NAME, --account ALIAS or --where.")


@click.command()
@click.argument("order")
@full_scope_options
@sizing_options
@click.option("--save", is_flag=True, help="Keep the plan, so that `send --plan ID` can send it.")
@json_option
@pass_invocation
def preview(
    invocation: Invocation,
    order: str,
    scope: Scope,
    sizing: str,
    remainder: str | None,
    save: bool,
) -> None:
    """Show what an order would do in each account; sends nothing."""
    require_scope(scope)
    request = PlanRequest(order, scope, sizing, save, remainder)
    with explaining(order):
        plan = invocation.ask(lambda desk: desk.preview(request))
    print_notices(invocation.output, plan)
    print_plan(invocation.output, plan)


def print_plan(output: Output, plan: PlanView, *, most: int | None = None) -> None:
    """Print a plan: what it comes to, then a line per account.

    With ``most`` only the first so many of those to be sent, and all that are kept out.
    """
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(plan))
        return
    output.heading(plan.order)
    output.heading(_sum_of(plan))
    if plan.net_bid is not None:
        output.heading(_market_of(plan))
    if plan.saved:
        output.heading(
            f"plan {plan.plan}, to be sent until {plan.expires:%H:%M:%S} UTC:"
            f" swimdesk send --plan {plan.plan} --yes"
        )
    if plan.saved and not output.is_for_eyes:
        rows = [{"plan": plan.plan} | {f: getattr(x, f) for f in PLAN_FIELDS} for x in plan.lines]
        output.table(("plan", *PLAN_FIELDS), rows)
        return
    sent = [line.account for line in plan.lines if line.verdict == "send"][:most]
    lines = [x for x in plan.lines if x.verdict != "send" or x.account in sent]
    output.table(PLAN_FIELDS, lines)


def print_notices(output: Output, plan: PlanView) -> None:
    """Say on the side what the desk remarked while reading and planning."""
    for notice in plan.notices:
        output.note(f"note: {notice}")


def _sum_of(plan: PlanView) -> str:
    kept = [f"{plan.counts[x]} {x}" for x in ("denied", "skipped") if plan.counts.get(x)]
    sent = f"{plan.counts.get('send', 0)} of {plan.counts['accounts']} accounts"
    units = sum(line.quantity for line in plan.lines if line.verdict == "send")
    loss = "unlimited" if plan.max_loss is None else _dollars(plan.max_loss)
    return ", ".join(
        [sent, *kept, f"{units} units", f"requirement {_dollars(plan.requirement)}",
         f"maximum loss {loss}"]
    )  # fmt: skip


def _market_of(plan: PlanView) -> str:
    market = f"market {plan.net_bid} x {plan.net_ask}, mid {plan.net_mid}"
    age = f"quotes {plan.quote_age_s:.1f} s old"
    return ", ".join(
        [market, age, *([f"priced from {plan.price_from}"] if plan.price_from else [])]
    )


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"
