"""Broadcast after broadcast: one request per order, bounded reads, both books equal."""

from __future__ import annotations

import pytest
from tests.e2e.books import line_states
from tests.e2e.conftest import SetStage
from tests.e2e.stage import view_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

BROADCASTS = 12
ACCOUNTS = 48
LOGINS = 12
READS_A_BROADCAST = 10
"""Order lists of one login that following a broadcast for a second may take, at the most."""


async def test_soak_sends_each_order_once_and_reads_within_bounds(set_stage: SetStage) -> None:
    stage = await set_stage("--profile", "uniform", "--latency-ms", "5:20")
    orders = await stage.condors(BROADCASTS)
    before = await stage.requests()

    async with stage.daemon():
        for order in orders:
            view = view_of((await stage.send(order, "--wait=1")).document(code=0))
            assert view.counts["accepted"] == ACCOUNTS
        found = await stage.audit()
        made = await stage.requests() - before

    assert found.is_clean, found
    assert not found.waiting
    assert made["order_place"] == BROADCASTS * ACCOUNTS
    assert set((await stage.posts_by_account()).values()) == {BROADCASTS}
    assert made["orders"] + made["account_orders"] <= BROADCASTS * LOGINS * READS_A_BROADCAST
    assert made["accounts"] + made["account"] <= BROADCASTS * LOGINS * 3
    assert made["account_numbers"] <= 2 * LOGINS
    assert line_states(stage.home).total() == BROADCASTS * ACCOUNTS
