"""The kill switch from the command line; it needs neither an owner nor a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from swimdesk.cli.cancel import (
    cancel_everything,
    everything_exit_code,
    print_canceled,
    wait_option,
)
from swimdesk.cli.endings import Refusal
from swimdesk.cli.exits import STILL_OPEN, UNDECIDED
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import ExitCode, SwimdeskError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from swimdesk.cli.output import Output
    from swimdesk.views.models import BroadcastView, GuardView


@click.command()
@click.option("--reason", default="halted by hand", show_default=True, help="Kept and shown.")
@click.option("--reduce", "reduces", is_flag=True, help="Let orders leave that only close.")
@click.option("--cancel", "cancels", is_flag=True, help="Then cancel all open orders of ours.")
@wait_option
@json_option
@pass_invocation
def halt(
    invocation: Invocation, reason: str, *, reduces: bool, cancels: bool, wait_s: float
) -> int:
    """Stop all sending in this home until `resume`.

    With --reduce orders that only close what is held may leave, also if all was halted before.
    With --cancel every open order of ours is then asked to end; what could not be delivered is
    named, and the halt stands whatever becomes of it.
    """
    guard = only_reduce(invocation, reason) if reduces else throw_switch(invocation, reason)
    if not cancels:
        print_guard(invocation.output, guard)
        return ExitCode.DONE
    try:
        views = cancel_everything(invocation, wait_s)
    except SwimdeskError as error:
        raise _halted_only(invocation.output, guard, error) from error
    _print_halt(invocation.output, guard, views)
    return everything_exit_code(views)


def _halted_only(output: Output, guard: GuardView, error: SwimdeskError) -> Refusal:
    """Say that the halt stands although nothing was canceled."""
    if not output.as_json:
        print_guard(output, guard)
        output.note(f"note: {guard.state}, and no cancel was delivered; the open orders work on")
        return Refusal(error)
    from swimdesk.views.codec import to_json

    return Refusal(error, beside={"guard": to_json(guard)})


def _print_halt(output: Output, guard: GuardView, views: Sequence[BroadcastView]) -> None:
    if output.as_json:
        from swimdesk.views.codec import to_json
        from swimdesk.views.models import HaltView

        view = HaltView(guard.state, guard.reason, guard.since, tuple(views))
        output.document(to_json(view))
    else:
        print_guard(output, guard)
        print_canceled(output, views)
    for text in undelivered(views):
        output.note(f"note: not delivered: {text}")


def undelivered(views: Sequence[BroadcastView]) -> list[str]:
    """Name the lines that are still open and whose latest cancel the broker did not take."""
    found = []
    for view in views:
        latest = {one.account: one for one in view.commands if one.kind == "cancel"}
        for line in view.lines:
            command = latest.get(line.account)
            is_open = line.state in STILL_OPEN | UNDECIDED
            if command is not None and is_open and command.outcome not in {"taken", "ended"}:
                why = command.reason or "no outcome known"
                found.append(f"{line.account} of {view.broadcast} ({why})")
    return found


def throw_switch(invocation: Invocation, reason: str) -> GuardView:
    """Halt by the file first, which nothing can delay; then tell the owner, if there is one."""
    from swimdesk.bootstrap import raise_halt

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

    by_owner = invocation.ask_owner(lambda desk: desk.resume())
    return by_owner or _in_files(invocation.home, "resumed", resume_offline)


def only_reduce(invocation: Invocation, reason: str) -> GuardView:
    """Let only closing orders leave: through the owner, or in the files where nobody owns them."""
    from swimdesk.bootstrap import reduce_offline

    by_owner = invocation.ask_owner(lambda desk: desk.reduce(reason))
    return by_owner or _in_files(
        invocation.home, "reduced", lambda home: reduce_offline(home, reason)
    )


def _in_files(home: Path, done: str, write: Callable[[Path], Awaitable[GuardView]]) -> GuardView:
    """Write the switch of a home that nobody owns, holding its lock."""
    from swimdesk.bootstrap import check_home
    from swimdesk.cli.running import Interruption, run_command
    from swimdesk.cli.session import held_by
    from swimdesk.control.ownership import HomeLock

    # Before the lock, which would make a folder there.
    check_home(home, done)

    async def locked(_: Interruption) -> GuardView:
        with HomeLock(home) as lock:
            if not lock.try_acquire():
                raise held_by(home, "was just started; run the command again")
            return await write(home)

    return run_command(locked)


def print_guard(output: Output, view: GuardView) -> None:
    """Print the state of the kill switch."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    output.facts({"trading": view.state, "reason": view.reason, "since": view.since})
