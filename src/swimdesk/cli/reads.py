"""What the accounts are, hold, can spend and have working."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import click

from swimdesk.cli.exits import reads_exit_code_of
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option, scope_options
from swimdesk.cli.output import Output
from swimdesk.views.comparing import UnreadView
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


def _print_read(
    output: Output, name: str, rows: Sequence[object], unread: Sequence[UnreadView]
) -> int:
    """Print what was read, and name what was not; return the exit code."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({name: to_json(tuple(rows)), "unread": to_json(tuple(unread))})
    else:
        output.table(FIELDS[name], rows)
        for text in _not_read(unread):
            output.note(f"note: {text}")
    return reads_exit_code_of(unread)


def _not_read(unread: Sequence[UnreadView]) -> Iterator[str]:
    """Say by login what is not among the rows, and why."""
    whys: dict[tuple[str, str], list[UnreadView]] = {}
    for one in unread:
        whys.setdefault((one.login, one.detail), []).append(one)
    for (login, detail), several in whys.items():
        missing = [one.account for one in several if one.account is not None]
        if any(one.account is None for one in several):
            missing.append("accounts that are not known here")
        yield f"{', '.join(missing)} of login {login} not read: {detail}"


@click.command()
@scope_options
@json_option
@pass_invocation
def accounts(invocation: Invocation, scope: Scope) -> int:
    """List the accounts and what they may trade."""
    output = invocation.output
    view = invocation.ask(lambda desk: desk.holdings(scope))
    rows = view.accounts
    shown = rows if output.as_json else [_account_row(row) for row in rows]
    return _print_read(output, "accounts", shown, view.unread)


def _account_row(row: AccountView) -> dict[str, object]:
    cells = {name: getattr(row, name) for name in FIELDS["accounts"]}
    said = row.learned
    return cells | {"learned": None if said is None else f"{said.at:%Y-%m-%d} {said.text}"}


@click.command()
@scope_options
@json_option
@pass_invocation
def positions(invocation: Invocation, scope: Scope) -> int:
    """Show what the accounts hold."""
    view = invocation.ask(lambda desk: desk.holdings(scope))
    return _print_read(invocation.output, "positions", view.positions, view.unread)


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
def balances(invocation: Invocation, scope: Scope) -> int:
    """Show what the accounts can spend."""
    view = invocation.ask(lambda desk: desk.holdings(scope))
    return _print_read(invocation.output, "balances", view.balances, view.unread)
