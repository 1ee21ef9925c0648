"""Broadcasts for the tests of screens: sent through the keys of a console, or made of views."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from swimdesk.console.modals.confirm import Confirm
from swimdesk.views.models import BroadcastView, CommandView, FillsView, LineView, TimingView
from tests.console.stage import Stage
from tests.fakes.broker import Act
from tests.fakes.builders import CONDOR

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TIMING = TimingView(
    confirmed=AT,
    journal=1.0,
    first_write=1.2,
    last_write=2.1,
    dispatch_skew=0.9,
    first_ack=77.0,
    last_ack=119.0,
    ack_skew=42.0,
    ack_p50=81.0,
    ack_p95=119.0,
    ack_p99=119.0,
    latency_p50=79.5,
    latency_p95=116.0,
    latency_p99=116.0,
    latency_max=116.0,
    overhead=3.0,
)


async def send(stage: Stage, order: str = CONDOR, acts: Mapping[str, Act] | None = None) -> str:
    """Send an order to all accounts as the operator does; return the broadcast's id."""
    known = set(stage.console.board.broadcasts)
    stage.broker.acts = dict(acts or {})
    await stage.plan(f"{order} all")
    if not stage.console.session.is_armed(stage.clock.now()):
        await stage.press("f8")
    await stage.press("f10")
    stage.clock.advance(1)
    await stage.press("Y")
    await stage.until(lambda: stage.console.panel.code == "BLT", "the blotter")
    board = stage.console.board
    await stage.until(lambda: bool(board.broadcasts.keys() - known), "a broadcast")
    newest = next(iter(board.broadcasts))
    await stage.until(
        lambda: all(
            line.state not in ("planned", "sending", "accepted")
            for line in board.broadcasts[newest].lines
        ),
        "every order was seen at the broker",
    )
    return newest


async def question(stage: Stage) -> None:
    """Wait until a question stands on the screen, and its answer has the keys."""
    await stage.until(
        lambda: (
            isinstance(stage.console.screen, Confirm)
            and any(words in stage.text() for words in ("[Enter] Cancel", "Esc to cancel"))
            and stage.console.focused is not None
        ),
        "a question",
    )


def everywhere(stage: Stage, act: Act) -> dict[str, Act]:
    """Let the broker do the same in every account."""
    return {account.alias: act for account in stage.broker.accounts}


def states_of(stage: Stage, broadcast: str) -> dict[str, str]:
    """Return where each line of a broadcast stands on the board."""
    view = stage.console.board.broadcasts[broadcast]
    return {line.account: line.state for line in view.lines}


def a_line_view(account: str = "A-01", state: str = "working", **changes: Any) -> LineView:
    """Build a line as a front end sees it."""
    given: dict[str, Any] = {
        "account": account,
        "last4": "0001",
        "order": CONDOR,
        "quantity": 1,
        "effect": "open",
        "state": state,
        "doubt": None,
        "order_id": "1005000000001",
        "filled": 0,
        "average": None,
        "reason": None,
        "denials": (),
        "sent_ms": 1.0,
        "first_byte_ms": 80.5,
        "acked_ms": 81.0,
        "latency_ms": 79.5,
        "lineage": (),
    }
    return LineView(**given | changes)


def a_command_view(account: str = "A-01", kind: str = "cancel", **changes: Any) -> CommandView:
    """Build a command as a front end sees it."""
    given: dict[str, Any] = {
        "account": account,
        "kind": kind,
        "at": AT,
        "order_id": "1005000000001",
        "outcome": "taken",
        "reason": None,
        "price": None,
        "new_order_id": None,
    }
    return CommandView(**given | changes)


def a_view(
    *lines: LineView, id_: str = "01B1", state: str = "working", **changes: Any
) -> BroadcastView:
    """Build a broadcast of these lines as a front end sees it."""
    names = ("denied", "skipped", "in_doubt", "working", "filled", "rejected", "refused")
    counts = {"accounts": len(lines), "accepted": len(lines)}
    counts |= {name: sum(line.state == name for line in lines) for name in names}
    given: dict[str, Any] = {
        "broadcast": id_,
        "key": None,
        "order": CONDOR,
        "mode": "paper",
        "state": state,
        "created": AT,
        "agent": "local",
        "counts": counts,
        "timing_ms": TIMING,
        "fills": FillsView(None, None, None, None),
        "lines": lines,
        "commands": (),
        "plan": None,
        "limits": "",
        "overrides": (),
        "seed": 7,
        "origin": "ours",
    }
    return BroadcastView(**given | changes)
