"""The server's TLS bytes cut at every offset: no order is called what its answer did not say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.fakes.cutting import CuttingRelay, cutting
from tests.fakes.misbehaving import Ending, MisbehavingServer, Script, misbehaving, response
from tests.integration.lanes import Fired, Tls, fire, lane_to

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane import Lane

ACCEPTED, REFUSED = OutcomeKind.ACCEPTED, OutcomeKind.REFUSED
NOT_SENT, UNKNOWN = OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN
CUTS = [pytest.param(Ending.CUT, id="fin"), pytest.param(Ending.RESET, id="rst")]
HANDSHAKE_STEP = 61
"""A prime: the handshake is cut here and there."""


@asynccontextmanager
async def relayed(
    tls: Tls, ending: Ending
) -> AsyncIterator[tuple[MisbehavingServer, CuttingRelay, Lane]]:
    """Serve behind a relay; the server sends no tickets, so that offsets are of the answer."""
    number, tls.server.num_tickets = tls.server.num_tickets, 0
    try:
        async with misbehaving(tls.server) as server, cutting(server.port, ending) as relay:
            lane = lane_to(relay.port, tls)
            yield server, relay, lane
            await lane.close()
    finally:
        tls.server.num_tickets = number


async def fire_cut(
    lane: Lane, relay: CuttingRelay, names: Sequence[str], offsets: Sequence[int]
) -> Fired:
    """Warm one by one, so that links and accounts go in step, and cut each answer there."""
    for name in names:
        await lane.warm([name])
    for link, offset in zip(relay.links, offsets, strict=True):
        link.limit = link.passed + offset
    return await fire(lane, names)


async def size_of_answer(tls: Tls, script: Script) -> int:
    """Return how many bytes of TLS an answer takes."""
    async with relayed(tls, Ending.CUT) as (server, relay, lane):
        server.scripts["A0"] = script
        await lane.warm(["A0"])
        before = relay.links[0].passed
        await fire(lane, ["A0"])
        return relay.links[0].passed - before


@pytest.mark.parametrize("ending", CUTS)
@pytest.mark.parametrize("refused", [False, True], ids=["201", "400"])
async def test_answer_cut_at_every_byte_of_tls_is_unknown_until_it_is_whole(
    tls: Tls, ending: Ending, refused: bool
) -> None:
    whole = REFUSED if refused else ACCEPTED
    no = Script(response(400, b'{"message":"no"}'))
    size = await size_of_answer(tls, no if refused else Script(response(201)))
    offsets = list(range(1, size + 2))
    names = [f"A{offset}" for offset in offsets]
    async with relayed(tls, ending) as (server, relay, lane):
        says = no if refused else Script(response(201))
        server.scripts = dict.fromkeys(names, says)
        fired = await fire_cut(lane, relay, names, offsets)
        assert len(fired.answers) == len(server.seen.requests) == len(names)
    expected = {
        name: UNKNOWN if offset < size else whole
        for name, offset in zip(names, offsets, strict=True)
    }
    assert fired.kinds() == expected


@pytest.mark.parametrize("ending", CUTS)
async def test_handshake_that_is_cut_sends_no_order(tls: Tls, ending: Ending) -> None:
    async with relayed(tls, ending) as (server, relay, lane):
        await lane.warm(["A0"])
        size = relay.links[0].passed
    assert size > 500
    for offset in range(1, size, HANDSHAKE_STEP):
        async with relayed(tls, ending) as (server, relay, lane):
            relay.limit = offset
            await lane.warm(["A0"])
            fired = await fire(lane, ["A0"])
        assert fired.kinds() == {"A0": NOT_SENT}
        assert "broke the connection" in (fired.outcomes()["A0"].reason or "")
        assert server.seen.requests == []
