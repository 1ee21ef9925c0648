"""Take a broadcast back: cancel what works, close what it opened, say what became of it."""

from __future__ import annotations

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
from swimdesk.cli.options import json_option, override_options
from swimdesk.errors import InputError
from swimdesk.views.requests import UndoRequest

if TYPE_CHECKING:
    from swimdesk.cli.running import Interruption
    from swimdesk.views.closing import UndoView

NOT_SENT = "Nothing was canceled and nothing was sent: add --yes to do this."


@click.command()
@click.argument("reference", metavar="B")
@price_option
@override_options
@yes_option
@follow_option
@json_option
@pass_invocation
def undo(
    invocation: Invocation,
    reference: str,
    price: str,
    overrides: tuple[str, ...],
    *,
    yes: bool,
    wait_s: float,
) -> int:
    """Cancel what works of a broadcast and close what it opened.

    B is the id of a broadcast or a unique ending of it; B/ALIAS is its line in one account.
    Without --yes it shows both parts. What is closed is what filled, and no more than is held;
    lines in doubt are named and not touched. What was undone once is not undone again.
    """
    if yes:
        view = _carry_out(invocation, reference, price, UndoRequest("", overrides, wait_s))
    else:
        view = invocation.ask(lambda desk: desk.undo_plan(reference, price))
        if not is_idle(view):
            refuse_with(invocation.output, InputError(NOT_SENT), view)
    print_closing(invocation.output, view)
    return exit_code(view)


def _carry_out(invocation: Invocation, reference: str, price: str, wanted: UndoRequest) -> UndoView:
    from dataclasses import replace

    from swimdesk.cli.running import fast_loop, run_command

    async def work(interruption: Interruption) -> UndoView:
        async with invocation.open() as desk:
            plan = await desk.undo_plan(reference, price)
            if is_idle(plan):
                return plan
            interruption.said = (
                f"What was begun stays in the journal; see `swimdesk broadcasts {plan.undoes}`"
            )
            return await desk.undo(replace(wanted, plan=plan.plan))

    return run_command(work, loop_factory=fast_loop)
