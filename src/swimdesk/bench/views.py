"""What the bench prints: frozen dataclasses, as JSON by the codec of the views."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 95th percentile over the repetitions."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One way of sending: ``last`` is the start of the burst to the last arrival.

    ``overhead`` is the start of the burst to the last answer handled, less the latency.
    """

    overhead_ms: Spread
    last_ms: Spread
    skew_ms: Spread
    cpu_us_per_order: float


@dataclass(frozen=True, slots=True)
class RatioView:
    """Medians of the ratios to the floor, taken in each repetition by itself."""

    overhead: float
    last: float
    skew: float


@dataclass(frozen=True, slots=True)
class FairnessView:
    """The mean place in the order of arrival of the luckiest and the unluckiest account, 0 to 1."""

    lowest_mean_place: float
    highest_mean_place: float


@dataclass(frozen=True, slots=True)
class GateView:
    """A figure, the most that is asked of it, and whether that is met."""

    figure: str
    asked: float
    measured: float
    met: bool


@dataclass(frozen=True, slots=True)
class SizeView:
    """All figures of one number of accounts; a void one says why and counts for nothing.

    ``orders`` were measured, and each of them arrived once. ``commit_ms`` is what the journal's
    commit of the intents takes, ``confirm_to_commit_ms`` the desk's last checks and the sealing of
    the orders as well; ``over_slowest_answer_ms`` what the product adds to the slowest answer of
    the order host, from confirm to last answer; ``written_ms`` the confirm to the last outcome in
    the journal.
    """

    accounts: int
    orders: int
    product: CandidateView
    floor: CandidateView
    control: CandidateView
    ratio: RatioView
    control_ratio: RatioView
    cpu_us_per_order: float
    commit_ms: Spread
    confirm_to_commit_ms: Spread
    confirm_to_last_ack_ms: Spread
    over_slowest_answer_ms: Spread
    written_ms: Spread
    slowest_answer_ms: Spread
    memory_kb_per_account: dict[str, float]
    fairness: FairnessView
    gates: tuple[GateView, ...]
    void: bool
    why_void: str | None


@dataclass(frozen=True, slots=True)
class BesideView:
    """A burst with or without the console: both ends counted from the confirm as well."""

    last_ms: Spread
    confirm_to_last_ms: Spread
    confirm_to_last_ack_ms: Spread


@dataclass(frozen=True, slots=True)
class ConsoleView:
    """The product's burst beside a console that paints, and without one, in pairs by turns.

    The gates ask that the median is at most 1.5 times that without, or 2 ms more, and the 95th
    percentile at most 10 ms more. ``ratio_last`` is the median of the ratios of all pairs.
    """

    accounts: int
    pairs: int
    with_console: BesideView
    without: BesideView
    ratio_last: float
    ratio_confirm_to_last: float
    gates: tuple[GateView, ...]


@dataclass(frozen=True, slots=True)
class MachineView:
    """What the figures were measured on; ``arrivals`` says whose clock tells when orders came."""

    cpu: str
    cores: int
    kernel: str
    python: str
    openssl: str
    uvloop: str
    journal_on: str
    arrivals: str


@dataclass(frozen=True, slots=True)
class FanoutView:
    """A whole run."""

    measured: str
    version: str
    latency_ms: float
    repeats: int
    machine: MachineView
    results: tuple[SizeView, ...]
    void: bool
    console: ConsoleView | None = None
