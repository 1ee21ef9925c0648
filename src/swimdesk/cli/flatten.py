"""Leave accounts with nothing: cancel what works, close what is held, say what became of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from swimdesk.cli.closing import (
    exit_code,
    follow_option,
    is_idle,
    price_option,
    print_closing,
    refuse_with,
    yes_option,
)
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import full_scope_options, json_option, override_options
from swimdesk.cli.trade import require_scope
from swimdesk.errors import InputError
from swimdesk.views.requests import FlattenRequest, Scope

if TYPE_CHECKING:
    from swimdesk.cli.running import Interruption
    from swimdesk.views.closing import FlattenView

NOT_SENT = "Nothing was canceled and nothing was sent"


@dataclass(frozen=True, slots=True)
class Flattening:
    """What the command line asked for."""

    scope: Scope
    price: str
    overrides: tuple[str, ...]
    wait_s: float


@click.command()
@full_scope_options
@price_option
@override_options
@yes_option
@click.option(
    "--confirm", type=click.IntRange(min=0), metavar="N", help="The number of accounts, typed."
)
@follow_option
@json_option
@pass_invocation
def flatten(
    invocation: Invocation,
    scope: Scope,
    price: str,
    overrides: tuple[str, ...],
    *,
    yes: bool,
    confirm: int | None,
    wait_s: float,
) -> int:
    """Cancel our open orders in accounts, then close all they hold.

    Without --yes it shows what would be canceled and closed. With --yes the number of accounts
    is to be typed, or given as --confirm N. What is closed is decided by reads made after the
    cancels; nothing is closed where an order of ours is in doubt. It may be repeated.
    """
    require_scope(scope)
    output = invocation.output
    asked = Flattening(scope, price, overrides, wait_s)
    shown: FlattenView | None = None
    if not yes or confirm is None:
        shown = invocation.ask(lambda desk: desk.flatten_plan(scope, price))
        if is_idle(shown):
            print_closing(output, shown)
            return exit_code(shown)
        if not yes:
            refuse_with(output, InputError(f"{NOT_SENT}: add --yes to do this."), shown)
        confirm = _typed(invocation, shown)
    view = _carry_out(invocation, asked, confirm, shown)
    print_closing(output, view)
    return exit_code(view)


def _typed(invocation: Invocation, shown: FlattenView) -> int:
    """Ask a person for the number of accounts; nobody else is asked."""
    if not sys.stdin.isatty():
        refuse_with(
            invocation.output, InputError(f"{NOT_SENT}: add --confirm {shown.accounts}."), shown
        )
    if not invocation.as_json:
        print_closing(invocation.output, shown)
    number: int = click.prompt("Type the number of accounts to flatten", type=int, err=True)
    return number


def _carry_out(
    invocation: Invocation, asked: Flattening, typed: int, shown: FlattenView | None
) -> FlattenView:
    """Plan and carry out in one go; what a person has been shown must still be so."""
    from swimdesk.cli.running import fast_loop, run_command

    async def work(interruption: Interruption) -> FlattenView:
        async with invocation.open() as desk:
            plan = await desk.flatten_plan(asked.scope, asked.price)
            if is_idle(plan):
                return plan
            if typed != plan.accounts:
                why = f"this concerns {plan.accounts} accounts, {typed} was given"
                refuse_with(invocation.output, InputError(f"{NOT_SENT}: {why}."), plan)
            if shown is not None and _what(shown) != _what(plan):
                why = "holdings or orders changed since they were shown; look again"
                refuse_with(invocation.output, InputError(f"{NOT_SENT}: {why}."), plan)
            interruption.said = (
                "What was begun stays in the journal; see `swimdesk broadcasts` and flatten again"
            )
            request = FlattenRequest(plan.plan, typed, asked.overrides, asked.wait_s)
            return await desk.flatten(request)

    return run_command(work, loop_factory=fast_loop)


def _what(view: FlattenView) -> tuple[object, ...]:
    """Return what a person agrees to, prices and costs apart."""
    cancels = sorted((one.account, one.broadcast, one.filled) for one in view.cancels)
    parts = sorted((one.account, one.holding, one.quantity, one.state) for one in view.parts)
    return cancels, parts
