"""Connections that wait: replaced before they are of no use, and never missing meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
from tests.fakes.misbehaving import Ending
from tests.fakes.stepped import stepped
from tests.integration.lane.steps import Disturbance, answered, closes, cuts, resets, staged
from tests.integration.lanes import Tls, accounts, fire, lane_to, request, server_side
from tests.unit.schwab.support import StoppedClock

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane import Lane, LaneBurst
from swimdesk.schwab.lane import lane as lane_module
from swimdesk.schwab.lane.dialing import Dialer
from swimdesk.schwab.lane.idle import IDLE_LIMIT_S
from swimdesk.schwab.lane.lane import IN_USE_S, REOPEN_AFTER_S
from swimdesk.schwab.network import NoConnection

ACCEPTED = {"A0": OutcomeKind.ACCEPTED}
Open = Callable[[Lane], Awaitable[None]]


async def renews(lane: Lane) -> None:
    await lane.renew()


async def warms(lane: Lane) -> None:
    await lane.warm(["A0"])


@pytest.mark.parametrize("end", [closes, cuts, resets])
@pytest.mark.parametrize("opens", [renews, warms])
async def test_connection_that_ended_while_idle_is_replaced(
    secure: Tls | None, end: Disturbance, opens: Open
) -> None:
    async with staged(secure) as stage:
        await end(stage.next)
        await opens(stage.lane)
        fired, _ = await answered(await stage.server.peer(), stage.lane.load([request("A0")]))
    assert fired.kinds() == ACCEPTED
    assert len(stage.server.peers) == 2


@pytest.mark.parametrize("end", [closes, cuts, resets])
async def test_spare_that_ended_while_idle_is_replaced_and_the_other_one_stays(
    secure: Tls | None, end: Disturbance
) -> None:
    async with staged(secure, spares=True) as stage:
        assert stage.spare is not None
        await end(stage.spare)
        await stage.lane.renew()
        await stage.server.peer()
        await stage.lane.renew()
    assert len(stage.server.peers) == 3


@pytest.mark.parametrize(
    ("idle_s", "opened"), [(REOPEN_AFTER_S - 5, 0), (REOPEN_AFTER_S + 1, 2)], ids=["young", "old"]
)
async def test_both_connections_are_opened_anew_long_before_they_go_stale(
    secure: Tls | None, idle_s: float, opened: int
) -> None:
    assert idle_s < IDLE_LIMIT_S - lane_module.ROUND_S
    async with staged(secure, spares=True) as stage:
        stage.clock.advance(idle_s)
        await stage.lane.renew()
        await stage.lane.renew()
        assert len(stage.server.peers) == 2 + opened
        for old in stage.server.peers[:opened]:
            await old.is_left()


async def test_account_has_its_old_connection_while_a_new_one_is_being_opened(tls: Tls) -> None:
    async with staged(tls) as stage, asyncio.TaskGroup() as group:
        stage.clock.advance(REOPEN_AFTER_S + 1)
        stage.server.answers.clear()
        stage.server.came.clear()
        renewal = group.create_task(stage.lane.renew())
        await stage.server.came.wait()
        fired, _ = await answered(stage.next, stage.lane.load([request("A0")]))
        assert fired.kinds() == ACCEPTED
        assert not renewal.done()
        stage.server.answers.set()
        await renewal
        again, _ = await answered(await stage.server.peer(), stage.lane.load([request("A0")]))
        assert again.kinds() == ACCEPTED


async def test_renewal_that_fails_leaves_the_old_connection(tls: Tls) -> None:
    async with stepped(tls.server) as server:
        clock = StoppedClock()
        lane = lane_to(server.port, tls, clock)
        await lane.warm(["A0"])
        peer = await server.peer()
        clock.advance(REOPEN_AFTER_S + 1)
        await server.stop()
        await lane.renew()
        fired, _ = await answered(peer, lane.load([request("A0")]))
        await lane.close()
    assert fired.kinds() == ACCEPTED


@pytest.mark.parametrize("refuses", ["connection", "name"])
async def test_order_is_not_trusted_to_a_stale_connection_that_cannot_be_replaced(
    secure: Tls | None, refuses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stepped(server_side(secure)) as server:
        clock = StoppedClock()
        lane = lane_to(server.port, secure, clock)
        await lane.warm(["A0"])
        peer = await server.peer()
        clock.advance(IDLE_LIMIT_S + 1)
        if refuses == "name":
            monkeypatch.setattr(Dialer, "addresses", finds_no_name)
        await server.stop()
        await lane.warm(["A0"])
        fired = await fire(lane, ["A0"], deadline_s=0.05)
        assert peer.heard == b""
        await lane.close()
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert fired.answers[0].detail


async def finds_no_name(_: Dialer) -> NoReturn:
    raise NoConnection("the name is not found")


async def test_account_that_nobody_uses_is_left_alone() -> None:
    async with staged(None, spares=True) as stage:
        stage.clock.advance(IN_USE_S + 1)
        await stage.lane.renew()
        assert len(stage.server.peers) == 2
        await stage.lane.warm(["A0"])
        await stage.lane.renew()
        assert len(stage.server.peers) == 4


async def test_account_that_was_never_warmed_is_left_alone() -> None:
    async with stepped() as server:
        lane = lane_to(server.port, spares=True)
        await lane.renew()
        await fire(lane, ["A0"])
        await lane.renew()
        await lane.close()
    assert server.peers == []


async def test_kept_lane_opens_spares_as_soon_as_an_account_is_warm(secure: Tls | None) -> None:
    async with stepped(server_side(secure)) as server:
        lane = lane_to(server.port, secure, spares=True)
        keeping = asyncio.create_task(lane.keep_warm())
        await lane.warm(accounts(3))
        for _ in range(6):
            await server.peer()
        await stopped(keeping)
        await lane.close()
    assert len(server.peers) == 6


async def test_kept_lane_opens_old_connections_anew_round_by_round(
    secure: Tls | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_module, "ROUND_S", 0.001)
    async with staged(secure) as stage:
        keeping = asyncio.create_task(stage.lane.keep_warm())
        for _ in range(3):
            stage.clock.advance(REOPEN_AFTER_S + 1)
            await stage.server.peer()
        await stopped(keeping)


async def test_kept_lane_goes_on_when_the_broker_is_away_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_module, "ROUND_S", 0.001)
    async with staged(None) as stage:
        await stage.next.end(Ending.RESET)
        await stage.server.stop()
        keeping = asyncio.create_task(stage.lane.keep_warm())
        assert (await fire(stage.lane, ["A0"])).kinds() == {"A0": OutcomeKind.NOT_SENT}
        stage.server.start()
        await stage.server.peer()
        await stopped(keeping)


@pytest.mark.parametrize("opens", [renews, warms])
@pytest.mark.parametrize("ends", ["fire", "discard"])
async def test_no_handshake_begins_before_a_loaded_burst_has_left(
    secure: Tls | None, opens: Open, ends: str
) -> None:
    async with staged(secure) as stage:
        loaded = stage.lane.load([])
        stage.clock.advance(IDLE_LIMIT_S + 1)
        opening = asyncio.create_task(as_coroutine(opens, stage.lane))
        await let_others_handshake(stage.server.port, secure)
        assert len(stage.server.peers) == 1 + OTHERS
        await let_leave(loaded, ends)
        await opening
        assert len(stage.server.peers) == 2 + OTHERS


@pytest.mark.parametrize("opens", [renews, warms])
async def test_burst_that_never_leaves_keeps_nobody_waiting_for_ever(
    opens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_module, "LONGEST_LOAD_S", 0.001)
    async with staged(None) as stage:
        loaded = stage.lane.load([])
        stage.clock.advance(IDLE_LIMIT_S + 1)
        await opens(stage.lane)
        assert len(stage.server.peers) == 2
        loaded.discard()


OTHERS = 3


async def let_others_handshake(port: int, secure: Tls | None) -> None:
    """Give whoever may open a connection the time that it takes, by somebody else's measure."""
    for _ in range(OTHERS):
        other = lane_to(port, secure)
        await other.warm(["B0"])
        await other.close()


async def let_leave(loaded: LaneBurst, how: str) -> None:
    if how == "discard":
        loaded.discard()
    else:
        await loaded.fire(lambda: None, lambda _: None, 1)


async def as_coroutine(opens: Open, lane: Lane) -> None:
    await opens(lane)


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
