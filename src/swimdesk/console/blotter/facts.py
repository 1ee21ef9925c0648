"""Everything known of a broadcast or of one of its lines, in sections; pure."""

from __future__ import annotations

from collections.abc import Iterable

from swimdesk.console.blotter.figures import figures, tally
from swimdesk.console.blotter.proof import proof_facts, stamps
from swimdesk.console.formats import clock, price
from swimdesk.console.modals.describe import Section
from swimdesk.views.models import BroadcastView, CommandView, LineView


def broadcast_facts(view: BroadcastView) -> list[Section]:
    """Return what is known of a broadcast as a whole."""
    facts = [
        ("id", view.broadcast),
        ("key", view.key or "-"),
        ("order", view.order),
        ("mode", view.mode),
        ("sent by", view.agent),
        ("plan", view.plan or "-"),
        ("limits", view.limits or "-"),
        ("overrides", ", ".join(view.overrides) or "none"),
        ("created", f"{view.created.isoformat()}   {clock(view.created)} ET"),
        ("state", view.state.replace("_", " ")),
        ("accounts", tally(view)),
        ("figures", figures(view)),
    ]
    return [("BROADCAST", facts), proof_facts(view), ("COMMANDS", _commands(view.commands))]


def line_facts(view: BroadcastView, line: LineView) -> list[Section]:
    """Return what is known of one account's line."""
    facts = [
        ("account", f"{line.account}, ending in {line.last4}"),
        ("order", line.order),
        ("quantity", f"{line.quantity}, effect {line.effect}"),
        ("state", line.state.replace("_", " ") + (f" ({line.doubt})" if line.doubt else "")),
        ("reason", line.reason or "-"),
        ("filled", f"{line.filled} of {line.quantity} at {price(line.average)}"),
        ("order id", line.order_id or "-"),
        *(("earlier id", one) for one in line.lineage),
        *stamps(line),
    ]
    denials = [(one.code, one.detail) for one in line.denials]
    commands = _commands(one for one in view.commands if one.account == line.account)
    return [
        (f"LINE OF {view.broadcast}", facts),
        *([("DENIED BY OUR CHECKS", denials)] if denials else []),
        ("COMMANDS", commands),
    ]


def _commands(commands: Iterable[CommandView]) -> list[tuple[str, str]]:
    told = [(f"{clock(one.at)} {one.account}", _command(one)) for one in commands]
    return told or [("", "none")]


def _command(one: CommandView) -> str:
    parts = [
        one.kind,
        f"@{price(one.price)}" if one.price is not None else "",
        f"of {one.order_id}" if one.order_id else "",
        (one.outcome or "no answer known").replace("_", " "),
        f"-> {one.new_order_id}" if one.new_order_id else "",
        f"({one.reason})" if one.reason else "",
    ]
    return " ".join(filter(None, parts))
