"""The lane on uvloop, whose transports end in ways of their own: every fault in one burst."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from tests.fakes.misbehaving import Ending, Script, location, misbehaving, response
from tests.integration.lanes import Tls, accounts, burst, fire, lane_to

from swimdesk.desk.ports import OutcomeKind

FINE = response(201, headers={"Location": location("A1")})
BREAKS = (Ending.CLOSE, Ending.CUT, Ending.RESET)
SCRIPTS = [
    *((Script(b"", ending), OutcomeKind.UNKNOWN) for ending in BREAKS),
    *((Script(FINE[:-1], ending), OutcomeKind.UNKNOWN) for ending in BREAKS),
    *((Script(FINE, ending), OutcomeKind.ACCEPTED) for ending in BREAKS),
    (Script(ending=Ending.RESET, reads_request=False), OutcomeKind.UNKNOWN),
    (Script(FINE, byte_by_byte=True), OutcomeKind.ACCEPTED),
    (Script(b"\x00" * 20), OutcomeKind.UNKNOWN),
    (Script(response(429)), OutcomeKind.REFUSED),
    (Script(response(502)), OutcomeKind.UNKNOWN),
]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_every_fault_at_once_leaves_the_other_lines_alone(tls: Tls, secure: bool) -> None:
    names = accounts(48)

    async def scenario() -> None:
        async with misbehaving(tls.server if secure else None) as server:
            server.scripts = {f"A{n}": script for n, (script, _) in enumerate(SCRIPTS)}
            fired = await burst(server, names, tls if secure else None)
        expected = dict.fromkeys(names, OutcomeKind.ACCEPTED)
        expected |= {f"A{n}": kind for n, (_, kind) in enumerate(SCRIPTS)}
        assert fired.kinds() == expected
        assert len(fired.answers) == server.seen.connections == 48
        assert len(server.seen.requests) == 47

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_connection_that_ended_while_idle_is_not_sent(tls: Tls, secure: bool) -> None:
    async def scenario() -> None:
        async with misbehaving(tls.server if secure else None) as server:
            lane = lane_to(server.port, tls if secure else None)
            await lane.warm(["A0"])
            server.end_connections()
            await server.everybody_left.wait()
            assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.NOT_SENT}
            await lane.close()
        assert server.seen.requests == []

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())
