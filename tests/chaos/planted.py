"""Twelve bugs that others have shipped, put into the product at run time: the bench must see each.

Each is a context manager that patches the product and takes the patch back; the product itself has
no switch. A bug is planted for one seed at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from swimdesk.control.ownership import HomeLock
from swimdesk.desk import reconciler, tracker
from swimdesk.desk.evidence import Evidence
from swimdesk.desk.following import updated
from swimdesk.desk.ports import BrokerOrder, OrdersRead, Outcome, OutcomeKind, Prepared
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.schwab import outcomes
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.lane.burst import LaneBurst
from swimdesk.schwab.lane.connection import Connection
from swimdesk.schwab.listing import OrderLists
from swimdesk.schwab.outcomes import Answer, Fault, Verdict
from swimdesk.store.database import Database
from tests.chaos.world import Disk

Bug = Callable[[], AbstractContextManager[None]]


# --- sending -----------------------------------------------------------------------------------


@contextmanager
def retry_on_timeout() -> Iterator[None]:
    """An order without an answer is sent once more."""
    load = SchwabBroker.load

    def load_twice(self: SchwabBroker, prepared: Prepared) -> Any:
        return _Again(self, prepared, load(self, prepared), load)

    with patch.object(SchwabBroker, "load", load_twice):
        yield


class _Again:
    """A burst that fires again what had no answer."""

    def __init__(
        self, broker: SchwabBroker, prepared: Prepared, burst: Any, load: Callable[..., Any]
    ) -> None:
        self._broker, self._prepared, self._burst, self._load = broker, prepared, burst, load
        self.leave, self.discard = burst.leave, burst.discard

    async def fire(
        self, on_sent: Callable[[], None], on_outcome: Callable[[Outcome], None]
    ) -> None:
        """Report what came at the first or at the second time."""
        first: dict[str, Outcome] = {}
        await self._burst.fire(on_sent, lambda one: first.update({one.ref: one}))
        again = tuple(
            order for order in self._prepared.orders if first[order.ref].kind is OutcomeKind.UNKNOWN
        )
        for outcome in first.values():
            if outcome.kind is not OutcomeKind.UNKNOWN:
                on_outcome(outcome)
        if again:
            await self._broker.ready([order.account for order in again])
            await self._load(self._broker, Prepared(again)).fire(lambda: None, on_outcome)


@contextmanager
def timeout_is_refused() -> Iterator[None]:
    """No answer is taken for a no."""
    verdict = Verdict(OutcomeKind.REFUSED, "no answer")
    silent = (Fault.DEADLINE, Fault.RESET, Fault.END_OF_STREAM, Fault.ABANDONED)
    with patch.dict(outcomes.FAULTS, dict.fromkeys(silent, verdict)):
        yield


@contextmanager
def written_after_the_send() -> Iterator[None]:
    """The orders leave before their rows are in the file."""
    late: dict[str, Broadcast] = {}
    opened = Recorder.opened

    async def open_(self: Recorder, broadcast: Broadcast) -> None:
        late[broadcast.id] = broadcast

    def opened_late(self: Recorder, broadcast: Broadcast) -> None:
        opened(self, broadcast)
        written = late.pop(broadcast.id, None)
        if written is not None:
            work = self._journal.open_broadcast(written)
            asyncio.get_running_loop().create_task(work)

    with patch.object(Recorder, "open", open_), patch.object(Recorder, "opened", opened_late):
        yield


@contextmanager
def one_failure_cancels_all() -> Iterator[None]:
    """The first line that comes to nothing ends the waiting of all others, as a TaskGroup does."""
    done = LaneBurst._done

    def done_for_all(self: LaneBurst, connection: Connection, answer: Answer) -> None:
        done(self, connection, answer)
        if answer.response is None or answer.response.status != 201:
            self._give_up(Fault.ABANDONED)

    with patch.object(LaneBurst, "_done", done_for_all):
        yield


# --- binding -----------------------------------------------------------------------------------


@contextmanager
def first_look_alike_is_bound() -> Iterator[None]:
    """The first order that looks like it is taken for a line's own, at first sight."""

    def search(case: Any) -> Change | None:
        found = reconciler.candidates(case.broadcast, case.line, case.orders, case.evidence)
        if not found:
            return reconciler._absent(case)
        return Change(updated(case.line, found[0]), found[0].executions)

    with patch.object(reconciler, "_search", search):
        yield


