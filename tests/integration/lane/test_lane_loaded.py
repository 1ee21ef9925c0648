"""Orders that are loaded and not fired yet: nothing leaves but by fire, and then once."""

from __future__ import annotations

import asyncio

import pytest
from tests.fakes.misbehaving import Script, misbehaving
from tests.fakes.stepped import stepped
from tests.integration.lane.steps import (
    Disturbance,
    answered,
    closes,
    cuts,
    resets,
    says_a_refusal,
    says_an_answer,
    says_it_openly,
    says_rubbish,
    sends_part_of_a_record,
    staged,
    takes_leave,
)
from tests.integration.lanes import (
    DEADLINE_S,
    Fired,
    Tls,
    accounts,
    fire,
    fire_loaded,
    lane_to,
    server_side,
)
from tests.integration.lanes import request as order

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.outcomes import Answer, Fault

ON_ANY = [says_an_answer, says_a_refusal, closes, cuts, resets]
ON_TLS = [takes_leave, says_rubbish, says_it_openly, sends_part_of_a_record]
DISTURBANCES = [
    *(pytest.param(one, False, id=f"plain {one.__name__}") for one in ON_ANY),
    *(pytest.param(one, True, id=f"tls {one.__name__}") for one in (*ON_ANY, *ON_TLS)),
]


@pytest.mark.parametrize(("disturb", "over_tls"), DISTURBANCES)
async def test_order_goes_over_the_spare_where_its_loaded_connection_was_disturbed(
    tls: Tls, disturb: Disturbance, over_tls: bool
) -> None:
    async with staged(tls if over_tls else None, spares=True) as stage:
        assert stage.spare is not None
        loaded = stage.lane.load([order("A0")])
        await disturb(stage.next)
        fired, request = await answered(stage.spare, loaded)
        assert request == order("A0").wire
        assert stage.next.heard == b""
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
    assert len(fired.answers) == fired.sent == 1
    assert len(stage.server.peers) == 2


@pytest.mark.parametrize(("disturb", "over_tls"), DISTURBANCES)
async def test_order_is_not_sent_where_no_spare_is_left(
    tls: Tls, disturb: Disturbance, over_tls: bool
) -> None:
    async with staged(tls if over_tls else None) as stage:
        loaded = stage.lane.load([order("A0")])
        await disturb(stage.next)
        fired = await fire_loaded(loaded)
        assert stage.next.heard == b""
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert len(fired.answers) == fired.sent == 1
    assert fired.answers[0].sent_ns is None


@pytest.mark.parametrize(("disturb", "over_tls"), DISTURBANCES)
async def test_disturbed_connection_is_replaced_by_the_next_warming(
    tls: Tls, disturb: Disturbance, over_tls: bool
) -> None:
    async with staged(tls if over_tls else None) as stage:
        await disturb(stage.next)
        await stage.lane.warm(["A0"])
        fired, _ = await answered(await stage.server.peer(), stage.lane.load([order("A0")]))
        assert stage.next.heard == b""
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}


@pytest.mark.parametrize(("disturb", "over_tls"), DISTURBANCES)
async def test_disturbed_line_takes_no_other_line_along(
    tls: Tls, disturb: Disturbance, over_tls: bool
) -> None:
    names, context = accounts(5), tls if over_tls else None
    async with stepped(server_side(context)) as server:
        lane = lane_to(server.port, context)
        peers = []
        for name in names:
            await lane.warm([name])
            peers.append(await server.peer())
        loaded = lane.load([order(name) for name in names])
        await disturb(peers.pop(2))
        fired = Fired()
        async with asyncio.TaskGroup() as group:
            group.create_task(loaded.fire(fired.on_sent, fired.answers.append, DEADLINE_S))
            for peer in peers:
                await peer.request()
                await says_an_answer(peer)
        await lane.close()
    kinds = fired.kinds()
    assert kinds.pop("A2") is OutcomeKind.NOT_SENT
    assert set(kinds.values()) == {OutcomeKind.ACCEPTED}
    assert len(fired.answers) == 5


