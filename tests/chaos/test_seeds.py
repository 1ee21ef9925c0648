"""Seeded worlds in which nothing may be lost, doubled or lied about, and which can be replayed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.faults import KINDS
from tests.chaos.runner import run_seed
from tests.chaos.seeds import Run, run_range

SEEDS = 2000
CHUNK = 50
"""So many seeds to a test: the workers share them out, and one test stays within its time."""

REPLAYED = (3, 17, 29, 41)
CODE = "from tests.chaos.runner import run_seed; print(*(run_seed(n).digest for n in {seeds}))"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_in_no_world_is_anything_lost_doubled_or_lied_about(first: int) -> None:
    assert [one.replay for one in run_range(first, first + CHUNK).failed] == []


def test_a_seed_replays_to_the_same_trace() -> None:
    once, again = (run_seed(REPLAYED[0], keeps_trace=True) for _ in range(2))
    assert once.trace == again.trace
    assert once.digest == again.digest


def test_a_seed_replays_to_the_same_trace_in_another_process() -> None:
    here = " ".join(run_seed(seed).digest for seed in REPLAYED)
    assert {_elsewhere(hash_seed) for hash_seed in ("1", "20077")} == {here}


def _elsewhere(hash_seed: str) -> str:
    command = [sys.executable, "-c", CODE.format(seeds=REPLAYED)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        command, env=environment, cwd=Path(__file__).parents[2], check=True,
        stdout=subprocess.PIPE, text=True,
    ).stdout.strip()  # fmt: skip


def test_another_seed_is_another_world() -> None:
    assert len({run_seed(seed).digest for seed in REPLAYED}) == len(REPLAYED)


def test_every_kind_of_trouble_strikes_and_is_counted() -> None:
    run: Run = run_range(0, 40)
    struck = {name for name in run.counts if name.startswith("fault:")}
    assert {f"fault:{kind}" for kind in KINDS} >= struck
    assert len(struck) > len(KINDS) / 2


def test_a_failed_seed_says_in_one_line_how_to_replay_it() -> None:
    result = run_seed(0)
    assert result.replay.startswith("python -m tests.chaos replay 0  # trace ")
    assert "\n" not in result.replay


@pytest.mark.parametrize("seed", [5994, 20133, 20156, 21360, 22766, 25193])
def test_seed_that_once_found_something_finds_nothing(seed: int) -> None:
    assert not run_seed(seed).findings
