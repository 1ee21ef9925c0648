"""Pairs with and without the console: hand-made bursts against what is asked of them."""

from __future__ import annotations

from swimdesk.bench.figures import Measured
from swimdesk.bench.pairs import ALONE, CONSOLE, Pair, view_of

MS = 1_000_000


def burst(last_ms: float, commit_ms: float = 1.0) -> Measured:
    return Measured(
        skew_ns=0,
        last_ns=int(last_ms * MS),
        overhead_ns=0,
        cpu_ns=0,
        to_commit_ns=int(commit_ms * MS),
        commit_ns=0,
        last_ack_ns=30 * MS,
        slowest_ns=20 * MS,
        written_ns=0,
    )


def met(pairs: list[Pair]) -> dict[str, bool]:
    return {gate.figure: gate.met for gate in view_of(pairs).gates}


def test_a_short_burst_may_take_two_milliseconds_more() -> None:
    view = view_of([{CONSOLE: burst(3.0), ALONE: burst(1.0)}] * 3)
    assert view.ratio_last == 3.0
    assert met([{CONSOLE: burst(3.0), ALONE: burst(1.0)}] * 3)["last_ms"]
    assert not met([{CONSOLE: burst(3.1), ALONE: burst(1.0)}] * 3)["last_ms"]


def test_a_long_burst_may_take_half_as_long_again() -> None:
    assert met([{CONSOLE: burst(30.0), ALONE: burst(20.0)}] * 3)["last_ms"]
    assert not met([{CONSOLE: burst(30.1), ALONE: burst(20.0)}] * 3)["last_ms"]


def test_a_few_bursts_that_wait_for_a_repaint_show_in_the_95th_percentile() -> None:
    held_up: Pair = {CONSOLE: burst(40.0), ALONE: burst(1.0)}
    pairs = [{CONSOLE: burst(1.0), ALONE: burst(1.0)}] * 18 + [held_up] * 2
    assert met(pairs) == {
        "last_ms": True,
        "last_p95_ms": False,
        "confirm_to_last_ms": True,
        "confirm_to_last_p95_ms": False,
    }


def test_a_commit_that_waits_for_a_repaint_is_counted_from_the_confirm() -> None:
    pairs: list[Pair] = [{CONSOLE: burst(1.0, commit_ms=9.0), ALONE: burst(1.0)}] * 3
    assert met(pairs)["last_ms"]
    assert not met(pairs)["confirm_to_last_ms"]
    assert view_of(pairs).ratio_confirm_to_last == 5.0
