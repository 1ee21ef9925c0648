"""What a read of the broker's lists is worth when it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from swimdesk.desk.ports import BrokerOrder, OrdersRead
from swimdesk.domain.broadcast import Line

CLOCK_MARGIN = timedelta(seconds=5)
"""How far the broker's one-second stamps and clock may lie before our own send time."""

SET_BACK = timedelta(minutes=2)
"""How much a wall clock may have been set back between our stamp and the broker's.

What seems entered so much before it was sent is never bound by itself, yet speaks against absence.
"""

READS_FOR_ABSENCE = 5
"""So many complete reads must have missed an order before its absence means anything."""


@dataclass(frozen=True, slots=True)
class Horizons:
    """How long to wait before one look-alike is taken, and before absence is thought likely."""

    bind: timedelta = timedelta(seconds=60)
    absent: timedelta = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A read and what else is known when it is judged."""

    read: OrdersRead
    now: datetime
    """The time of the read, so that it is always judged alike."""
    ours: Mapping[str, Sequence[Line]]
    """Our lines of all broadcasts by account, at least for accounts with a line to search for."""
    tag: str | None = None
    """How the broker marks orders of our application, once learnt from a verified order."""
    reads: Mapping[str, int] = field(default_factory=dict)
    """Complete reads that began after an order had left, this one included: by the ref of its line,
    or of the replacement that it is."""
    horizons: Horizons = field(default_factory=Horizons)
    steady_ns: int | None = None
    """The monotonic time of the read; without it durations are those of the wall clock."""

    @property
    def why_not_marked(self) -> str:
        """Say why an order without our mark is not taken for one of ours by its look alone."""
        if self.tag is None:
            return "how this program's orders are marked is not known yet, a person decides"
        return "it carries no mark of this program, a person decides"

    def is_missed_for_long(self, ref: str) -> bool:
        """Tell whether this complete read, like enough before it, does not list an order."""
        return self.read.complete and self.reads.get(ref, 0) >= READS_FOR_ABSENCE

    def alike(
        self,
        account: str,
        fingerprint: str | None,
        earliest: datetime,
        orders: Iterable[BrokerOrder],
    ) -> list[BrokerOrder]:
        """Return the orders of that look, not entered before, that no line of ours has or had.

        The oldest first, however the broker lists them.
        """
        taken = {id_ for line in self.ours.get(account, ()) for id_ in line.order_ids}
        found = [
            order
            for order in orders
            if order.fingerprint is not None
            and order.fingerprint == fingerprint
            and order.order_id not in taken
            and order.entered >= earliest
            and (self.tag is None or order.tag is None or order.tag == self.tag)
        ]
        return sorted(found, key=lambda order: (order.entered, order.order_id))


def whole_second_before(moment: datetime) -> datetime:
    """Return the earliest time by the broker's clock of an order that left at that moment."""
    return moment.replace(microsecond=0) - CLOCK_MARGIN


def may_look_like(line: Line, fingerprint: str | None) -> bool:
    """Tell whether a replacement of that line's order would look so, and may be in the list."""
    asked = line.replacement
    return line.is_being_replaced and asked is not None and asked.fingerprint == fingerprint
