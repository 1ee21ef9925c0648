"""From what became of a broadcast to the exit code of the command that sent it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from swimdesk.errors import ExitCode
from swimdesk.views.closing import PartView, TakenBackView
from swimdesk.views.comparing import ReconcileView, UnreadView
from swimdesk.views.models import BroadcastView, CommandView, LineView

_UNWANTED = frozenset({"denied", "skipped", "refused", "rejected", "not_sent", "absent", "planned"})
_NEVER_LEFT = frozenset({"not_sent", "absent"})
_KEPT_BACK = frozenset({"denied", "skipped"})
UNDECIDED = frozenset({"in_doubt", "sending"})
_AT_ONCE = frozenset({"IOC", "FOK"})
_ENDED_OPEN = frozenset({"canceled", "expired"})
_NOT_CLOSED = _UNWANTED | _ENDED_OPEN | {"kept_back"}
STILL_OPEN = frozenset({"planned", "accepted", "working", "partial", "canceling", "replacing"})


def exit_code_of(view: BroadcastView) -> ExitCode:
    """Return the exit code; the first row that fits decides.

    | lines                                                                       | code |
    |-----------------------------------------------------------------------------|------|
    | any in doubt                                                                | 5    |
    | every line that was to be sent did not leave (not sent, absent)             | 9    |
    | any denied, skipped, refused, rejected, not sent or not sent yet            | 4    |
    | any IOC or FOK that ended without a single unit                             | 4    |
    | else (all taken by the broker: working, filled, canceled, expired)          | 0    |

    A broadcast of which our own checks leave nothing is never made: that is OrderDenied, 3.
    A line still sending when the wait ended counts as one that the broker has.
    """
    states = {line.state for line in view.lines}
    if "in_doubt" in states or view.counts.get("in_doubt", 0):
        return ExitCode.IN_DOUBT
    meant = states - _KEPT_BACK
    if meant and meant <= _NEVER_LEFT:
        return ExitCode.UNREACHABLE
    unwanted = states & _UNWANTED or any(map(_came_to_nothing, view.lines))
    return ExitCode.PARTIAL if unwanted else ExitCode.DONE


def _came_to_nothing(line: LineView) -> bool:
    """Tell whether an order that was to trade at once or not at all did not."""
    is_at_once = not _AT_ONCE.isdisjoint(line.order.split())
    return is_at_once and line.state in _ENDED_OPEN and not line.filled


def cancel_exit_code_of(view: BroadcastView, account: str | None) -> ExitCode:
    """Return the exit code of a cancel of a broadcast, or of its line in that account.

    | lines that were to be canceled, after the wait                             | code |
    |----------------------------------------------------------------------------|------|
    | any in doubt, still sending, or open after a cancel that nobody knows of    | 5    |
    | any open still, or that ended otherwise (filled first, rejected)            | 4    |
    | else (canceled, or at its end before the command)                           | 0    |
    """
    outcomes: dict[str, list[str | None]] = {}
    for command in view.commands:
        outcomes.setdefault(command.account, []).append(command.outcome)
    codes = {
        _cancel_exit_code(line.state, outcomes.get(line.account, []))
        for line in view.lines
        if account is None or line.account == account
    }
    return worst_of(codes)


def worst_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that tells most of several broadcasts: doubt beats all."""
    found = set(codes)
    order = (ExitCode.IN_DOUBT, ExitCode.PARTIAL, ExitCode.DENIED)
    return next((code for code in order if code in found), ExitCode.DONE)


