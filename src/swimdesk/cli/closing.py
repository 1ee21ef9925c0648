"""What flatten and undo print: the orders that are canceled, and the holdings that are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

import click

from swimdesk.cli.endings import Refusal
from swimdesk.cli.exits import closing_exit_code_of
from swimdesk.errors import ExitCode, SwimdeskError

if TYPE_CHECKING:
    from swimdesk.cli.output import Output
    from swimdesk.views.closing import FlattenView, UndoView

    Closing: TypeAlias = FlattenView | UndoView

PART_FIELDS: Final = (
    "account", "last4", "holding", "quantity", "state", "filled", "cost", "broadcast", "reason",
    "order",
)  # fmt: skip
CANCEL_FIELDS: Final = (
    "account", "last4", "broadcast", "state", "filled", "outcome", "reason", "order",
)  # fmt: skip

price_option = click.option(
    "--price",
    default="@nat",
    show_default=True,
    metavar="P",
    help="Of every closing order: @nat (trades at once), @mid, @mid-0.02, @MKT.",
)
yes_option = click.option("--yes", is_flag=True, help="Do it; without it the plan is only shown.")
follow_option = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Seconds to follow the closing orders.",
)


def print_closing(output: Output, view: Closing) -> None:
    """Print what is planned, or what became of it."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    output.heading(summary(view))
    if view.cancels and output.is_for_eyes:
        output.heading("orders of ours canceled first" if view.carried_out else "to be canceled")
        output.table(CANCEL_FIELDS, view.cancels)
    for one in view.cancels if not output.is_for_eyes else ():
        said = f", cancel {one.outcome}" if one.outcome else ""
        output.note(f"note: {one.account} of {one.broadcast}: {one.state}{said}")
    output.table(PART_FIELDS, view.parts)
    for line in warnings(view):
        output.note(f"warning: {line}")


def warnings(view: Closing) -> list[str]:
    """Say what works in the accounts of a flatten and is not canceled by it."""
    from swimdesk.views.closing import FlattenView

    if not isinstance(view, FlattenView):
        return []
    if view.others is None:
        return ["whether orders of others work there could not be read"]
    return [
        f"order {one.order_id} works in {one.account} and is not ours, it is not canceled:"
        f" {one.order or one.description}"
        for one in view.others
    ]


def summary(view: Closing) -> str:
    """Say in one line what is to be done, or was."""
    if not view.accounts:
        return "nothing to do" if not view.parts else "nothing that can be done"
    word = "brings" if view.cost is not None and view.cost < 0 else "costs"
    cost = "an unknown sum" if view.cost is None else f"${abs(view.cost):,.2f}"
    accounts = f"{view.accounts} account{'' if view.accounts == 1 else 's'}"
    orders = f"{view.orders} closing order{'' if view.orders == 1 else 's'}"
    cancels = f"{len(view.cancels)} cancel{'' if len(view.cancels) == 1 else 's'}"
    return f"{accounts}: {cancels}, {orders} at {view.price}, {word} {cost} at the natural price"


def is_idle(view: Closing) -> bool:
    """Tell whether there is nothing to carry out."""
    return not view.accounts


def exit_code(view: Closing) -> ExitCode:
    """Return the exit code of what is kept back, or of what was carried out."""
    return closing_exit_code_of(view.cancels, view.parts)


def refuse_with(output: Output, error: SwimdeskError, view: Closing) -> NoReturn:
    """End with an error and the plan that it is about: above it for eyes, beside it in JSON."""
    if not output.as_json:
        print_closing(output, view)
        raise Refusal(error)
    from swimdesk.views.codec import to_json

    raise Refusal(error, beside={"plan": to_json(view)})
