"""Compare what is known here with what the broker lists, completely and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.exits import reconcile_exit_code_of
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option, scope_options
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.cli.output import Output
    from swimdesk.views.comparing import DifferenceView, ReconcileView, UnreadView

DIFFERENCE_FIELDS: Final = (
    "account", "kind", "broadcast", "order_id", "symbol", "expected", "found", "reason",
)  # fmt: skip


@click.command()
@scope_options
@json_option
@pass_invocation
def reconcile(invocation: Invocation, scope: Scope) -> int:
    """Compare orders and positions with the broker's.

    Reads the orders of the last 59 days and the positions of every account, brings our lines up to
    date, and tells what differs. Run it before you trust a day's books.
    """
    view = invocation.ask(lambda desk: desk.reconcile(scope))
    print_comparison(invocation.output, view)
    return reconcile_exit_code_of(view)


def print_comparison(output: Output, view: ReconcileView) -> None:
    """Print what was compared, what differs, and of what nothing can be said."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    compared = f"{view.accounts} accounts, {view.orders} orders, {view.lines} lines compared"
    output.heading(f"{view.verdict.replace('_', ' ')}: {compared}")
    if view.differences:
        output.table(DIFFERENCE_FIELDS, [_row(one) for one in view.differences])
    for one in view.unread:
        output.note(f"note: {_unread(one)}: {one.detail}")


def _unread(one: UnreadView) -> str:
    if one.account is None:
        return f"accounts may be missing, login {one.login} could not be asked which it has"
    return f"{one.what} of {one.account} not compared"


def _row(one: DifferenceView) -> dict[str, object]:
    told = {"reason": one.detail}
    return {name: told[name] if name in told else getattr(one, name) for name in DIFFERENCE_FIELDS}
