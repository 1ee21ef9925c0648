"""From repetitions to figures: medians, percentiles, ratios to the floor, and what is asked.

Pure: every time comes in as nanoseconds on one monotonic clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Final

from swimdesk.bench.responding import Seen
from swimdesk.bench.shots import Shot
from swimdesk.bench.views import CandidateView, FairnessView, GateView, RatioView, Spread
from swimdesk.domain.timing import percentile
from swimdesk.errors import InvariantBroken

PRODUCT, FLOOR, CONTROL = "product", "floor", "control"
STEADY: Final = (0.75, 1.35)
"""Where the ratio of two floors has to be, or the machine was too restless to measure on."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One burst of one candidate."""

    skew_ns: int
    """Last minus first arrival."""
    last_ns: int
    """From the start of the burst to the last arrival."""
    overhead_ns: int
    """From the start of the burst to the last answer handled, less the latency."""
    cpu_ns: int
    to_commit_ns: int
    """From the confirm to the start of the burst, our own checks and the commit included."""
    commit_ns: int
    """What the commit of the intents took of that; 0 for who writes nothing down."""
    last_ack_ns: int
    """From the confirm to the last answer handled."""
    slowest_ns: int
    """The longest that the order host took to answer."""
    written_ns: int
    """From the confirm until every outcome was in the journal."""


Repetition = Mapping[str, Measured]
"""What each candidate measured in one turn."""

_RATIOS: Final[Mapping[str, Callable[[Measured], int]]] = {
    "overhead": lambda one: one.overhead_ns,
    "last": lambda one: one.last_ns,
    "skew": lambda one: one.skew_ns,
}


def check_arrivals(who: str, accounts: Collection[str], seen: Iterable[Seen]) -> None:
    """See that every account's order arrived exactly once; InvariantBroken: the run is void."""
    counts = Counter(one.account for one in seen)
    lost = sum(account not in counts for account in accounts)
    doubled = sum(count > 1 for count in counts.values())
    strange = sum(account not in accounts for account in counts)
    if lost or doubled or strange:
        raise InvariantBroken(
            f"The run is void: of {len(accounts)} orders of the {who} {lost} did not arrive,"
            f" {doubled} arrived more than once, {strange} are of no account of it."
        )


def measured(shot: Shot, seen: Sequence[Seen], latency_ns: int, cpu_ns: int) -> Measured:
    """Put together what the sender and the order host know of a burst."""
    arrived = [one.arrived_ns for one in seen]
    return Measured(
        skew_ns=max(arrived) - min(arrived),
        last_ns=max(arrived) - shot.started_ns,
        overhead_ns=shot.handled_ns - shot.started_ns - latency_ns,
        cpu_ns=cpu_ns,
        to_commit_ns=shot.started_ns - shot.confirmed_ns,
        commit_ns=shot.commit_ns,
        last_ack_ns=shot.handled_ns - shot.confirmed_ns,
        slowest_ns=max(one.answered_ns - one.arrived_ns for one in seen),
        written_ns=(shot.written_ns or shot.handled_ns) - shot.confirmed_ns,
    )


def spread_ms(figures_ns: Iterable[int]) -> Spread:
    """Return the median and the 95th percentile in ms."""
    ordered = sorted(figures_ns)
    return Spread(_ms(median(ordered)), _ms(percentile(ordered, 95)))


def candidate(repetitions: Sequence[Repetition], who: str, accounts: int) -> CandidateView:
    """Return the figures of one candidate over all repetitions."""
    own = [repetition[who] for repetition in repetitions]
    return CandidateView(
        overhead_ms=spread_ms(one.overhead_ns for one in own),
        last_ms=spread_ms(one.last_ns for one in own),
        skew_ms=spread_ms(one.skew_ns for one in own),
        cpu_us_per_order=round(median(one.cpu_ns for one in own) / accounts / 1000, 2),
    )


def ratio(repetitions: Sequence[Repetition], who: str) -> RatioView:
    """Return the medians of a candidate's ratios to the floor of the same repetition."""
    return RatioView(
        **{
            name: round(median(of(turn[who]) / max(of(turn[FLOOR]), 1) for turn in repetitions), 3)
            for name, of in _RATIOS.items()
        }
    )


def why_void(control: RatioView) -> str | None:
    """Return why the figures count for nothing; None where two floors measured alike."""
    low, high = STEADY
    for name in _RATIOS:
        figure = getattr(control, name)
        if not low <= figure <= high:
            return (
                f"the control's {name} is {figure:g} times the floor's, beyond {low:g} to {high:g}:"
                " the machine was not steady; measure again, with more repeats"
            )
    return None


def fairness(arrivals: Iterable[Sequence[Seen]]) -> FairnessView:
    """Return how far from the middle an account's mean place was, 0 first and 1 last."""
    places: dict[str, list[float]] = defaultdict(list)
    for seen in arrivals:
        ordered = sorted(seen, key=lambda one: one.arrived_ns)
        for place, one in enumerate(ordered):
            places[one.account].append(place / max(len(ordered) - 1, 1))
    means = [mean(of_account) for of_account in places.values()]
    return FairnessView(round(min(means), 3), round(max(means), 3))


@dataclass(frozen=True, slots=True)
class Asked:
    """The most that is asked at sizes up to ``accounts``; None where nothing is."""

    accounts: float
    skew_ratio: float
    last_ratio: float
    overhead_ratio: float
    commit_ms: float | None = None
    over_slowest_answer_ms: float | None = None
    over_latency_ms: float | None = None
    memory_kb_per_account: float | None = None


ASKED: Final = (
    Asked(45, 1.5, 1.4, 1.25, commit_ms=2, over_slowest_answer_ms=8),
    Asked(200, 1.5, 1.4, 1.25, commit_ms=12, over_slowest_answer_ms=8),
    Asked(1000, 1.25, 1.25, 1.2, commit_ms=12, over_latency_ms=60),
    Asked(float("inf"), 1.2, 1.2, 1.2, over_latency_ms=250, memory_kb_per_account=100),
)


def gates(
    repetitions: Sequence[Repetition], accounts: int, latency_ns: int, memory_kb: float | None
) -> tuple[GateView, ...]:
    """Hold what was measured against what is asked at this size."""
    own = [turn[PRODUCT] for turn in repetitions]
    ratios = ratio(repetitions, PRODUCT)
    found: dict[str, float | None] = {
        "skew_ratio": ratios.skew,
        "last_ratio": ratios.last,
        "overhead_ratio": ratios.overhead,
        "commit_ms": _ms(median(one.commit_ns for one in own)),
        "over_slowest_answer_ms": _ms(median(one.last_ack_ns - one.slowest_ns for one in own)),
        "over_latency_ms": _ms(median(one.last_ack_ns - latency_ns for one in own)),
        "memory_kb_per_account": memory_kb,
    }
    asked = next(row for row in ASKED if accounts <= row.accounts)
    return tuple(
        GateView(name, most, figure, figure <= most)
        for name, figure in found.items()
        if (most := getattr(asked, name)) is not None and figure is not None
    )


def _ms(figure_ns: float) -> float:
    return round(figure_ns / 1_000_000, 3)
