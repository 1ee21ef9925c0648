"""The bench sees bugs: three of the twelve that are planted, and how a hunt is told."""

from __future__ import annotations

import pytest

from tests.chaos.bugs import Hunt, figures_of, hunt
from tests.chaos.planted import BUGS
from tests.chaos.runner import run_seed

SAMPLED = ("retry-on-timeout", "sending-after-send", "absence-from-failed-read")
"""Those that show soonest; ``python -m tests.chaos bugs`` tries all."""


def test_twelve_bugs_can_be_planted() -> None:
    assert len(BUGS) == 12
    assert set(SAMPLED) <= BUGS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("bug", SAMPLED)
def test_planted_bug_is_seen_and_gone_when_it_is_taken_out(bug: str) -> None:
    found = hunt(bug)
    assert found.seed is not None, found.finding
    assert run_seed(found.seed).findings == []


def test_bug_that_no_seed_shows_is_a_failure_of_the_bench() -> None:
    figures = figures_of([Hunt("one", 100, None, "never seen"), Hunt("two", 3, 2, "lost")])
    assert (figures["caught"], figures["bugs"], figures["most_seeds"]) == (1, 2, 100)
    assert figures["failures"] == ["python -m tests.chaos bugs one  # not seen"]
