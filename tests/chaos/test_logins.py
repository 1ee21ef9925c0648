"""A desk under load whose token endpoint goes away, and one whose machine slept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from swimdesk.desk.desk import Desk
from swimdesk.errors import SwimdeskError
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest
from tests.chaos.keeping import InlineExecutor, KeptWorld
from tests.chaos.life import task_of_life
from tests.chaos.timing import now_s
from tests.chaos.world import Size
from tests.fakes.virtual import run_virtual

ORDER_EVERY_S = 60.0
OUTAGE_S = 20 * 60.0
ORDER = "BUY +1 SPY @MKT"
SIZE = Size(accounts=12, logins=3)


@asynccontextmanager
async def a_staying_desk(world: KeptWorld) -> AsyncIterator[Desk]:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(task_of_life)
    loop.set_default_executor(InlineExecutor())
    await world.start()
    process = world.process
    assert process is not None

    async def stay() -> None:
        process.desk.stay()

    await process.life.run(stay())
    try:
        yield process.desk
    finally:
        await world.close(process)


async def lives(world: KeptWorld, desk: Desk) -> bool:
    """Tell whether every login has a token that has not ended."""
    ends = [login.access_expires for login in await desk.logins()]
    return all(end is not None and end > world.clock.now() for end in ends)


@dataclass
class Load:
    """Orders to all accounts again and again, and what became of them while tokens lived or not."""

    world: KeptWorld
    desk: Desk
    alive: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)

    async def until(self, end_s: float) -> None:
        process = self.world.process
        assert process is not None
        while now_s() < end_s:
            counted = self.alive if await lives(self.world, self.desk) else self.dead
            counted.update(await process.life.run(self._sent()))
            await asyncio.sleep(ORDER_EVERY_S)

    async def _sent(self) -> list[str]:
        """Send one share to every account; return what became of each."""
        try:
            plan = await self.desk.preview(PlanRequest(ORDER, Scope(everyone=True)))
            id_ = self.world.ids.mint()
            await self.desk.submit(SubmitRequest(plan.plan, id_))
            view = await self.desk.follow(id_, 10.0)
        except SwimdeskError as error:
            return [error.code] * SIZE.accounts
        return [line.state for line in view.lines]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_endpoint_that_is_away_for_twenty_minutes_costs_no_order_while_a_token_lives(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        world = KeptWorld(SIZE, tmp_path, {})
        async with a_staying_desk(world) as desk:
            before, outage, after = Load(world, desk), Load(world, desk), Load(world, desk)
            await asyncio.sleep(1.0)
            # Up to the moment before tokens are renewed: their last minutes are in the outage.
            await before.until(1320.0)
            world.road.is_down = True
            await outage.until(now_s() + OUTAGE_S)
            world.road.is_down = False
            await asyncio.sleep(60.0)
            await after.until(now_s() + 300.0)
            alarms = desk.book.snapshot.alarms
        assert set(before.alive) == set(outage.alive) == set(after.alive) == {"filled"}
        assert outage.alive["filled"] >= 5 * SIZE.accounts
        assert set(outage.dead) == {"BROKER_UNREACHABLE"}
        assert not before.dead
        assert not after.dead
        assert set(world.road.kinds) == {"refresh_token"}
        (alarm,) = alarms
        assert alarm.startswith("login login-01, login-02, login-03: no new token yet")

    run_virtual(scenario())


def test_desk_whose_machine_slept_nine_hours_recovers_or_asks_for_a_person_once(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        world = KeptWorld(SIZE, tmp_path, {"login-02": timedelta(days=6, hours=20)})
        async with a_staying_desk(world) as desk:
            await asyncio.sleep(60.0)
            assert {login.state for login in await desk.logins()} == {"ok", "expiring"}
            world.road.kinds.clear()
            told = len(desk.book.snapshot.alarms)
            world.sleep(timedelta(hours=9))
            assert not await lives(world, desk)
            await asyncio.sleep(21.0)
            states = {login.login: login.state for login in await desk.logins()}
            assert states == {"login-01": "ok", "login-02": "sign_in_needed", "login-03": "ok"}
            assert world.road.kinds == ["refresh_token"] * SIZE.logins
            await asyncio.sleep(1200.0)
            assert len(world.road.kinds) == SIZE.logins
            (alarm,) = desk.book.snapshot.alarms[told:]
            assert "login-02" in alarm
            assert "swimdesk login login-02" in alarm

    run_virtual(scenario())
