from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
from tests.fakes.misbehaving import (
    ORDER_ID,
    Ending,
    Script,
    accepted,
    location,
    misbehaving,
    response,
    unused_port,
)
from tests.integration.lanes import (
    DEADLINE_S,
    Fired,
    Tls,
    accounts,
    burst,
    fire,
    lane_to,
    request,
)
from tests.unit.schwab.support import StoppedClock

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane import Lane
from swimdesk.schwab.outcomes import Answer, Fault

FINE = response(201, headers={"Location": location("A0")})


async def test_48_orders_leave_once_each_over_tls_and_are_accepted(tls: Tls) -> None:
    names = accounts(48)
    async with misbehaving(tls.server) as server:
        fired = await burst(server, names, tls)
    assert fired.sent == 1
    assert {o.order_id for o in fired.outcomes().values()} == {ORDER_ID}
    assert set(fired.kinds().values()) == {OutcomeKind.ACCEPTED}
    assert len(fired.answers) == 48
    assert server.seen.connections == 48
    assert sorted(server.seen.requests) == sorted(request(name).wire for name in names)


async def test_stamps_follow_the_order_of_sending() -> None:
    names = accounts(5)
    async with misbehaving() as server:
        fired = await burst(server, names[::-1])
    by_account = {answer.account: answer for answer in fired.answers}
    sent = [by_account[name].sent_ns or 0 for name in names[::-1]]
    assert sent == sorted(sent)
    for answer in fired.answers:
        stamps = [answer.sent_ns, answer.first_byte_ns, answer.acked_ns]
        assert None not in stamps
        assert stamps == sorted(stamps, key=lambda ns: ns or 0)


async def test_connections_are_used_again() -> None:
    names = accounts(3)
    async with misbehaving() as server:
        lane = lane_to(server.port)
        for _ in range(3):
            await lane.warm(names)
            assert set((await fire(lane, names)).kinds().values()) == {OutcomeKind.ACCEPTED}
        await lane.close()
    assert server.seen.connections == 3
    assert len(server.seen.requests) == 9


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(FINE + b"HTTP/1.1 500 X\r\n\r\n", id="leftover bytes"),
        pytest.param(
            response(201, headers={"Location": location("A0"), "Connection": "close"}), id="close"
        ),
        pytest.param(FINE.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
    ],
)
async def test_connection_is_not_used_again_after_an_answer_that_ends_it(says: bytes) -> None:
    async with misbehaving() as server:
        server.scripts["A0"] = Script(says)
        lane = lane_to(server.port)
        await lane.warm(["A0"])
        assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.ACCEPTED}
        second = await fire(lane, ["A0"])
        assert second.kinds() == {"A0": OutcomeKind.NOT_SENT}
        await lane.close()
    assert len(server.seen.requests) == 1


@pytest.mark.parametrize(("idle_s", "connections"), [(70, 1), (80, 2)])
async def test_idle_connections_outlive_a_plan_and_are_then_replaced(
    idle_s: int, connections: int
) -> None:
    clock = StoppedClock()
    async with misbehaving() as server:
        lane = lane_to(server.port, clock=clock)
        await lane.warm(["A0"])
        clock.advance(idle_s)
        await lane.warm(["A0"])
        assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.ACCEPTED}
        await lane.close()
    assert server.seen.connections == connections


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_connection_whose_end_has_only_reached_the_kernel_is_replaced(
    tls: Tls, secure: bool
) -> None:
    async with misbehaving(tls.server if secure else None) as server:
        lane = lane_to(server.port, tls if secure else None)
        await lane.warm(accounts(2))
        for transport in server.open_transports:
            transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await lane.warm(accounts(2))
        assert set((await fire(lane, accounts(2))).kinds().values()) == {OutcomeKind.ACCEPTED}
        await lane.close()
    assert server.seen.connections == 4


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_connection_that_ended_while_idle_is_not_sent_and_not_reopened(
    tls: Tls, secure: bool
) -> None:
    async with misbehaving(tls.server if secure else None) as server:
        lane = lane_to(server.port, tls if secure else None)
        await lane.warm(accounts(2))
        server.end_connections()
        await server.everybody_left.wait()
        fired = await fire(lane, accounts(2))
        assert set(fired.kinds().values()) == {OutcomeKind.NOT_SENT}
        assert fired.answers[0].sent_ns is None
        await lane.warm(accounts(2))
        assert set((await fire(lane, accounts(2))).kinds().values()) == {OutcomeKind.ACCEPTED}
        await lane.close()
    assert server.seen.connections == 4
    assert len(server.seen.requests) == 2


