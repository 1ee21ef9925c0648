"""Broadcasts that were sent, and the proof of their timing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.cli.output import Output
from swimdesk.cli.proof import print_proof
from swimdesk.cli.reads import FIELDS, print_list
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.views.models import BroadcastRow, BroadcastView, FairnessView
    from swimdesk.views.trail import StepView, TrailView

LINE_FIELDS: Final = (
    "account", "last4", "quantity", "effect", "state", "doubt", "order_id", "filled", "average",
    "sent_ms", "acked_ms", "reason", "lineage", "first_byte_ms", "latency_ms",
)  # fmt: skip

STEP_FIELDS: Final = (
    "at", "state", "doubt", "order_id", "filled", "read", "list", "looks alike", "reason",
)  # fmt: skip

COMMAND_FIELDS: Final = (
    "account", "kind", "outcome", "order_id", "price", "new_order_id", "at", "reason",
)  # fmt: skip


@click.command()
@click.argument("broadcast", required=False, metavar="[B[/ALIAS]]")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--fairness", is_flag=True, help="Show how early each account was served in them.")
@json_option
@pass_invocation
def broadcasts(
    invocation: Invocation, broadcast: str | None, limit: int, *, fairness: bool
) -> None:
    """List broadcasts, or show one with its lines and timing.

    B is the id of a broadcast or a unique ending of it; B/ALIAS shows one line step by step, and
    what each step rests on.
    """
    output = invocation.output
    if fairness:
        if broadcast is not None:
            raise InputError("--fairness is of many broadcasts: it goes without B.")
        served = _fairness(invocation, limit)
        print_list(output, "fairness", served if output.as_json else [*map(_served, served)])
        return
    if broadcast is not None and "/" in broadcast:
        print_trail(output, _trail(invocation, broadcast))
        return
    if broadcast is not None:
        print_broadcast(output, _one(invocation, broadcast))
        return
    rows = _newest(invocation, limit)
    print_list(output, "broadcasts", rows if output.as_json else [_row(row) for row in rows])


def _one(invocation: Invocation, broadcast: str) -> BroadcastView:
    """Ask the owner; without one the journal is enough, and no desk has to be started."""
    view = invocation.ask_owner(lambda desk: desk.broadcast(broadcast))
    if view is not None:
        return view
    from swimdesk.bootstrap import offline_broadcast
    from swimdesk.cli.running import run_command

    return run_command(lambda _: offline_broadcast(invocation.home, broadcast))


def _trail(invocation: Invocation, reference: str) -> TrailView:
    view = invocation.ask_owner(lambda desk: desk.trail(reference))
    if view is not None:
        return view
    from swimdesk.bootstrap import offline_trail

    return offline_trail(invocation.home, reference)


def _newest(invocation: Invocation, limit: int) -> tuple[BroadcastRow, ...]:
    rows = invocation.ask_owner(lambda desk: desk.broadcasts(limit))
    if rows is not None:
        return rows
    from swimdesk.bootstrap import offline_broadcasts
    from swimdesk.cli.running import run_command

    return run_command(lambda _: offline_broadcasts(invocation.home, limit))


def _fairness(invocation: Invocation, limit: int) -> tuple[FairnessView, ...]:
    rows = invocation.ask_owner(lambda desk: desk.fairness(limit))
    if rows is not None:
        return rows
    from swimdesk.bootstrap import offline_fairness
    from swimdesk.cli.running import run_command

    return run_command(lambda _: offline_fairness(invocation.home, limit))


def _row(row: BroadcastRow) -> dict[str, object]:
    return {
        **{name: row.counts.get(name, 0) for name in ("accounts", "accepted", "filled")},
        "in_doubt": row.counts.get("in_doubt", 0),
        **{name: getattr(row, name) for name in ("broadcast", "created", "state", "key", "order")},
    }


def _served(row: FairnessView) -> dict[str, object]:
    cells = {name: getattr(row, name) for name in FIELDS["fairness"]}
    return cells | {"mean_place": Decimal(f"{row.mean_place:.3f}")}


def print_broadcast(output: Output, view: BroadcastView) -> None:
    """Print a broadcast: what it was, what it came to, how long it took, each line."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    key = f", key {view.key}" if view.key else ""
    output.heading(f"broadcast {view.broadcast} {view.state} ({view.mode}{key})")
    output.heading(view.order)
    output.heading(_counts_of(view))
    overridden = f"overridden: {', '.join(view.overrides)}" if view.overrides else ""
    for text in (_fills_of(view), overridden):
        if text:
            output.heading(text)
    print_proof(output, view)
    output.table(LINE_FIELDS, view.lines)
    _print_commands(output, view)


def print_trail(output: Output, view: TrailView) -> None:
    """Print a line's steps, each with the read that showed it and the orders that looked alike."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    doubt = f" ({view.doubt.replace('_', ' ')})" if view.doubt else ""
    state = view.state.replace("_", " ")
    output.heading(f"{view.broadcast}/{view.account} ..{view.last4} {state}{doubt}")
    output.heading(view.order)
    output.table(STEP_FIELDS, [_step_row(step) for step in view.steps])


def _step_row(step: StepView) -> dict[str, object]:
    cells = {name: getattr(step, name) for name in STEP_FIELDS if hasattr(step, name)}
    alike = [f"{one.order_id} {one.status}" for one in step.shown if one.alike]
    covered = "" if step.complete is None else "complete" if step.complete else "incomplete"
    return cells | {"list": covered, "looks alike": ", ".join(alike)}


def _print_commands(output: Output, view: BroadcastView) -> None:
    """Print what the lines were told: a table for eyes; programs read one table, so notes."""
    if output.is_for_eyes:
        if view.commands:
            output.heading("commands")
            output.table(COMMAND_FIELDS, view.commands)
        return
    for command in view.commands:
        if command.outcome not in {"taken", "ended"}:
            known = (command.outcome or "no outcome known").replace("_", " ")
            reason = f" ({command.reason})" if command.reason else ""
            output.note(f"note: {command.kind} of {command.account}: {known}{reason}")


def _counts_of(view: BroadcastView) -> str:
    counts = dict(view.counts)
    accounts = counts.pop("accounts", len(view.lines))
    found = [f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number]
    return ", ".join([f"{accounts} account{'' if accounts == 1 else 's'}", *found])


def _fills_of(view: BroadcastView) -> str:
    fills = view.fills
    if fills.average is None:
        return ""
    spread = "" if fills.dispersion_bps is None else f", dispersion {fills.dispersion_bps:.1f} bps"
    return f"fills: average {fills.average}, best {fills.best}, worst {fills.worst}{spread}"
