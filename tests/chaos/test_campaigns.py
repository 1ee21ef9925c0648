"""Campaigns are run in parts, are kept, and can be gone on with."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos import __main__ as campaigns
from tests.chaos import results
from tests.chaos.findings import Finding
from tests.chaos.page import page
from tests.chaos.runner import Result
from tests.chaos.seeds import PART, Campaign, Run, gaps


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "chaos")
    monkeypatch.setattr(results, "PAGE", tmp_path / "chaos.md")
    return tmp_path


def test_only_seeds_that_were_not_run_are_left() -> None:
    assert list(gaps([], 0, 2 * PART)) == [(0, PART), (PART, 2 * PART)]
    assert list(gaps([(0, PART)], 0, PART + 10)) == [(PART, PART + 10)]
    assert list(gaps([(10, 20), (30, 40)], 0, 35)) == [(0, 10), (20, 30)]
    assert list(gaps([(0, 100)], 20, 80)) == []


def test_parts_in_a_row_are_one_range_of_their_commit() -> None:
    campaign = Campaign()
    campaign.add(Run(0, 10, counts=Counter(one=1)))
    campaign.add(Run(20, 30))
    campaign.add(Run(10, 20, counts=Counter(one=2)))
    assert campaign.done == [(0, 20), (20, 30)]
    assert campaign.figures()["counts"] == {"one": 3}
    assert campaign.figures()["seeds"] == 30


def test_campaign_goes_on_where_it_was_kept() -> None:
    failed = Result(3, "digest", [Finding("lost", 1.0, "order 7")])
    run = Run(0, 10, counts=Counter({"fault:429": 5}))
    run.take(failed)
    campaign = Campaign()
    campaign.add(run)
    results.keep(campaign.figures())
    again = Campaign.kept()
    assert again.figures() == campaign.figures()
    assert again.done == [(0, 10)]
    assert again.failures == {3: failed.replay}
    assert again.figures()["lost"] == 1


def test_kept_figures_say_when_and_of_what_they_are(kept: Path) -> None:
    results.keep({"campaign": "clock", "cases": 3, "failures": []})
    document = json.loads((kept / "chaos" / "clock.json").read_text("utf-8"))
    assert document.keys() >= {"date", "commit", "python", "cases"}
    assert "| cases | 3 |" in (kept / "chaos.md").read_text("utf-8")


def test_page_shows_tables_lists_and_figures() -> None:
    stamp = {"date": "2026-12-01", "commit": "abc", "python": "3.11"}
    document = {"campaign": "x", "runs": 1234, "none": [], "by": {"a_b": 1}, "failures": ["one"]}
    rows = [{"bug": "first", "seeds": 2}]
    text = page({"x": {**document, "hunts": rows, **stamp}})
    for line in ("| runs | 1,234 |", "| none | none |", "| a_b | 1 |", "- `one`", "| first | 2 |"):
        assert line in text


@pytest.mark.parametrize(
    ("words", "is_kept"),
    [
        ("seeds 0 10", True),
        ("bugs", True),
        ("replay 3", False),
        ("cuts --sample 3", False),
        ("--only-print bugs", False),
    ],
)
def test_only_whole_campaigns_are_kept(words: str, is_kept: bool) -> None:
    assert campaigns.is_kept(campaigns.parser().parse_args(words.split())) is is_kept


def test_failure_makes_the_command_fail() -> None:
    assert campaigns.failed({"failures": ["one"]})
    assert campaigns.failed({"mismatches": 1})
    assert not campaigns.failed({"failures": [], "mismatches": 0})
