"""Cancel what is open of a broadcast and say what became of every line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.exits import cancel_exit_code_of
from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option

if TYPE_CHECKING:
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.models import BroadcastView

DEFAULT_WAIT_S: Final = 10.0


@click.command()
@click.argument("reference", metavar="B")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=DEFAULT_WAIT_S,
    show_default=True,
    metavar="S",
    help="Seconds to follow the orders to their end.",
)
@json_option
@pass_invocation
def cancel(invocation: Invocation, reference: str, wait_s: float) -> int:
    """Cancel the open orders of a broadcast.

    B is the id of a broadcast or a unique ending of it; B/ALIAS is its line in one account. It
    works while halted and may be repeated. An order may fill before the cancel gets there.
    """

    async def work(desk: DeskFacade) -> BroadcastView:
        await desk.cancel(reference)
        return await desk.follow(reference, wait_s)

    # Asked again where the owner just left: a cancel names its order, so twice does what once does.
    view = invocation.ask(work)
    print_broadcast(invocation.output, view)
    _, slash, account = reference.partition("/")
    return cancel_exit_code_of(view, account if slash else None)
