"""Orders that nobody here sent: list them, follow one, or have one told no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option, scope_options
from swimdesk.cli.reads import FIELDS, print_list
from swimdesk.cli.resolve import reason_option
from swimdesk.errors import InputError
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.views.comparing import ForeignView


@click.command()
@scope_options
@json_option
@pass_invocation
def foreign(invocation: Invocation, scope: Scope) -> None:
    """List the open and today's orders that nobody here sent."""
    output = invocation.output
    rows = invocation.ask(lambda desk: desk.foreign(scope))
    print_list(output, "foreign", rows if output.as_json else [_row(row) for row in rows])


def _row(row: ForeignView) -> dict[str, object]:
    told = {"reason": row.note}
    return {name: told[name] if name in told else getattr(row, name) for name in FIELDS["foreign"]}


@click.command()
@click.argument("order", metavar="ALIAS/ORDER_ID")
@reason_option
@json_option
@pass_invocation
def adopt(invocation: Invocation, order: str, reason: str) -> None:
    """Follow an open order that nobody here sent.

    From then on it is canceled, replaced and told like ours; nothing is sent by this.
    """
    account, order_id = order_named(order)
    # Asked again where the owner just left: what is adopted already is shown.
    view = invocation.ask(lambda desk: desk.adopt(account, order_id, reason))
    print_broadcast(invocation.output, view)


@click.command()
@click.argument("order", metavar="ALIAS/ORDER_ID")
@reason_option
@json_option
@pass_invocation
def ignore(invocation: Invocation, order: str, reason: str) -> None:
    """Tell an order that nobody here sent as a difference no more."""
    account, order_id = order_named(order)
    view = invocation.ask(lambda desk: desk.ignore(account, order_id, reason))
    output = invocation.output
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    output.table(FIELDS["foreign"], [_row(view)])


def order_named(text: str) -> tuple[str, str]:
    """Read ``ALIAS/ORDER_ID``; InputError for anything else."""
    account, slash, order_id = text.rpartition("/")
    if not slash or not account or not order_id:
        raise InputError(f"{text!r} names no order; expected ALIAS/ORDER_ID.")
    return account, order_id
