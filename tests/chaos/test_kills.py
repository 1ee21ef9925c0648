"""Desks that are killed, out of room, not alone, out of time or on a damaged file: a few of each.

``python -m tests.chaos kills`` (full, dual, clock, corrupt) runs them by the thousand.
"""

from __future__ import annotations

import pytest

from tests.chaos.clock import Jump, run_jump
from tests.chaos.corrupt import DAMAGES, Damage, run_damages
from tests.chaos.dual import run_dual
from tests.chaos.figures import Tally
from tests.chaos.filling import FILLINGS
from tests.chaos.full import Full, run_full
from tests.chaos.kills import Kill, run_kill
from tests.chaos.points import ANY_MOMENT, POINTS
from tests.chaos.rebuilt import run_rebuilt
from tests.chaos.yard import yard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CHUNK = 10
"""So many kills to a test: the workers share them out."""

KILLED = tuple(POINTS)[::2][:40]
"""Every other moment: of each that has a before and an after, one."""

WRITES = (0, 1, 2, 4, 8, 14, 20)
"""From which write on there is no room."""

FULL = [Full(way, write, 3 * write + i) for write in WRITES for i, way in enumerate(FILLINGS)][:20]
JUMPS = (
    Jump("while", -3600, 0), Jump("while", 60, 1), Jump("across", -30, 2), Jump("across", 1, 3),
    Jump("across", 86_400, 4), Jump("asleep", 600, 5),
)  # fmt: skip


def test_there_are_moments_enough_to_be_killed_at() -> None:
    assert len(POINTS) >= 90
    assert len(set(KILLED)) == 40


@pytest.mark.parametrize("first", range(0, len(KILLED), CHUNK))
async def test_a_killed_desk_is_taken_up_with_nothing_lost_doubled_or_lied_about(
    first: int,
) -> None:
    tally, points = Tally("kills"), KILLED[first : first + CHUNK]
    async with yard() as place:
        for number, point in enumerate(points, first):
            await run_kill(place, Kill(point, 1 + number % 2, number), tally)
    assert tally.failures == []
    assert tally.never_came == []
    assert sum(tally.points.values()) == len(points)


async def test_a_desk_killed_at_any_time_is_taken_up() -> None:
    tally = Tally("kills")
    async with yard() as place:
        for number in range(4):
            await run_kill(place, Kill(ANY_MOMENT, 700 * (number + 1), number), tally)
    assert tally.failures == []


@pytest.mark.parametrize("first", range(0, len(FULL), CHUNK))
async def test_what_cannot_be_written_down_is_not_sent(first: int) -> None:
    tally = Tally("full")
    async with yard() as place:
        for full in FULL[first : first + CHUNK]:
            await run_full(place, full, tally)
    assert tally.failures == []
    assert tally.counts["refused_steps"] >= CHUNK


async def test_of_several_processes_one_writes_and_sends_once() -> None:
    tally = Tally("dual")
    async with yard() as place:
        for number in range(6):
            await run_dual(place, number, tally)
    assert tally.failures == []
    assert tally.counts["writers"] >= 6


async def test_a_clock_that_jumps_binds_no_wrong_order_and_lengthens_nothing() -> None:
    tally = Tally("clock")
    async with yard() as place:
        for jump in JUMPS:
            await run_jump(place, jump, tally)
    assert tally.failures == []


async def test_a_damaged_or_newer_file_is_refused_and_left_as_it_is() -> None:
    tally = Tally("corrupt")
    async with yard() as place:
        await run_damages(place, [Damage.numbered(n) for n in range(4 * len(DAMAGES))], tally)
    assert tally.failures == []
    assert tally.counts["refused"] >= 12


async def test_a_home_whose_file_is_lost_adopts_what_works_at_the_broker() -> None:
    tally = Tally("corrupt")
    async with yard() as place:
        await run_rebuilt(place, 1, tally)
    assert tally.failures == []
    assert tally.counts["adopted"] >= 3


# --- the campaigns can fail ----------------------------------------------------------------------


async def test_orders_that_leave_before_the_commit_are_found() -> None:
    tally = Tally("kills")
    async with yard("leaves before the commit") as place:
        await run_kill(place, Kill("journal.open_broadcast.before", 1, 0), tally)
    assert any("lost" in one for one in tally.failures)


async def test_orders_sent_though_they_could_not_be_written_down_are_found() -> None:
    tally = Tally("full")
    async with yard("sends unwritten") as place:
        await run_full(place, Full("pages", 4, 0), tally)
    assert any("lost" in one for one in tally.failures)


async def test_lines_left_as_they_were_by_a_start_are_found() -> None:
    tally = Tally("kills")
    async with yard("forgets what was left") as place:
        await run_kill(place, Kill("order.written", 2, 0), tally)
    assert any("unjudged" in one for one in tally.failures)


async def test_two_owners_of_one_home_are_found() -> None:
    tally = Tally("dual")
    async with yard("owns without lock") as place:
        for number in range(3):
            await run_dual(place, number, tally)
    assert any("opened the database while" in one for one in tally.failures)


async def test_an_order_of_long_ago_that_is_taken_for_ours_is_found() -> None:
    tally = Tally("clock")
    async with yard("looks at any time") as place:
        for number in (0, 2, 3):
            await run_jump(place, Jump("across", 1, number), tally)
    assert any("lied" in one for one in tally.failures)
