"""Bugs put into the product on purpose: a campaign that does not find them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from swimdesk.control.ownership import HomeLock
from swimdesk.desk import desk, reconciler
from swimdesk.desk.evidence import Evidence
from swimdesk.desk.ports import BrokerOrder
from swimdesk.desk.recorder import Recorder
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.errors import StoreError
from tests.chaos.around import WatchedBroker, put


def leave_before_the_commit() -> None:
    """Let orders leave as soon as they are loaded."""
    load = WatchedBroker.load

    def loaded(self: WatchedBroker, prepared: Any) -> Any:
        burst = load(self, prepared)
        burst.leave()
        return burst

    put(WatchedBroker, "load", loaded)


def send_unwritten() -> None:
    """Go on sending where a broadcast could not be written down."""
    opened = Recorder.open

    async def opening(self: Recorder, broadcast: Broadcast) -> None:
        try:
            await opened(self, broadcast)
        except StoreError:
            return

    put(Recorder, "open", opening)


def forget_what_was_left() -> None:
    """Leave lines that were being sent as they are when a desk starts."""
    put(desk, "left_over", lambda broadcast: [])


def own_without_lock() -> None:
    """Be the owner of any home that is asked for."""
    put(HomeLock, "try_acquire", lambda self: True)


def look_at_any_time() -> None:
    """Take any order that looks alike for a line's, however old."""

    def candidates(
        broadcast: Broadcast, line: Line, orders: Iterable[BrokerOrder], evidence: Evidence
    ) -> list[BrokerOrder]:
        earliest = datetime.min.replace(tzinfo=UTC)
        return evidence.alike(line.account, line.fingerprint, earliest, orders)

    put(reconciler, "candidates", candidates)


SLIPS: Final[dict[str, Callable[[], None]]] = {
    "": lambda: None,
    "leaves before the commit": leave_before_the_commit,
    "sends unwritten": send_unwritten,
    "forgets what was left": forget_what_was_left,
    "owns without lock": own_without_lock,
    "looks at any time": look_at_any_time,
}
"""By name; the empty one changes nothing."""
