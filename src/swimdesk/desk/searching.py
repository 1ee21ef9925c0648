"""How the search for the order of a line goes: reads, look-alikes, what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from swimdesk.desk.evidence import Evidence, whole_second_before
from swimdesk.desk.ports import BrokerOrder
from swimdesk.desk.reconciler import listed_since
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import LineState


@dataclass(frozen=True, slots=True)
class Search:
    """What is known of the search for one line's order."""

    reads: int = 0
    """Complete reads that began after it had left."""
    every_s: float | None = None
    """How often its list is read; None where nobody reads it."""
    trouble: str = ""
    """Why its list is not read; empty while it is."""
    candidates: tuple[str, ...] = ()
    """Orders that look like it, as the latest reads showed them."""


@dataclass(slots=True)
class LookAlikes:
    """Remembers for each line in doubt which orders look like its own."""

    _by_ref: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, ref: str) -> tuple[str, ...]:
        """Return the ids of the orders that look like this line's."""
        return self._by_ref.get(ref, ())

    def see(self, broadcast: Broadcast, lines: Iterable[Line], evidence: Evidence) -> None:
        """Take a read in; one that is not complete adds and never takes away."""
        for line in lines:
            if line.state is not LineState.IN_DOUBT:
                self._by_ref.pop(line.ref, None)
            elif line.account in evidence.read.accounts:
                found = _look_alikes(broadcast, line, evidence)
                known = () if evidence.read.complete else self.of(line.ref)
                self._by_ref[line.ref] = tuple(dict.fromkeys((*known, *found)))


def _look_alikes(broadcast: Broadcast, line: Line, evidence: Evidence) -> list[str]:
    orders = [one for one in evidence.read.orders if one.account == line.account]
    asked = line.replacement if line.is_being_replaced else None
    if asked is None:
        earliest, look = listed_since(broadcast), line.fingerprint
    else:
        earliest, look = whole_second_before(asked.asked), asked.fingerprint
    found = _by_time(evidence.alike(line.account, look, earliest, orders))
    ids = (one.order_id for one in found)
    return [order_id for order_id in ids if broadcast.came_after(line.account, order_id)]


def _by_time(orders: Iterable[BrokerOrder]) -> list[BrokerOrder]:
    return sorted(orders, key=lambda one: (one.entered, one.order_id))
