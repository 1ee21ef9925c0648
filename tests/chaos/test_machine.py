"""Whatever is done to a desk in whatever order, what must hold does; and bugs do not."""

from __future__ import annotations

import pytest

from tests.chaos.machine import run_part
from tests.chaos.planted import BUGS

pytestmark = pytest.mark.slow

EXAMPLES, PARTS = 500, 20


@pytest.mark.parametrize("part", range(PARTS))
def test_everything_holds_after_every_step(part: int) -> None:
    assert run_part(part, EXAMPLES // PARTS) is None


@pytest.mark.parametrize("bug", ["sending-after-send", "dedup-before-apply"])
def test_machine_sees_planted_bugs(bug: str) -> None:
    with BUGS[bug]():
        assert any(run_part(part, 25) is not None for part in range(4))
