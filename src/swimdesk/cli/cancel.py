"""Cancel what is open, of a broadcast or of all, and say what became of every line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.exits import cancel_exit_code_of, worst_of
from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import ExitCode, InputError

if TYPE_CHECKING:
    from swimdesk.cli.output import Output
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.models import BroadcastView

DEFAULT_WAIT_S: Final = 10.0

wait_option = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=DEFAULT_WAIT_S,
    show_default=True,
    metavar="S",
    help="Seconds to follow the orders to their end.",
)


@click.command()
@click.argument("reference", metavar="[B]", required=False)
@click.option("--all", "everything", is_flag=True, help="All open orders of all broadcasts.")
@wait_option
@json_option
@pass_invocation
def cancel(invocation: Invocation, reference: str | None, everything: bool, wait_s: float) -> int:
    """Cancel the open orders of a broadcast, or of all.

    B is the id of a broadcast or a unique ending of it; B/ALIAS is its line in one account. It
    works while halted and may be repeated. An order may fill before the cancel gets there.
    """
    if (reference is None) is not everything:
        raise InputError("Name a broadcast (B or B/ALIAS) or say --all, and not both.")
    if reference is None:
        views = cancel_everything(invocation, wait_s)
        print_canceled(invocation.output, views)
        return everything_exit_code(views)
    named = reference

    async def work(desk: DeskFacade) -> BroadcastView:
        await desk.cancel(named)
        return await desk.follow(named, wait_s)

    # Asked again where the owner just left: a cancel names its order, so twice does what once does.
    view = invocation.ask(work)
    print_broadcast(invocation.output, view)
    _, slash, account = named.partition("/")
    return cancel_exit_code_of(view, account if slash else None)


def cancel_everything(invocation: Invocation, wait_s: float) -> tuple[BroadcastView, ...]:
    """Cancel all that is open in the home and follow it; asked again where the owner just left."""

    async def work(desk: DeskFacade) -> tuple[BroadcastView, ...]:
        asked = await desk.cancel_all()
        return tuple(await asyncio.gather(*(desk.follow(view.broadcast, wait_s) for view in asked)))

    return invocation.ask(work)


def print_canceled(output: Output, views: Sequence[BroadcastView]) -> None:
    """Print the broadcasts that had open orders, or that there were none."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({"broadcasts": to_json(tuple(views))})
        return
    for view in views:
        print_broadcast(output, view)
    if not views:
        output.note("note: no order of ours is open")


def everything_exit_code(views: Sequence[BroadcastView]) -> ExitCode:
    """Return the exit code over all broadcasts; see ``cancel_exit_code_of``."""
    return worst_of(cancel_exit_code_of(view, None) for view in views)
