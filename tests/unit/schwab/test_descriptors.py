from __future__ import annotations

import resource

import pytest

from swimdesk.errors import ConfigError
from swimdesk.schwab.lane.descriptors import ensure_room_for, needed_for


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Stand in for the limits of this process: what is set last counts."""
    kept: list[tuple[int, int]] = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: kept[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: kept.append(wanted))
    return kept


def test_limit_that_is_enough_is_left_alone(limits: list[tuple[int, int]]) -> None:
    ensure_room_for(45)
    assert limits == [(1024, 4096)]


def test_soft_limit_is_raised_by_ourselves(limits: list[tuple[int, int]]) -> None:
    ensure_room_for(1000)
    assert limits[-1] == (needed_for(1000), 4096)


def test_hard_limit_that_is_too_low_is_refused_with_the_figure_to_set(
    limits: list[tuple[int, int]],
) -> None:
    with pytest.raises(ConfigError, match="5,000 accounts need 10,256 open files") as refusal:
        ensure_room_for(5000)
    assert "ulimit -n 10256" in refusal.value.detail
    assert limits == [(1024, 4096)]


def test_no_limit_is_no_obstacle(limits: list[tuple[int, int]]) -> None:
    limits.append((1024, resource.RLIM_INFINITY))
    ensure_room_for(5000)
    assert limits[-1] == (10_256, resource.RLIM_INFINITY)