async def test_nobody_listening_is_not_sent_with_the_cause() -> None:
    lane = lane_to(unused_port())
    await lane.warm(accounts(3))
    fired = await fire(lane, accounts(3))
    assert set(fired.kinds().values()) == {OutcomeKind.NOT_SENT}
    assert fired.sent == 1
    assert "refuses the connection" in (fired.outcomes()["A0"].reason or "")


async def test_untrusted_certificate_is_not_sent_and_names_the_setting(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        lane = lane_to(server.port, Tls(tls.server, ssl.create_default_context()))
        await lane.warm(["A0"])
        fired = await fire(lane, ["A0"])
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert "ca_file" in (fired.outcomes()["A0"].reason or "")


async def test_server_that_never_shakes_hands_is_not_sent(tls: Tls) -> None:
    async with misbehaving() as server:
        clock, host = StoppedClock(), "127.0.0.1"
        lane = Lane(host, server.port, tls.client, host, clock, connect_timeout_s=0.05)
        await lane.warm(["A0"])
        fired = await fire(lane, ["A0"])
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert "did not answer in time" in (fired.outcomes()["A0"].reason or "")
    assert server.seen.requests == []


async def test_callers_who_warm_at_once_share_the_connection() -> None:
    async with misbehaving() as server:
        lane = lane_to(server.port)
        await asyncio.gather(lane.warm(accounts(3)), lane.warm(accounts(3)))
        await lane.close()
    assert server.seen.connections == 3


async def test_unwarmed_account_is_not_sent() -> None:
    async with misbehaving() as server:
        fired = await fire(lane_to(server.port), ["A0"])
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert server.seen.connections == 0


async def test_hanging_order_does_not_keep_the_next_one_of_its_account_waiting() -> None:
    async with misbehaving() as server:
        server.scripts["A0"] = Script()
        lane = lane_to(server.port)
        await lane.warm(["A0"])
        first = Fired()
        async with asyncio.TaskGroup() as group:
            hanging = group.create_task(
                lane.load([request("A0")]).fire(first.on_sent, first.answers.append, DEADLINE_S)
            )
            await server.arrived.wait()
            server.scripts["A0"] = accepted("A0")
            await lane.warm(["A0"])
            assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.ACCEPTED}
            hanging.cancel()
        await lane.close()
    # Given up by the program itself: still reported, still unknown.
    assert [a.fault for a in first.answers] == [Fault.ABANDONED]
    assert len(server.seen.requests) == 2


async def test_silence_until_the_deadline_is_unknown_for_the_silent_line_only() -> None:
    names = accounts(4)
    async with misbehaving() as server:
        server.scripts["A2"] = Script(FINE[:30])
        lane = lane_to(server.port)
        await lane.warm(names)
        fired = Fired()
        others_done = asyncio.Event()

        def on_answer(answer: Answer) -> None:
            fired.answers.append(answer)
            if len(fired.answers) == 3:
                others_done.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(
                lane.load([request(n) for n in names]).fire(fired.on_sent, on_answer, 1.0)
            )
            await others_done.wait()
        await lane.close()
    kinds = fired.kinds()
    assert kinds.pop("A2") is OutcomeKind.UNKNOWN
    assert fired.answers[-1].fault is Fault.DEADLINE
    assert set(kinds.values()) == {OutcomeKind.ACCEPTED}
    assert len(server.seen.requests) == 4


async def test_error_of_a_callback_loses_no_other_line() -> None:
    names = accounts(6)
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, c: troubles.append(c["exception"]))
    reported: list[str] = []

    def on_answer(answer: Answer) -> None:
        reported.append(answer.account)
        raise RuntimeError(answer.account)

    def on_sent() -> None:
        raise ValueError("painting")

    async with misbehaving() as server:
        server.scripts["A1"] = Script(ending=Ending.RESET)
        lane = lane_to(server.port)
        await lane.warm(names[:5])
        await lane.load([request(n) for n in names]).fire(on_sent, on_answer, DEADLINE_S)
        await lane.close()
    assert sorted(reported) == names
    assert len(troubles) == 7
