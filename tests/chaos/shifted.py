"""The machine's clocks, set to another time or slept through; the desk's own lives by them."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from swimdesk.bootstrap import home
from tests.chaos.around import put

ASLEEP_S: Final = 0.3
"""So long a process is really stopped while the machine is said to sleep."""


@dataclass(slots=True)
class Shift:
    """How far the clocks of this process are off."""

    wall_s: float = 0.0
    asleep_s: float = 0.0

    def set_wall(self, seconds: float) -> None:
        """Set the machine's wall clock forward or back."""
        self.wall_s += seconds


SHIFT = Shift()


class ShiftedTime(datetime):
    """Wall times, read from a clock that somebody has set."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> ShiftedTime:
        """Return the wall time."""
        return super().now(tz) + timedelta(seconds=SHIFT.wall_s)


def sleep_through(seconds: float) -> None:
    """Stop this whole process for a moment, as a suspended machine does, and wake up later.

    The wall clock and the one since boot count the time asleep; what measures durations does not.
    """
    SHIFT.wall_s += seconds
    SHIFT.asleep_s += seconds
    wake = f"sleep {ASLEEP_S}; kill -CONT {os.getpid()}"
    subprocess.Popen(["/bin/sh", "-c", wake])
    os.kill(os.getpid(), signal.SIGSTOP)


def shift_clocks(seconds: float) -> None:
    """Let this process live by clocks that can be set, the wall clock off from the start."""
    SHIFT.wall_s = seconds
    since_boot_ns = home._since_boot_ns
    put(home, "datetime", ShiftedTime)
    put(home, "_since_boot_ns", lambda: since_boot_ns() + int(SHIFT.asleep_s * 1e9))
