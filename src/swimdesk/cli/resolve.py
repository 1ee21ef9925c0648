"""Settle a line in doubt by the operator's word."""

from __future__ import annotations

from typing import Final

import click

from swimdesk.cli.exits import resolve_exit_code_of
from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import InputError
from swimdesk.views.requests import ResolveRequest

reason_option: Final = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it is written down with the decision."
)


@click.command()
@click.argument("reference", metavar="B/ALIAS")
@click.option(
    "--as",
    "verdict",
    required=True,
    metavar="placed:ORDER_ID|absent",
    help="What became of the order: it is that one at the broker, or there is none.",
)
@reason_option
@json_option
@pass_invocation
def resolve(invocation: Invocation, reference: str, verdict: str, reason: str) -> int:
    """Say what became of the order of a line in doubt.

    The orders of the account are read first: what they contradict is refused, and nothing is
    changed. A line whose replacement is in doubt takes placed:ORDER_ID of the order that works.
    An order that was said to be absent and comes after all puts its line in doubt again.
    """
    _, slash, account = reference.partition("/")
    if not slash or not account:
        raise InputError(f"{reference!r} names no line; expected B/ALIAS.")
    request = ResolveRequest(reference, verdict, reason)
    # Asked again where the owner just left: a verdict that stands already changes nothing.
    view = invocation.ask(lambda desk: desk.resolve(request))
    print_broadcast(invocation.output, view)
    return resolve_exit_code_of(view, account)
