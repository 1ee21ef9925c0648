"""From bursts to figures: hand-made times, and figures that can be checked in the head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swimdesk.bench.figures import (
    CONTROL,
    FLOOR,
    PRODUCT,
    Measured,
    Repetition,
    candidate,
    check_arrivals,
    fairness,
    gates,
    measured,
    ratio,
    spread_ms,
    why_void,
)
from swimdesk.bench.responding import Seen
from swimdesk.bench.shots import Shot
from swimdesk.bench.views import GateView, RatioView
from swimdesk.errors import InvariantBroken

MS = 1_000_000
LATENCY_NS = 20 * MS

FLOOR_BURST = Measured(
    skew_ns=1 * MS,
    last_ns=2 * MS,
    overhead_ns=3 * MS,
    cpu_ns=2 * MS,
    to_commit_ns=0,
    commit_ns=0,
    last_ack_ns=23 * MS,
    slowest_ns=20 * MS,
    written_ns=23 * MS,
)


def seen(account: str, arrived_ms: int, answered_ms: int | None = None) -> Seen:
    answered_ms = arrived_ms + 20 if answered_ms is None else answered_ms
    return Seen(account, arrived_ms * MS, answered_ms * MS, 1)


def times(factor: int, burst: Measured = FLOOR_BURST) -> Measured:
    """Return a burst that took so many times as long to leave and to be handled."""
    return replace(
        burst,
        skew_ns=burst.skew_ns * factor,
        last_ns=burst.last_ns * factor,
        overhead_ns=burst.overhead_ns * factor,
    )


def turn(product: Measured, floor: Measured = FLOOR_BURST) -> Repetition:
    return {PRODUCT: product, FLOOR: floor, CONTROL: floor}


def gate(found: tuple[GateView, ...], figure: str) -> GateView:
    (one,) = [gate for gate in found if gate.figure == figure]
    return one


def test_a_burst_is_measured_from_its_start_and_the_confirm_by_itself() -> None:
    shot = Shot(0, started_ns=2 * MS, handled_ns=31 * MS, written_ns=40 * MS, commit_ns=MS)
    arrivals = [seen("A", 3), seen("B", 7, answered_ms=30)]
    assert measured(shot, arrivals, LATENCY_NS, cpu_ns=5) == Measured(
        skew_ns=4 * MS,
        last_ns=5 * MS,
        overhead_ns=9 * MS,
        cpu_ns=5,
        to_commit_ns=2 * MS,
        commit_ns=MS,
        last_ack_ns=31 * MS,
        slowest_ns=23 * MS,
        written_ns=40 * MS,
    )


def test_where_nothing_is_written_down_the_last_answer_is_the_end() -> None:
    shot = Shot(confirmed_ns=1 * MS, started_ns=1 * MS, handled_ns=22 * MS)
    assert measured(shot, [seen("A", 1)], LATENCY_NS, 0).written_ns == 21 * MS


@pytest.mark.parametrize(
    ("arrived", "said"),
    [
        pytest.param(["A"], "1 did not arrive, 0 arrived more than once, 0", id="lost"),
        pytest.param(["A", "B", "B"], "0 did not arrive, 1 arrived more than once, 0", id="twice"),
        pytest.param(["A", "B", "C"], "0 did not arrive, 0 arrived more than once, 1", id="whose"),
        pytest.param([], "2 did not arrive", id="none"),
    ],
)
def test_a_run_with_an_order_lost_doubled_or_strange_is_void(arrived: list[str], said: str) -> None:
    with pytest.raises(InvariantBroken, match=f"The run is void.*{said}"):
        check_arrivals("product", {"A", "B"}, [seen(account, 1) for account in arrived])


def test_each_order_once_is_well() -> None:
    check_arrivals("product", {"A", "B"}, [seen("B", 1), seen("A", 2)])


def test_spread_is_the_median_and_the_nearest_rank_of_95() -> None:
    spread = spread_ms(place * MS for place in range(20, 0, -1))
    assert (spread.p50, spread.p95) == (10.5, 19.0)


def test_one_repetition_is_its_own_median() -> None:
    spread = spread_ms([1_234_567])
    assert (spread.p50, spread.p95) == (1.235, 1.235)


def test_ratio_is_the_median_of_the_ratios_and_not_the_ratio_of_the_medians() -> None:
    slow = times(10)
    turns = [turn(times(2)), turn(times(3)), turn(times(2, slow), slow)]
    assert ratio(turns, PRODUCT) == RatioView(overhead=2.0, last=2.0, skew=2.0)
    assert ratio(turns, CONTROL) == RatioView(overhead=1.0, last=1.0, skew=1.0)


def test_processor_time_is_told_per_order() -> None:
    view = candidate([turn(FLOOR_BURST), turn(FLOOR_BURST)], FLOOR, accounts=40)
    assert view.cpu_us_per_order == 50.0


@pytest.mark.parametrize("figure", ["overhead", "last", "skew"])
@pytest.mark.parametrize("value", [0.74, 1.36])
def test_a_control_that_leaves_its_span_voids_the_figures(figure: str, value: float) -> None:
    control = replace(RatioView(1.0, 1.0, 1.0), **{figure: value})
    reason = why_void(control)
    assert reason is not None
    assert f"the control's {figure} is {value} times" in reason


@pytest.mark.parametrize("value", [0.75, 1.0, 1.35])
def test_a_control_within_its_span_voids_nothing(value: float) -> None:
    assert why_void(RatioView(value, value, value)) is None


def test_gates_of_a_small_burst_ask_for_ratios_commit_and_the_slowest_answer() -> None:
    product = replace(times(1), commit_ns=3 * MS, last_ack_ns=27 * MS, slowest_ns=20 * MS)
    found = gates([turn(product)], 45, LATENCY_NS, memory_kb=500.0)
    assert {one.figure: one.met for one in found} == {
        "skew_ratio": True,
        "last_ratio": True,
        "overhead_ratio": True,
        "commit_ms": False,
        "over_slowest_answer_ms": True,
    }
    assert gate(found, "commit_ms") == GateView("commit_ms", 2, 3.0, met=False)
    assert gate(found, "over_slowest_answer_ms").measured == 7.0


def test_a_large_burst_is_asked_about_its_memory_and_not_its_commit() -> None:
    product = replace(times(2), commit_ns=900 * MS, last_ack_ns=270 * MS)
    found = gates([turn(product)], 5000, LATENCY_NS, memory_kb=99.0)
    assert {one.figure: one.met for one in found} == {
        "skew_ratio": False,
        "last_ratio": False,
        "overhead_ratio": False,
        "over_latency_ms": True,
        "memory_kb_per_account": True,
    }


def test_memory_that_nobody_can_tell_is_no_gate() -> None:
    found = gates([turn(FLOOR_BURST)], 5000, LATENCY_NS, memory_kb=None)
    assert "memory_kb_per_account" not in {one.figure for one in found}


@pytest.mark.parametrize(
    ("accounts", "asked"), [(2, 1.5), (45, 1.5), (200, 1.5), (201, 1.25), (1000, 1.25), (1001, 1.2)]
)
def test_every_size_has_its_gates(accounts: int, asked: float) -> None:
    found = gates([turn(FLOOR_BURST)], accounts, LATENCY_NS, None)
    assert gate(found, "skew_ratio").asked == asked


def test_an_account_that_is_always_last_shows() -> None:
    always = [[seen("A", 1), seen("B", 2), seen("C", 3)]] * 4
    view = fairness(always)
    assert (view.lowest_mean_place, view.highest_mean_place) == (0.0, 1.0)


def test_accounts_in_turn_have_the_middle_place() -> None:
    view = fairness([[seen("A", 1), seen("B", 2)], [seen("A", 4), seen("B", 3)]])
    assert (view.lowest_mean_place, view.highest_mean_place) == (0.5, 0.5)
