"""What a broadcast adds up to, in words, bars and bins; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor
from typing import Final

from swimdesk.console.formats import milliseconds, price
from swimdesk.domain.orders import OPEN, LineState
from swimdesk.views.histogram import Bin, bars, bins, latencies
from swimdesk.views.models import BroadcastRow, BroadcastView, LineView

FILLED, OPEN_SIGN, DOUBT, ENDED = "━", "╌", "!", "×"
MOST_BINS: Final = 6
WHOLE: Final = 1_000
"""A width that nothing is too long for."""

_OPEN_WORDS: Final = frozenset(state.value for state in OPEN)
_ALWAYS: Final = ("filled", "working", "rejected", "in_doubt")
_ORDER: Final = (
    "filled", "partial", "working", "accepted", "sending", "planned", "canceling", "replacing",
    "canceled", "replaced", "expired", "rejected", "refused", "not_sent", "absent", "denied",
    "skipped", "in_doubt",
)  # fmt: skip
_SAID: Final = {"in_doubt": "doubt", "not_sent": "not sent"}


def is_open(line: LineView) -> bool:
    """Tell whether the broker has the order of a line and it may still trade."""
    return line.state in _OPEN_WORDS


def is_in_doubt(line: LineView) -> bool:
    """Tell whether nobody knows what became of a line."""
    return line.state == LineState.IN_DOUBT


def states(view: BroadcastView | BroadcastRow) -> Mapping[str, int]:
    """Count the lines by where each stands now."""
    if isinstance(view, BroadcastView):
        return Counter(line.state for line in view.lines)
    counts = {state: count for state, count in view.counts.items() if state != "accounts"}
    # The history counts everything that was ever accepted; these stand somewhere else by now.
    return counts | {"accepted": 0}


def sent(view: BroadcastView | BroadcastRow) -> int:
    """Return to how many accounts an order went or was to go."""
    counts = view.counts
    return counts["accounts"] - counts.get("denied", 0) - counts.get("skipped", 0)


def tally(view: BroadcastView | BroadcastRow) -> str:
    """Return the counts in words: what decides always, the rest where there is any."""
    now = states(view)
    shown = [
        f"{now.get(state, 0)} {_SAID.get(state, state)}"
        for state in _ORDER
        if now.get(state, 0) or state in _ALWAYS
    ]
    return " · ".join(shown)


def bar(view: BroadcastView | BroadcastRow, width: int) -> str:
    """Draw filled, open, ended without a fill, and in doubt; what there is gets a sign at least."""
    total = sent(view)
    now = states(view)
    filled, doubt = now.get("filled", 0), now.get("in_doubt", 0)
    still = total - filled - doubt - _unfilled(view, now)
    parts = ((FILLED, filled), (OPEN_SIGN, still), (ENDED, _unfilled(view, now)), (DOUBT, doubt))
    return _shared(parts, total, width)


def _unfilled(view: BroadcastView | BroadcastRow, now: Mapping[str, int]) -> int:
    if view.state == "settled":
        return sent(view) - now.get("filled", 0)
    ends = ("rejected", "refused", "not_sent", "absent", "canceled", "expired", "replaced")
    return sum(now.get(state, 0) for state in ends)


def _shared(parts: Sequence[tuple[str, int]], total: int, width: int) -> str:
    if total <= 0:
        return ""
    cells = {sign: max(floor(width * count / total), 1) for sign, count in parts if count > 0}
    while cells and sum(cells.values()) != width:
        # The largest takes or gives what rounding left, so that one line in doubt stays seen.
        largest = max(cells, key=cells.__getitem__)
        cells[largest] += 1 if sum(cells.values()) < width else -1
    return "".join(sign * count for sign, count in cells.items())


def figures(view: BroadcastView, width: int = WHOLE) -> str:
    """Return how well the fills did and what the desk itself took, as far as it fits."""
    fills, took = view.fills, view.timing_ms
    spread = "-" if fills.dispersion_bps is None else f"{fills.dispersion_bps:.0f}bps"
    pieces = (
        (0, f"avg {price(fills.average)}"),
        (3, f"best {price(fills.best)}"),
        (4, f"worst {price(fills.worst)}"),
        (5, f"spread {spread}"),
        (1, f"skew {milliseconds(took.dispatch_skew)}"),
        (2, f"ours {milliseconds(took.overhead)}"),
        (6, f"journal {milliseconds(took.journal)}"),
        (7, f"written {milliseconds(took.last_write)}"),
    )
    return _fitting(pieces, width)


def answers(view: BroadcastView, width: int = WHOLE) -> str:
    """Return when the answers came and how long the broker took over each, as far as it fits."""
    took = view.timing_ms
    pieces = (
        (0, f"ack {milliseconds(took.first_ack)}..{milliseconds(took.last_ack)}"),
        (6, f"skew {milliseconds(took.ack_skew)}"),
        (4, f"p50 {milliseconds(took.ack_p50)}"),
        (3, f"p95 {milliseconds(took.ack_p95)}"),
        (1, f"p99 {milliseconds(took.ack_p99)}"),
        (2, f"broker p50 {milliseconds(took.latency_p50)}"),
        (8, f"p95 {milliseconds(took.latency_p95)}"),
        (7, f"p99 {milliseconds(took.latency_p99)}"),
        (5, f"max {milliseconds(took.latency_max)}"),
    )
    return _fitting(pieces, width)


def _fitting(pieces: Sequence[tuple[int, str]], width: int) -> str:
    """Join the pieces that have room, the highest numbers go first; no figure is cut in two."""
    kept = list(pieces)
    while len(kept) > 1 and len(_joined(kept)) > width:
        kept.remove(max(kept))
    return _joined(kept)


def _joined(pieces: Sequence[tuple[int, str]]) -> str:
    return "  ".join(text for _, text in pieces)


def histogram(view: BroadcastView, width: int) -> str:
    """Draw how long the broker took to answer, in one line; empty while no answer came."""
    found = bins(latencies(view.lines), MOST_BINS)
    if not found:
        return ""
    labels = [label(one) for one in found]
    used = len("broker") + sum(len(text) + 8 for text in labels)
    lengths = bars(found, max((width - used) // len(found), 1))
    drawn = [
        " ".join(filter(None, (f"  {text}", FILLED * length, f"{one.count}")))
        for text, one, length in zip(labels, found, lengths, strict=True)
    ]
    return "broker" + "".join(drawn)


def label(one: Bin) -> str:
    """Return the span of a bin in words."""
    return f"{one.start}-{one.end}ms"