@contextmanager
def what_was_listed_before_counts() -> Iterator[None]:
    """That an order was listed before a broadcast does not keep it from being a line's."""

    def candidates(
        broadcast: Broadcast, line: Line, orders: Sequence[BrokerOrder], evidence: Evidence
    ) -> list[BrokerOrder]:
        earliest = reconciler.sent_before(broadcast)
        return evidence.alike(line.account, line.fingerprint, earliest, orders)

    with patch.object(reconciler, "candidates", candidates):
        yield


@contextmanager
def tags_do_not_count() -> Iterator[None]:
    """Every order is taken to carry the mark that is asked for."""
    judged = reconciler.reconcile

    def blind(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
        orders = tuple(replace(one, tag="any") for one in evidence.read.orders)
        read = replace(evidence.read, orders=orders)
        return judged(broadcast, replace(evidence, read=read, tag="any"))

    with patch.object(tracker, "reconcile", blind):
        yield


# --- reading -----------------------------------------------------------------------------------


@contextmanager
def silence_is_absence() -> Iterator[None]:
    """An order that a read does not show, failed reads included, does not exist."""
    read = OrderLists.read

    async def all_there(self: OrderLists, accounts: Sequence[str], since: datetime) -> OrdersRead:
        found = await read(self, accounts, since)
        return replace(found, accounts=frozenset(accounts), complete=True)

    def absent(case: Any) -> Change | None:
        return Change(case.line.moved(LineState.ABSENT, doubt=None, reason="not found"))

    with (
        patch.object(OrderLists, "read", all_there),
        patch.object(reconciler, "_absent", absent),
    ):
        yield


@contextmanager
def fill_is_known_before_it_counts() -> Iterator[None]:
    """What tells a fill from others is kept before the fill is counted: one interrupted is lost."""
    seen: set[tuple[str, str, str]] = set()
    judged = reconciler.reconcile

    def counted(broadcast: Broadcast, order: BrokerOrder) -> BrokerOrder:
        keys = {(order.account, order.order_id, one.activity_id): one for one in order.executions}
        fresh = [one for key, one in keys.items() if key not in seen]
        seen.update(keys)
        known = sum(one.filled for one in broadcast.lines if one.order_id == order.order_id)
        filled = sum((one.quantity for one in fresh), Decimal(known))
        return replace(order, filled=filled, executions=tuple(fresh))

    def forgetful(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
        orders = tuple(counted(broadcast, one) for one in evidence.read.orders)
        return judged(broadcast, replace(evidence, read=replace(evidence.read, orders=orders)))

    with patch.object(tracker, "reconcile", forgetful):
        yield


@contextmanager
def late_arrival_is_ignored() -> Iterator[None]:
    """What was thought absent is not looked for any more."""
    search = reconciler._search

    def once(case: Any) -> Change | None:
        return None if case.line.doubt is Doubt.ABSENT_CANDIDATE else search(case)

    with patch.object(reconciler, "_search", once):
        yield


# --- the home ----------------------------------------------------------------------------------


@contextmanager
def commits_are_lost() -> Iterator[None]:
    """A death takes the last commits along: no full synchronisation, and the power goes."""
    kept: list[bytes] = []
    run = Database._run

    def remembering(self: Database, work: Callable[[Any], Any], meaning: str) -> Any:
        kept.append(self._connection.serialize())
        del kept[:-3]
        return run(self, work, meaning)

    def after_death(_: Disk, database: Path) -> None:
        if kept:
            for ending in ("-wal", "-shm"):
                database.with_name(database.name + ending).unlink(missing_ok=True)
            database.write_bytes(kept[0])
            kept.clear()

    with (
        patch.object(Database, "_run", remembering),
        patch.object(Disk, "after_death", after_death),
    ):
        yield


@contextmanager
def nobody_holds_the_home() -> Iterator[None]:
    """Two desks run on one home."""
    with patch.object(HomeLock, "try_acquire", lambda _: True):
        yield


BUGS: dict[str, Bug] = {
    "retry-on-timeout": retry_on_timeout,
    "timeout-is-refused": timeout_is_refused,
    "bind-first": first_look_alike_is_bound,
    "no-pre-image": what_was_listed_before_counts,
    "ignore-tag": tags_do_not_count,
    "absence-from-failed-read": silence_is_absence,
    "sending-after-send": written_after_the_send,
    "lost-commits": commits_are_lost,
    "task-group": one_failure_cancels_all,
    "dedup-before-apply": fill_is_known_before_it_counts,
    "no-lease": nobody_holds_the_home,
    "late-arrival-ignored": late_arrival_is_ignored,
}
"""By the names of the paper (reliability 6.2, V3)."""
