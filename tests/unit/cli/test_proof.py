"""The proof of a broadcast's timing, for people and for programs."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from tests.fakes.facade import sample
from tests.unit.cli.support import Program, a_broadcast, asked

from swimdesk.cli.history import print_broadcast
from swimdesk.cli.output import Output
from swimdesk.views.models import BroadcastView, FairnessView, TimingView

OURS = (
    "ours, ms from confirm at 15:04:05.123Z: journal 1.1, first write 0.1, last 3.7,"
    " dispatch skew 2.3, overhead 4.0"
)
ANSWERS = (
    "answers, ms from confirm: first ack 0.1, p50 0.1, p95 0.1, p99 62.0, last ack 0.1,"
    " ack skew 0.1"
)
LATENCIES = (41.0, 43.5, 44.0, 58.2, None)


def a_proof() -> BroadcastView:
    """Build a broadcast to five accounts, of which one has no answer."""
    view = a_broadcast(*["filled"] * 4, "in_doubt")
    lines = tuple(
        replace(line, latency_ms=latency)
        for line, latency in zip(view.lines, LATENCIES, strict=True)
    )
    timing = replace(
        sample(TimingView), journal=1.13, last_write=3.66, dispatch_skew=2.3, ack_p99=62.0,
        latency_max=58.2, overhead=4.05,
    )  # fmt: skip
    return replace(view, lines=lines, timing_ms=timing)


def printed(view: BroadcastView, encoding: str = "utf-8", *, for_eyes: bool = True) -> str:
    """Print a broadcast on a terminal, or into a file."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding, errors="backslashreplace")
    output = Output(as_json=False, for_eyes=for_eyes, stdout=stdout, stderr=io.StringIO())
    print_broadcast(output, view)
    stdout.seek(0)
    return stdout.read()


def test_eyes_see_ours_and_the_brokers_apart_and_a_histogram() -> None:
    lines = printed(a_proof()).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("ours"))
    assert lines[start : start + 7] == [
        OURS,
        "broker, ms from each write: p50 0.1, p95 0.1, p99 0.1, slowest 58.2",
        ANSWERS,
        "  40-45  ███ 3",
        "  45-50  0",
        "  50-55  0",
        "  55-60  █ 1",
    ]


def test_a_terminal_without_blocks_draws_with_what_it_has() -> None:
    assert "  40-45  ### 3" in printed(a_proof(), "ascii").splitlines()


def test_many_answers_do_not_make_a_bar_longer_than_the_screen() -> None:
    view = a_broadcast(*["filled"] * 200)
    lines = tuple(replace(line, latency_ms=40.0) for line in view.lines)
    assert f"  40-41  {'█' * 40} 200" in printed(replace(view, lines=lines)).splitlines()


def test_programs_get_the_table_alone() -> None:
    header, *rows = printed(a_proof(), for_eyes=False).splitlines()
    assert header.split("\t")[-2:] == ["first_byte_ms", "latency_ms"]
    assert [row.split("\t")[-1] for row in rows] == ["41.0", "43.5", "44.0", "58.2", ""]


def test_nothing_is_said_of_a_broadcast_that_nobody_timed() -> None:
    blank = TimingView(*[None] * 16)
    view = a_proof()
    lines = tuple(replace(line, latency_ms=None) for line in view.lines)
    text = printed(replace(view, timing_ms=blank, lines=lines))
    assert "ms from" not in text
    assert "█" not in text


@pytest.mark.parametrize("is_owned", [True, False])
def test_fairness_is_asked_of_the_owner_or_read_from_the_home(
    program: Program, *, is_owned: bool
) -> None:
    program.is_owned = is_owned
    ran = program.run("broadcasts", "--fairness", "--limit", "7")
    header, *rows = ran.out.splitlines()
    assert header.split("\t") == ["account", "broadcasts", "mean_place", "first", "last"]
    assert len(rows) == (1 if is_owned else 0)
    assert asked(program.desk) == ([("fairness", {"limit": 7})] if is_owned else [])


def test_fairness_for_programs_has_the_mean_with_three_decimals(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fairness(limit: int) -> tuple[FairnessView, ...]:
        return (FairnessView("FAM-01", 45, 0.5, 1, 1),)

    monkeypatch.setattr(program.desk, "fairness", fairness)
    ran = program.run("broadcasts", "--fairness")
    assert ran.out.splitlines()[1].split("\t") == ["FAM-01", "45", "0.500", "1", "1"]


def test_fairness_is_of_many_broadcasts(program: Program) -> None:
    ran = program.run("broadcasts", "01JB", "--fairness")
    assert ran.code == 2
    assert "without B" in ran.err
    assert asked(program.desk) == []
