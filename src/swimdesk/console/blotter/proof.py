"""The proof of a broadcast's timing as facts: what was ours, what the broker's; pure."""

from __future__ import annotations

from typing import Final

from swimdesk.console.blotter.figures import FILLED, MOST_BINS, label
from swimdesk.console.formats import NOTHING, clock, milliseconds
from swimdesk.console.modals.describe import Section
from swimdesk.views.histogram import bars, bins, latencies
from swimdesk.views.models import BroadcastView, LineView

BAR: Final = 40


def proof_facts(view: BroadcastView) -> Section:
    """Return when everything of a broadcast happened, and a bar per span of the broker's times."""
    took, at = view.timing_ms, view.timing_ms.confirmed
    writes = f"{milliseconds(took.first_write)}..{milliseconds(took.last_write)}"
    acks = f"{milliseconds(took.first_ack)}..{milliseconds(took.last_ack)}"
    facts = [
        ("confirmed", f"{at.isoformat()}   {clock(at)} ET" if at else NOTHING),
        ("journal", f"committed {milliseconds(took.journal)} after the confirmation"),
        ("writes", f"{writes} after it, skew {milliseconds(took.dispatch_skew)}"),
        ("answers", f"{acks} after it, skew {milliseconds(took.ack_skew)}"),
        ("", _ranks(took.ack_p50, took.ack_p95, took.ack_p99)),
        ("ours", f"{milliseconds(took.overhead)} on top of the slowest answer of the broker"),
        ("broker", f"{milliseconds(took.latency_max)} at most, from an order's write"),
        ("", _ranks(took.latency_p50, took.latency_p95, took.latency_p99)),
    ]
    return ("TIMING", [*facts, *_drawn(view)])


def stamps(line: LineView) -> list[tuple[str, str]]:
    """Return when an account's order was written and answered, and what of it was the broker's."""
    return [
        ("written", f"{milliseconds(line.sent_ms)} after the confirmation"),
        ("first byte", f"{milliseconds(line.first_byte_ms)} after the confirmation"),
        ("answered", f"{milliseconds(line.acked_ms)} after the confirmation"),
        ("latency", f"{milliseconds(line.latency_ms)} from its write to the first byte"),
    ]


def _ranks(p50: float | None, p95: float | None, p99: float | None) -> str:
    return f"p50 {milliseconds(p50)}  p95 {milliseconds(p95)}  p99 {milliseconds(p99)}"


def _drawn(view: BroadcastView) -> list[tuple[str, str]]:
    found = bins(latencies(view.lines), MOST_BINS)
    longest = min(max((one.count for one in found), default=0), BAR)
    return [
        (label(one), f"{FILLED * length} {one.count}".lstrip())
        for one, length in zip(found, bars(found, longest), strict=True)
    ]
