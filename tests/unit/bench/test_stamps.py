"""The kernel's time of an arrival on our own clock, and our own clock where there is none."""

from __future__ import annotations

import socket
import struct
import time

from swimdesk.bench.stamps import SO_TIMESTAMPNS, arrived_ns

SECOND_NS = 1_000_000_000


def test_data_that_the_kernel_got_a_second_ago_arrived_a_second_ago() -> None:
    then_ns = time.clock_gettime_ns(time.CLOCK_REALTIME) - SECOND_NS
    stamp = struct.pack("qq", *divmod(then_ns, SECOND_NS))
    now_ns = time.monotonic_ns()
    assert arrived_ns([(socket.SOL_SOCKET, SO_TIMESTAMPNS, stamp)]) <= now_ns - SECOND_NS // 2


def test_without_a_stamp_it_arrived_now() -> None:
    before_ns = time.monotonic_ns()
    assert before_ns <= arrived_ns([]) <= time.monotonic_ns()
    other = (socket.SOL_SOCKET, SO_TIMESTAMPNS + 1, b"\0" * 16)
    assert arrived_ns([other]) >= before_ns
