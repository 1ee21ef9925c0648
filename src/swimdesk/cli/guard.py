"""The kill switch from the command line; it needs neither an owner nor a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option

if TYPE_CHECKING:
    from swimdesk.cli.output import Output
    from swimdesk.views.models import GuardView


@click.command()
@click.option("--reason", default="halted by hand", show_default=True, help="Kept and shown.")
@json_option
@pass_invocation
def halt(invocation: Invocation, reason: str) -> None:
    """Stop all sending in this home until `resume`."""
    print_guard(invocation.output, throw_switch(invocation, reason))


def throw_switch(invocation: Invocation, reason: str) -> GuardView:
    """Halt by the file first, which nothing can delay; then tell the owner, if there is one."""
    from swimdesk.bootstrap import raise_halt
    from swimdesk.errors import SwimdeskError

    output = invocation.output
    by_file = raise_halt(invocation.home, reason)
    try:
        by_owner = invocation.ask_owner(lambda desk: desk.halt(reason))
    except SwimdeskError as error:
        output.note(f"note: the owner did not confirm: {error.detail}")
        output.note("note: the halt file is written; a desk looks at it before every send")
        return by_file
    if by_owner is None:
        output.note("note: nobody runs this home; the halt file is written and holds at the start")
    return by_owner or by_file


@click.command()
@json_option
@pass_invocation
def resume(invocation: Invocation) -> None:
    """Allow sending again."""
    print_guard(invocation.output, take_back(invocation))


def take_back(invocation: Invocation) -> GuardView:
    """Resume through the owner of the home, or in its files where nobody owns it."""
    from swimdesk.bootstrap import resume_offline
    from swimdesk.cli.running import Interruption, run_command
    from swimdesk.cli.session import held_by
    from swimdesk.control.ownership import HomeLock

    by_owner = invocation.ask_owner(lambda desk: desk.resume())
    if by_owner is not None:
        return by_owner
    home = invocation.home

    async def write(_: Interruption) -> GuardView:
        with HomeLock(home) as lock:
            if not lock.try_acquire():
                raise held_by(home, "was just started; run the command again")
            return await resume_offline(home)

    return run_command(write)


def print_guard(output: Output, view: GuardView) -> None:
    """Print the state of the kill switch."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    output.facts({"trading": view.state, "reason": view.reason, "since": view.since})