async def test_nothing_of_a_discarded_burst_leaves_and_its_connection_is_gone(
    secure: Tls | None,
) -> None:
    async with staged(secure) as stage:
        loaded = stage.lane.load([order("A0")])
        loaded.discard()
        loaded.discard()
        with pytest.raises(ConnectionResetError):
            await stage.next.read()
        assert stage.next.heard == b""
        await stage.lane.warm(["A0"])
        fired, _ = await answered(await stage.server.peer(), stage.lane.load([order("A0")]))
        loaded.discard()
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
    assert len(stage.server.peers) == 2


async def test_discard_after_fire_changes_nothing(secure: Tls | None) -> None:
    async with misbehaving(server_side(secure)) as server:
        lane = lane_to(server.port, secure)
        await lane.warm(["A0"])
        loaded, fired = lane.load([order("A0")]), Fired()
        async with asyncio.TaskGroup() as group:
            group.create_task(loaded.fire(fired.on_sent, fired.answers.append, DEADLINE_S))
            await server.arrived.wait()
            loaded.discard()
        loaded.discard()
        assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
        assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.ACCEPTED}
        await lane.close()
    assert server.seen.connections == 1


async def test_two_orders_of_one_account_go_over_its_connection_and_its_spare(
    secure: Tls | None,
) -> None:
    async with misbehaving(server_side(secure)) as server:
        lane = lane_to(server.port, secure, spares=True)
        await lane.warm(["A0"])
        await lane.renew()
        orders = [order("A0", body) for body in (b"1", b"2", b"3")]
        fired = await fire_loaded(lane.load(orders))
        await lane.close()
    assert [answer.fault for answer in fired.answers] == [Fault.NO_CONNECTION, None, None]
    assert server.seen.requests == [one.wire for one in orders[:2]]


@pytest.mark.parametrize("answers", [0, 2, 4])
async def test_fire_cancelled_in_the_middle_reports_every_line_once(
    secure: Tls | None, answers: int
) -> None:
    names = accounts(5)
    async with misbehaving(server_side(secure)) as server:
        server.scripts = {name: Script() for name in names[answers:]}
        lane = lane_to(server.port, secure)
        await lane.warm(names)
        fired, in_time = Fired(), asyncio.Event()

        def on_answer(answer: Answer) -> None:
            fired.answers.append(answer)
            if len(fired.answers) == answers:
                in_time.set()

        loaded = lane.load([order(name) for name in names])
        firing = asyncio.create_task(loaded.fire(fired.on_sent, on_answer, DEADLINE_S))
        await (in_time if answers else server.arrived).wait()
        firing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await firing
        assert sorted(answer.account for answer in fired.answers) == names
        given_up = [one.account for one in fired.answers if one.fault is Fault.ABANDONED]
        assert sorted(given_up) == names[answers:]
        await lane.warm(names)
        server.scripts.clear()
        again = await fire(lane, names)
        await lane.close()
    assert set(again.kinds().values()) == {OutcomeKind.ACCEPTED}
    assert server.seen.connections == 5 + len(given_up)


async def test_lane_that_closes_gives_up_what_is_on_its_way_and_sends_nothing_more(
    secure: Tls | None,
) -> None:
    names = accounts(3)
    async with misbehaving(server_side(secure)) as server:
        server.scripts = {name: Script() for name in names}
        lane = lane_to(server.port, secure)
        await lane.warm([*names, "B0"])
        loaded, fired = lane.load([order("B0")]), Fired()
        async with asyncio.TaskGroup() as group:
            burst = lane.load([order(name) for name in names])
            group.create_task(burst.fire(fired.on_sent, fired.answers.append, DEADLINE_S))
            await server.arrived.wait()
            await lane.close()
        late = await fire_loaded(loaded)
        await lane.warm(["C0"])
        never = await fire(lane, ["C0"])
        asked = await lane.ask(order("C0"), DEADLINE_S)
    assert [answer.fault for answer in fired.answers] == [Fault.ABANDONED] * 3
    assert late.kinds() == {"B0": OutcomeKind.NOT_SENT}
    assert never.kinds() == {"C0": OutcomeKind.NOT_SENT}
    assert asked.fault is Fault.NO_CONNECTION
    assert b"/B0/" not in b"".join(server.seen.requests)
