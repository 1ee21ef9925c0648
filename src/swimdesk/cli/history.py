"""Broadcasts that were sent, and the proof of their timing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.cli.output import Output
from swimdesk.cli.reads import print_list

if TYPE_CHECKING:
    from swimdesk.views.models import BroadcastRow, BroadcastView

LINE_FIELDS: Final = (
    "account", "last4", "quantity", "effect", "state", "doubt", "order_id", "filled", "average",
    "sent_ms", "acked_ms", "reason", "lineage",
)  # fmt: skip

COMMAND_FIELDS: Final = (
    "account", "kind", "outcome", "order_id", "price", "new_order_id", "at", "reason",
)  # fmt: skip


@click.command()
@click.argument("broadcast", required=False, metavar="[B]")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@pass_invocation
def broadcasts(invocation: Invocation, broadcast: str | None, limit: int) -> None:
    """List broadcasts, or show one with its lines and timing.

    B is the id of a broadcast or a unique ending of it.
    """
    output = invocation.output
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


def _newest(invocation: Invocation, limit: int) -> tuple[BroadcastRow, ...]:
    rows = invocation.ask_owner(lambda desk: desk.broadcasts(limit))
    if rows is not None:
        return rows
    from swimdesk.bootstrap import offline_broadcasts
    from swimdesk.cli.running import run_command

    return run_command(lambda _: offline_broadcasts(invocation.home, limit))


def _row(row: BroadcastRow) -> dict[str, object]:
    return {
        **{name: row.counts.get(name, 0) for name in ("accounts", "accepted", "filled")},
        "in_doubt": row.counts.get("in_doubt", 0),
        **{name: getattr(row, name) for name in ("broadcast", "created", "state", "key", "order")},
    }


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
    for text in (_timing_of(view), _fills_of(view), overridden):
        if text:
            output.heading(text)
    output.table(LINE_FIELDS, view.lines)
    _print_commands(output, view)


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


def _timing_of(view: BroadcastView) -> str:
    timing = view.timing_ms
    steps = {
        "journal": timing.journal,
        "dispatch skew": timing.dispatch_skew,
        "first ack": timing.first_ack,
        "p50": timing.ack_p50,
        "p95": timing.ack_p95,
        "last ack": timing.last_ack,
    }
    known = [f"{name} {ms:.1f}" for name, ms in steps.items() if ms is not None]
    return f"ms from confirm: {', '.join(known)}" if known else ""


def _fills_of(view: BroadcastView) -> str:
    fills = view.fills
    if fills.average is None:
        return ""
    spread = "" if fills.dispersion_bps is None else f", dispersion {fills.dispersion_bps:.1f} bps"
    return f"fills: average {fills.average}, best {fills.best}, worst {fills.worst}{spread}"
