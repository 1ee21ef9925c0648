"""The desk's wall time goes on evenly, whoever sets the machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from swimdesk.bootstrap import SystemClock
from swimdesk.bootstrap import home as module


def test_clock_begins_with_the_machines_wall_time() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC) + timedelta(milliseconds=1)
    assert now.utcoffset() == timedelta(0)


def test_machine_set_to_another_day_does_not_move_the_desks_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([5_000_000_000, 7_000_000_000])
    monkeypatch.setattr(module, "_since_boot_ns", lambda: next(ticks))
    clock = SystemClock()
    begun = clock.now() - timedelta(seconds=2)
    assert abs(begun - datetime.now(UTC)) < timedelta(minutes=1)
    monkeypatch.setattr(module, "_since_boot_ns", lambda: 10_000_000_000)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.now() == begun + timedelta(seconds=5)
