"""Many accounts at once: everybody is served, whatever the others meet with."""

from __future__ import annotations

import asyncio
import gzip

from tests.fakes.misbehaving import Ending, Script, misbehaving, response
from tests.fakes.stepped import stepped
from tests.integration.lane.steps import FINE, REFUSAL, closes, cuts, resets
from tests.integration.lanes import (
    DEADLINE_S,
    Fired,
    Tls,
    accounts,
    fire,
    lane_to,
    request,
    server_side,
)

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane.poll import AT_ONCE

ACCEPTED, REFUSED = OutcomeKind.ACCEPTED, OutcomeKind.REFUSED
NOT_SENT, UNKNOWN = OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN
ENDS = (Ending.CLOSE, Ending.CUT, Ending.RESET)
PACKED = response(400, gzip.compress(b'{"message":"no"}'), {"Content-Encoding": "gzip"})
FAULTS = [
    *((Script(b"", ending), UNKNOWN) for ending in ENDS),
    *((Script(FINE[:-1], ending), UNKNOWN) for ending in ENDS),
    *((Script(REFUSAL[:-1], ending), UNKNOWN) for ending in ENDS),
    *((Script(FINE, ending), ACCEPTED) for ending in ENDS),
    *((Script(REFUSAL, ending), REFUSED) for ending in ENDS),
    *((Script(ending=ending, reads_request=False), UNKNOWN) for ending in ENDS),
    (Script(FINE, byte_by_byte=True), ACCEPTED),
    (Script(FINE + REFUSAL), ACCEPTED),
    (Script(PACKED), REFUSED),
    (Script(PACKED[:-4], Ending.CLOSE), UNKNOWN),
    (Script(b"HTTP/1.1 100 Continue\r\n\r\n" + FINE), UNKNOWN),
    (Script(b"\x00" * 20), UNKNOWN),
    (Script(FINE[:-2] + b"A: b\r\n" * 9_000), UNKNOWN),
    (Script(response(302)), UNKNOWN),
    (Script(response(429)), REFUSED),
    (Script(response(503)), UNKNOWN),
]
CROWD = 300


async def test_300_orders_with_every_fault_at_once_each_have_their_own_outcome(
    secure: Tls | None,
) -> None:
    names = accounts(CROWD)
    scripts = {f"A{number * 7}": script for number, (script, _) in enumerate(FAULTS)}
    expected = dict.fromkeys(names, ACCEPTED)
    expected |= {f"A{number * 7}": kind for number, (_, kind) in enumerate(FAULTS)}
    async with misbehaving(server_side(secure)) as server:
        server.scripts |= scripts
        lane = lane_to(server.port, secure)
        await lane.warm(names)
        fired = await fire(lane, names)
        server.scripts.clear()
        await lane.warm(names)
        again = await fire(lane, names)
        await lane.close()
    assert fired.kinds() == expected
    assert len(fired.answers) == len(again.answers) == CROWD
    assert set(again.kinds().values()) == {ACCEPTED}
    unread = sum(not script.reads_request for script, _ in FAULTS)
    assert len(server.seen.requests) == 2 * CROWD - unread


async def test_more_answers_at_once_than_one_look_serves_lose_nobody() -> None:
    count = AT_ONCE + 150
    async with stepped() as server:
        lane = lane_to(server.port)
        names = accounts(count)
        await lane.warm(names)
        peers = [await server.peer() for _ in names]
        fired = Fired()
        async with asyncio.TaskGroup() as group:
            burst = lane.load([request(name) for name in names])
            group.create_task(burst.fire(fired.on_sent, fired.answers.append, DEADLINE_S))
            await asyncio.sleep(0)
            assert fired.sent == 1
            for peer in peers:
                assert peer.read_some()
                peer.say_at_once(FINE)
            assert fired.answers == []
        await lane.close()
    assert sorted(fired.kinds()) == sorted(names)
    assert set(fired.kinds().values()) == {ACCEPTED}


async def test_last_look_before_a_burst_finds_every_end_among_very_many() -> None:
    count = AT_ONCE + 150
    async with stepped() as server:
        lane = lane_to(server.port)
        names = accounts(count)
        await lane.warm(names)
        peers = [await server.peer() for _ in names]
        loaded = lane.load([request(name) for name in names])
        for number, peer in enumerate(peers):
            await (closes, cuts, resets)[number % 3](peer)
        fired = Fired()
        await loaded.fire(fired.on_sent, fired.answers.append, DEADLINE_S)
        assert {peer.heard for peer in peers} == {b""}
        await lane.close()
    assert set(fired.kinds().values()) == {NOT_SENT}
    assert len(fired.answers) == count


async def test_one_who_talks_on_and_on_keeps_nobody_from_their_answer(secure: Tls | None) -> None:
    names = accounts(20)
    async with misbehaving(server_side(secure)) as server:
        server.scripts["A0"] = Script(b"HTTP/1.1 400 X\r\n\r\n" + b"x" * 300_000)
        lane = lane_to(server.port, secure)
        await lane.warm(names)
        fired = await fire(lane, names)
        await lane.close()
    kinds = fired.kinds()
    assert kinds.pop("A0") is UNKNOWN
    assert set(kinds.values()) == {ACCEPTED}
