"""What a broadcast adds up to, in words, bars and bins; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import Final

from swimdesk.console.formats import milliseconds, price
from swimdesk.domain.orders import OPEN, LineState
from swimdesk.views.models import BroadcastRow, BroadcastView, LineView

FILLED, OPEN_SIGN, DOUBT, ENDED = "━", "╌", "!", "×"
MOST_BINS: Final = 6
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
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


def figures(view: BroadcastView) -> str:
    """Return how well the fills did and how fast the orders were."""
    fills, took = view.fills, view.timing_ms
    spread = "-" if fills.dispersion_bps is None else f"{fills.dispersion_bps:.0f}bps"
    return (
        f"avg {price(fills.average)}  best {price(fills.best)}  worst {price(fills.worst)}"
        f"  spread {spread}  skew {milliseconds(took.dispatch_skew)}"
        f"  ack {milliseconds(took.first_ack)}..{milliseconds(took.last_ack)}"
        f"  p50 {milliseconds(took.ack_p50)}  p95 {milliseconds(took.ack_p95)}"
        f"  journal {milliseconds(took.journal)}"
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """So many answers came within these milliseconds; the end is not part of it."""

    start: int
    end: int
    count: int


def answer_times(lines: Iterable[LineView]) -> list[float]:
    """Return how long each answered line waited for its answer, in milliseconds."""
    return [
        line.acked_ms - line.sent_ms
        for line in lines
        if line.acked_ms is not None and line.sent_ms is not None
    ]


def bins(times: Sequence[float]) -> list[Bin]:
    """Sort times into at most six bins of one round width."""
    if not times:
        return []
    low, high = min(times), max(times)
    step = next((s for s in _STEPS if _edges(low, high, s) <= MOST_BINS), None)
    step = step or ceil((high + 1) / MOST_BINS)
    first = floor(low / step) * step
    edges = [first + step * number for number in range(_edges(low, high, step) + 1)]
    return [
        Bin(start, end, sum(start <= time < end for time in times))
        for start, end in pairwise(edges)
    ]


def _edges(low: float, high: float, step: int) -> int:
    return floor(high / step) - floor(low / step) + 1


def histogram(view: BroadcastView, width: int) -> str:
    """Draw how long the answers took, in one line; empty while none came."""
    found = bins(answer_times(view.lines))
    if not found:
        return ""
    labels = [f"{one.start}-{one.end}ms" for one in found]
    used = len("answers") + sum(len(label) + 8 for label in labels)
    room = max((width - used) // len(found), 1)
    most = max(one.count for one in found)
    drawn = [
        " ".join(
            filter(None, (f"  {label}", FILLED * ceil(room * one.count / most), f"{one.count}"))
        )
        for label, one in zip(labels, found, strict=True)
    ]
    return "answers" + "".join(drawn)
