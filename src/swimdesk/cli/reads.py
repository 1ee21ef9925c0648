"""What the accounts are, hold, can spend and have working."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option, scope_options
from swimdesk.cli.output import Output
from swimdesk.views.models import AccountView
from swimdesk.views.requests import Scope

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": (
        "account", "last4", "login", "type", "groups", "multiplier", "option_level",
        "closing_only", "ira", "learned",
    ),
    "positions": (
        "account", "last4", "symbol", "description", "quantity", "average_price", "market_value",
    ),
    "orders": (
        "account", "last4", "order_id", "status", "entered", "description", "quantity", "filled",
        "broadcast", "reason", "origin",
    ),
    "foreign": (
        "account", "last4", "order_id", "status", "entered", "description", "quantity", "filled",
        "origin", "order", "reason",
    ),
    "balances": (
        "account", "last4", "liquidation_value", "cash", "option_buying_power",
        "stock_buying_power", "as_of",
    ),
    "quotes": ("symbol", "description", "bid", "ask", "last", "mark", "as_of"),
    "broadcasts": ("broadcast", "created", "state", "accounts", "accepted", "filled", "in_doubt",
                   "key", "order"),
    "fairness": ("account", "broadcasts", "mean_place", "first", "last"),
}  # fmt: skip
"""The columns of each list."""


def print_list(output: Output, name: str, rows: Sequence[object]) -> None:
    """Print views as the document ``{name: [...]}`` or as a table."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({name: to_json(tuple(rows))})
        return
    output.table(FIELDS[name], rows)


@click.command()
@scope_options
@json_option
@pass_invocation
def accounts(invocation: Invocation, scope: Scope) -> None:
    """List the accounts and what they may trade."""
    output = invocation.output
    rows = invocation.ask(lambda desk: desk.accounts(scope))
    print_list(output, "accounts", rows if output.as_json else [_account_row(row) for row in rows])


def _account_row(row: AccountView) -> dict[str, object]:
    cells = {name: getattr(row, name) for name in FIELDS["accounts"]}
    said = row.learned
    return cells | {"learned": None if said is None else f"{said.at:%Y-%m-%d} {said.text}"}


@click.command()
@scope_options
@json_option
@pass_invocation
def positions(invocation: Invocation, scope: Scope) -> None:
    """Show what the accounts hold."""
    print_list(invocation.output, "positions", invocation.ask(lambda desk: desk.positions(scope)))


@click.command()
@scope_options
@json_option
@pass_invocation
def orders(invocation: Invocation, scope: Scope) -> None:
    """Show today's orders, ours and others', newest first."""
    print_list(invocation.output, "orders", invocation.ask(lambda desk: desk.orders(scope)))


@click.command()
@scope_options
@json_option
@pass_invocation
def balances(invocation: Invocation, scope: Scope) -> None:
    """Show what the accounts can spend."""
    print_list(invocation.output, "balances", invocation.ask(lambda desk: desk.balances(scope)))
