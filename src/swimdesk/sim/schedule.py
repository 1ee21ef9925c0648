"""What the brokerage does later: actions in the order of their due time, run when asked."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from swimdesk.sim.clock import SimClock


class Schedule:
    """Runs actions by the injected clock.

    While an action runs, the time is the one it was due at, so that a chain of actions comes out
    the same however seldom :meth:`run_due` is called.
    """

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = count()
        self._running_s: float | None = None

    @property
    def now_s(self) -> float:
        """The monotonic time: of the running action while there is one."""
        return self._clock.monotonic_s() if self._running_s is None else self._running_s

    @property
    def epoch_s(self) -> int:
        """The wall time in whole seconds since 1970, as stamps on the wire show it."""
        late_s = 0.0
        if self._running_s is not None:
            late_s = self._clock.monotonic_s() - self._running_s
        return int(self._clock.now().timestamp() - late_s)

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Run the action that much later than the present (or the running action's) time."""
        heapq.heappush(self._heap, (self.now_s + delay_s, next(self._serial), action))

    def after_real(self, delay_s: float, action: Callable[[], None]) -> None:
        """Run the action that much later than the clock shows: a lagging ticker is not repeated."""
        due_s = self._clock.monotonic_s() + delay_s
        heapq.heappush(self._heap, (due_s, next(self._serial), action))

    def run_due(self) -> None:
        """Run what is due, earliest first, and what that makes due."""
        heap = self._heap
        if not heap or heap[0][0] > self._clock.monotonic_s():
            return
        try:
            while heap and heap[0][0] <= self._clock.monotonic_s():
                self._running_s, _, action = heapq.heappop(heap)
                action()
        finally:
            self._running_s = None

    def next_due_s(self) -> float | None:
        """Return the seconds until something is due (0 when it is late), None when nothing is."""
        if not self._heap:
            return None
        return max(0.0, self._heap[0][0] - self._clock.monotonic_s())
