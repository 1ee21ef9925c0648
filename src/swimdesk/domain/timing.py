"""The proof of a broadcast's timing: what was ours and what the broker's, from stored stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import LineState

_FIRST, _LAST = 0, 100
"""The percentiles that are the ends of a list."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Monotonic nanoseconds of a broadcast since t0, the moment the command reached the desk.

    Skews are last minus first. A latency is not since t0: it runs from a line's own write to the
    first byte of its answer. The overhead is what the last answer came later than the slowest
    latency alone would have let it.
    """

    journal_ns: int | None = None
    first_write_ns: int | None = None
    last_write_ns: int | None = None
    dispatch_skew_ns: int | None = None
    first_ack_ns: int | None = None
    last_ack_ns: int | None = None
    ack_skew_ns: int | None = None
    ack_p50_ns: int | None = None
    ack_p95_ns: int | None = None
    ack_p99_ns: int | None = None
    latency_p50_ns: int | None = None
    latency_p95_ns: int | None = None
    latency_p99_ns: int | None = None
    latency_max_ns: int | None = None
    overhead_ns: int | None = None


def timing(broadcast: Broadcast) -> Timing:
    """Work out the proof from the lines' stamps; what no stamp tells is None."""
    lines = broadcast.lines
    written = sorted(at for line in lines if (at := written_ns(line)) is not None)
    acked = sorted(line.acked_ns for line in lines if line.acked_ns is not None)
    latencies = sorted(took for line in lines if (took := latency_ns(line)) is not None)
    last_ack, slowest = _at(acked, _LAST), _at(latencies, _LAST)
    return Timing(
        journal_ns=broadcast.journal_ns,
        first_write_ns=_at(written, _FIRST),
        last_write_ns=_at(written, _LAST),
        dispatch_skew_ns=_less(_at(written, _LAST), _at(written, _FIRST)),
        first_ack_ns=_at(acked, _FIRST),
        last_ack_ns=last_ack,
        ack_skew_ns=_less(last_ack, _at(acked, _FIRST)),
        ack_p50_ns=_at(acked, 50),
        ack_p95_ns=_at(acked, 95),
        ack_p99_ns=_at(acked, 99),
        latency_p50_ns=_at(latencies, 50),
        latency_p95_ns=_at(latencies, 95),
        latency_p99_ns=_at(latencies, 99),
        latency_max_ns=slowest,
        overhead_ns=_less(last_ack, slowest),
    )


def written_ns(line: Line) -> int | None:
    """Return when a line's order was wholly written; None where it was not, or not as yet."""
    # While a later wave leaves, the stamp is of the moment before its commit.
    return None if line.state is LineState.SENDING else line.sent_ns


def latency_ns(line: Line) -> int | None:
    """Return how long the network and the broker took over an order that was answered."""
    if line.acked_ns is None:
        return None
    return _less(line.first_byte_ns, line.sent_ns)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Return the nearest-rank percentile of an ascending, non-empty list."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def _at(ordered: Sequence[int], percent: int) -> int | None:
    return percentile(ordered, percent) if ordered else None


def _less(end: int | None, start: int | None) -> int | None:
    return None if end is None or start is None else end - start
