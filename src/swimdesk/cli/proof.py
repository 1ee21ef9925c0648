"""The proof of a broadcast's timing for people: what was ours and what was the broker's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from swimdesk.cli.output import Output
from swimdesk.views.histogram import bars, bins, latencies

if TYPE_CHECKING:
    from swimdesk.views.models import BroadcastView

MOST_BINS: Final = 8
BAR: Final = 40
"""The length of the longest bar; up to so many answers, a sign for each."""


def print_proof(output: Output, view: BroadcastView) -> None:
    """Say how long it took; for eyes with a histogram of how long the broker took to answer."""
    for text in (_ours(view), _broker(view), _answers(view)):
        if text:
            output.heading(text)
    if output.is_for_eyes:
        for row in _histogram(view, output.sign("█", "#")):
            output.heading(row)


def _ours(view: BroadcastView) -> str:
    timing = view.timing_ms
    at = f" at {timing.confirmed:%H:%M:%S.%f}"[:-3] + "Z" if timing.confirmed else ""
    figures = {
        "journal": timing.journal,
        "first write": timing.first_write,
        "last": timing.last_write,
        "dispatch skew": timing.dispatch_skew,
        "overhead": timing.overhead,
    }
    return _told(f"ours, ms from confirm{at}", figures)


def _broker(view: BroadcastView) -> str:
    timing = view.timing_ms
    figures = {
        "p50": timing.latency_p50,
        "p95": timing.latency_p95,
        "p99": timing.latency_p99,
        "slowest": timing.latency_max,
    }
    return _told("broker, ms from each write", figures)


def _answers(view: BroadcastView) -> str:
    timing = view.timing_ms
    figures = {
        "first ack": timing.first_ack,
        "p50": timing.ack_p50,
        "p95": timing.ack_p95,
        "p99": timing.ack_p99,
        "last ack": timing.last_ack,
        "ack skew": timing.ack_skew,
    }
    return _told("answers, ms from confirm", figures)


def _told(title: str, figures: Mapping[str, float | None]) -> str:
    known = [f"{name} {ms:.1f}" for name, ms in figures.items() if ms is not None]
    return f"{title}: {', '.join(known)}" if known else ""


def _histogram(view: BroadcastView, sign: str) -> list[str]:
    found = bins(latencies(view.lines), MOST_BINS)
    longest = min(max((one.count for one in found), default=0), BAR)
    labels = [f"{one.start}-{one.end}" for one in found]
    width = max(map(len, labels), default=0)
    return [
        f"  {label:>{width}}  {sign * length}{' ' if length else ''}{one.count}"
        for label, one, length in zip(labels, found, bars(found, longest), strict=True)
    ]
