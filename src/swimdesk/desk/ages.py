"""How long ago a line left: by the wall clock, and no longer than the machine has counted.

A wall clock may jump forward while an order is on its way; the horizon would then be over before
the broker's lists show the order, and another one be taken for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from swimdesk.domain.broadcast import Broadcast, Line


def sent_at(broadcast: Broadcast, line: Line) -> datetime:
    """Return the wall time at which the line had left at the latest."""
    t0 = broadcast.confirmed or broadcast.created
    return max(broadcast.created, t0 + timedelta(microseconds=(line.sent_ns or 0) / 1000))


def age_of(broadcast: Broadcast, line: Line, now: datetime, steady_ns: int | None) -> timedelta:
    """Return how long ago a line had left for certain; the lesser of what the two clocks say.

    ``steady_ns`` is the monotonic time of ``now``; without it, or without that of the confirmation,
    the wall clock alone counts.
    """
    by_wall = now - sent_at(broadcast, line)
    if broadcast.confirmed_ns is None:
        return by_wall
    return lesser(by_wall, broadcast.confirmed_ns + (line.sent_ns or 0), steady_ns)


def lesser(by_wall: timedelta, left_ns: int | None, steady_ns: int | None) -> timedelta:
    """Return the lesser of a duration by the wall clock and by the machine's, where that is known.

    ``left_ns`` is the monotonic time at which it began, ``steady_ns`` that of now.
    """
    if left_ns is None or steady_ns is None:
        return by_wall
    # A clock that is behind was started anew, with its machine, after the order had left.
    passed_ns = steady_ns - left_ns if steady_ns >= left_ns else steady_ns
    return min(by_wall, timedelta(microseconds=passed_ns / 1000))
