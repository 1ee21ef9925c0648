"""The page of the benchmarks is made from documents, and hides nothing of what was missed."""

from __future__ import annotations

from bench.fanout_page import page

from swimdesk.bench.views import (
    BesideView,
    CandidateView,
    ConsoleView,
    FairnessView,
    FanoutView,
    GateView,
    MachineView,
    RatioView,
    SizeView,
    Spread,
)

SPREAD = Spread(1.25, 2.5)
VARIANTS = "variants: 45 accounts"
SENDER = CandidateView(SPREAD, SPREAD, SPREAD, 41.6)
BESIDE = BesideView(SPREAD, SPREAD, SPREAD)


def size(accounts: int, measured: float, *, void: bool = False) -> SizeView:
    asked = 1.5
    names = ("skew_ratio", "last_ratio", "overhead_ratio", "commit_ms")
    return SizeView(
        accounts=accounts,
        orders=90,
        product=SENDER,
        floor=SENDER,
        control=SENDER,
        ratio=RatioView(measured, measured, measured),
        control_ratio=RatioView(1.0, 1.0, 1.0),
        cpu_us_per_order=41.6,
        commit_ms=SPREAD,
        confirm_to_commit_ms=SPREAD,
        confirm_to_last_ack_ms=SPREAD,
        over_slowest_answer_ms=SPREAD,
        written_ms=SPREAD,
        slowest_answer_ms=SPREAD,
        memory_kb_per_account={"product": 24.7},
        fairness=FairnessView(0.4, 0.6),
        gates=tuple(GateView(name, asked, measured, measured <= asked) for name in names),
        void=void,
        why_void="the control left" if void else None,
    )


def run(*sizes: SizeView, console: ConsoleView | None = None) -> FanoutView:
    return FanoutView(
        measured="2026-11-30T21:00:00Z",
        version="0.1.0",
        latency_ms=20.0,
        repeats=30,
        machine=MachineView(
            "AMD EPYC", 2, "Linux 6", "3.11", "OpenSSL 3", "0.23", "ext4", "kernel"
        ),
        results=sizes,
        void=any(one.void for one in sizes),
        console=console,
    )


def row(text: str, start: str, nth: int = 0) -> str:
    return [line for line in text.splitlines() if line.startswith(start)][nth]


def test_sizes_of_several_runs_stand_in_order_with_their_senders() -> None:
    text = page([run(size(1000, 1.0)), run(size(45, 1.0))], VARIANTS)
    figures = text.partition("## Beside the floor")[2].partition("## What is asked")[0]
    rows = [line.split(" | ")[0] for line in figures.splitlines() if line.startswith("| ")]
    assert rows == ["| accounts", "| ---", *["| 45"] * 3, *["| 1,000"] * 3]
    assert "| product | 1.25 (2.50) | 1.25 (2.50) | 1.25 (2.50) | 42 |" in figures


def test_what_was_measured_on_is_told() -> None:
    text = page([run(size(45, 1.0))], VARIANTS)
    assert "Measured 2026-11-30, swimdesk 0.1.0, on 2 cores of AMD EPYC" in text
    assert "journal on ext4" in text


def test_a_figure_that_was_missed_is_named() -> None:
    asked = page([run(size(45, 1.6))], VARIANTS).partition("## What is asked")[2]
    assert "1.60 / 1.60 / 1.60" in row(asked, "| 45")
    assert "missed: skew, last, overhead" in row(asked, "| 45")
    assert "commit_ms 1.6 > asked 1.5" in row(asked, "| 45", 1)


def test_a_void_row_claims_nothing() -> None:
    asked = page([run(size(45, 1.0, void=True))], VARIANTS).partition("## What is asked")[2]
    assert row(asked, "| 45").endswith("| void |")


def test_the_console_has_its_part_where_it_was_measured() -> None:
    gate = GateView("last_ms", 3.0, 1.25, met=True)
    console = ConsoleView(48, 100, BESIDE, BESIDE, 1.02, 1.03, (gate,))
    assert "## Beside the console" not in page([run(size(45, 1.0))], VARIANTS)
    text = page([run(size(45, 1.0), console=console)], VARIANTS)
    assert "100 pairs over 48 accounts" in text
    assert "- last_ms 1.25 ≤ 3" in text
