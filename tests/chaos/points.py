"""Where a desk can be stopped: one table of named moments, and the count of how often each came."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

POINTS: Final[dict[str, str]] = {
    # --- the start -----------------------------------------------------------------------------
    "start.inspect.before": "before an existing database is looked at",
    "start.inspect.after": "the database was found sound, nothing is open yet",
    "start.reserve.before": "before the reserve of disk space is taken",
    "start.reserve.after": "the reserve is there, the database is not open yet",
    "start.connect.after": "the database is open and not migrated yet",
    "start.migration.before": "before a step of the schema",
    "start.migration.after": "after a step of the schema",
    "start.backup.before": "before a used database is copied for its migration",
    "start.backup.after": "the copy is there, no step was taken yet",
    "start.guard.after": "the kill switch was read",
    "start.unfinished.after": "what is unfinished was read",
    "start.left_over.before": "before what a stop left behind is judged",
    "start.left_over.after": "it is judged and not written down yet",
    "start.recent.after": "what was sent moments ago was read",
    "start.done": "the desk has started",
    # --- the journal, as the desk sees it --------------------------------------------------------
    "journal.open_broadcast.before": "before a broadcast is given to the journal",
    "journal.open_broadcast.after": "a broadcast is durable, no order has left",
    "journal.record.before": "before new states are given to the journal",
    "journal.record.after": "new states are durable and not shown yet",
    "journal.begin_commands.before": "before commands are given to the journal",
    "journal.begin_commands.after": "commands are durable and not sent yet",
    "journal.end_commands.before": "before outcomes of commands are given to the journal",
    "journal.end_commands.after": "outcomes of commands are durable",
    "journal.save_plan.before": "before a plan is kept",
    "journal.save_plan.after": "a plan is kept",
    "journal.keep_read.before": "before a read is given to the journal",
    "journal.keep_read.after": "a read is durable and nothing was concluded from it",
    "journal.set_guard.before": "the halt file is as wanted, the journal not yet",
    "journal.set_guard.after": "the kill switch is written down",
    "journal.keep_fact.before": "before something learnt is kept",
    "journal.keep_fact.after": "something learnt is kept",
    "journal.decide.before": "before a person's word is given to the journal",
    "journal.decide.after": "a person's word is durable, with the line that it settles",
    "journal.note.before": "before an alarm is written down",
    "journal.note.after": "an alarm is written down",
    "journal.other.before": "before any other call",
    "journal.other.after": "after any other call",
    # --- transactions, as the database sees them -------------------------------------------------
    "transaction.before": "before a transaction begins",
    "transaction.begun": "a transaction has begun and changed nothing",
    "transaction.changed": "inside a transaction, after its first change",
    "commit.broadcasts.before": "a broadcast is in the log and not committed",
    "commit.broadcasts.after": "a broadcast is committed and nobody knows it yet",
    "commit.lines.before": "new states are in the log and not committed",
    "commit.lines.after": "new states are committed and nobody knows it yet",
    "commit.commands.before": "commands are in the log and not committed",
    "commit.commands.after": "commands are committed and nobody knows it yet",
    "commit.plans.before": "a plan is in the log and not committed",
    "commit.plans.after": "a plan is committed and nobody knows it yet",
    "commit.guard.before": "the kill switch is in the log and not committed",
    "commit.guard.after": "the kill switch is committed and nobody knows it yet",
    "commit.reads.before": "a read is in the log and not committed",
    "commit.reads.after": "a read is committed and nobody knows it yet",
    "commit.epochs.before": "a new owner of the home is in the log and not committed",
    "commit.epochs.after": "a new owner of the home is committed",
    "commit.decisions.before": "a person's word is in the log and not committed",
    "commit.decisions.after": "a person's word is committed and nobody knows it yet",
    "commit.other.before": "anything else is in the log and not committed",
    "commit.other.after": "anything else is committed and nobody knows it yet",
    "checkpoint.before": "before the log is moved into the database",
    "checkpoint.after": "the log was moved into the database",
    # --- orders ----------------------------------------------------------------------------------
    "burst.load.before": "before the bytes of orders are made",
    "burst.load.after": "orders need only be written",
    "burst.leave.before": "between the commit and the first byte",
    "order.written": "after the k-th order or replacement was written",
    "burst.leave.after": "after the last byte",
    "burst.sent": "the desk hears that the last byte has left",
    "outcome.before": "an answer has come and the desk does not know it yet",
    "outcome.after": "the desk knows an answer and has not written it down",
    "replacement.leave.before": "between the commit and a request to replace",
    "replacement.leave.after": "requests to replace have left",
    "replacement.outcome.before": "an answer to a replacement has come and the desk does not know",
    "replacement.outcome.after": "the desk knows the answer and has not written it down",
    "broker.cancel.before": "before a request to cancel",
    "broker.cancel.after": "a request to cancel was answered and nothing was written down",
    # --- taking back and closing -----------------------------------------------------------------
    "closing.cancel.before": "an undo or a flatten was asked for, nothing was canceled yet",
    "closing.cancel.after": "what was to be canceled is over, nothing was closed yet",
    "closing.look.after": "what is held was read, nothing that closes it was planned",
    "closing.submit.before": "a closing broadcast is planned and not written down",
    "closing.submit.after": "a closing broadcast was answered",
    "closing.done.after": "all that was to be closed was followed",
    # --- a person's word -------------------------------------------------------------------------
    "resolve.before": "a person has said what became of an order, nothing was looked at yet",
    "resolve.after": "a person's word is written down and not shown yet",
    # --- reads -----------------------------------------------------------------------------------
    "broker.orders.before": "before a list of orders is read",
    "broker.orders.after": "a list of orders was read and not judged",
    "broker.order.before": "before one order is looked at",
    "broker.order.after": "one order was looked at and not judged",
    "broker.discover.before": "before the accounts are read",
    "broker.discover.after": "the accounts were read",
    "broker.holdings.before": "before balances and positions are read",
    "broker.holdings.after": "balances and positions were read",
    "broker.ready.before": "before tokens and connections are made ready",
    "broker.ready.after": "tokens and connections are ready",
    # --- the end ---------------------------------------------------------------------------------
    "close.before": "before an orderly end",
    "close.after": "the desk has ended, its database is open",
    "close.database.before": "before the database is closed",
    "close.database.after": "the database is closed",
    # --- any time --------------------------------------------------------------------------------
    "any.moment": "so many tenths of a millisecond after the first broadcast was committed",
}
"""Every moment by name; a name that is not here is refused by whoever passes it."""

ONLY_TAKING_UP: Final = frozenset(
    name
    for name in POINTS
    if name.startswith(
        (
            "start.inspect.",
            "start.backup.",
            "start.left_over.",
            "resolve.",
            "journal.decide.",
            "commit.decisions.",
        )
    )
)
"""Moments that only the start after another stop passes."""

COMMITTED: Final = "journal.open_broadcast.after"
ANY_MOMENT: Final = "any.moment"


class Passing:
    """Count the moments that come; at one of them, at its n-th time, do something."""

    def __init__(
        self, point: str = "", nth: int = 0, act: Callable[[], None] | None = None
    ) -> None:
        if point and point not in POINTS:
            raise KeyError(f"no point {point!r}")
        self._point, self._nth = point, nth
        self._act = act or kill_this_process
        self.passed: Counter[str] = Counter()

    def here(self, name: str) -> None:
        """Pass a moment."""
        POINTS[name]
        self.passed[name] += 1
        if name == self._point and self.passed[name] == self._nth:
            self._act()
        elif name == COMMITTED and self._point == ANY_MOMENT and self.passed[name] == 1:
            threading.Thread(target=self._later, daemon=True).start()

    def _later(self) -> None:
        time.sleep(self._nth / 10_000)
        self._act()


def kill_this_process() -> None:
    """End this process as ``kill -9`` does: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)
