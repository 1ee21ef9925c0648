"""When data arrived, by the kernel: the work of a process makes nothing look later than it was."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Final

SO_TIMESTAMPNS: Final = 35
"""Missing in the socket module. Its control message holds seconds and nanoseconds."""
STAMP_ROOM: Final = 64
"""Bytes of control messages that a read has to have room for."""
_STAMP: Final = struct.Struct("qq")


def can_stamp() -> bool:
    """Tell whether this kernel notes when data came."""
    if sys.platform != "linux":
        return False
    with socket.socket() as probe:
        try:
            ask_for_stamps(probe)
        except OSError:
            return False
    return True


def ask_for_stamps(connection: socket.socket) -> None:
    """Have the kernel tell with each read when its data came; OSError where it does not."""
    connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def arrived_ns(messages: Sequence[tuple[int, int, bytes]]) -> int:
    """Return when the last part of what was read came, as a monotonic time; now if nobody knows."""
    now_ns = time.monotonic_ns()
    for level, kind, stamp in messages:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = _STAMP.unpack(stamp)
            # Stamps are of the wall clock; what counts is how long ago one was made.
            wall_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
            ago_ns: int = wall_ns - seconds * 1_000_000_000 - nanoseconds
            return now_ns - ago_ns
    return now_ns
