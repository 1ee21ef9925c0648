"""Every fault of the plan on its own account at once: no line claims what the ledger denies."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

HORIZON = "[risk]\nbind_horizon_s = 10"
STATES = {
    "refuse": "refused",
    "429": "refused",
    "429_bare": "refused",
    "401": "refused",
    "403": "refused",
    "500_after": "filled",
    "reset_after": "filled",
    "hang_after": "filled",
    "cut_after": "filled",
    "late_accept": "filled",
    "no_location": "filled",
    "wrong_location": "filled",
    "list_lag": "filled",
    "async_reject": "rejected",
    "400_wrapping_500": "in_doubt",
    "500_before": "in_doubt",
    "503_before": "in_doubt",
    "reset_before": "in_doubt",
    "hang_before": "in_doubt",
}
"""What a line comes to after the horizon; faults that may end in several ways are left out."""


async def faults_by_account(stage: Stage) -> dict[str, str]:
    """Tell which fault each account met, by its last four digits."""
    accounts = (await stage.sim.ledger())["accounts"].values()
    return {
        account["last4"]: arrival["fault"]
        for account in accounts
        for arrival in account["arrivals"]
        if arrival["fault"]
    }


async def test_every_fault_at_once_is_told_truly_early_and_late(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--faults", "each", "--latency-ms", "20:60")
    stage.configure(HORIZON)
    order = await stage.condor()

    async with stage.daemon():
        early = view_of((await stage.send(order, "--wait=3")).document(code=5))
        found = await stage.audit([early])
        assert found.is_clean, found
        assert early.state == "in_doubt"

        async def bound() -> bool:
            found = await stage.audit()
            assert found.is_clean, found
            return not found.waiting

        await until_told(bound, "the reconciler binds what was placed", within_s=60)
        late = view_of(await stage.ask("broadcasts", early.broadcast))

    assert set((await stage.posts_by_account()).values()) == {1}
    faults = await faults_by_account(stage)
    assert len(faults) >= len(STATES)
    states = {line.last4: line.state for line in late.lines}
    expected = {last4: STATES[fault] for last4, fault in faults.items() if fault in STATES}
    assert {last4: states[last4] for last4 in expected} == expected
    untouched = Counter(state for last4, state in states.items() if last4 not in faults)
    assert untouched == {"filled": len(states) - len(faults)}