def replace_exit_code_of(view: BroadcastView, account: str | None, price: Decimal) -> ExitCode:
    """Return the exit code of a replacement on a broadcast, or on its line in that account.

    | lines that were open when they were to be replaced, after the wait          | code |
    |-----------------------------------------------------------------------------|------|
    | any in doubt, or still being replaced                                       | 5    |
    | all denied by our own checks                                                | 3    |
    | any not replaced (denied, refused, rejected, filled first), or none was open | 4    |
    | else                                                                        | 0    |
    """
    commands = (one for one in view.commands if one.kind == "replace" and one.price == price)
    latest = {command.account: command for command in commands}
    lines = [line for line in view.lines if account is None or line.account == account]
    asked = [(line, latest[line.account]) for line in lines if line.account in latest]
    asked = [(line, command) for line, command in asked if command.outcome != "ended"]
    if any(line.state in UNDECIDED | {"replacing"} for line, _ in asked):
        return ExitCode.IN_DOUBT
    if asked and all(command.outcome == "denied" for _, command in asked):
        return ExitCode.DENIED
    is_done = bool(asked) and all(_is_replaced(line, command) for line, command in asked)
    return ExitCode.DONE if is_done else ExitCode.PARTIAL


def closing_exit_code_of(cancels: Iterable[TakenBackView], parts: Iterable[PartView]) -> ExitCode:
    """Return the exit code of flatten and undo; the first row that fits decides.

    | what is in the answer                                                       | code |
    |-----------------------------------------------------------------------------|------|
    | anything in doubt, or open after a cancel that nobody knows of              | 5    |
    | every closing order that was to be sent did not leave                       | 9    |
    | nothing sent, nothing canceled, and our checks denied                       | 3    |
    | anything kept back, denied, refused, rejected, ended otherwise, still open  | 4    |
    | else (all closed, or its order works)                                       | 0    |
    """
    cancels, parts = tuple(cancels), tuple(parts)
    unknown = any(c.state in STILL_OPEN and c.outcome in {None, "unknown"} for c in cancels)
    if unknown or any(c.state in UNDECIDED for c in cancels) or any(p.in_doubt for p in parts):
        return ExitCode.IN_DOUBT
    states = {part.state for part in parts}
    sent = {part.state for part in parts if part.broadcast is not None}
    if sent and sent <= _NEVER_LEFT:
        return ExitCode.UNREACHABLE
    if "denied" in states and not sent and not cancels:
        return ExitCode.DENIED
    is_open = any(cancel.state in STILL_OPEN for cancel in cancels)
    return ExitCode.PARTIAL if is_open or states & _NOT_CLOSED else ExitCode.DONE


def _is_replaced(line: LineView, command: CommandView) -> bool:
    return command.order_id in line.lineage and command.order_id != line.order_id


def _cancel_exit_code(state: str, outcomes: Sequence[str | None]) -> ExitCode:
    """Judge a line by its state and by what became of all commands on it, the latest last."""
    if state in UNDECIDED:
        return ExitCode.IN_DOUBT
    if state in STILL_OPEN:
        is_known = bool(outcomes) and outcomes[-1] not in {None, "unknown"}
        return ExitCode.PARTIAL if is_known else ExitCode.IN_DOUBT
    # A command may be repeated: what filled after the first one did not end before the command.
    is_as_asked = state == "canceled" or {*outcomes} <= {"ended"}
    return ExitCode.DONE if is_as_asked else ExitCode.PARTIAL


def resolve_exit_code_of(view: BroadcastView, account: str) -> ExitCode:
    """Return the exit code of a verdict: 5 where the line is in doubt all the same, else 0."""
    states = {line.state for line in view.lines if line.account == account}
    return ExitCode.IN_DOUBT if states & UNDECIDED else ExitCode.DONE


def reads_exit_code_of(unread: Sequence[UnreadView]) -> ExitCode:
    """Return the exit code of a read that goes by what it cannot read: 4 where there is any."""
    return ExitCode.PARTIAL if unread else ExitCode.DONE


def reconcile_exit_code_of(view: ReconcileView) -> ExitCode:
    """Return the exit code of a comparison; the first row that fits decides.

    | what was found                                                              | code |
    |-----------------------------------------------------------------------------|------|
    | nothing could be read                                                       | 9    |
    | any line in doubt                                                           | 5    |
    | any difference, or any account or its positions could not be read           | 4    |
    | else                                                                        | 0    |
    """
    if not view.accounts and view.unread:
        return ExitCode.UNREACHABLE
    if any(one.kind == "in_doubt" for one in view.differences):
        return ExitCode.IN_DOUBT
    return ExitCode.PARTIAL if view.differences or view.unread else ExitCode.DONE
