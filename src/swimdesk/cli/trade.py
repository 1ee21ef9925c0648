"""Planning: what an order would do in each account, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.endings import Refusal
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import (
    full_scope_options,
    json_option,
    override_options,
    sizing_options,
)
from swimdesk.cli.output import Output
from swimdesk.errors import ExitCode, InputError, OrderTextError
from swimdesk.views.requests import PlanRequest, Scope

if TYPE_CHECKING:
    from swimdesk.views.models import PlanLineView, PlanView, WarningView

PLAN_FIELDS: Final = (
    "account", "last4", "quantity", "effect", "verdict", "requirement", "max_loss",
    "buying_power", "reason",
)  # fmt: skip
BROKER_FIELDS: Final = ("broker", "commission", "effect_on_buying_power")


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
@override_options
@click.option("--save", is_flag=True, help="Keep the plan, so that `send --plan ID` can send it.")
@click.option(
    "--broker", is_flag=True, help="Ask the broker to preview every order as well; places none."
)
@json_option
@pass_invocation
def preview(
    invocation: Invocation,
    order: str,
    scope: Scope,
    sizing: str,
    remainder: str | None,
    overrides: tuple[str, ...],
    save: bool,
    broker: bool,
) -> int:
    """Show what an order would do in each account; sends nothing."""
    require_scope(scope)
    request = PlanRequest(order, scope, sizing, save, remainder, overrides, broker)
    with explaining(order):
        plan = invocation.ask(lambda desk: desk.preview(request))
    print_notices(invocation.output, plan)
    print_plan(invocation.output, plan)
    is_left = any(line.verdict == "send" for line in plan.lines)
    return ExitCode.DONE if is_left else ExitCode.DENIED


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
    for one in plan.warnings:
        output.heading(_warning(one))
    for text in plan.overrides:
        output.heading(f"overridden: {text}")
    if plan.saved:
        output.heading(
            f"plan {plan.plan}, to be sent until {plan.expires:%H:%M:%S} UTC:"
            f" swimdesk send --plan {plan.plan} --yes"
        )
    fields: tuple[str, ...] = PLAN_FIELDS
    if any(line.broker is not None for line in plan.lines):
        fields = (*PLAN_FIELDS[:-1], *BROKER_FIELDS, PLAN_FIELDS[-1])
    if plan.saved and not output.is_for_eyes:
        rows = [{"plan": plan.plan} | _cells(line, fields) for line in plan.lines]
        output.table(("plan", *fields), rows)
        return
    sent = [line.account for line in plan.lines if line.verdict == "send"][:most]
    lines = [x for x in plan.lines if x.verdict != "send" or x.account in sent]
    output.table(fields, [_cells(line, fields) for line in lines])
    _print_remarks(output, lines)


def _cells(line: PlanLineView, fields: Sequence[str]) -> dict[str, object]:
    said = line.broker
    broker: dict[str, object] = {
        "broker": said.verdict if said else None,
        "commission": said.commission if said else None,
        "effect_on_buying_power": said.effect if said else None,
    }
    return {f: broker[f] if f in BROKER_FIELDS else getattr(line, f) for f in fields}


def _print_remarks(output: Output, lines: Sequence[PlanLineView]) -> None:
    """Say on the side what the broker remarked on orders that it would take, each text once."""
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.broker is not None and line.broker.verdict != "reject":
            for text in line.broker.texts:
                said.setdefault(f"broker {line.broker.verdict}: {text}", []).append(line.account)
    for text, accounts in said.items():
        output.note(f"note: {text} ({len(accounts)} account{'s' if len(accounts) > 1 else ''})")


def _warning(one: WarningView) -> str:
    lifts = {"typed": f"; --override {one.override}", "soft": f"; --ack {one.override}"}
    how = lifts.get(one.grade, "") if one.override else ""
    where = f"{one.accounts} account{'s' if one.accounts > 1 else ''}"
    return f"{one.grade} {one.code} in {where}: {one.detail}{how}"


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
